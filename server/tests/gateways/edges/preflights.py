"""preflights.py DIALECT … HOW: what a preflight gets, as the files stand or where preflights are open."""

from caller import DIALECT, HOW, PROJECT, call, in_its_words, log_in, valid

path = f"/orders?key={PROJECT}" if DIALECT == "rested" else "/orders"
page = [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "PUT")]

answer = call("OPTIONS", path, page)
if HOW == "open":
    # The application gets no user, and answers.
    seen = answer.seen()
    assert seen and seen["method"] == "OPTIONS", answer
    assert not [name for name, _ in seen["headers"] if name.lower().startswith("exeunt")], seen
    answer = call("OPTIONS", path, [*page, ("Exeunt-User", "mallory")])
    assert "mallory" not in str(answer.seen()), answer
elif DIALECT == "rested":
    assert answer.status == 204 and "access-control-allow-methods" in answer.headers, answer
elif DIALECT == "runsignup":
    assert b"<error_code>7<" in answer.body, answer
else:
    in_its_words(answer)

# What is no preflight is a call like any other: it needs a credential, and passes with one.
for method, lines in (("OPTIONS", page[:1]), ("OPTIONS", page[1:]), ("PUT", page)):
    answer = call(method, path, lines)
    assert answer.seen() is None, answer
assert call("OPTIONS", path, [*page, ("Authorization", "Bearer unknown")]).seen() is None
if DIALECT in ("runsignup", "videntity"):
    form = [*page, ("Content-Type", "application/x-www-form-urlencoded")]
    assert call("OPTIONS", path, form, b"session_key=unknown&tmp_key=unknown").seen() is None
assert valid(log_in(), headers=page).seen()
