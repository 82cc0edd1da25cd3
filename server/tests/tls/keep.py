"""A client that logs in, keeps its connection while the certificate is renewed, and logs out over it.

Arguments: port, key of administrators, the certificate shown first, the certificate shown later.
"""

import http.client
import json
import ssl
import sys

port, key, first, later = sys.argv[1:]


def connect(certificate):
    context = ssl.create_default_context(cafile=certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return http.client.HTTPSConnection("localhost", int(port), context=context, timeout=20)


def ask(connection, method, path, body):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


# The file is replaced while this runs.
shown = open(first, "rb").read()
kept = connect(first)
status, user = ask(kept, "POST", "/v1/users", {"username": "alice", "password": "correct horse"})
assert status == 201, user
status, session = ask(kept, "POST", "/v1/sessions", {"user": user["id"]})
assert status == 201, session
socket = kept.sock
print("logged in", flush=True)

assert sys.stdin.readline() == "renewed\n"
status, checked = ask(kept, "POST", "/v1/check", {"token": session["token"]})
assert (status, checked["active"]) == (200, True), checked
assert kept.sock is socket, "the connection was closed"
assert ssl.DER_cert_to_PEM_cert(socket.getpeercert(True)) in shown.decode()

fresh = connect(later)
status, checked = ask(fresh, "POST", "/v1/check", {"token": session["token"]})
assert (status, checked["active"]) == (200, True), checked
status, _ = ask(kept, "DELETE", f"/v1/sessions/{session['session']}", None)
assert status in (200, 204), status
status, checked = ask(fresh, "POST", "/v1/check", {"token": session["token"]})
assert (status, checked["active"]) == (200, False), checked
print("logged out", flush=True)
