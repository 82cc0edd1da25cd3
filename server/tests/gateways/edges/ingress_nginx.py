"""ingress_nginx.py native …: the gate is asked about X-Original-URL, and its answers reach callers by their status."""

from caller import ALICE, call, log_in, log_out, valid

live = log_in()
for path, query in (("/orders", "page=2"), ("/caf\xe9/<x>", 'a="b"')):
    answer = valid(live, path=path, query=query)
    assert answer.seen()["uri"].encode("latin-1") == f"{path}?{query}".encode("latin-1"), answer
    said = {name.lower(): value for name, value in answer.seen()["headers"]}
    assert said["exeunt-user"] == ALICE and said["exeunt-session"] == live["session"], said
assert call("GET", "/orders").status == 401
# What stands in a Host header is no part of the address.
assert call("GET", "/orders", [("Host", "x?a=b")]).status in (400, 401)
log_out(live)
answer = valid(live)
assert answer.status == 401 and answer.headers["www-authenticate"] == 'Bearer realm="exeunt"', answer
