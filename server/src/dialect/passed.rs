//! How a dialect answers a gateway's question: whose call passes, in the headers that the application reads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use exeunt_core::{ClientId, RealmId, SessionId, UserId};
use http::{HeaderName, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::authority::{Admitted, Touch};
use crate::http::headers::Headers;
use crate::http::said::Form;
use crate::http::{Request, Response, empty};

/// Judges an application's call: whose call passes, or else the dialect's response to it. Any
/// `async fn(Request, Terms)` with this result is one.
pub trait Gate: Sync {
    /// Begins to judge. All futures are boxed here.
    fn judge(&self, call: Request, terms: Terms) -> Judged;
}

/// The future of a [`Gate`].
pub type Judged = Pin<Box<dyn Future<Output = Result<Passed, Response>> + Send>>;

impl<F, R> Gate for F
where
    F: Fn(Request, Terms) -> R + Sync,
    R: Future<Output = Result<Passed, Response>> + Send + 'static,
{
    fn judge(&self, call: Request, terms: Terms) -> Judged {
        Box::pin(self(call, terms))
    }
}

/// The conditions under which a call passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The realm that the gateway asks about: the dialect's own, unless the gateway may choose.
    pub realm: RealmId,
    /// Only sessions of this client pass; `None` for those of any client.
    pub client: Option<ClientId>,
    /// Whether passing extends the session.
    pub touch: Touch,
    /// The form of the call, if the gateway forwards it.
    pub form: Form,
}

/// A call that a gateway may let through.
#[derive(Clone, Default)]
pub struct Passed {
    /// The client that makes the call.
    pub client: Option<ClientId>,
    /// The session. A program with a permanent key has none.
    pub session: Option<SessionId>,
    /// The user of the session.
    pub user: Option<UserId>,
    /// The user's name, if there is one.
    pub username: Option<Arc<str>>,
    /// Further headers of the dialect.
    pub headers: Headers,
}

impl From<Admitted> for Passed {
    fn from(admitted: Admitted) -> Self {
        let Admitted { session, username } = admitted;
        Self {
            client: session.client,
            session: Some(session.session),
            user: session.user,
            username,
            headers: Headers::new(),
        }
    }
}

/// What `Exeunt-Username` must escape: everything but visible ASCII, and the percent sign.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

impl Passed {
    /// 200 without a body. A value that is `None` has no header.
    pub fn into_response(self) -> Response {
        let mut response = empty(StatusCode::OK);
        let username = self.username.map(|name| utf8_percent_encode(&name, ENCODED).to_string());
        let said = [
            ("exeunt-client", self.client.map(|id| id.to_string())),
            ("exeunt-session", self.session.map(|id| id.to_string())),
            ("exeunt-user", self.user.map(|id| id.to_string())),
            ("exeunt-username", username),
        ];
        response.headers = self.headers;
        for (name, text) in said {
            if let Some(text) = text {
                response.headers.add(&HeaderName::from_static(name), text);
            }
        }
        response.log_fields.client = self.client;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_header_can_hold_is_percent_encoded() {
        let name = |text: &str| {
            let passed = Passed { username: Some(text.into()), ..Passed::default() };
            let headers = passed.into_response().headers;
            headers.one(&HeaderName::from_static("exeunt-username")).unwrap().to_owned()
        };
        assert_eq!(name("alice@example.org"), "alice@example.org");
        assert_eq!(name("É 100%\r\nX: y"), "%C3%89%20100%25%0D%0AX:%20y");
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let response = Passed::default().into_response();
        assert_eq!((response.status, response.headers.iter().count()), (StatusCode::OK, 0));
    }
}
