//! The application's call that a gateway asks about. nginx puts its address into `X-Original-…`, Caddy and Traefik into
//! `X-Forwarded-…`, Envoy into the path after `/call`; the call's own headers arrive unchanged. This module rebuilds
//! the call, so that a dialect reads it like any other request.
//!
//! An address is bytes: applications serve calls whose addresses hold raw UTF-8, Latin-1 or a space, so these pass. An
//! invalid address counts as missing: the dialects that read the query then refuse in their own words; the others do
//! not need it.
//!
//! Host and scheme are deliberately ignored: no dialect's credential depends on them.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, ORIGIN};
use http::{HeaderName, Method, Uri};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use super::question::{FormPlace, GatePath};
use crate::http::client_address;
use crate::http::headers::Headers;
use crate::http::said::{CREDENTIAL, Form, handed_on};
use crate::http::{Request, Response, Segments};

/// The longest address of an application's call, in bytes: the default limit of nginx.
pub const ADDRESS_BYTES_MAX: usize = 8 * 1024;

/// The headers in which gateways name the address and the method of the call.
const ADDRESS: [HeaderName; 3] = [
    HeaderName::from_static("x-original-uri"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-forwarded-uri"),
];
const METHOD: [HeaderName; 2] =
    [HeaderName::from_static("x-original-method"), HeaderName::from_static("x-forwarded-method")];

/// An application's call.
pub struct Original {
    /// The call. Its body is in `form`, if the gateway forwards it.
    pub call: Request,
    pub form: Form,
    /// What the gateway failed to say, for the log of a refusal.
    pub lacks: Option<String>,
}

impl Original {
    /// Rebuilds the application's call from the gateway's request. Only a trusted proxy is believed: anyone can send
    /// these headers.
    ///
    /// # Errors
    /// The response to send: the form did not arrive, or is larger than `limits.form_bytes`.
    pub async fn of(mut request: Request, question: &GatePath<'_>) -> Result<Self, Response> {
        let mut told = ReportedCall::of(&request, question);
        let mut form = Form::Unseen;
        if client_address::is_trusted(request.peer, &request.app.config.trusted_proxies) {
            form = match question.form() {
                FormPlace::Nowhere => Form::Unseen,
                FormPlace::Body => {
                    let bytes_max = request.app.config.limits.form_bytes;
                    Form::Seen(request.body_of_at_most(bytes_max).await?)
                }
                FormPlace::Query => handed_on(question.query.unwrap_or_default()),
            };
        } else {
            let claims = told.address.is_some() || told.fault.is_some() || request.headers().has(&CREDENTIAL);
            let peer = request.peer.to_canonical();
            told = ReportedCall::default();
            told.fault = Some(if claims {
                format!("the gateway at {peer} {NOT_BELIEVED}")
            } else {
                NOTHING_SAID.to_owned()
            });
            request.head.headers.remove(&CREDENTIAL);
        }
        if told.address.is_none() && told.fault.is_none() {
            told.fault = Some(NOTHING_SAID.to_owned());
        }
        request.head.uri = told.address.unwrap_or_default();
        request.head.method = told.method.unwrap_or_default();
        request.matched.segments = Segments::default();
        let mount = &request.dialect.settings.mount;
        request.mount = if request.head.uri.path().starts_with(mount.as_str()) { mount.len() } else { 0 };
        Ok(Self { call: request, form, lacks: told.fault })
    }

    /// Whether the call is a preflight as browsers send it (Fetch §3.2.2): it names the page and the method, carries no
    /// credential in a header, and has no body.
    pub fn is_preflight(&self) -> bool {
        let headers = self.call.headers();
        let once = |name: &HeaderName| headers.one(name).is_some_and(|value| !value.is_empty());
        let bare = match &self.form {
            Form::Unseen => true,
            Form::Seen(body) => body.is_empty(),
            Form::Cut => false,
        };
        bare && self.call.method() == Method::OPTIONS
            && once(&ORIGIN)
            && once(&ACCESS_CONTROL_REQUEST_METHOD)
            && ![AUTHORIZATION, COOKIE, CREDENTIAL.clone()].iter().any(|name| headers.has(name))
    }
}

const NOTHING_SAID: &str = "the gateway sent neither X-Original-URI nor X-Forwarded-Uri";
const NOT_BELIEVED: &str = "describes the call in headers that are ignored, since it is not in \
                            trusted_proxies";

/// What a gateway says of a call.
#[derive(Default)]
struct ReportedCall {
    address: Option<Uri>,
    method: Option<Method>,
    /// Why it is wrong or incomplete, for the log.
    fault: Option<String>,
}

impl ReportedCall {
    fn of(request: &Request, question: &GatePath<'_>) -> Self {
        let mut told = Self::default();
        if let Some(call) = question.call {
            let address = question.query.map_or_else(|| call.to_owned(), |query| format!("{call}?{query}"));
            told.method = Some(request.method().clone());
            told.address = told.kept(local(address.as_bytes()).map(Some));
        } else {
            told.address = told.kept(one(request.headers(), &ADDRESS, local));
            told.method = told.kept(one(request.headers(), &METHOD, method));
        }
        told
    }

    /// The value. An error is kept as the fault, unless there is one already.
    fn kept<T>(&mut self, read: Result<Option<T>, String>) -> Option<T> {
        read.unwrap_or_else(|fault| {
            self.fault.get_or_insert(fault);
            None
        })
    }
}

/// The value of these headers. A gateway writes one and passes the caller's other one through. So if they differ, it is
/// unknown which one the gateway wrote.
fn one<T: PartialEq>(
    headers: &Headers,
    names: &[HeaderName],
    read: fn(&[u8]) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let mut said = None;
    for value in names.iter().flat_map(|name| headers.all(name)) {
        let value = read(value)?;
        if said.as_ref().is_some_and(|said| *said != value) {
            let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
            return Err(format!(
                "{} are repeated or differ; the gateway must remove the headers that it does not set",
                names.join(" and ")
            ));
        }
        said = Some(value);
    }
    Ok(said)
}

fn method(text: &[u8]) -> Result<Method, String> {
    Method::from_bytes(text).map_err(|_| "the method that the gateway sent is not an HTTP method".to_owned())
}

/// Bytes that a URI must escape. A `#` does not end the address of a request: what follows it was sent too, and some
/// applications read it.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The path and query of an address. Bytes that a URI cannot hold are percent-encoded, which means the same.
fn local(address: &[u8]) -> Result<Uri, String> {
    if address.len() > ADDRESS_BYTES_MAX {
        return Err(format!("the address that the gateway sent is longer than {ADDRESS_BYTES_MAX} bytes"));
    }
    let origin_form = without_host(address).filter(|rest| rest.starts_with(b"/") || *rest == b"*");
    let origin_form = origin_form.ok_or(NO_ADDRESS)?;
    let encoded: String = percent_encode(origin_form, ENCODED).collect();
    Uri::try_from(encoded).map_err(|_| NO_ADDRESS.to_owned())
}

const NO_ADDRESS: &str = "the address that the gateway sent is not valid";

/// The address without scheme and host. The host comes from the caller: one that another parser could end elsewhere
/// (`x?tmp_key=…`) is refused.
fn without_host(address: &[u8]) -> Option<&[u8]> {
    let Some(scheme) = ["http://", "https://"].iter().find(|scheme| starts_with_any_case(address, scheme))
    else {
        return Some(address);
    };
    let behind = &address[scheme.len()..];
    let (host, rest) = behind.split_at(behind.iter().position(|byte| *byte == b'/').unwrap_or(behind.len()));
    let of_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]~%".contains(byte);
    host.iter().all(of_host).then_some(if rest.is_empty() { b"/" } else { rest })
}

fn starts_with_any_case(address: &[u8], scheme: &str) -> bool {
    address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
}

#[cfg(test)]
mod tests;
