"""videntity.py SPEAKER URL: login, a checked call, logout, and the refused call after it."""

import re
import sys
from xml.etree import ElementTree

from speak import SPEAKERS

KNOWN = {"username": "alice", "password": "correct horse", "account_number": "000123"}


def say(speaker, base, method, how, fields, **more):
    """Makes a call, and reads its answer as strictly as expat does."""
    answer = speaker.call("POST", f"{base}/session/{method}", **{how: fields}, **more)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/xhtml+xml; charset=utf-8", answer
    response = ElementTree.fromstring(answer.body)
    assert response.tag == "response" and response.get("api_method") == f"/session/{method}", answer
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", response.findtext("timestamp")), answer
    return response


def session(speaker, base, how, **more):
    response = say(speaker, base, "login", how, KNOWN, **more)
    assert response.findtext("status") == "SUCCESS"
    key = response.findtext("response_name_value/session_key")
    assert re.fullmatch("[A-Za-z0-9]{22}", key)
    numbers = [int(response.findtext("api_tx_number"))]
    for method in ("ping", "ping", "logout"):
        response = say(speaker, base, method, how, {"session_key": key}, **more)
        assert response.findtext("status") == "SUCCESS"
        assert response.findtext("response_name_value/session_key") == key
        numbers.append(int(response.findtext("api_tx_number")))
    assert response.findtext("detail") == "you logged out successfully"
    for method in ("ping", "logout"):
        response = say(speaker, base, method, how, {"session_key": key}, **more)
        assert [child.tag for child in response] == [
            "status", "api_tx_number", "error_number", "error_name", "error_detail", "timestamp"
        ]
        assert (response.findtext("status"), response.findtext("error_number")) == ("ERROR", "2")
        numbers.append(int(response.findtext("api_tx_number")))
    assert numbers == sorted(set(numbers)), numbers


def refusals(speaker, base, how):
    wrong = say(speaker, base, "login", how, {**KNOWN, "password": "<wrong> & 'horse' \u00e9"})
    assert wrong.findtext("error_number") == "1"
    missing = say(speaker, base, "ping", how, {"other": "value"})
    assert missing.findtext("error_detail") == "Mandatory field session_key is missing"


name, base = sys.argv[1:]
for how in ("form", "parts"):
    speaker = SPEAKERS[name]()
    session(speaker, base, how)
    refusals(speaker, base, how)
if name == "curl":
    # Clients of 2008 spoke HTTP/1.0.
    session(SPEAKERS[name](), base, "form", options=["--http1.0"])
