//! Writes a response as bytes: the same bytes that the HTTP library would write.

use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;

use crate::http::{Body, Cut, Response};

/// Appends a response to `text`; `false` if its body broke off.
pub(super) async fn write(response: Response, text: &mut Vec<u8>) -> bool {
    let Response { status, headers, body, .. } = response;
    let body = match body {
        Body::Whole(whole) => whole,
        // No endpoint on the fast path answers with a stream.
        Body::Stream(stream) => match stream.collect().await {
            Ok(whole) => whole.to_bytes(),
            Err(Cut) => return false,
        },
    };
    text.extend_from_slice(b"HTTP/1.1 ");
    text.extend_from_slice(status.as_str().as_bytes());
    text.push(b' ');
    text.extend_from_slice(status.canonical_reason().unwrap_or("<none>").as_bytes());
    text.extend_from_slice(b"\r\n");
    for (name, value) in headers.iter() {
        line(name, value, text);
    }
    // RFC 9110 §8.6: a response whose status allows no body has no length.
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless && !headers.has(&CONTENT_LENGTH) {
        line(b"content-length", body.len().to_string().as_bytes(), text);
    }
    text.extend_from_slice(b"\r\n");
    if !bodiless {
        text.extend_from_slice(&body);
    }
    true
}

/// Appends a header; each word of its name begins with a capital, as older clients expect.
fn line(name: &[u8], value: &[u8], text: &mut Vec<u8>) {
    let begin = text.len();
    text.extend_from_slice(name);
    for word in text[begin..].split_mut(|byte| *byte == b'-') {
        word.iter_mut().take(1).for_each(u8::make_ascii_uppercase);
    }
    text.extend_from_slice(b": ");
    text.extend_from_slice(value);
    text.extend_from_slice(b"\r\n");
}
