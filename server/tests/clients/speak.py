"""Three ways to speak HTTP: Python's standard library, requests, and curl. Each builds its own forms, sends its own
headers and keeps its own cookies; nothing here knows what is said."""

import http.cookiejar
import json as json_text
import os
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import requests

# Seconds after which an answer does not come any more.
PATIENCE = 20


class Answer:
    """A status, headers by their name in lower case, and a body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    def json(self):
        return json_text.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body}"


class Urllib:
    """The standard library, as most scripts of the time used it."""

    def __init__(self, authority=None):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        handlers = [urllib.request.ProxyHandler({}), jar]
        if authority:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)))
        self.opener = urllib.request.build_opener(*handlers)

    def call(self, method, url, form=None, parts=None, json=None, headers={}):
        headers, data = dict(headers), None
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        if parts is not None:
            data, headers["Content-Type"] = multipart(parts)
        if json is not None:
            data, headers["Content-Type"] = json_text.dumps(json).encode(), "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.headers.items(), answer.read())
        except urllib.error.HTTPError as answer:
            return Answer(answer.code, answer.headers.items(), answer.read())


class Requests:
    """requests, with a session that keeps connections and cookies."""

    def __init__(self, authority=None):
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = authority or True

    def call(self, method, url, form=None, parts=None, json=None, headers={}):
        files = parts and {name: (None, value) for name, value in parts.items()}
        answer = self.session.request(
            method, url, data=form, files=files, json=json, headers=headers, timeout=PATIENCE, allow_redirects=False
        )
        return Answer(answer.status_code, answer.headers.items(), answer.content)


class Curl:
    """curl, with a cookie jar in a file."""

    def __init__(self, authority=None):
        self.folder = tempfile.TemporaryDirectory()
        self.always = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(PATIENCE)]
        jar = os.path.join(self.folder.name, "jar")
        self.always += ["--cookie", jar, "--cookie-jar", jar]
        self.always += ["--cacert", authority] if authority else []

    def call(self, method, url, form=None, parts=None, json=None, headers={}, options=()):
        head, body = (os.path.join(self.folder.name, name) for name in ("head", "body"))
        command = [*self.always, *options, "--request", method, "--dump-header", head, "--output", body]
        for name, value in headers.items():
            command += ["--header", f"{name}: {value}"]
        for name, value in form.items() if isinstance(form, dict) else form or ():
            command += ["--data-urlencode", f"{name}={value}"]
        for name, value in (parts or {}).items():
            command += ["--form-string", f"{name}={value}"]
        if json is not None:
            command += ["--header", "Content-Type: application/json", "--data-binary", json_text.dumps(json)]
        open(body, "wb").close()
        subprocess.run([*command, url], check=True)
        with open(head, encoding="latin-1") as lines, open(body, "rb") as content:
            first, *rest = [line.rstrip("\r\n") for line in lines]
            pairs = [line.split(": ", 1) for line in rest if ": " in line]
            return Answer(int(first.split()[1]), pairs, content.read())


def multipart(parts):
    """A multipart body and its type: the standard library has no writer for it."""
    boundary = "a-boundary-that-is-in-no-value"
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    ]
    return ("".join(pieces) + f"--{boundary}--\r\n").encode(), f"multipart/form-data; boundary={boundary}"


SPEAKERS = {"urllib": Urllib, "requests": Requests, "curl": Curl}
