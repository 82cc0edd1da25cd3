//! An answer to bytes: the same as the HTTP library would write.

use http::header::CONTENT_LENGTH;
use http::{HeaderName, StatusCode};
use http_body_util::{BodyExt, Either};

use crate::exchange::Response;

/// Writes an answer at the end of `text`.
pub(super) async fn write(response: Response, text: &mut Vec<u8>) {
    let (head, body) = response.into_parts();
    let body = match body {
        Either::Left(whole) => whole.into_inner().unwrap_or_default(),
        // Nothing that is answered here is a stream.
        Either::Right(stream) => stream.collect().await.unwrap_or_else(|never| match never {}).to_bytes(),
    };
    text.extend_from_slice(b"HTTP/1.1 ");
    text.extend_from_slice(head.status.as_str().as_bytes());
    text.push(b' ');
    text.extend_from_slice(head.status.canonical_reason().unwrap_or("<none>").as_bytes());
    text.extend_from_slice(b"\r\n");
    for (name, value) in &head.headers {
        line(name, value.as_bytes(), text);
    }
    // RFC 9110 §8.6: an answer that has no body by its nature tells no length.
    let bodiless = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless && !head.headers.contains_key(CONTENT_LENGTH) {
        line(&CONTENT_LENGTH, body.len().to_string().as_bytes(), text);
    }
    text.extend_from_slice(b"\r\n");
    if !bodiless {
        text.extend_from_slice(&body);
    }
}

/// A header, the words of its name beginning with capitals, as older clients know them.
fn line(name: &HeaderName, value: &[u8], text: &mut Vec<u8>) {
    let mut first = true;
    text.extend(name.as_str().bytes().map(|byte| {
        let byte = if first { byte.to_ascii_uppercase() } else { byte };
        first = byte == b'-';
        byte
    }));
    text.extend_from_slice(b": ");
    text.extend_from_slice(value);
    text.extend_from_slice(b"\r\n");
}
