"""addresses.py DIALECT …: addresses of any bytes. The gateway may refuse one itself; the gate refuses none."""

from caller import call, in_its_words, live_and_dead, valid

live, dead = live_and_dead()
count = 0
for path, query in (
    ("/plain", ""),
    ("/caf\xc3\xa9", "&name=M\xc3\xbcller"),
    ("/caf\xe9", "&name=M\xfcller"),
    ("/\xff\xfe", "&\x80=\xbf"),
    ("/<a>", '&b="c"'),
    ("/`a`", "&b=`c`&<d>=<e>"),
    ("/{a}|b^c", "&d={e}|f^g&h=[i]"),
    ("/a\\b", "&c=d\\e"),
    ("/a%ZZ", "&b=%ZZ&c=%"),
    ("/a%00", "&b=%00"),
    ("/a//b", "&c=//d?e"),
    ("/a;b=c", "&d=e;f=g"),
    ("/a=b&c", "&d"),
):
    answer = valid(live, path=path, query=query)
    if answer.seen() is None:
        # By the gateway itself, in none of Exeunt's words.
        assert answer.status == 400 and b"Bad" in answer.body or b"bad" in answer.body, (path, answer)
    else:
        count += 1
    # And whoever may not pass is refused in the words of the dialect.
    if answer.seen() is not None:
        in_its_words(valid(dead, path=path, query=query))
assert count >= 6, count

# With a space in it it is no HTTP: some gateways hand it on all the same.
answer = valid(live, path="/a b", query="&c=d e")
assert answer.seen() or answer.status in (400, 505), answer
