"""away.py SPEAKER GATEWAY …: while nobody can tell who may pass, nobody passes."""

from guarded import GATEWAY, speaker

answer = speaker().call("GET", f"{GATEWAY}/orders", headers={"Authorization": "Bearer token"})
assert answer.status in (502, 503), answer
