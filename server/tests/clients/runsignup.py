"""runsignup.py SPEAKER URL: login, a checked call, logout, and the refused call after it, by both doors and in every
format."""

import csv
import io
import sys
from urllib.parse import urlencode
from xml.etree import ElementTree

from speak import SPEAKERS

KNOWN = {"email": "alice@example.org", "password": "correct horse"}


def read(answer, format):
    """A flat dictionary of what an answer says, and the name of its root where it has one."""
    if format == "json":
        assert answer.headers["content-type"].startswith("application/json"), answer
        return None, answer.json()
    if format == "csv":
        assert answer.headers["content-type"].startswith("text/csv"), answer
        rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
        assert len(rows) == 1, answer
        return None, rows[0]
    assert answer.headers["content-type"] == "application/xml; charset=utf-8", answer
    root = ElementTree.fromstring(answer.body)
    return root.tag, {node.tag: node.text for node in root.iter() if len(node) == 0}


class Door:
    """One of the two doors, in one format, by one client."""

    def __init__(self, speaker, url, format):
        self.speaker, self.url, self.format = speaker, url, format

    def say(self, method, call, query={}, **body):
        query = dict(query) if self.format is None else {**query, "format": self.format}
        answer = self.speaker.call(method, f"{self.url}/{call}?{urlencode(query)}", **body)
        assert 'rel="successor-version"' in answer.headers["link"], answer
        return answer, *read(answer, self.format or "xml")

    def refused(self, method, call, code, status, query={}, **body):
        answer, root, found = self.say(method, call, query, **body)
        if self.url.endswith("/rest"):
            assert answer.status == 200 and root in (None, "error"), answer
            error = found["error"] if self.format == "json" else found
            assert int(error["error_code"]) == code and error["error_msg"], answer
        else:
            assert answer.status == status and root in (None, "response"), answer
            assert found["error"], answer

    def session(self, how):
        answer, root, pair = self.say("POST", "login", **{how: KNOWN})
        assert answer.status == 200 and root in (None, "login"), answer
        user = pair["user"]["user"] if self.format == "json" else pair
        assert user["email"] == "alice@example.org" and user["first_name"] == 'Al "Ice" & <Co>, \u00c9', answer
        pair = {name: pair[name] for name in ("tmp_key", "tmp_secret")}
        answer, root, user = self.say("GET", "user", pair)
        user = user["user"] if self.format == "json" else user
        assert root in (None, "user") and user["email"] == "alice@example.org", answer
        self.refused("GET", "user", 6, 401, {**pair, "tmp_secret": "0" * 32})
        self.refused("GET", "logout", 2, 405, pair)
        # Half of the clients send the pair in the query, half in the body.
        answer, root, done = self.say("POST", "logout", pair) if how == "form" else self.say("POST", "logout", parts=pair)
        assert done == {"success": "T"} and root in (None, "response"), answer
        self.refused("GET", "user", 6, 401, pair)
        self.refused("POST", "logout", 6, 401, form=pair)

    def refusals(self):
        self.refused("POST", "login", 102, 401, form={**KNOWN, "password": "wrong"})
        self.refused("POST", "login", 3, 400, KNOWN, form={"email": "alice@example.org"})
        self.refused("GET", "user", 7, 403)


name, base = sys.argv[1:]
for path in ("rest", "API"):
    for format in (None, "xml", "json", "csv"):
        door = Door(SPEAKERS[name](), f"{base}/{path}", format)
        door.session("parts" if format in (None, "csv") else "form")
        door.refusals()
