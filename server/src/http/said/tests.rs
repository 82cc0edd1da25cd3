use proptest::prelude::*;

use super::*;

const NAMES: Wanted = Wanted { credentials: &["session_key"], others: &["format"] };
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// The values of the field in a form of this type, and whether it is unclear.
fn form(content_type: Option<&str>, body: &[u8]) -> (Vec<String>, bool) {
    let headers: Headers = content_type.iter().map(|value| ("content-type", value)).collect();
    let mut collected = Collected::of(NAMES);
    collected.form(&headers, &Form::Seen(Bytes::copy_from_slice(body)));
    (collected.pairs.into_iter().map(|(_, value)| value).collect(), collected.unclear.is_some())
}

fn multipart(parts: &str) -> (Vec<String>, bool) {
    let body = parts.replace('\n', "\r\n");
    form(Some("multipart/form-data; boundary=B"), body.as_bytes())
}

/// A part with these headers.
fn part(head: &str, value: &str) -> String {
    format!("--B\n{head}\n\n{value}\n")
}

fn clear(values: &[&str]) -> (Vec<String>, bool) {
    (values.iter().map(|value| (*value).to_owned()).collect(), false)
}

#[test]
fn a_field_behind_any_number_of_others_is_found() {
    let body = format!("session_key=LIVE&{}session_key=DEAD", "a=b&".repeat(20_000));
    assert_eq!(form(Some(URLENCODED), body.as_bytes()), clear(&["LIVE", "DEAD"]));
    let other = part("Content-Disposition: form-data; name=\"a\"", "b").repeat(1_000);
    let [live, dead] =
        ["LIVE", "DEAD"].map(|key| part("Content-Disposition: form-data; name=\"session_key\"", key));
    assert_eq!(multipart(&format!("{live}{other}{dead}--B--\n")), clear(&["LIVE", "DEAD"]));
}

#[test]
fn names_and_values_are_decoded() {
    for body in [
        "session_key=LIVE",
        "%73ession%5fkey=%4cIVE",
        "a&session_key=LIVE&&b=%ZZ&c=%ff",
        "x=1;2&session_key=LIVE",
    ] {
        for content_type in [None, Some(URLENCODED)] {
            assert_eq!(form(content_type, body.as_bytes()), clear(&["LIVE"]), "{body}");
        }
    }
    assert_eq!(form(None, b"session_key=\xff&session_key=a%00b"), clear(&[NOTHING, NOTHING]));
    assert_eq!(form(Some("application/json"), b"session_key=LIVE"), clear(&[]));
    assert_eq!(form(Some("multipart/form-data"), b""), clear(&[]));
}

#[test]
fn what_only_some_take_for_the_field_is_unclear() {
    for body in [
        "session_key=LIVE&session.key=DEAD",
        "session_key=LIVE&session+key=DEAD",
        "session_key=LIVE&+session_key=DEAD",
        "session_key=LIVE&SESSION_KEY=DEAD",
        "session_key=LIVE&session_key[]=DEAD",
        "session_key=LIVE&session_key%5B%5D=DEAD",
        "session_key=LIVE&session_key%00=DEAD",
        "session_key=LIVE&%u0073ession_key=DEAD",
        "session_key=LIVE&a=b;session_key=DEAD",
        "session_key=LIVE&a=b;%73ession_key=DEAD",
    ] {
        assert!(form(Some(URLENCODED), body.as_bytes()).1, "{body}");
    }
}

#[test]
fn files_have_names_of_any_kind_unless_a_credential_is_in_them() {
    let key = part("Content-Disposition: form-data; name=\"session_key\"", "LIVE");
    for head in [
        &b"form-data; name=\"f\"; filename=\"a\\\"b.txt\""[..],
        b"form-data; name=\"f\"; filename=\"caf\xe9.txt\"",
        b"form-data; name=\"caf\xe9\"",
        b"form-data; name=\"f\"; filename=\"file name=1.txt\"",
        b"attachment; name=\"f\"; filename=\"a.txt\"",
    ] {
        let file = [b"--B\r\nContent-Disposition: ", head, b"\r\n\r\nx\r\n"].concat();
        let body = [&file, key.replace('\n', "\r\n").as_bytes(), b"--B--\r\n"].concat();
        let read = form(Some("multipart/form-data; boundary=B"), &body);
        assert_eq!(read, clear(&["LIVE"]), "{}", head.escape_ascii());
    }
    for head in [
        "form-data; name=\"f\"; filename=\"a\\\"; name=\"session_key\"",
        "form-data; name=\"f\"; filename=\"name=Session.Key\"",
        "form-data; name*0=\"session\"; name*1=\"_key\"",
        "form-data; name=\"=?utf-8?B?c2Vzc2lvbl9rZXk=?=",
        "form-data; filename=\"name=a b\nContent-ID: session_key",
    ] {
        let parts = part(&format!("Content-Disposition: {head}"), "DEAD") + &key;
        assert!(multipart(&format!("{parts}--B--\n")).1, "{head}");
    }
}

#[test]
fn of_what_is_no_credential_only_the_exact_name_counts() {
    for (body, found) in [
        ("session_key=LIVE&_format=json&Format=a&format[]=b&a=b;format=c", &["LIVE"][..]),
        ("session_key=LIVE&format=json", &["LIVE", "json"]),
    ] {
        assert_eq!(form(Some(URLENCODED), body.as_bytes()), clear(found), "{body}");
    }
    let key = part("Content-Disposition: form-data; name=\"session_key\"", "LIVE");
    let other = part("Content-Disposition: form-data; name=\"%66ormat\"", "x");
    assert_eq!(multipart(&format!("{key}{other}--B--\n")), clear(&["LIVE"]));
}

#[test]
fn a_multipart_form_as_clients_send_it() {
    for head in [
        "Content-Disposition: form-data; name=\"session_key\"",
        "content-disposition:form-data;name=session_key",
        "CONTENT-DISPOSITION: Form-Data ; Name=\"session_key\"",
        "Content-Type: text/plain; charset=UTF-8\nContent-Disposition: form-data; name=\"session_key\"",
        "Content-Disposition: form-data; name=\"session_key\"\nContent-Transfer-Encoding: 8bit",
        "Content-Disposition: form-data; filename=\"x; y\"; name=\"session_key\"",
    ] {
        let others = [
            part(
                "Content-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\nContent-Type: application/x-y",
                "\u{0}--\n--A\n\n",
            ),
            part("Content-Disposition: form-data; name=\"a%22b\"; filename*=UTF-8''x", ""),
        ];
        let body = format!("{}{}{}--B--\n", others[0], part(head, "LIVE"), others[1]);
        assert_eq!(multipart(&body), clear(&["LIVE"]), "{head}");
    }
}

#[test]
fn parts_that_parsers_read_differently_are_unclear() {
    let live = part("Content-Disposition: form-data; name=\"session_key\"", "LIVE");
    for head in [
        "Content-Disposition: form-data; name=\"session\\_key\"",
        "Content-Disposition: form-data; name=\"session%5Fkey\"",
        "Content-Disposition: form-data; name*=UTF-8''session_key",
        "Content-Disposition: form-data; name=\"a\"; name=\"session_key\"",
        "Content-Disposition: form-data; name=\"a\"; name*=utf-8''session_key",
        "Content-Disposition: form-data; name=\"a\"; filename=\"x; name=session_key\"",
        "Content-Disposition: form-data; name=\"a\"; filename=\"x\\\"; name=\"session_key\"",
        "Content-Disposition: form-data; name = session_key",
        "Content-Disposition: form-data; name='session_key'",
        "Content-Disposition: form-data; name=\"a\"\nContent-Disposition: form-data; name=\"session_key\"",
        "Content-Disposition: form-data;\n name=\"session_key\"",
        "Content-Disposition : form-data; name=\"session_key\"",
        "Content-Disposition: attachment; name=\"session_key\"",
        "Content-Disposition: form-data",
        "X: y",
        "Content-Disposition: form-data; name=\"session_key\"\nContent-Transfer-Encoding: base64",
        "Content-Disposition: form-data; name=\"session_key\"\nContent-Type: text/plain; charset=utf-16",
        "Content-Disposition: form-data; name=\"a\"\nContent-Type: multipart/mixed; boundary=C",
        "Content-Disposition: form-data; name=\"Session_Key\"",
    ] {
        for body in
            [format!("{live}{}--B--\n", part(head, "DEAD")), format!("{}{live}--B--\n", part(head, "DEAD"))]
        {
            assert!(multipart(&body).1, "{head}");
        }
    }
}

#[test]
fn forms_that_parsers_take_apart_differently_are_unclear() {
    let [live, dead] =
        ["LIVE", "DEAD"].map(|key| part("Content-Disposition: form-data; name=\"session_key\"", key));
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for body in [
        crlf(&live),
        crlf(&format!("{live}--B")),
        crlf(&format!("{live}--B--\n{dead}--B--\n")),
        crlf(&format!("{live}--B--x")),
        crlf(&format!("preamble\n{live}--B--\n")),
        crlf(&format!("{live}--B \n{}--B--\n", dead.replacen("--B\n", "", 1))),
        // PHP and Python accept lines that end in LF alone.
        format!("{}{dead}--B--\r\n", crlf(&live)),
        crlf(&part("Content-Disposition: form-data; name=\"a\"", "b")).replace('b', &format!("b\n{dead}"))
            + "--B--\r\n",
        "--B--\r\n".replace("--B", "--C"),
        crlf("--B\n\nLIVE\n--B--\n"),
        "session_key=LIVE".to_owned(),
    ] {
        assert!(form(Some("multipart/form-data; boundary=B"), body.as_bytes()).1, "{body:?}");
    }
}

#[test]
fn a_form_that_is_not_handed_on_is_unclear() {
    let unclear = |form: Form, lines: &[(&str, &str)]| {
        let mut collected = Collected::of(NAMES);
        collected.form(&lines.iter().copied().collect(), &form);
        collected.unclear.is_some()
    };
    let typed = ("content-type", URLENCODED);
    assert!(unclear(Form::Unseen, &[typed]));
    assert!(unclear(Form::Unseen, &[typed, ("content-type", "application/json")]));
    assert!(!unclear(Form::Unseen, &[("content-type", "application/json")]));
    assert!(!unclear(Form::Unseen, &[]));
    assert!(!unclear(Form::Unseen, &[typed, ("exeunt-credential", "LIVE")]));
    assert!(unclear(Form::Cut, &[]));
    let seen = || Form::Seen(Bytes::from_static(b"session_key=LIVE"));
    assert!(unclear(seen(), &[typed, ("content-encoding", "gzip")]));
    assert!(!unclear(seen(), &[typed, ("content-encoding", "identity")]));
}

#[test]
fn a_form_in_the_query_is_whole_or_cut() {
    let seen = |body: &'static [u8]| Form::Seen(Bytes::from_static(body));
    assert_eq!(handed_on("body=a%3D1%26%0D%0A+%25%FF&length=9"), seen(b"a=1&\r\n %\xff"));
    assert_eq!(handed_on("length=0&body="), seen(b""));
    for cut in [
        "",
        "body=a",
        "length=1",
        "body=a&length=2",
        "body=a&length=",
        "body=a&body=b&length=1",
        "body=a&length=1&length=1",
    ] {
        assert_eq!(handed_on(cut), Form::Cut, "{cut}");
    }
}

#[test]
fn places_agree_or_do_not() {
    let once = Field::Once;
    for (places, wanted) in [
        (vec![], Field::Absent),
        (vec![Field::Absent, once("")], Field::Absent),
        (vec![once("a"), Field::Absent, once(""), once("a")], once("a")),
        (vec![once("a"), once("b")], Field::Repeated),
        (vec![Field::Repeated], Field::Repeated),
        (vec![Field::Absent, Field::Repeated], Field::Repeated),
    ] {
        assert_eq!(agreed(places.clone()), wanted, "{places:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(content_type in prop::option::of(any::<String>()), body in any::<Vec<u8>>()) {
        for content_type in [content_type.as_deref(), Some(URLENCODED), Some("multipart/form-data; boundary=B")] {
            form(content_type, &body);
        }
        let framed = [b"--B\r\nContent-Disposition: form-data; name=", &body[..], b"\r\n--B--"].concat();
        form(Some("multipart/form-data; boundary=B"), &framed);
        handed_on(&String::from_utf8_lossy(&body));
    }

    /// A field that the tolerant reader of Exeunt's own calls finds is found here too, or the form is unclear.
    #[test]
    fn it_overlooks_nothing(body in "(session_key|a|%73ession_key|session_kez)(=[a-c%&;=+]{0,4}(&(session_key|b))?){0,4}") {
        let (found, unclear) = form(Some(URLENCODED), body.as_bytes());
        let tolerant = form_urlencoded::parse(body.as_bytes()).filter(|(name, _)| name == "session_key").count();
        prop_assert!(unclear || found.len() == tolerant.min(KEPT), "{}: {:?}", body, found);
    }
}
