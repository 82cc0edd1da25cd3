//! Refuses unknown calls, and unsupported methods of known calls.

use super::error::Code;
use super::parsed_call::ParsedCall;
use super::reply::Reply;
use crate::http::{Request, Response};

/// Answers a path that names no call.
pub(super) async fn call(request: Request) -> Result<Response, Response> {
    run(request, Code::UnknownMethod, "").await
}

/// Answers a call with an unsupported method. It changes nothing.
pub(super) async fn method(request: Request, allow: &'static str) -> Result<Response, Response> {
    run(request, Code::MethodNotSupported, allow).await
}

async fn run(mut request: Request, code: Code, allow: &'static str) -> Result<Response, Response> {
    let parsed = ParsedCall::read(&mut request).await?;
    Ok(Reply { allow, ..parsed.reply }.refuse(code.into()))
}
