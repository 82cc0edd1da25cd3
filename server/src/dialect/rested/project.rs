//! What a call is addressed to: a project, by its key, and one of its endpoints, from an origin that it allows.

use std::future::Future;
use std::sync::Arc;

use exeunt_core::{By, ClientId, RealmId, Token};

use super::cors::Origin;
use super::error::Refusal;
use super::wire::Query;
use super::{ENDPOINTS, NAME};
use crate::authority::{Call, Client, Endpoint, Presented, Settings};
use crate::error::{Error, Kind, Result};
use crate::http::{Request, Response};

/// What a request is addressed to, as far as it can be told before anything is checked.
pub(super) struct Address {
    realm: RealmId,
    query: Query,
    /// The query holds too much to be read: it says nothing.
    overfull: bool,
    project: Option<Arc<Client>>,
    origin: Origin,
}

/// A call that passed all the checks which do not depend on what it asks for.
pub(super) struct Visit {
    /// The realm of this dialect.
    pub realm: RealmId,
    /// The query.
    pub query: Query,
    /// The project.
    pub project: Arc<Client>,
    /// The endpoint.
    pub endpoint: Endpoint,
}

/// Answers a request. Whatever comes of it, the answer says what its origin may do with it, and which project was
/// called.
pub(super) async fn answered<F, Fut>(request: Request, run: F) -> Response
where
    F: FnOnce(Request, Address) -> Fut,
    Fut: Future<Output = Result<Response, Refusal>>,
{
    attempted(request, run, |origin, client, outcome| {
        mark(&origin, client, outcome.unwrap_or_else(Refusal::into_response))
    })
    .await
}

/// Does what a request is about; if it is refused, the answer is as in [`answered`].
pub(super) async fn or_refused<T, F, Fut>(request: Request, run: F) -> Result<T, Response>
where
    F: FnOnce(Request, Address) -> Fut,
    Fut: Future<Output = Result<T, Refusal>>,
{
    attempted(request, run, |origin, client, outcome| {
        outcome.map_err(|refusal| mark(&origin, client, refusal.into_response()))
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
    match Address::of(&request) {
        Ok(address) => {
            let (origin, client) =
                (address.origin.clone(), address.project.as_ref().map(|project| project.id));
            finish(origin, client, run(request, address).await)
        }
        Err(error) => finish(Origin::Unjudged, None, Err(error.into())),
    }
}

/// An answer that was made elsewhere, with the same.
pub(super) fn marked(request: &Request, response: Response) -> Response {
    match Address::of(request) {
        Ok(address) => mark(&address.origin, address.project.map(|project| project.id), response),
        Err(_) => mark(&Origin::Unjudged, None, response),
    }
}

fn mark(origin: &Origin, client: Option<ClientId>, mut response: Response) -> Response {
    origin.mark(&mut response.headers);
    response.log_fields.client = client;
    response
}

impl Address {
    fn of(request: &Request) -> Result<Self> {
        let realm = request.app.dialect(NAME).ok_or_else(|| Error::internal("rested is not enabled"))?.realm;
        let query = Query::read(request.query());
        let (overfull, query) = (query.is_err(), query.unwrap_or_default());
        let project = query.key.as_ref().and_then(|key| request.app.authority.project(realm, key));
        let origin = Origin::of(request.headers(), project.as_ref().map(|project| &project.settings));
        Ok(Self { realm, query, overfull, project, origin })
    }

    /// The checks that all calls share, in the order of the documents: the key, the origin, the endpoint.
    ///
    /// # Errors
    /// `Forbidden`, `Malformed`, 413.
    pub(super) fn enter(self, request: &Request) -> Result<Visit, Refusal> {
        let project = self.admit()?;
        let endpoint = endpoint(&project, request.path());
        let endpoint = endpoint.ok_or_else(|| Error::malformed("endpoint", "The endpoint is not valid"))?;
        Ok(Visit { realm: self.realm, query: self.query, project, endpoint })
    }

    /// The checks that a preflight must pass: the key and the origin. A wrong endpoint is left to the real request, or
    /// a page could not read what is wrong.
    ///
    /// # Errors
    /// `Forbidden`, `Malformed`, 413.
    pub(super) fn preflight(&self) -> Result<&Origin, Refusal> {
        self.admit().map(|_| &self.origin)
    }

    /// The checks that an application's own call must pass: its address is none of the project's endpoints.
    ///
    /// # Errors
    /// As [`Address::preflight`].
    pub(super) fn pass(&self) -> Result<(Arc<Client>, &Origin), Refusal> {
        Ok((self.admit()?, &self.origin))
    }

    /// A token as it is presented to this project.
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

/// The key names no project that may be called here.
pub(super) fn unknown_key() -> Error {
    Error::malformed("key", "The API key is not valid")
}

impl Visit {
    /// A token as it is presented here.
    pub(super) fn presented<'a>(&self, token: &'a Token) -> Presented<'a> {
        presented(self.realm, &self.project, token)
    }

    /// A token as it is presented for logout: all projects of the realm share the cookie that it may be in.
    pub(super) const fn presented_anywhere<'a>(&self, token: &'a Token) -> Presented<'a> {
        Presented { dialect: NAME, realm: self.realm, client: None, token }
    }

    /// Whether the page that calls could also call this project, to which a session belongs.
    pub(super) fn may_be_ended_from_here(&self, request: &Request, owner: &Client) -> bool {
        // The project that is called has allowed the page already.
        owner.id == self.project.id
            || Origin::of(request.headers(), Some(&owner.settings)).must_be_allowed().is_ok()
    }

    /// The circumstances of this call.
    pub(super) fn call(&self, request: &mut Request) -> Call {
        request.call(NAME, By::Client(self.project.id))
    }
}

/// A token is good for everything of its project, and unknown in any other; only a logout takes it from anywhere.
const fn presented<'a>(realm: RealmId, project: &Client, token: &'a Token) -> Presented<'a> {
    Presented { dialect: NAME, realm, client: Some(project.id), token }
}

/// The endpoint of the path, letter for letter: a name holds nothing that needs percent-encoding.
fn endpoint(project: &Client, path: &str) -> Option<Endpoint> {
    let Settings::Project { endpoints, .. } = &project.settings else { return None };
    let name = path.strip_prefix(ENDPOINTS)?;
    endpoints.iter().find(|endpoint| endpoint.name == name).cloned()
}
