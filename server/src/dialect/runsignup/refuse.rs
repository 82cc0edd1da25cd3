//! Refuses unknown calls, and unsupported methods of known calls.

use super::asked::Asked;
use super::error::Code;
use crate::http::{Request, Response};

/// Answers a path that names no call.
pub(super) async fn call(request: Request) -> Result<Response, Response> {
    run(request, Code::UnknownMethod).await
}

/// Answers a call with an unsupported method. It changes nothing.
pub(super) async fn method(request: Request) -> Result<Response, Response> {
    run(request, Code::MethodNotSupported).await
}

async fn run(mut request: Request, code: Code) -> Result<Response, Response> {
    let asked = Asked::read(&mut request).await?;
    Ok(asked.reply.refuse(code.into()))
}
