use proptest::prelude::*;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

fn query(text: &str) -> Fields {
    Fields::query(Some(text)).unwrap()
}

fn multipart(body: &[u8]) -> Fields {
    let body = Bytes::copy_from_slice(body);
    match Fields::body(Some("multipart/form-data; boundary=B"), &body).unwrap() {
        Body::Multipart(fields) => fields,
        _ => panic!("another type"),
    }
}

#[test]
fn a_query_in_its_order() {
    let fields = query("b=2&a=1+%2b&&empty=&bare&b=3&=x&%61a=%C3%A9&c=d=e");
    let pairs: Vec<_> = fields.pairs().collect();
    let wanted = [
        ("b", "2"),
        ("a", "1 +"),
        ("empty", ""),
        ("bare", ""),
        ("b", "3"),
        ("", "x"),
        ("aa", "é"),
        ("c", "d=e"),
    ];
    assert_eq!(pairs, wanted);
    assert_eq!(fields.get("b"), Field::Repeated);
    assert_eq!(fields.get("a"), Field::Once("1 +"));
    assert_eq!(fields.get("A"), Field::Absent);
    assert_eq!(fields.get("empty"), Field::Once(""));
    assert_eq!(fields.get("empty").filled(), None);
    assert_eq!(fields.get("aa").filled(), Some("é"));
    assert!(Fields::query(None).unwrap().pairs().next().is_none());
}

#[test]
fn what_cannot_be_decoded_is_there_and_matches_nothing() {
    for value in ["%", "%4", "%zz", "%%41", "x%", "%ff", "%00", "a%00b", "%c3", "%ed%a0%80", "%+1"] {
        assert_eq!(query(&format!("a={value}&b=1")).get("a"), Field::Once(NOTHING), "{value}");
    }
    let raw = Fields::body(Some(FORM), &Bytes::from_static(b"a=\xff&b=\0&c=\xc3\xa9")).unwrap().into_fields();
    assert_eq!(raw.get("a"), Field::Once(NOTHING));
    assert_eq!(raw.get("b"), Field::Once(NOTHING));
    assert_eq!(raw.get("c"), Field::Once("é"));
    assert_eq!(query("%ff=1").get("a"), Field::Absent);
}

#[test]
fn the_content_type_decides_how_a_body_is_read() {
    let kind = |content_type| match Fields::body(content_type, &Bytes::from_static(b"a=1")).unwrap() {
        Body::Form(fields) if fields.get("a") == Field::Once("1") => "form",
        Body::Untyped(fields) if fields.get("a") == Field::Once("1") => "untyped",
        Body::Multipart(_) => "multipart",
        Body::Form(_) | Body::Untyped(_) | Body::Other => "other",
    };
    for (content_type, wanted) in [
        (None, "untyped"),
        (Some(""), "untyped"),
        (Some("  "), "untyped"),
        (Some(FORM), "form"),
        (Some("Application/X-WWW-Form-URLEncoded ; Charset=ISO-8859-1"), "form"),
        (Some("application/x-www-form-urlencodedx"), "other"),
        (Some("application/json"), "other"),
        (Some("text/plain; application/x-www-form-urlencoded"), "other"),
        (Some("MULTIPART/Form-Data; boundary=B"), "multipart"),
        (Some("multipart/mixed; boundary=B"), "other"),
        (Some("\u{fffd}"), "other"),
    ] {
        assert_eq!(kind(content_type), wanted, "{content_type:?}");
    }
}

#[test]
fn a_multipart_body_as_clients_send_it() {
    let fields = multipart(
        b"--B\r\nContent-Disposition: form-data; name=\"session_key\"\r\n\r\nabc\r\n\
          --B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x.bin\"\r\n\
          Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n\
          --B\r\nContent-Disposition: form-data; name=\"text\"\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n\xc3\xa9\r\n\r\n\
          --B\r\nContent-Disposition: form-data\r\n\r\nnameless\r\n\
          --B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n\
          --B--\r\n",
    );
    let pairs: Vec<_> = fields.pairs().collect();
    assert_eq!(pairs, [("session_key", "abc"), ("file", NOTHING), ("text", "é\r\n"), ("empty", "")]);
}

#[test]
fn a_broken_multipart_body_says_nothing_and_says_so() {
    let part = b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".as_slice();
    for body in [b"".as_slice(), b"a=1", part, &part[..20], b"--B\r\nno colon\r\n\r\n1\r\n--B--\r\n"] {
        let fields = multipart(body);
        assert_eq!(fields.get("a"), Field::Absent, "{}", body.escape_ascii());
        assert_eq!((fields.is_broken(), fields.may_hide_fields()), (true, !body.is_empty()));
    }
    let whole = multipart(&[part, b"--B--"].concat());
    assert_eq!((whole.get("a"), whole.is_broken()), (Field::Once("1"), false));
    let unbounded = Fields::body(Some("multipart/form-data"), &Bytes::new()).unwrap().into_fields();
    assert!(unbounded.is_broken());
}

#[test]
fn a_hundred_fields_and_no_more() {
    let part = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
    let nameless = "--B\r\nX: y\r\n\r\n1\r\n";
    for (count, fits) in [(FIELDS_MAX, true), (FIELDS_MAX + 1, false)] {
        let pairs = vec!["a=1"; count].join("&");
        assert_eq!(Fields::query(Some(&pairs)).is_ok(), fits);
        assert_eq!(Fields::body(Some(FORM), &Bytes::from(pairs)).is_ok(), fits);
        for part in [part, nameless] {
            let parts = Bytes::from(part.repeat(count) + "--B--\r\n");
            assert_eq!(Fields::body(Some("multipart/form-data; boundary=B"), &parts).is_ok(), fits);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(content_type in prop::option::of(any::<String>()), body in any::<Vec<u8>>()) {
        let body = Bytes::from(body);
        for content_type in [content_type.as_deref(), Some(FORM), Some("multipart/form-data; boundary=B")] {
            drop(Fields::body(content_type, &body));
        }
        drop(Fields::query(Some(&String::from_utf8_lossy(&body))));
    }

    #[test]
    fn it_reads_what_a_browser_writes(pairs in prop::collection::vec(any::<(String, String)>(), 0..20)) {
        let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let fields = query(&written);
        let meant = |text: &str| if text.contains('\0') { NOTHING.to_owned() } else { text.to_owned() };
        let wanted: Vec<_> = pairs.iter().map(|(name, value)| (meant(name), meant(value))).collect();
        let read: Vec<_> = fields.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(read, wanted);
    }
}
