"""What the scripts of all dialects say to a guarded application."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "clients"))

from speak import SPEAKERS

# What a caller would like the application to believe, in every spelling that some application takes for the same.
SMUGGLED = {
    "Exeunt-User": "mallory",
    "exeunt-session": "mallory",
    "Exeunt-Client": "mallory",
    "EXEUNT-USERNAME": "mallory",
    "Exeunt-Credential": "mallory",
    "Exeunt_User": "mallory",
}
# What a caller would like the gate to believe.
PRETENDED = {"X-Original-URI": "/?pretended", "X-Forwarded-Uri": "/?pretended", "X-Original-Method": "PUT"}

NAME, GATEWAY, EXEUNT, ALICE, ADMIN_KEY = sys.argv[1:]


def speaker():
    return SPEAKERS[NAME]()


def exeunt_headers(answer):
    """The headers of ours that the application saw, by their name in lower case."""
    found = {}
    for name, value in answer.json()["headers"]:
        name = name.lower().replace("_", "-")
        if name.startswith("exeunt-"):
            assert name not in found, (name, answer)
            found[name] = value
    return found


def passes(answer, uri):
    """The call reached the application as it was, and the application knows whose it is."""
    assert answer.status == 200, answer
    assert answer.json()["uri"] == uri, answer
    seen = exeunt_headers(answer)
    assert set(seen) == {"exeunt-client", "exeunt-session", "exeunt-user", "exeunt-username"}, seen
    assert seen["exeunt-user"] == ALICE and seen["exeunt-username"] == "alice", seen
    assert "mallory" not in seen.values(), seen
    return seen


def too_long(speaker):
    """What the gate could not read is refused by the gateway, in words of its own."""
    answer = speaker.call("GET", f"{GATEWAY}/?x={'a' * 20_000}")
    assert answer.status in (400, 414, 431), answer
