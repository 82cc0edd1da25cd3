"""native.py SPEAKER GATEWAY EXEUNT ALICE ADMIN_KEY: a token from a trusted back end, through the gateway and back."""

from guarded import ADMIN_KEY, ALICE, EXEUNT, GATEWAY, PRETENDED, SMUGGLED, passes, speaker, too_long

speaker = speaker()
admin = {"Authorization": f"Bearer {ADMIN_KEY}"}


def refused(answer, detail):
    assert answer.status == 401 and answer.headers["content-type"] == "application/problem+json", answer
    assert answer.headers["www-authenticate"] == 'Bearer realm="exeunt"', answer
    assert answer.json()["detail"] == detail, answer


issued = speaker.call("POST", f"{EXEUNT}/v1/sessions", json={"user": ALICE}, headers=admin).json()
token = {"Authorization": f"Bearer {issued['token']}"}

seen = passes(speaker.call("GET", f"{GATEWAY}/orders?page=2", headers=token), "/orders?page=2")
assert seen["exeunt-session"] == issued["session"] and seen["exeunt-client"] == issued["client"], seen
posted = speaker.call("POST", f"{GATEWAY}/orders", json={"what": "ink"}, headers={**token, **SMUGGLED, **PRETENDED})
passes(posted, "/orders")
assert posted.json()["method"] == "POST" and posted.json()["body"] == '{"what": "ink"}', posted

missing = "expected one token: Authorization: Bearer \u2026"
refused(speaker.call("GET", f"{GATEWAY}/orders"), missing)
refused(speaker.call("POST", f"{GATEWAY}/orders", form={"a": "b"}, headers={**SMUGGLED, **PRETENDED}), missing)
refused(speaker.call("GET", f"{GATEWAY}/orders", headers={"Authorization": "Bearer exs_unknown"}), "no such session")
refused(speaker.call("GET", f"{GATEWAY}/orders", headers=admin), "no such session")
too_long(speaker)

ended = speaker.call("DELETE", f"{EXEUNT}/v1/sessions/{issued['session']}", headers=admin)
assert ended.json()["found_alive"], ended
refused(speaker.call("GET", f"{GATEWAY}/orders?page=2", headers=token), "the session was ended")
refused(speaker.call("POST", f"{GATEWAY}/orders", json={"what": "ink"}, headers={**token, **SMUGGLED}), "the session was ended")
