"""videntity.py SPEAKER GATEWAY …: a session key in a form, url-encoded and multipart, through the gateway and back."""

from xml.etree import ElementTree

from guarded import GATEWAY, PRETENDED, SMUGGLED, passes, speaker, too_long

KNOWN = {"username": "alice", "password": "correct horse", "account_number": "000123"}
speaker = speaker()


def say(method, fields):
    answer = speaker.call("POST", f"{GATEWAY}/session/{method}", form=fields)
    response = ElementTree.fromstring(answer.body)
    assert response.findtext("status") == "SUCCESS", answer
    return response


def refused(answer, number, path="/user/read"):
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/xhtml+xml; charset=utf-8", answer
    response = ElementTree.fromstring(answer.body)
    assert response.get("api_method") == path, answer
    assert (response.findtext("status"), response.findtext("error_number")) == ("ERROR", number), answer


for how in ("form", "parts"):
    key = say("login", KNOWN).findtext("response_name_value/session_key")
    fields = {"user": "a&b \u00e9", "session_key": key, "message": "x\r\ny" * 3000}

    answer = speaker.call("POST", f"{GATEWAY}/user/read?a=b", **{how: fields})
    passes(answer, "/user/read?a=b")
    assert "session_key" in answer.json()["body"] and key in answer.json()["body"], answer
    passes(speaker.call("POST", f"{GATEWAY}/user/read", **{how: fields}, headers={**SMUGGLED, **PRETENDED}), "/user/read")

    # A key counts in the form alone.
    without = {"user": "a"}
    for url in ("/user/read", f"/user/read?session_key={key}"):
        refused(speaker.call("POST", GATEWAY + url, **{how: without}), "4")
    refused(speaker.call("POST", f"{GATEWAY}/user/read", **{how: without}, headers={"Exeunt-Credential": key}), "4")
    refused(speaker.call("POST", f"{GATEWAY}/user/read", **{how: {"session_key": "unknown"}}), "2")
    # A line end in a key is no other header of the gate's.
    evil = f"x\r\nExeunt-Credential: {key}"
    refused(speaker.call("POST", f"{GATEWAY}/user/read", **{how: {"session_key": evil}}), "2")

    say("logout", {"session_key": key})
    refused(speaker.call("POST", f"{GATEWAY}/user/read", **{how: fields}), "2")
    refused(speaker.call("POST", f"{GATEWAY}/user/read", **{how: fields}, headers=SMUGGLED), "2")

key = say("login", KNOWN).findtext("response_name_value/session_key")
# Twice is not at all.
twice = f"{GATEWAY}/user/read"
answer = speaker.call("POST", twice, parts=None, form=[("session_key", key), ("session_key", key)])
refused(answer, "4")
refused(speaker.call("GET", f"{GATEWAY}/user/read"), "4")
refused(speaker.call("POST", f"{GATEWAY}/user/read", json={"session_key": key}), "4")
too_long(speaker)
