"""rested_cookie.py SPEAKER URL AUTHORITY PLAIN_URL: the token in a cookie, which a client keeps to itself and sends only
over TLS."""

import sys

from speak import SPEAKERS

AUTH = "/api/1/ce/examples/auth?key=d59eb2859c284168ac48aef65046d5dd"
ALICE = {"email": "alice@example.org", "password": "correct horse"}
PAGE = {"Origin": "https://shop.example"}

name, base, authority, plain = sys.argv[1:]
speaker = SPEAKERS[name](authority)


def say(method, status, flags="", base=base, **more):
    answer = speaker.call(method, base + AUTH + flags, **more)
    assert answer.status == status, answer
    return answer


assert say("GET", 401).json() == {"message": "Missing Access Token"}
answer = say("POST", 200, "&login=true", json=ALICE, headers=PAGE)
assert answer.headers["access-control-allow-origin"] == PAGE["Origin"], answer
assert answer.headers["access-control-allow-credentials"] == "true", answer
cookie = answer.headers["set-cookie"]
assert cookie.startswith("__Secure-rested-access-token=") and "authorization" not in answer.headers, answer
token = cookie.split(";")[0].split("=", 1)[1]

# The jar sends it over TLS, and over TLS only.
assert say("GET", 200).json()["data"]["username"] == "alice"
assert say("GET", 401, base=plain).json() == {"message": "Missing Access Token"}

# Another page cannot log her out with it.
say("POST", 403, "&logout=true", headers={"Origin": "https://evil.example"})
say("GET", 200)

answer = say("POST", 204, "&logout=true", headers=PAGE)
assert "Max-Age=0" in answer.headers["set-cookie"] and answer.body == b"", answer

# The jar has dropped it; and whoever kept it has nothing of it.
assert say("GET", 401).json() == {"message": "Missing Access Token"}
assert say("GET", 401, headers={"Authorization": token}).json() == {"message": "Invalid credentials"}
