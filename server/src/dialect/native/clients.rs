//! `/v1/clients`: create · list · show · change · remove.

use exeunt_core::{ClientId, DialectName, Token};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::{NAME, Reply, wire};
use crate::authority::{Call, Client, ClientChange, Endpoint, Settings};
use crate::error::{Error, Result};
use crate::http::{Request, empty};
use crate::time::GivenSecs;

/// Letters in each half of a permanent pair, as in the original RunSignup service.
const PAIR_LETTERS: usize = 32;

/// The body of a create or change. Members that the client's dialect does not have are refused.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ClientBody {
    name: Option<String>,
    dialect: Option<String>,
    idle_secs: Option<GivenSecs>,
    absolute_secs: Option<GivenSecs>,
    max_sessions: Option<u32>,
    key: Option<String>,
    allowed_origins: Option<Vec<String>>,
    any_origin: Option<bool>,
    require_origin: Option<bool>,
    endpoints: Option<Vec<Endpoint>>,
    /// Gives a RunSignup partner a new pair, and ends its sessions.
    rotate_secret: bool,
}

pub(super) async fn create(mut request: Request, caller: Caller) -> Reply {
    let given: ClientBody = wire::object(&mut request).await?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let (settings, shown) = given.settings(&call, None)?;
    let (idle_secs, absolute_secs) = given.lifetimes()?;
    let name = given.name.as_deref().unwrap_or_default();
    let usual = Client::usual(&call, caller.realm.id, given.dialect(), name, settings);
    let client = Client {
        idle_secs: idle_secs.unwrap_or(usual.idle_secs),
        absolute_secs: absolute_secs.unwrap_or(usual.absolute_secs),
        sessions_max: given.max_sessions.unwrap_or(usual.sessions_max),
        ..usual
    };
    let client = app.authority.create_client(&call, client).await?;
    Ok(wire::json(StatusCode::CREATED, &with_pair(wire::client(&client), shown)))
}

pub(super) async fn list(request: Request, caller: Caller) -> Reply {
    let (authority, realm) = (&request.app.authority, caller.realm.id);
    let clients = match wire::parameter(&request, "name") {
        Some(name) => authority.clients_called(realm, &name),
        None => authority.clients(realm),
    };
    let items = clients.iter().map(|client| wire::client(client)).collect();
    Ok(wire::json(StatusCode::OK, &wire::page(items, None::<u64>)))
}

pub(super) async fn show(request: Request, caller: Caller) -> Reply {
    let client = request.app.authority.client(caller.realm.id, wire::id(&request, "client")?)?;
    Ok(wire::json(StatusCode::OK, &wire::client(&client)))
}

pub(super) async fn change(mut request: Request, caller: Caller) -> Reply {
    let id: ClientId = wire::id(&request, "client")?;
    let given: ClientBody = wire::object(&mut request).await?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    let before = app.authority.client(caller.realm.id, id)?;
    if given.dialect.is_some() {
        return Err(Error::malformed(
            "dialect",
            "the dialect of a client cannot be changed; create another client",
        )
        .into());
    }
    let (settings, shown) = given.settings(&call, Some(&before))?;
    let (idle_secs, absolute_secs) = given.lifetimes()?;
    let change = ClientChange {
        name: given.name,
        idle_secs,
        absolute_secs,
        sessions_max: given.max_sessions,
        settings: Some(settings),
    };
    let saved = app.authority.change_client(&call, caller.realm.id, id, change).await?;
    Ok(wire::json(StatusCode::OK, &with_pair(wire::client(&saved.record), shown)))
}

pub(super) async fn remove(mut request: Request, caller: Caller) -> Reply {
    let id: ClientId = wire::id(&request, "client")?;
    let (app, call) = (request.app.clone(), caller.call(&mut request));
    app.authority.remove_client(&call, caller.realm.id, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// A permanent pair, shown only once.
type Pair = (String, String);

impl ClientBody {
    /// The idle and the absolute limit, in seconds.
    fn lifetimes(&self) -> Result<(Option<u32>, Option<u32>)> {
        wire::lifetimes(self.idle_secs.as_ref(), self.absolute_secs.as_ref())
    }

    fn dialect(&self) -> DialectName {
        self.dialect.as_deref().map_or(NAME, DialectName::new)
    }

    /// The settings of the client's dialect: the given ones, else the previous ones, else the defaults.
    fn settings(&self, call: &Call, before: Option<&Client>) -> Result<(Settings, Option<Pair>)> {
        let dialect = before.map_or_else(|| self.dialect(), |client| client.dialect);
        let kept = before.map(|client| client.settings.clone());
        match (dialect.name(), kept) {
            // A project's key is public: a new one would end no sessions.
            ("rested", _) if self.rotate_secret => Err(no_secret()),
            ("rested", kept) => Ok((self.project(call, kept), None)),
            _ if self.speaks_of_a_project() => Err(Error::malformed(
                "dialect",
                "key, allowed_origins, any_origin, require_origin and endpoints are only for clients of \
                 rested; leave them out",
            )),
            ("runsignup", None | Some(Settings::Partner { .. }))
                if before.is_none() || self.rotate_secret =>
            {
                let pair = (call.mint.letters(PAIR_LETTERS), call.mint.letters(PAIR_LETTERS));
                let token =
                    Token::pair(&pair.0, &pair.1).ok_or_else(|| Error::internal("an empty key or secret"))?;
                Ok((Settings::Partner { pair: token.fingerprint() }, Some(pair)))
            }
            (_, Some(kept)) if !self.rotate_secret => Ok((kept, None)),
            ("native", None) if !self.rotate_secret => Ok((Settings::Plain, None)),
            _ if self.rotate_secret => Err(no_secret()),
            _ => Err(Error::malformed("dialect", "unknown dialect; expected native, runsignup or rested")),
        }
    }

    fn project(&self, call: &Call, kept: Option<Settings>) -> Settings {
        let (key, origins, any, require, points) = match kept {
            Some(Settings::Project { key, allowed_origins, any_origin, require_origin, endpoints }) => {
                (key, allowed_origins, any_origin, require_origin, endpoints)
            }
            _ => (call.mint.client_id().to_string(), Vec::new(), false, false, Vec::new()),
        };
        // `any_origin` and `allowed_origins` replace each other, so that a given list restricts a project that was open
        // to all.
        let origins = if self.any_origin == Some(true) { Vec::new() } else { origins };
        let any = any && self.allowed_origins.is_none();
        Settings::Project {
            key: self.key.clone().unwrap_or(key),
            allowed_origins: self.allowed_origins.clone().unwrap_or(origins),
            any_origin: self.any_origin.unwrap_or(any),
            require_origin: self.require_origin.unwrap_or(require),
            endpoints: self.endpoints.clone().unwrap_or(points),
        }
    }

    fn speaks_of_a_project(&self) -> bool {
        self.key.is_some()
            || self.allowed_origins.is_some()
            || self.any_origin.is_some()
            || self.require_origin.is_some()
            || self.endpoints.is_some()
    }
}

fn no_secret() -> Error {
    Error::malformed("rotate_secret", "this client has no secret; only RunSignup partners have one")
}

fn with_pair(mut shape: Value, pair: Option<Pair>) -> Value {
    if let (Some((key, secret)), Some(shape)) = (pair, shape.as_object_mut()) {
        shape.insert("api_key".to_owned(), json!(key));
        shape.insert("api_secret".to_owned(), json!(secret));
    }
    shape
}
