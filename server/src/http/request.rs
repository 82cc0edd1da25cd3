//! One request with its circumstances, as every endpoint gets it; and what an endpoint answers.

use std::future::Future;
use std::net::IpAddr;
use std::ops::{Deref, DerefMut};
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use exeunt_core::{By, DialectName, Moment};
use futures_util::FutureExt;
use http::{HeaderName, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::app::App;
pub use crate::authority::key::{Presented as PresentedKey, Proven};
use crate::authority::{Call, Mint};
use crate::http::consumed::Whole;
use crate::http::headers::{self, Headers};
use crate::http::{Response, plain};

/// An answer to come.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;
/// What answers a request.
pub type Endpoint = fn(Request) -> ResponseFuture;

/// A request. Its parts lie in one place of their own, since it goes through many hands.
pub struct Request(Box<Parts>);

/// What there is to know of a request.
pub struct Parts {
    /// The server.
    pub app: App,
    /// The one time of this request.
    pub now: Moment,
    /// Whose connection it is.
    pub peer: IpAddr,
    /// The caller's address: the peer's, or what a trusted proxy says.
    pub from: IpAddr,
    /// How many bytes of the path are the dialect's mount.
    pub mount: usize,
    /// Method, address and headers.
    pub head: RequestHead,
    /// It came in on the address for administrators, or there is no other.
    pub admin: bool,
    /// The key that was proven on its connection before.
    pub proven: Proven,
    /// The key that this request presented, for whoever must know later whether it still opens anything.
    pub key: Option<PresentedKey>,
    body: Option<RequestBody>,
    whole: Whole,
    mint: Option<Mint>,
}

/// The head of a request.
pub struct RequestHead {
    /// Its method.
    pub method: Method,
    /// What it is addressed to.
    pub uri: Uri,
    /// Its header fields.
    pub headers: Headers,
}

/// As the HTTP library has read it.
impl From<http::request::Parts> for RequestHead {
    fn from(head: http::request::Parts) -> Self {
        let headers = Headers::from(&head.headers);
        Self { method: head.method, uri: head.uri, headers }
    }
}

/// A request as far as it has been read.
pub struct RequestParts {
    /// Method, address and headers.
    pub head: RequestHead,
    /// Its body.
    pub body: RequestBody,
    /// To be told whether it was read to its end.
    pub whole: Whole,
}

/// The body of a request.
pub enum RequestBody {
    /// All of it.
    Whole(Bytes),
    /// To be read from the connection.
    Coming(Incoming),
}

impl Request {
    /// A request at the root of the paths, on the address for everybody, on a fresh connection.
    pub fn new(app: App, now: Moment, from: IpAddr, arrival: RequestParts) -> Self {
        let RequestParts { head, body, whole } = arrival;
        let mint = Some(Mint::new(app.env.entropy()));
        let (proven, key) = (Proven::default(), None);
        let (peer, mount, admin, body) = (from, 0, false, Some(body));
        Self(Box::new(Parts { app, now, peer, from, mount, head, admin, proven, key, body, whole, mint }))
    }

    /// The circumstances of the call that this request makes. The randomness is handed out once.
    pub fn call(&mut self, via: DialectName, by: By) -> Call {
        let mint = self.0.mint.take().unwrap_or_else(|| Mint::new(self.app.env.entropy()));
        Call { now: self.now, from: Some(self.from), via, by, mint }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path after the dialect's mount, still percent-encoded.
    pub fn path(&self) -> &str {
        self.head.uri.path().get(self.mount..).unwrap_or_default()
    }

    /// The query, still percent-encoded.
    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// The value of a header, if it is there once and is text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.head.headers.one(name)
    }

    /// All headers.
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The user agent, for the list of devices.
    pub fn user_agent(&self) -> Option<&str> {
        self.head.headers.get(&header::USER_AGENT).and_then(headers::text)
    }

    /// Reads the whole body; empty when there is none, or when it was read before.
    ///
    /// # Errors
    /// A ready answer: 413 over the limit, 408 when it did not arrive in time, 400 when it broke off.
    pub async fn body(&mut self) -> Result<Bytes, Response> {
        self.body_of_at_most(self.app.config.limits.body_bytes).await
    }

    /// The same with a limit of its own, in bytes: for a caller who is known.
    ///
    /// # Errors
    /// As [`Request::body`].
    pub async fn body_of_at_most(&mut self, bytes_max: usize) -> Result<Bytes, Response> {
        let body_secs = self.app.config.limits.body_secs;
        let body = match self.body.take() {
            None => return Ok(Bytes::new()),
            Some(RequestBody::Whole(body)) if body.len() <= bytes_max => {
                self.whole.set();
                return Ok(body);
            }
            Some(RequestBody::Whole(_)) => return Err(plain(StatusCode::PAYLOAD_TOO_LARGE)),
            Some(RequestBody::Coming(body)) => body,
        };
        let mut reading = pin!(Limited::new(body, bytes_max).collect());
        let arrived = match reading.as_mut().now_or_never() {
            // Most bodies come with their head: only the others need a timer.
            Some(whole) => Ok(whole),
            None => tokio::time::timeout(Duration::from_secs(body_secs), reading).await,
        };
        match arrived {
            Ok(Ok(collected)) => {
                self.whole.set();
                Ok(collected.to_bytes())
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(plain(StatusCode::PAYLOAD_TOO_LARGE)),
            Ok(Err(_)) => Err(plain(StatusCode::BAD_REQUEST)),
            Err(_) => Err(plain(StatusCode::REQUEST_TIMEOUT)),
        }
    }
}

impl Deref for Request {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Request {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}
