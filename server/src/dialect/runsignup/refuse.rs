//! Calls that there are not, and methods that a call does not know.

use super::asked::Asked;
use super::error::Code;
use crate::http::{Answer, Exchange};

/// Answers a path that names no call.
pub(super) fn call(x: Exchange) -> Answer {
    refuse(x, Code::UnknownMethod)
}

/// Answers a call by a method that it does not know; touches nothing.
pub(super) fn method(x: Exchange) -> Answer {
    refuse(x, Code::MethodNotSupported)
}

fn refuse(mut x: Exchange, code: Code) -> Answer {
    Box::pin(async move {
        match Asked::read(&mut x).await {
            Ok(asked) => asked.reply.refuse(code.into()),
            Err(refused) => refused,
        }
    })
}
