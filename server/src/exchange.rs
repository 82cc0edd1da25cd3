//! One request with its circumstances, as every endpoint gets it; and what an endpoint answers.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use exeunt_core::{By, ClientId, Door, KeyId, Moment};
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::app::App;
pub use crate::authority::key::Proven;
use crate::authority::{Call, Mint};
use crate::error::{Error, Kind};
use crate::whole::Whole;

/// An answer.
pub type Response = http::Response<Body>;
/// The body of an answer: whole, or a stream.
pub type Body = Either<Full<Bytes>, BoxBody<Bytes, std::convert::Infallible>>;
/// An answer to come.
pub type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;
/// What answers a request.
pub type Endpoint = fn(Exchange) -> Answer;

/// A request.
pub struct Exchange {
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
    /// Method, address, version and headers.
    pub head: Parts,
    /// It came in on the address for administrators, or there is no other.
    pub admin: bool,
    /// The key that was proven on its connection before.
    pub proven: Proven,
    body: Option<Received>,
    whole: Whole,
    mint: Option<Mint>,
}

/// A request as far as it has been read.
pub struct Arrival {
    /// Method, address, version and headers.
    pub head: Parts,
    /// Its body.
    pub body: Received,
    /// To be told whether it was read to its end.
    pub whole: Whole,
}

/// The body of a request.
pub enum Received {
    /// All of it.
    Whole(Bytes),
    /// To be read from the connection.
    Coming(Incoming),
}

/// Room for the headers of most answers, made once.
const HEADERS: usize = 6;

/// What the log says of an answer, carried in the answer's extensions to the one place that logs.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// What went wrong.
    pub kind: Option<Kind>,
    /// The text that only the log may hold.
    pub private: Option<String>,
    /// The key that the caller proved itself with.
    pub key: Option<KeyId>,
    /// The client that a deprecated dialect was spoken for (DEP-08), where that is known.
    pub client: Option<ClientId>,
}

impl Exchange {
    /// A request at the root of the paths, on the address for everybody, on a fresh connection.
    pub fn new(app: App, now: Moment, from: IpAddr, arrival: Arrival) -> Self {
        let Arrival { head, body, whole } = arrival;
        let mint = Some(Mint::new(app.env.entropy()));
        let proven = Proven::default();
        Self {
            mount: 0,
            app,
            now,
            peer: from,
            from,
            admin: false,
            proven,
            head,
            body: Some(body),
            whole,
            mint,
        }
    }

    /// The circumstances of the call that this request makes. The randomness is handed out once.
    pub fn call(&mut self, via: Door, by: By) -> Call {
        let mint = self.mint.take().unwrap_or_else(|| Mint::new(self.app.env.entropy()));
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
        let mut all = self.head.headers.get_all(name).iter();
        let first = all.next()?;
        all.next().is_none().then(|| first.to_str().ok())?
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The user agent, for the list of devices.
    pub fn user_agent(&self) -> Option<&str> {
        self.head.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())
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
    /// As [`Exchange::body`].
    pub async fn body_of_at_most(&mut self, bytes_max: usize) -> Result<Bytes, Response> {
        let limits = &self.app.config.limits;
        let body = match self.body.take() {
            None => return Ok(Bytes::new()),
            Some(Received::Whole(body)) if body.len() <= bytes_max => {
                self.whole.set();
                return Ok(body);
            }
            Some(Received::Whole(_)) => return Err(plain(StatusCode::PAYLOAD_TOO_LARGE)),
            Some(Received::Coming(body)) => body,
        };
        let mut reading = pin!(Limited::new(body, bytes_max).collect());
        let arrived = match reading.as_mut().now_or_never() {
            // Most bodies come with their head: only the others need a timer.
            Some(whole) => Ok(whole),
            None => tokio::time::timeout(Duration::from_secs(limits.body_secs), reading).await,
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

impl Noted {
    /// What is to be logged of an error.
    pub fn of(error: &Error) -> Self {
        Self { kind: Some(error.kind()), private: error.private().map(str::to_owned), ..Self::default() }
    }
}

/// An answer with a body of this type.
pub fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = empty(status);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    *response.body_mut() = Either::Left(Full::new(body.into()));
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Either::Left(Full::new(Bytes::new())));
    *response.status_mut() = status;
    response.headers_mut().reserve(HEADERS);
    response
}

/// The bare refusal of what no dialect answers: the status in words. The connection is closed, since the rest of
/// the request may still be on it.
pub fn plain(status: StatusCode) -> Response {
    let text = status.canonical_reason().unwrap_or("error").to_lowercase();
    let mut response = answer(status, "text/plain; charset=utf-8", format!("{text}\n"));
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT | StatusCode::BAD_REQUEST)
    {
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    response
}
