"""headers.py DIALECT …: a caller with a live session tries to be somebody else, or nobody, by headers."""

from caller import ALICE, DIALECT, GATEWAY, call, in_its_words, log_in, raw, valid

OURS = {"exeunt-client", "exeunt-session", "exeunt-user", "exeunt-username"}
# What Exeunt reads of a gateway, and an application may.
READ = {
    "forwarded", "x-forwarded-method", "x-forwarded-uri", "x-original-method", "x-original-uri", "x-original-url",
    "exeunt-credential", "exeunt-realm",
}
NAMES = "Exeunt-Client, Exeunt-Session, Exeunt-User, Exeunt-Username"

live = log_in()


def unharmed(answer):
    seen = answer.seen()
    assert seen is not None, answer
    found = [(name.lower().replace("_", "-"), value) for name, value in seen["headers"]]
    # A folded line is a part of the header before it.
    found = [(name, value) for name, value in found if name != "x-first"]
    ours = sorted(name for name, _ in found if name.startswith("exeunt"))
    assert ours == sorted(OURS), found
    said = dict(found)
    assert said["exeunt-user"] == ALICE and said["exeunt-username"] == "alice", found
    assert not READ & said.keys(), found
    assert "mallory" not in str(found) and "192.0.2.66" not in str(found), found


for connection in (
    f"close, {NAMES}",
    f"{NAMES}, close",
    f"Close,{NAMES.lower()}",
    "close, Exeunt-User, X-Forwarded-For, X-Forwarded-Uri, X-Original-URI, Host",
    "close,\tExeunt-User",
):
    unharmed(valid(live, headers=[("Connection", connection)]))
    unharmed(valid(live, headers=[("CONNECTION", connection), ("Exeunt-User", "mallory")]))
unharmed(valid(live, headers=[("Connection", "close"), ("Connection", NAMES)]))
unharmed(valid(live, headers=[("Connection", NAMES), ("Connection", "close"), ("Proxy-Connection", NAMES)]))
for name in ("TE", "Keep-Alive", "Proxy-Connection"):
    unharmed(valid(live, headers=[(name, NAMES)]))

for name in (
    "Exeunt-User", "exeunt-user", "EXEUNT-USER", "Exeunt_User", "exeunt_session", "Exeunt-Username", "Exeunt-Client",
    "Exeunt-Credential", "Exeunt-Realm",
):
    for times in (1, 2, 10):
        unharmed(valid(live, headers=[(name, "mallory")] * times))
for name, value in (
    ("Forwarded", "for=192.0.2.66"),
    ("Forwarded", "x"),
    ("X-Forwarded-For", "192.0.2.66"),
    ("X-Forwarded-Uri", "/mallory"),
    ("X-Forwarded-Method", "MALLORY"),
    ("X-Original-URI", "/mallory"),
    ("X-Original-URL", "http://mallory/"),
    ("X-Original-Method", "MALLORY"),
):
    unharmed(valid(live, headers=[(name, value)]))
    unharmed(valid(live, headers=[(name.lower(), value), (name.upper(), value)]))

# Trailers: an application that takes them for headers must not find any of ours. Refusing chunks is right, too.
for announced in ((), (("Trailer", f"{NAMES}, Forwarded"),)):
    for chunks in (b"", b"3\r\na=b\r\n"):
        body = chunks + b"0\r\nExeunt-User: mallory\r\nexeunt_user: mallory\r\nForwarded: for=192.0.2.66\r\n\r\n"
        lines = [("Transfer-Encoding", "chunked"), *announced]
        if DIALECT == "videntity":
            key = f"session_key={live['session_key']}".encode()
            body = b"%x\r\n%s\r\n" % (len(key), key) + body[len(chunks) :]
            answer = call("POST", "/orders", [*lines, ("Content-Type", "application/x-www-form-urlencoded")], body)
        else:
            answer = valid(live, headers=lines, body=body)
        if answer.seen() is None:
            assert answer.status in (400, 411), answer
        else:
            unharmed(answer)

# What is no header by the standard is none, or refused.
for line in ("Exeunt-User : mallory", " Exeunt-User: mallory", "Exeunt-User\t: mallory", "Exeunt-User\x0b: mallory", "Exeunt.User: mallory"):
    name, value = line.split(":", 1)
    answer = valid(live, headers=[("X-First", "1"), (name, value.strip())])
    if answer.seen() is None:
        assert answer.status == 400, answer
    else:
        unharmed(answer)

# Whoever takes the credential out of the call for one of the two that read it, takes it out for both.
for name in ("Authorization", "Cookie", "Content-Type", "Origin"):
    answer = valid(live, headers=[("Connection", f"close, {name}")])
    if answer.seen() is not None:
        unharmed(answer)
    else:
        assert answer.status in (200, 400, 401), answer
