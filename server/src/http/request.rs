//! A request as every endpoint receives it, with its context.

use std::net::IpAddr;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bytes::Bytes;
use exeunt_core::{By, Moment};
use http::{HeaderName, Method, Uri, header};

use crate::app::{App, EnabledDialect};
pub use crate::authority::key::{Presented as PresentedKey, Proven};
use crate::authority::{Call, Mint};
use crate::http::headers::{self, Headers};
use crate::http::{RequestBody, Response, RouteMatch};

/// A request. Boxed: it is moved through many futures.
pub struct Request(Box<RequestFields>);

/// The fields of a request.
pub struct RequestFields {
    /// The running server.
    pub app: App,
    /// The time of this request: it is read once.
    pub now: Moment,
    /// The address of the connection's peer.
    pub peer: IpAddr,
    /// The caller's address: the peer's, or the one that a trusted proxy names.
    pub from: IpAddr,
    /// The dialect that answers it; for a gateway's question, the one that the question names.
    pub dialect: Arc<EnabledDialect>,
    /// What the router found for it.
    pub matched: RouteMatch,
    /// The length of the dialect's mount in the path, in bytes.
    pub mount: usize,
    /// Method, address and headers.
    pub head: RequestHead,
    /// `true` if it came in on the admin address, or if there is only one address.
    pub admin: bool,
    /// The key that this connection has proven before.
    pub proven: Proven,
    /// The key that this request presented, to check later whether it is still valid.
    pub key: Option<PresentedKey>,
    body: Option<RequestBody>,
    mint: Option<Mint>,
}

/// The head of a request.
pub struct RequestHead {
    pub method: Method,
    /// The target of the request.
    pub uri: Uri,
    pub headers: Headers,
}

/// From the HTTP library.
impl From<http::request::Parts> for RequestHead {
    fn from(head: http::request::Parts) -> Self {
        let headers = Headers::from(&head.headers);
        Self { method: head.method, uri: head.uri, headers }
    }
}

/// A request as read from a connection, and what answers it.
pub struct RequestParts {
    /// Method, address and headers.
    pub head: RequestHead,
    pub body: RequestBody,
    /// The dialect that answers it.
    pub dialect: Arc<EnabledDialect>,
    /// What the router found for it.
    pub matched: RouteMatch,
}

impl Request {
    /// A request on the public address, on a new connection.
    pub fn new(app: App, now: Moment, from: IpAddr, arrival: RequestParts) -> Self {
        let RequestParts { head, body, dialect, matched } = arrival;
        Self(Box::new(RequestFields {
            now,
            peer: from,
            from,
            mount: dialect.settings.mount.len(),
            dialect,
            matched,
            head,
            admin: false,
            proven: Proven::default(),
            key: None,
            body: Some(body),
            mint: Some(Mint::new(app.env.entropy())),
            app,
        }))
    }

    /// The context of this request's call. The first call takes the request's source of randomness.
    pub fn call(&mut self, by: By) -> Call {
        let mint = self.0.mint.take().unwrap_or_else(|| Mint::new(self.app.env.entropy()));
        Call { now: self.now, from: Some(self.from), via: self.dialect.name, by, mint }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path after the dialect's mount, still percent-encoded.
    pub fn path(&self) -> &str {
        self.head.uri.path().get(self.mount..).unwrap_or_default()
    }

    /// A piece of the path, as the router matched it.
    pub fn segment(&self, number: usize) -> Option<&str> {
        self.matched.segments.get(self.path(), number)
    }

    /// The query, still percent-encoded.
    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// The value of a header, if there is exactly one and it is text.
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

    /// Reads the whole body. Empty if there is none, or if it was read before.
    ///
    /// # Errors
    /// The response to send: 413 over the limit, 408 if the body did not arrive in time, 400 if it broke off.
    pub async fn body(&mut self) -> Result<Bytes, Response> {
        self.body_of_at_most(self.app.config.limits.body_bytes).await
    }

    /// As [`Request::body`], with another limit in bytes: for callers that are authenticated or trusted.
    ///
    /// # Errors
    /// As [`Request::body`].
    pub async fn body_of_at_most(&mut self, bytes_max: usize) -> Result<Bytes, Response> {
        let secs_max = self.app.config.limits.body_secs;
        match self.body.take() {
            None => Ok(Bytes::new()),
            Some(body) => body.read(bytes_max, secs_max).await,
        }
    }
}

impl Deref for Request {
    type Target = RequestFields;

    fn deref(&self) -> &RequestFields {
        &self.0
    }
}

impl DerefMut for Request {
    fn deref_mut(&mut self) -> &mut RequestFields {
        &mut self.0
    }
}
