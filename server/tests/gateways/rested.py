"""rested.py SPEAKER GATEWAY …: a project's token, in its cookie and in its header, through the gateway and back. The
cookie is carried by hand: clients keep it from TLS only, which `clients/rested_cookie.py` shows."""

import re

from guarded import GATEWAY, PRETENDED, SMUGGLED, passes, speaker, too_long

KEY = "d59eb2859c284168ac48aef65046d5dd"
AUTH = f"{GATEWAY}/api/1/ce/examples/auth?key={KEY}"
ORDERS = f"/api/1/ce/orders?key={KEY}"
PAGE = {"Origin": "https://shop.example"}
speaker = speaker()


def token():
    known = {"username": "alice", "password": "correct horse"}
    answer = speaker.call("POST", f"{AUTH}&login=true", json=known)
    return re.match("__Secure-rested-access-token=([^;]+);", answer.headers["set-cookie"])[1]


def refused(answer, message, status=401):
    assert answer.status == status and answer.json() == {"message": message}, answer
    assert answer.headers["vary"] == "Origin", answer


for carry in (
    lambda token: {"Cookie": f"theme=dark; __Secure-rested-access-token={token}"},
    lambda token: {"Authorization": token},
    lambda token: {"Authorization": f"Bearer {token}"},
):
    carried = carry(token())
    answer = speaker.call("GET", GATEWAY + ORDERS, headers=carried)
    passes(answer, ORDERS)
    assert not any(name.startswith("access-control-") for name in answer.headers), answer
    answer = speaker.call("PUT", GATEWAY + ORDERS, json={"a": 1}, headers={**carried, **PAGE, **SMUGGLED, **PRETENDED})
    passes(answer, ORDERS)
    assert answer.json()["method"] == "PUT" and answer.json()["body"] == '{"a": 1}', answer
    # The page may read it, though the application says nothing of pages.
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"], answer
    assert answer.headers["access-control-allow-credentials"] == "true", answer
    refused(speaker.call("GET", f"{GATEWAY}/api/1/ce/orders", headers=carried), "The API key is missing", 403)
    out = speaker.call("POST", f"{AUTH}&logout=true", headers=carried)
    assert out.status == 204, out
    refused(speaker.call("GET", GATEWAY + ORDERS, headers=carried), "Invalid credentials")
    answer = speaker.call("PUT", GATEWAY + ORDERS, json={"a": 1}, headers={**carried, **PAGE, **SMUGGLED})
    refused(answer, "Invalid credentials")
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"], answer

refused(speaker.call("GET", GATEWAY + ORDERS), "Missing Access Token")
too_long(speaker)

# A preflight brings no token; it is answered as the dialect answers one, and reaches no application.
asked = {**PAGE, "Access-Control-Request-Method": "PUT"}
answer = speaker.call("OPTIONS", GATEWAY + ORDERS, headers=asked)
assert answer.status == 204 and answer.headers["access-control-allow-origin"] == PAGE["Origin"], answer
assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE", answer
