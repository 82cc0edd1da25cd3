//! Bytes to a request, if it is a simple one.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use httparse::Status;

use crate::dialect::Sort;
use crate::front::{Entrance, Found};

/// The largest request that is answered by the hot front, head and body, in bytes.
pub(super) const REQUEST_BYTES_MAX: usize = 4096;
/// The most headers that a request has there.
const HEADERS_MAX: usize = 32;

/// A request that the hot front answers.
pub(super) struct Asked {
    pub(super) found: Found,
    pub(super) head: Parts,
    pub(super) body: Bytes,
}

/// Why some bytes are no request that is answered here.
pub(super) enum Unread {
    /// They are the beginning of one, as far as can be told.
    Partial,
    /// They are anything else.
    Other,
}

/// Reads a request. Whatever could be understood in two ways is not understood here: a body whose length is not told
/// once and in digits, a transfer coding, an expectation, anything after the end (RFC 9112 §6 and §9).
pub(super) fn read(entrance: &Entrance, bytes: &[u8]) -> Result<Asked, Unread> {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(&bytes, &mut headers) {
        Ok(Status::Complete(head_bytes)) => {
            let Some((found, head, body_bytes)) = head(entrance, &bytes, &request) else {
                return Err(Unread::Other);
            };
            match bytes.len().checked_sub(head_bytes) {
                Some(there) if there == body_bytes => {
                    Ok(Asked { found, head, body: bytes.slice(head_bytes..) })
                }
                Some(there) if there < body_bytes && head_bytes + body_bytes <= REQUEST_BYTES_MAX => {
                    Err(Unread::Partial)
                }
                _ => Err(Unread::Other),
            }
        }
        Ok(Status::Partial) if bytes.len() < REQUEST_BYTES_MAX => Err(Unread::Partial),
        Ok(Status::Partial) | Err(_) => Err(Unread::Other),
    }
}

/// Who answers, the head as a value, and the length of the body in bytes.
fn head(
    entrance: &Entrance,
    bytes: &Bytes,
    request: &httparse::Request<'_, '_>,
) -> Option<(Found, Parts, usize)> {
    let method = Method::from_bytes(request.method?.as_bytes()).ok()?;
    let path = request.path.filter(|path| path.starts_with('/'))?;
    if request.version != Some(1) || method == Method::HEAD {
        return None;
    }
    let uri = Uri::from_maybe_shared(bytes.slice_ref(path.as_bytes())).ok()?;
    let found = entrance.find(&method, &uri);
    let logs_out = found.route.sort == Sort::Logout || method == Method::DELETE;
    if !(matches!(found.route.sort, Sort::Check | Sort::Gate) || logs_out && found.route.sort != Sort::Login)
    {
        return None;
    }
    let mut body_bytes = None;
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for header in &*request.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        match name {
            TRANSFER_ENCODING | EXPECT | UPGRADE => return None,
            CONNECTION if !header.value.eq_ignore_ascii_case(b"keep-alive") => return None,
            CONTENT_LENGTH => body_bytes = Some(length(header.value).filter(|_| body_bytes.is_none())?),
            _ => {}
        }
        headers.append(name, HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).ok()?);
    }
    let (mut head, ()) = Request::new(()).into_parts();
    (head.method, head.uri, head.headers) = (method, uri, headers);
    Some((found, head, body_bytes.unwrap_or(0)))
}

/// A length in digits, none of them a sign or a space.
fn length(digits: &[u8]) -> Option<usize> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}
