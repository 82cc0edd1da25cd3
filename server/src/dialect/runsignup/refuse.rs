//! Refuses unknown calls, and unsupported methods of known calls.

use super::asked::Asked;
use super::error::Code;
use crate::http::{Request, ResponseFuture};

/// Answers a path that names no call.
pub(super) fn call(request: Request) -> ResponseFuture {
    refuse(request, Code::UnknownMethod)
}

/// Answers a call with an unsupported method. It changes nothing.
pub(super) fn method(request: Request) -> ResponseFuture {
    refuse(request, Code::MethodNotSupported)
}

fn refuse(mut request: Request, code: Code) -> ResponseFuture {
    Box::pin(async move {
        match Asked::read(&mut request).await {
            Ok(asked) => asked.reply.refuse(code.into()),
            Err(refused) => refused,
        }
    })
}
