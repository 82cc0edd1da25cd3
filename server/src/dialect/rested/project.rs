//! The target of a call: a project, named by its key, and one of its endpoints. The project must allow the origin.

use std::future::Future;
use std::sync::Arc;

use exeunt_core::{By, ClientId, RealmId, Token};

use super::NAME;
use super::cors::Origin;
use super::error::Refusal;
use super::settings::{Endpoint, Project};
use super::wire::Query;
use crate::authority::{Call, Client, Presented};
use crate::error::{Error, Kind, Result};
use crate::http::{IntoResponse, Request, Response};

/// The target of a request, before any check.
pub(super) struct Address {
    realm: RealmId,
    query: Query,
    /// `true` if the query has too many fields; then `query` is empty.
    overfull: bool,
    project: Option<Arc<Client>>,
    origin: Origin,
}

/// A call that has passed the checks that all calls share.
pub(super) struct ProjectCall {
    pub realm: RealmId,
    pub query: Query,
    pub project: Arc<Client>,
    pub endpoint: Endpoint,
}

/// Answers a request. Every response, an error too, gets the CORS headers of its origin, and the project for the log.
pub(super) async fn answered<F, Fut>(request: Request, run: F) -> Response
where
    F: FnOnce(Request, Address) -> Fut,
    Fut: Future<Output = Result<Response, Refusal>>,
{
    attempted(request, run, |origin, client, outcome| mark(&origin, client, outcome.into_response())).await
}

/// Runs a request whose success is not a response. A refusal is rendered as by [`answered`].
pub(super) async fn or_refused<T, F, Fut>(request: Request, run: F) -> Result<T, Response>
where
    F: FnOnce(Request, Address) -> Fut,
    Fut: Future<Output = Result<T, Refusal>>,
{
    attempted(request, run, |origin, client, outcome| {
        outcome.map_err(|refusal| mark(&origin, client, refusal.into()))
    })
    .await
}

async fn attempted<T, U, F, Fut>(
    request: Request,
    run: F,
    finish: impl FnOnce(Origin, Option<ClientId>, Result<T, Refusal>) -> U,
) -> U
where
    F: FnOnce(Request, Address) -> Fut,
    Fut: Future<Output = Result<T, Refusal>>,
{
    let address = Address::of(&request);
    let (origin, client) = (address.origin.clone(), address.project.as_ref().map(|project| project.id));
    finish(origin, client, run(request, address).await)
}

/// Marks a finished response as [`answered`] does.
pub(super) fn marked(request: &Request, response: Response) -> Response {
    let address = Address::of(request);
    mark(&address.origin, address.project.map(|project| project.id), response)
}

fn mark(origin: &Origin, client: Option<ClientId>, mut response: Response) -> Response {
    origin.mark(&mut response.headers);
    response.log_fields.client = client;
    response
}

impl Address {
    fn of(request: &Request) -> Self {
        let realm = request.dialect.realm;
        let query = Query::read(request.query());
        let (overfull, query) = (query.is_err(), query.unwrap_or_default());
        let project = query.key.as_deref().and_then(|key| {
            let has_key = |client: &Client| client.settings.unique_key() == Some(key);
            request.app.authority.find_client(realm, NAME, has_key)
        });
        let origin =
            Origin::of(request.headers(), project.as_ref().and_then(|project| project.settings.read()));
        Self { realm, query, overfull, project, origin }
    }

    /// The checks that all calls share, in the order of the documents: the key, the origin, the endpoint.
    ///
    /// # Errors
    /// `Forbidden`, `Malformed`, 413.
    pub(super) fn enter(self, request: &Request) -> Result<ProjectCall, Refusal> {
        let project = self.admit()?;
        let endpoint = endpoint(&project, request.segment(0));
        let endpoint = endpoint.ok_or_else(|| Error::malformed("endpoint", "The endpoint is not valid"))?;
        Ok(ProjectCall { realm: self.realm, query: self.query, project, endpoint })
    }

    /// The checks that a preflight must pass: the key and the origin. A wrong endpoint passes: a page can read the
    /// error only in the response to the real request.
    ///
    /// # Errors
    /// `Forbidden`, `Malformed`, 413.
    pub(super) fn preflight(&self) -> Result<&Origin, Refusal> {
        self.admit().map(|_| &self.origin)
    }

    /// The checks that an application's own call must pass: the key and the origin, since its path is no endpoint.
    ///
    /// # Errors
    /// As [`Address::preflight`].
    pub(super) fn pass(&self) -> Result<(Arc<Client>, &Origin), Refusal> {
        Ok((self.admit()?, &self.origin))
    }

    /// A token that is presented to this project.
    pub(super) const fn presented<'a>(&self, project: &Client, token: &'a Token) -> Presented<'a> {
        presented(self.realm, project, token)
    }

    fn admit(&self) -> Result<Arc<Client>, Refusal> {
        if self.overfull {
            return Err(Refusal::too_large());
        }
        if self.query.key.is_none() {
            return Err(Error::new(Kind::Forbidden, "The API key is missing").into());
        }
        let project = self.project.clone().ok_or_else(unknown_key)?;
        self.origin.must_be_allowed()?;
        Ok(project)
    }
}

/// The key names no project that can be called here.
pub(super) fn unknown_key() -> Error {
    Error::malformed("key", "The API key is not valid")
}

impl ProjectCall {
    /// A token that is presented to the called project.
    pub(super) fn presented<'a>(&self, token: &'a Token) -> Presented<'a> {
        presented(self.realm, &self.project, token)
    }

    /// A token that is presented for logout, of any project: all projects of the realm share the cookie.
    pub(super) const fn presented_anywhere<'a>(&self, token: &'a Token) -> Presented<'a> {
        Presented { dialect: NAME, realm: self.realm, client: None, token }
    }

    /// Whether the calling page may also call the project that owns a session.
    pub(super) fn may_be_ended_from_here(&self, request: &Request, owner: &Client) -> bool {
        // The called project has already allowed the page.
        owner.id == self.project.id
            || Origin::of(request.headers(), owner.settings.read()).must_be_allowed().is_ok()
    }

    /// The context of this call.
    pub(super) fn call(&self, request: &mut Request) -> Call {
        request.call(By::Client(self.project.id))
    }
}

/// A token is valid for all endpoints of its project and unknown in any other; only a logout accepts tokens of all.
const fn presented<'a>(realm: RealmId, project: &Client, token: &'a Token) -> Presented<'a> {
    Presented { dialect: NAME, realm, client: Some(project.id), token }
}

/// The endpoint of this name, compared exactly: names need no percent-encoding.
fn endpoint(project: &Client, name: Option<&str>) -> Option<Endpoint> {
    let endpoints = &project.settings.read::<Project>()?.endpoints;
    endpoints.iter().find(|endpoint| Some(&*endpoint.name) == name).cloned()
}
