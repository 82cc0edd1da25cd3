//! What a dialect answers when a gateway asks about a call of an application: who may pass, as the application is told.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use exeunt_core::{ClientId, RealmId, SessionId, UserId, Why};
use http::{HeaderName, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::authority::{Presented, Touch};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::http::headers::Headers;
use crate::http::said::Form;
use crate::http::{Request, Response, empty};

/// Judges an application's call by its head: who may pass, or the answer that the dialect gives to such a call.
pub type Gate = fn(Request, Terms) -> Judged;
/// What comes of it.
pub type Judged = Pin<Box<dyn Future<Output = Result<Passed, Response>> + Send>>;

/// On which terms a call is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The realm that the gateway asks about: the dialect's own, unless the dialect lets the gateway choose.
    pub realm: RealmId,
    /// The client whose sessions alone may pass; `None`: those of any.
    pub client: Option<ClientId>,
    /// Whether passing counts as a use of the session.
    pub touch: Touch,
    /// The form of the call, if the gateway hands it on.
    pub form: Form,
}

/// Whom a gateway may let through.
#[derive(Clone, Default)]
pub struct Passed {
    /// The client that speaks.
    pub client: Option<ClientId>,
    /// The session, where there is one: a program with a permanent key has none.
    pub session: Option<SessionId>,
    /// Whose session it is.
    pub user: Option<UserId>,
    /// The name of that user, if it has one.
    pub username: Option<Arc<str>>,
    /// What else the dialect wants said.
    pub headers: Headers,
}

/// Lets the holder of a credential through.
///
/// # Errors
/// `Dead` with the exact cause, `Unavailable`.
pub async fn admit(request: &Request, presented: &Presented<'_>, touch: Touch) -> Result<Passed> {
    let authority = &request.app.authority;
    let standing = authority.check_exact(presented, request.now, Touch::Peek).await?;
    let username = match standing.user {
        None => None,
        Some(user) => authority.username(presented.realm, user).await.map_err(gone)?,
    };
    // Only now does the call succeed, so only now is it a use; and what was ended meanwhile does not pass.
    let standing = authority.check_exact(presented, request.now, touch).await?;
    Ok(Passed {
        client: standing.client,
        session: Some(standing.session),
        user: standing.user,
        username,
        headers: Headers::new(),
    })
}

/// The session stands, and its user is gone: as if the deletion had been known already.
fn gone(error: Error) -> Error {
    match error.kind() {
        Kind::NotFound => Error::dead(DeadReason::Ended(Why::UserDeleted)),
        _ => error,
    }
}

/// What stands for itself in `Exeunt-Username`: visible ASCII, but for the percent sign.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

impl Passed {
    /// 200, without a body. A header that says nothing is not there.
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
