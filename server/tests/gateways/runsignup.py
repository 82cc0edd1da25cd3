"""runsignup.py SPEAKER GATEWAY …: a temporary pair in the query, through the gateway and back."""

from urllib.parse import urlencode

from guarded import ADMIN_KEY, EXEUNT, GATEWAY, NAME, PRETENDED, SMUGGLED, exeunt_headers, passes, speaker, too_long

speaker = speaker()


def refused(answer, code, message):
    """Shipped clients read errors from a success."""
    assert answer.status == 200 and answer.headers["content-type"] == "application/json", answer
    assert answer.json() == {"error": {"error_code": code, "error_msg": message}}, answer


form = {"email": "alice@example.org", "password": "correct horse"}
pair = speaker.call("POST", f"{GATEWAY}/rest/login?format=json", form=form).json()
pair = {"tmp_key": pair["tmp_key"], "tmp_secret": pair["tmp_secret"]}
races = "/rest/races?" + urlencode({**pair, "format": "json", "events": "T"})

passes(speaker.call("GET", GATEWAY + races), races)
passes(speaker.call("POST", GATEWAY + races, form={"a": "b"}, headers={**SMUGGLED, **PRETENDED}), races)

refused(speaker.call("GET", f"{GATEWAY}/rest/races?format=json"), 7, "Permission Denied")
# What a caller pretends to have called, and a credential in a header of the gate's, change nothing.
pretended = {"X-Original-URI": races, "X-Forwarded-Uri": races, "Forwarded": "for=192.0.2.1"}
refused(speaker.call("GET", f"{GATEWAY}/rest/races?format=json", headers=pretended), 7, "Permission Denied")
carried = {"Exeunt-Credential": f"{pair['tmp_key']}:{pair['tmp_secret']}"}
refused(speaker.call("GET", f"{GATEWAY}/rest/races?format=json", headers=carried), 7, "Permission Denied")
half = urlencode({"tmp_key": pair["tmp_key"], "format": "json"})
refused(speaker.call("GET", f"{GATEWAY}/rest/races?{half}"), 6, "Key authentication failed")
too_long(speaker)

# A permanent key has neither a session nor a user, and the application gets none.
partner = {"name": f"partner of {NAME}", "dialect": "runsignup"}
made = speaker.call("POST", f"{EXEUNT}/v1/clients", json=partner, headers={"Authorization": f"Bearer {ADMIN_KEY}"}).json()
permanent = urlencode({"api_key": made["api_key"], "api_secret": made["api_secret"]})
answer = speaker.call("GET", f"{GATEWAY}/rest/races?{permanent}", headers=SMUGGLED)
assert answer.status == 200 and exeunt_headers(answer) == {"exeunt-client": made["id"]}, answer

out = speaker.call("POST", f"{GATEWAY}/rest/logout?" + urlencode({**pair, "format": "json"}))
assert out.json() == {"success": "T"}, out
refused(speaker.call("GET", GATEWAY + races), 6, "Key authentication failed")
refused(speaker.call("POST", GATEWAY + races, form={"a": "b"}, headers=SMUGGLED), 6, "Key authentication failed")
# The other entrance, as its document says.
answer = speaker.call("GET", f"{GATEWAY}/API/races?" + urlencode({**pair, "format": "json"}))
assert answer.status == 401 and answer.json() == {"error": "Key authentication failed"}, answer
