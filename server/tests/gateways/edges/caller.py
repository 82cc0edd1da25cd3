"""Somebody who writes requests by hand, byte by byte: DIALECT GATEWAY EXEUNT ALICE ADMIN_KEY."""

import json
import socket
import sys
import urllib.parse
from xml.etree import ElementTree

DIALECT, GATEWAY, EXEUNT, ALICE, ADMIN_KEY, *MORE = sys.argv[1:]
HOW = MORE[0] if MORE else None
PROJECT = "d59eb2859c284168ac48aef65046d5dd"
# Seconds after which an answer does not come any more.
PATIENCE = 20


class Answer:
    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if first else 0
        pairs = [line.split(":", 1) for line in lines if ":" in line]
        self.headers = {name.lower(): value.strip() for name, value in pairs}
        if "transfer-encoding" in self.headers:
            self.body = unchunked(self.body)

    def seen(self):
        """What the application saw; `None`: the call did not reach it."""
        return json.loads(self.body) if self.body.startswith(b'{"body":') else None

    def __repr__(self):
        return repr(self.raw[:2000])


def unchunked(body):
    whole = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return whole
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]


def raw(data, base=GATEWAY, source="127.0.0.1"):
    address = urllib.parse.urlsplit(base)
    with socket.create_connection((address.hostname, address.port), PATIENCE, source_address=(source, 0)) as stream:
        stream.sendall(data)
        answer = b""
        while True:
            try:
                part = stream.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                return Answer(answer)
            answer += part
        return Answer(answer)


def call(method, path, headers=(), body=None, base=GATEWAY, source="127.0.0.1"):
    """One request on a connection of its own. A header is a pair; the body has its length said unless it is in chunks."""
    headers = list(headers)
    names = {name.lower() for name, _ in headers}
    if body is not None and "transfer-encoding" not in names:
        headers.append(("Content-Length", str(len(body))))
    host = urllib.parse.urlsplit(base).netloc
    lines = [f"Host: {host}"] + [f"{name}: {value}" for name, value in headers]
    if "connection" not in names:
        lines.append("Connection: close")
    path = path if isinstance(path, bytes) else path.encode("latin-1")
    head = method.encode() + b" " + path + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return raw(head + (body or b""), base, source)


FORM = ("Content-Type", "application/x-www-form-urlencoded")
ADMIN = ("Authorization", f"Bearer {ADMIN_KEY}")


def admin(method, path, value=None):
    body = json.dumps(value).encode() if value is not None else None
    answer = call(method, path, [ADMIN, ("Content-Type", "application/json")], body, base=EXEUNT)
    assert answer.status in (200, 201), answer
    return json.loads(answer.body)


def log_in(source="127.0.0.1", headers=(), base=EXEUNT):
    """A new session's credential, as a dict of its parts."""
    if DIALECT == "native":
        issued = admin("POST", "/v1/sessions", {"user": ALICE})
        return {"token": issued["token"], "session": issued["session"]}
    if DIALECT == "videntity":
        body = b"username=alice&password=correct+horse&account_number=000123"
        answer = call("POST", "/session/login", [FORM, *headers], body, base, source)
        return {"session_key": ElementTree.fromstring(answer.body).findtext("response_name_value/session_key")}
    if DIALECT == "runsignup":
        body = b"email=alice%40example.org&password=correct+horse"
        answer = call("POST", "/rest/login?format=json", [FORM, *headers], body, base, source)
        made = json.loads(answer.body)
        return {"tmp_key": made["tmp_key"], "tmp_secret": made["tmp_secret"]}
    path = f"/api/1/ce/examples/auth?key={PROJECT}&login=true&noATCookie=true"
    body = b'{"username":"alice","password":"correct horse"}'
    answer = call("POST", path, [("Content-Type", "application/json"), *headers], body, base, source)
    assert answer.status == 200, answer
    return {"token": answer.headers["authorization"].removeprefix("Bearer ")}


def log_out(credential):
    if DIALECT == "native":
        admin("DELETE", f"/v1/sessions/{credential['session']}")
    elif DIALECT == "videntity":
        call("POST", "/session/logout", [FORM], f"session_key={credential['session_key']}".encode(), EXEUNT)
    elif DIALECT == "runsignup":
        answer = call("POST", "/rest/logout?format=json&" + urllib.parse.urlencode(credential), base=EXEUNT)
        assert b'"T"' in answer.body, answer
    else:
        path = f"/api/1/ce/examples/auth?key={PROJECT}&logout=true"
        answer = call("POST", path, [("Authorization", credential["token"])], b"", EXEUNT)
        assert answer.status == 204, answer


def live_and_dead():
    live, dead = log_in(), log_in()
    log_out(dead)
    return live, dead


def valid(credential, path="/orders", headers=(), body=b"", query="", method="POST"):
    """A call that the application serves."""
    headers = list(headers)
    if DIALECT == "native":
        headers.append(("Authorization", f"Bearer {credential['token']}"))
    elif DIALECT == "videntity":
        headers.append(FORM)
        body = f"session_key={credential['session_key']}".encode()
    elif DIALECT == "runsignup":
        query = urllib.parse.urlencode(credential) + query
    else:
        headers.append(("Authorization", credential["token"]))
        query = f"key={PROJECT}" + query
    path = path if isinstance(path, bytes) else path.encode("latin-1")
    query = query if isinstance(query, bytes) else query.encode("latin-1")
    return call(method, path + (b"?" + query if query else b""), headers, body)


def in_its_words(answer):
    """Refused as the dialect refuses, or by the gateway itself before anybody was asked."""
    assert answer.seen() is None, answer
    if answer.status in (400, 411, 413, 414, 431) and not answer.body.startswith(b"{"):
        return
    if DIALECT == "videntity":
        assert answer.status == 200, answer
        assert ElementTree.fromstring(answer.body).findtext("error_number") in ("2", "4"), answer
    elif DIALECT == "runsignup":
        assert answer.status == 200, answer
        assert b"<error_code>" in answer.body or b'"error_code"' in answer.body, answer
    elif DIALECT == "native":
        # ingress-nginx forwards only the status.
        assert answer.status == 401 and "www-authenticate" in answer.headers, answer
    else:
        assert answer.status == 401 and json.loads(answer.body)["message"] == "Invalid credentials", answer
