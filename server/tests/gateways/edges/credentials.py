"""credentials.py DIALECT …: one call with a live credential and a dead one. Whatever reads it, in whichever way, the dead one
reaches no application."""

import gzip
import urllib.parse

from caller import DIALECT, FORM, PROJECT, call, in_its_words, live_and_dead, valid

MULTIPART = ("Content-Type", "multipart/form-data; boundary=B")


def part(head, value):
    return f"--B\r\n{head}\r\n\r\n{value}\r\n".encode()


def disposition(rest):
    return f"Content-Disposition: form-data; {rest}"


def forms(name, one, other):
    """Forms in which some application finds `one` in this field, and some `other`: a title, headers and the body."""
    pair = f"{name}={one}&{name}={other}"
    many = "&".join(f"f{number}=x" for number in range(150))
    upper, dotted = name.upper(), name.replace("_", ".")
    for title, body in {
        "twice": pair,
        "150 fields between": f"{name}={one}&{many}&{name}={other}",
        "an escaped name": f"{name}={one}&%{ord(name[0]):x}{name[1:]}={other}",
        "an escaped underscore": f"{name}={one}&{name.replace('_', '%5F')}={other}",
        "a name in capitals": f"{name}={one}&{upper}={other}",
        "a dot for the underscore": f"{name}={one}&{dotted}={other}",
        "a space for the underscore": f"{name}={one}&{name.replace('_', '+')}={other}",
        "a space before the name": f"{name}={one}&+{name}={other}",
        "a list": f"{name}={one}&{name}[]={other}",
        "a NUL behind the name": f"{name}={one}&{name}%00x={other}",
        "%u": f"{name}={one}&%u00{ord(name[0]):x}{name[1:]}={other}",
        "a semicolon": f"{name}={one}&a=b;{name}={other}",
    }.items():
        yield title, [FORM], body.encode()
    yield "no type", [], pair.encode()
    yield "a type in capitals", [("CONTENT-TYPE", FORM[1].upper())], pair.encode()
    yield "two types", [("Content-Type", "application/json"), FORM], pair.encode()
    yield "two types, the other way round", [FORM, ("content-type", "application/json")], pair.encode()
    yield "two types in one", [("Content-Type", f"application/json, {FORM[1]}")], pair.encode()
    yield "another charset", [("Content-Type", f"{FORM[1]}; charset=utf-16")], pair.encode("utf-16")
    yield "compressed", [FORM, ("Content-Encoding", "gzip")], gzip.compress(pair.encode())
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in pair.encode()) + b"0\r\n\r\n"
    yield "chunks", [FORM, ("Transfer-Encoding", "chunked")], chunks

    plain = part(disposition(f'name="{name}"'), one)
    end = b"--B--\r\n"
    second = part(disposition(f'name="{name}"'), other)
    for title, head in {
        "twice": disposition(f'name="{name}"'),
        "unquoted": disposition(f"name={name}"),
        "a header in capitals": f'CONTENT-DISPOSITION: FORM-DATA; NAME="{name}"',
        "a backslash": disposition(f'name="{name[0]}\\{name[1:]}"'),
        "escaped": disposition(f'name="{name.replace("_", "%5F")}"'),
        "name*": disposition(f"name*=UTF-8''{name}"),
        "two names": disposition(f'name="x"; name="{name}"'),
        "a name within a file's": disposition(f'name="x"; filename="a\\"; name=\\"{name}"'),
        "two headers": f'{disposition(chr(110) + "ame=x")}\r\n{disposition(f"name={name}")}',
        "folded": f'Content-Disposition: form-data;\r\n name="{name}"',
        "a space before the colon": f'Content-Disposition : form-data; name="{name}"',
        "capitals": disposition(f'name="{upper}"'),
        "single quotes": disposition(f"name='{name}'"),
    }.items():
        yield f"parts, {title}", [MULTIPART], plain + part(head, other) + end
    others = b"".join(part(disposition(f'name="f{number}"'), "x") for number in range(150))
    yield "parts, 150 between", [MULTIPART], plain + others + second + end
    yield "parts behind the end", [MULTIPART], plain + end + second + end
    yield "parts, lines that end in LF", [MULTIPART], plain + second.replace(b"\r\n", b"\n") + end
    yield "parts before the first", [MULTIPART], b"x\n" + second.replace(b"\r\n", b"\n") + plain + end
    encoded = part(disposition(f'name="{name}"') + "\r\nContent-Transfer-Encoding: quoted-printable", other + "=\r\n")
    yield "parts, encoded", [MULTIPART], plain + encoded + end
    two = "multipart/form-data; boundary=B; boundary=C"
    yield "two boundaries", [("Content-Type", two)], plain + end + second.replace(b"--B", b"--C") + end.replace(b"B", b"C")
    quoted = 'multipart/form-data; boundary="B"'
    yield "a quoted boundary", [("Content-Type", quoted)], plain + second + end
    yield "parts, cut off", [MULTIPART], plain + second


def headers(cookie, one, other):
    """Headers in which some application finds `one`, and some `other`."""
    for first, second in (("Authorization", "Authorization"), ("AUTHORIZATION", "authorization")):
        yield "twice", [(first, f"Bearer {one}"), (second, f"Bearer {other}")]
    yield "in one", [("Authorization", f"Bearer {one}, Bearer {other}")]
    if not cookie:
        return
    yield "both", [("Authorization", one), ("Cookie", f"{cookie}={other}")]
    yield "both, in capitals", [("COOKIE", f"{cookie}={one}"), ("AUTHORIZATION", f"BEARER {other}")]
    yield "another scheme", [("Authorization", f"Basic eDp5, Bearer {other}"), ("Cookie", f"{cookie}={one}")]
    yield "two cookies", [("Cookie", f"{cookie}={one}; {cookie}={other}")]
    many = "; ".join(f"c{number}=x" for number in range(100))
    yield "100 cookies between", [("Cookie", f"{cookie}={one}; {many}; {cookie}={other}")]
    yield "tossed cookies", [("Cookie", f"{cookie}={one}; " + "; ".join([f"{cookie}={other}"] * 20))]
    yield "two headers", [("Cookie", f"{cookie}={one}"), ("cookie", f"{cookie}={other}")]
    yield "quoted", [("Cookie", f'{cookie}={one}; {cookie}="{other}"')]
    yield "in capitals", [("Cookie", f"{cookie}={one}; {cookie.lower()}={other}")]
    yield "escaped", [("Cookie", f"{cookie}={one}; {cookie.replace('-', '%2D')}={other}")]
    yield "a comma", [("Cookie", f"{cookie}={one}; a=b, {cookie}={other}")]
    yield "a space", [("Cookie", f"{cookie}={one}; a=b {cookie}={other}")]


def attacks(one, other):
    """A title, a path, headers and a body."""
    if DIALECT == "native":
        for title, lines in headers(None, one["token"], other["token"]):
            yield title, "/orders", lines, None
    elif DIALECT == "rested":
        for title, lines in headers("__Secure-rested-access-token", one["token"], other["token"]):
            yield title, f"/orders?key={PROJECT}", lines, None
    elif DIALECT == "videntity":
        for title, lines, body in forms("session_key", one["session_key"], other["session_key"]):
            yield title, "/user/read", lines, body
        body = f"session_key={one['session_key']}".encode()
        yield "another in the query", f"/user/read?session_key={other['session_key']}", [FORM], body
        yield "another in a header", "/user/read", [FORM, ("Exeunt-Credential", one["session_key"])], (
            f"session_key={other['session_key']}".encode()
        )
    else:
        # The secrets fit the last key, or the first.
        for title, lines, body in forms("tmp_key", one["tmp_key"], other["tmp_key"]):
            for secret in (one, other):
                more = f"tmp_secret={secret['tmp_secret']}"
                if "multipart" in dict(lines).get("Content-Type", ""):
                    more = part(disposition('name="tmp_secret"'), secret["tmp_secret"])
                    yield title, "/rest/races", lines, more + body
                elif not ("chunks" in title or "charset" in title or "compressed" in title):
                    yield title, "/rest/races", lines, f"{more}&".encode() + body
            # A whole pair in the query, and forms that go on with it.
            query = urllib.parse.urlencode(one)
            yield f"{title}, with a pair in the query", f"/rest/races?{query}", lines, body
        pairs = [urllib.parse.urlencode(pair) for pair in (one, other)]
        yield "one in the query and one in the form", f"/rest/races?{pairs[0]}", [FORM], pairs[1].encode()
        for number in (0, 100):
            between = "".join(f"&f{n}=x" for n in range(number))
            yield "two in the query", f"/rest/races?{pairs[0]}{between}&{pairs[1]}", [], None
        yield "a semicolon", f"/rest/races?{pairs[0]}&a=b;{pairs[1].replace('&', ';')}", [], None
        yield "capitals", f"/rest/races?{pairs[0]}&{pairs[1].replace('tmp_', 'TMP_')}", [], None
        yield "a dot", f"/rest/races?{pairs[0]}&{pairs[1].replace('tmp_', 'tmp.')}", [], None
        yield "a bearer", f"/rest/races?{pairs[0]}", [("Authorization", f"Basic x, Bearer\t{other['tmp_key']}")], None
        keys = f"&api_key={other['tmp_key']}&api_secret={other['tmp_secret']}"
        yield "a permanent key", f"/rest/races?{pairs[0]}{keys}", [], None
        yield "a permanent key in the form", f"/rest/races?{pairs[0]}", [FORM], keys[1:].encode()
        yield "a key of another kind", f"/rest/races?{pairs[0]}&rsu_api_key={other['tmp_key']}", [], None


live, dead = live_and_dead()
secrets = [value for name, value in dead.items() if name != "session"]
count = 0
for one, other in ((live, dead), (dead, live), (dead, dead)):
    for title, path, lines, body in attacks(one, other):
        count += 1
        answer = call("POST" if body is not None else "GET", path, lines, body)
        seen = answer.seen()
        if seen is None:
            in_its_words(answer)
            continue
        kinds = [value for name, value in seen["headers"] if name.lower() == "content-type"]
        if kinds == ["application/json"]:
            # The gateway itself left the other type out, so there is no form.
            seen["body"] = ""
        # What reached the application has the dead one in no place.
        assert not any(secret in str(seen) for secret in secrets), (title, seen)
        assert not {"Content-Encoding", "Transfer-Encoding"} & {name for name, _ in lines}, (title, seen)
        assert "charset" not in title, (title, seen)
assert count >= 9, count

# The same call with the live one alone passes, whatever else is in it.
assert valid(live).seen(), valid(live)
if DIALECT in ("videntity", "runsignup"):
    fields = "&".join(f"f{number}=%E4" for number in range(250))
    pairs = urllib.parse.urlencode(live)
    for lines, body in (
        ([FORM], f"{fields}&{pairs}".encode()),
        ([("Content-Type", 'multipart/form-data; charset=utf-8; boundary="B"')], b"".join(
            part(disposition(f'name="{name}"'), value) for name, value in live.items()
        ) + part(disposition('name=a; filename="C:\\x\\y.bin"') + "\r\nContent-Type: image/png", "\0\n--\n") + part(disposition('name="f"; filename="a\\"b name=1.txt"'), "x") + b"--B--\r\n"),
        ([FORM], f"{pairs}&_format=json&Format=x&a=b;format=c".encode()),
    ):
        answer = call("POST", "/rest/races", lines, body)
        assert answer.seen() and answer.seen()["body"].encode() == body, answer

# What only some readers take for a credential opens nothing.
if DIALECT == "rested":
    cookie = "__Secure-rested-access-token"
    for header, text in (
        ("Authorization", f"x;bearer {live['token']}"),
        ("Authorization", f'"Bearer {live["token"]}"'),
        ("Cookie", f"{cookie.lower()}={live['token']}"),
        ("Cookie", f"a=b {cookie}={live['token']}"),
        ("Cookie", f"{cookie.replace('-', '%2D')}={live['token']}"),
    ):
        answer = call("GET", f"/orders?key={PROJECT}", [(header, text)])
        assert answer.status == 401 and answer.seen() is None, (text, answer)
