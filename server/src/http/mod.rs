//! What endpoints read and write: requests, fields, cookies, addresses and responses. Nothing here knows a dialect.

mod body;
pub mod client_address;
pub mod cookie;
pub mod form;
pub mod headers;
pub mod message;
mod refusal;
mod request;
mod response;
mod route;
pub mod said;
pub mod stream;
pub mod user_agent;

pub use body::{RequestBody, UnreadInput};
pub use refusal::Refusal;
pub use request::{PresentedKey, Proven, Request, RequestFields, RequestHead, RequestParts};
pub use response::{
    Body, Cut, HttpResponse, IntoResponse, LogFields, Response, ResponseFuture, answer, empty, plain,
    retry_after,
};
pub use route::{CallKind, Endpoint, Route, RouteMatch, Segments, Verb};

/// Stands for a value that cannot be decoded: wrong percent-encoding, wrong UTF-8, a NUL. No identifier, password or
/// token holds a NUL, so the dialect answers as for any value that matches nothing.
pub const NOTHING: &str = "\0";
