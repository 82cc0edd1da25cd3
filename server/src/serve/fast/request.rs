//! Parses bytes as a request, if it is a simple one.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, UPGRADE};
use http::{Method, Uri, Version};
use httparse::Status;

use crate::http::CallKind;
use crate::http::RequestHead;
use crate::http::headers::Headers;
use crate::http::message;
use crate::serve::router::{Inbound, Matched};

/// The largest request that the fast path answers, head and body, in bytes.
pub(super) const REQUEST_BYTES_MAX: usize = 4096;
/// The most headers of a request on the fast path.
const HEADERS_MAX: usize = 32;

/// A request that the fast path answers.
pub(super) struct Parsed<'a> {
    pub(super) matched: Matched<'a>,
    pub(super) head: RequestHead,
    pub(super) body: Bytes,
}

/// Why the bytes are not a request for the fast path.
pub(super) enum Unread {
    /// They may be the beginning of a head.
    Head,
    /// They are a head and the beginning of its body.
    Body,
    /// They are anything else.
    Other,
}

/// Parses a request. Anything ambiguous is left to the HTTP library: a body whose length is not given once and in
/// digits, a transfer coding, an expectation, bytes after the end (RFC 9112 §6 and §9).
pub(super) fn read<'a>(inbound: &'a Inbound, bytes: &[u8]) -> Result<Parsed<'a>, Unread> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(head_bytes)) => {
            let body = &bytes[head_bytes..];
            let (matched, method, uri) = matched(inbound, &request).ok_or(Unread::Other)?;
            let headers = request.headers.iter().map(|header| (header.name, header.value)).collect();
            if !message::has_right_host(Version::HTTP_11, &headers) {
                return Err(Unread::Other);
            }
            let body_bytes = body_bytes(&headers).ok_or(Unread::Other)?;
            if body.len() < body_bytes && body_bytes <= REQUEST_BYTES_MAX.saturating_sub(head_bytes) {
                return Err(Unread::Body);
            }
            if body.len() != body_bytes {
                return Err(Unread::Other);
            }
            let head = RequestHead { method, uri, headers };
            Ok(Parsed { matched, head, body: Bytes::copy_from_slice(body) })
        }
        Ok(Status::Partial) if bytes.len() < REQUEST_BYTES_MAX => Err(Unread::Head),
        Ok(Status::Partial) | Err(_) => Err(Unread::Other),
    }
}

/// Finds the route, if it is a check or a logout.
fn matched<'a>(
    inbound: &'a Inbound,
    request: &httparse::Request<'_, '_>,
) -> Option<(Matched<'a>, Method, Uri)> {
    let method = Method::from_bytes(request.method?.as_bytes()).ok()?;
    let path = request.path.filter(|path| path.starts_with('/'))?;
    if request.version != Some(1) || method == Method::HEAD {
        return None;
    }
    let uri = Uri::try_from(path).ok()?;
    let matched = inbound.find(&method, &uri);
    let kind = matched.kind();
    let logs_out = kind == CallKind::Logout || method == Method::DELETE;
    let is_simple = matches!(kind, CallKind::Check | CallKind::Gate) || logs_out && kind != CallKind::Login;
    is_simple.then_some((matched, method, uri))
}

/// The length of the body in bytes; `None` if the headers ask for anything the fast path does not do.
fn body_bytes(headers: &Headers) -> Option<usize> {
    let keeps_alive = |value: &[u8]| value.eq_ignore_ascii_case(b"keep-alive");
    if [TRANSFER_ENCODING, EXPECT, UPGRADE].iter().any(|name| headers.has(name))
        || !headers.all(&CONNECTION).all(keeps_alive)
    {
        return None;
    }
    let mut lengths = headers.all(&CONTENT_LENGTH);
    match (lengths.next(), lengths.next()) {
        (None, _) => Some(0),
        (Some(digits), None) => length(digits),
        (Some(_), Some(_)) => None,
    }
}

/// Parses a length of digits only, without a sign or a space.
fn length(digits: &[u8]) -> Option<usize> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}
