"""own_locations.py DIALECT …: the dialect's own calls behind the gateway."""

from caller import ALICE, DIALECT, FORM, PROJECT, admin, call, log_in

LIES = [
    [("Forwarded", "x")],
    [("Forwarded", "for=192.0.2.66")],
    [("forwarded", "for=192.0.2.66"), ("X-FORWARDED-FOR", "192.0.2.66")],
    [("X-Forwarded-For", "192.0.2.66")],
    [("X-Forwarded-For", "192.0.2.66"), ("X-Forwarded-For", "192.0.2.67")],
    [("X-Forwarded-For", "127.0.0.2, 192.0.2.66")],
    [("Connection", "close, X-Forwarded-For")],
    [("Exeunt-Realm", "x"), ("X-Original-URI", "/v1/gate"), ("X-Forwarded-Uri", "/v1/gate"), ("Forwarded", "x")],
]

# Who logs in is known by the address that the gateway sees, whatever they say.
from caller import GATEWAY

count = 0
for lie in LIES:
    log_in(source="127.0.0.2", headers=lie, base=GATEWAY)
    count += 1
sessions = admin("GET", f"/v1/sessions?user={ALICE}")["items"]
assert len(sessions) == count, sessions
assert {session["address"] for session in sessions} == {"127.0.0.2"}, sessions

OWN = {
    "videntity": "session/ping",
    "runsignup": "rest/user",
    "rested": "api/1/ce/examples/auth",
}[DIALECT]
LIVE = log_in()
QUERY = {
    "videntity": "",
    "runsignup": "?" + "&".join(f"{name}={value}" for name, value in LIVE.items()),
    "rested": f"?key={PROJECT}",
}[DIALECT]
HEADERS = [("Authorization", LIVE["token"])] if DIALECT == "rested" else [FORM]
BODY = f"session_key={LIVE['session_key']}".encode() if DIALECT == "videntity" else b""

for outer in ("v1/gate", f"v1/gate/{DIALECT}", f"v1/gate/{DIALECT}/call", f"v1/gate/{DIALECT}/refusal", "v1/check", "v1/users", "metrics"):
    depth = outer.count("/") + 1
    for up in ("..", "%2e%2e", "%2E.", ".%2e", "..%2f", "../.", "..//"):
        for lead in ("/", "//", "/./", "/x/../"):
            up_and_away = "/".join([up] * depth)
            path = f"{lead}{outer}/{up_and_away}/{OWN}{QUERY}"
            for method in ("GET", "POST"):
                answer = call(method, path, HEADERS, BODY)
                # The gate says who it was; the native dialect speaks of problems.
                if answer.seen() is None:
                    assert "exeunt-user" not in answer.headers, (path, answer)
                    assert "exeunt-session" not in answer.headers, (path, answer)
                    assert answer.headers.get("content-type") != "application/problem+json", (path, answer)
                    assert b"exeunt_" not in answer.body, (path, answer)
for path in (f"/{OWN}/../../v1/gate", f"/{OWN}%2f..%2f..%2fv1/gate", f"//{OWN}", f"/./{OWN}", f"/{OWN}%00", f"/{OWN};/../v1/gate"):
    answer = call("POST", path + QUERY, HEADERS, BODY)
    if answer.seen() is None:
        assert "exeunt-user" not in answer.headers, (path, answer)
        assert answer.headers.get("content-type") != "application/problem+json", (path, answer)
