//! Converts the server's responses to failures of a command: an exit code, and a message that says what to do.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;

use super::Remote;
use crate::cli::exit::{Exit, Failure};

/// A response with its whole body.
pub(crate) struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

impl Remote {
    /// The failure for a response that is not a success.
    pub(crate) fn refused(&self, answer: &Answer) -> Failure {
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(detail) = problem["detail"].as_str() else { return self.stranger_with(answer.status) };
        let (exit, advice) = match answer.status {
            StatusCode::BAD_REQUEST => (Exit::Usage, String::new()),
            StatusCode::UNAUTHORIZED => (
                Exit::Refused,
                format!(
                    " (the key came from {}; give another with --key-file or EXEUNT_ADMIN_KEY)",
                    self.source
                ),
            ),
            StatusCode::FORBIDDEN => (Exit::Refused, format!(" (the key came from {})", self.source)),
            StatusCode::NOT_FOUND => (Exit::NotFound, String::new()),
            StatusCode::CONFLICT => (Exit::Conflict, String::new()),
            StatusCode::GONE => (Exit::Gone, String::new()),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                (Exit::Unavailable, "; it is safe to try again".to_owned())
            }
            _ => (Exit::Failed, String::new()),
        };
        Failure::new(exit, format!("{detail}{advice}"))
    }

    /// The failure for a response that did not come, or broke off.
    pub(super) fn lost(&self, failure: Failure, method: &Method) -> Failure {
        if failure.exit != Exit::Unavailable {
            return failure;
        }
        let doubt = match *method {
            Method::GET => "",
            _ => " The change may have been made; check, or run the command again.",
        };
        let scheme = if self.target.secure { "https" } else { "http" };
        let text = format!(
            "{scheme}://{}: {failure}. Is the server running, and is this its address (--url, EXEUNT_URL)?{doubt}",
            self.target.authority
        );
        Failure::new(Exit::Unavailable, text)
    }

    /// The failure for a server that is not Exeunt, or of another version.
    pub(super) fn stranger(&self) -> Failure {
        let text = format!("the server at {} is not Exeunt, or has another version", self.target.authority);
        Failure::new(Exit::Failed, text)
    }

    fn stranger_with(&self, status: StatusCode) -> Failure {
        let unavailable = status.is_server_error();
        let exit = if unavailable { Exit::Unavailable } else { Exit::Failed };
        Failure::new(exit, format!("{} (it answered {status})", self.stranger()))
    }
}
