//! A multipart body of any bytes, with the content type in its first line: it ends, within its limits, and all values
//! are text or match nothing.

use bytes::Bytes;
use exeunt::http::NOTHING;
use exeunt::http::form::{Body, FIELDS_MAX, Field, Fields};

pub(super) fn run(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let content_type = String::from_utf8_lossy(&bytes[..end]);
    let body = Bytes::copy_from_slice(bytes.get(end + 1..).unwrap_or_default());
    for content_type in [&*content_type, "multipart/form-data; boundary=B"] {
        let Ok(Body::Multipart(fields)) = Fields::body(Some(content_type), &body) else { continue };
        assert!(fields.pairs().count() <= FIELDS_MAX);
        for (name, value) in fields.pairs() {
            assert!(value == NOTHING || !value.contains('\0'));
            assert_ne!(fields.get(name), Field::Absent);
        }
    }
}
