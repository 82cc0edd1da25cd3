"""rested.py SPEAKER URL: registration, login, a checked call, logout, and the refused call after it, with the token in
the header."""

import sys
from urllib.parse import urlencode

from speak import SPEAKERS

KEY = "d59eb2859c284168ac48aef65046d5dd"
CAROL = {"username": "carol", "password": "correct horse", "likes": ["tea", {"with": "\u00e9 & <milk>"}]}


class Endpoint:
    """An authentication endpoint, by one client. Each call comes on a connection of its own: the server may close one
    whose request it refused, or logged out, without reading the body."""

    def __init__(self, speaker, base):
        self.speaker, self.base = speaker, base

    def say(self, method, status, **more):
        flags = more.pop("flags", {})
        url = f"{self.base}/api/1/ce/examples/auth?{urlencode({'key': KEY, **flags})}"
        answer = self.speaker().call(method, url, **more)
        assert answer.status == status, answer
        assert answer.headers["vary"] == "Origin", answer
        return answer

    def registration(self):
        record = self.say("POST", 200, json=CAROL).json()
        assert len(record["uniqueId"]) == 32 and record["createdAt"].endswith("Z"), record
        assert record["data"] == {name: CAROL[name] for name in ("username", "likes")}, record
        self.say("POST", 400, json=CAROL)
        # What is kept with a user has its limit, 16 KiB.
        self.say("POST", 400, json={**CAROL, "username": "dave", "likes": "x" * 17_000})
        self.say("POST", 400, form=CAROL)

    def session(self):
        login = {"login": "true", "noATCookie": "true"}
        known = {name: CAROL[name] for name in ("username", "password")}
        answer = self.say("POST", 200, flags=login, json=known)
        assert "set-cookie" not in answer.headers, answer
        presented = {"Authorization": answer.headers["authorization"]}
        shown = self.say("GET", 200, flags={"dataOnly": "true"}, headers=presented)
        assert shown.json()["username"] == "carol", shown
        for body in ({"json": {"withCredentials": True}}, {"form": {"a": "b"}}, {"parts": {"a": "b"}}):
            assert self.say("POST", 401, flags={"logout": "true"}, **body).json() == {"message": "Missing Access Token"}
        gone = self.say("POST", 204, flags={"logout": "true"}, headers=presented, json={"anything": "x" * 2_000})
        assert gone.body == b"", gone
        refused = self.say("GET", 401, headers=presented)
        assert refused.json() == {"message": "Invalid credentials"}, refused
        self.say("POST", 204, flags={"logout": "true"}, headers=presented)
        self.say("POST", 401, flags=login, json={**known, "password": "wrong"})
        self.say("PUT", 405, json={})


name, base = sys.argv[1:]
endpoint = Endpoint(SPEAKERS[name], base)
endpoint.registration()
endpoint.session()
endpoint.session()
