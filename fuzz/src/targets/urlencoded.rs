//! A query and a url-encoded body are read as browsers read them, but for what cannot be decoded.

use bytes::Bytes;
use exeunt::http::NOTHING;
use exeunt::http::form::{Body, FIELDS_MAX, Fields};

pub(super) fn run(bytes: &[u8]) {
    // The lenient parser of the WHATWG's standard.
    let lenient: Vec<_> = form_urlencoded::parse(bytes).collect();
    let body = Bytes::copy_from_slice(bytes);
    let typed = Some("application/x-www-form-urlencoded; charset=latin1");
    let ways = [
        Fields::body(None, &body).map(Body::into_fields),
        Fields::body(typed, &body).map(Body::into_fields),
        Fields::query(std::str::from_utf8(bytes).ok()),
    ];
    let count = if std::str::from_utf8(bytes).is_ok() { 3 } else { 2 };
    for read in ways.into_iter().take(count) {
        let Ok(fields) = read else {
            assert!(lenient.len() > FIELDS_MAX);
            continue;
        };
        assert_eq!(fields.pairs().count(), lenient.len());
        for ((name, value), (lenient_name, lenient_value)) in fields.pairs().zip(&lenient) {
            assert!(name == NOTHING || name == lenient_name);
            assert!(value == NOTHING || value == lenient_value);
            assert!(value == NOTHING || !value.contains('\0'));
        }
    }
}
