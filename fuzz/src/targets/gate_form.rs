//! The form of an application's call, of any bytes, with its content type in the first line: what a tolerant reader finds
//! in it the gate finds too, and alike, or it says that the form is unclear.

use bytes::Bytes;
use exeunt::http::form::Fields;
use exeunt::http::headers::Headers;
use exeunt::http::said::{Form, Said, Wanted};

const NAME: &str = "session_key";
const WANTED: Wanted = Wanted { credentials: &[NAME], others: &[] };

pub(super) fn run(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let body = Bytes::copy_from_slice(bytes.get(end + 1..).unwrap_or_default());
    let content_type = String::from_utf8_lossy(&bytes[..end]);
    for content_type in
        [&*content_type, "multipart/form-data; boundary=B", "application/x-www-form-urlencoded"]
    {
        let headers: Headers = [("content-type", content_type)].into_iter().collect();
        let said = Said::of("", &headers, &Form::Seen(body.clone()), &WANTED);
        if said.unclear.is_some() {
            continue;
        }
        // That reader has a limit of fields, and this one has none.
        let Ok(tolerant) = Fields::body(Some(content_type), &body) else { continue };
        let tolerant = tolerant.into_fields();
        assert_eq!(said.form.get(NAME), tolerant.get(NAME), "{content_type}");
    }
    // Its own way into a query, and back.
    let query = String::from_utf8_lossy(bytes);
    assert!(Said::of(&query, &Headers::new(), &Form::Unseen, &WANTED).form.pairs().next().is_none());
}
