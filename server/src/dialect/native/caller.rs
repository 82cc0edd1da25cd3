//! The caller of `/v1`: the holder of a key, in one realm.

use std::sync::Arc;

use exeunt_core::{By, RealmId};
use http::HeaderName;
use http::header::AUTHORIZATION;

use crate::authority::{Call, Key, Realm, Role};
use crate::error::{Error, Kind, Result};
use crate::http::Request;

/// The header that chooses another realm than `main`.
pub(super) const REALM_HEADER: HeaderName = HeaderName::from_static("exeunt-realm");

/// The holder of a key.
pub(super) struct Caller {
    pub(super) key: Arc<Key>,
    /// The realm of the call.
    pub(super) realm: Arc<Realm>,
}

/// The permission that a call needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Any key.
    Nothing,
    /// To read.
    Read,
    /// To check sessions.
    Check,
    /// To end sessions.
    End,
    /// To change anything.
    Change,
}

impl Caller {
    /// The caller, if the key allows this.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`, `NotFound` for an unknown realm, `Malformed` for an invalid realm header.
    pub(super) fn of(request: &Request, need: Need) -> Result<Self> {
        let presented = presented(request).ok_or_else(|| {
            Error::new(Kind::Unauthenticated, "no key was given; send Authorization: Bearer …")
        })?;
        let key = request.app.authority.key_again(&request.proven, presented)?;
        if !admits(key.role, need) {
            return Err(forbidden());
        }
        let realm = realm(request, &key)?;
        Ok(Self { key, realm })
    }

    /// The context of this call.
    pub(super) fn call(&self, request: &mut Request) -> Call {
        request.call(By::Key(self.key.id))
    }

    /// The realm whose marks and changes the caller sees. `None` stands for all: the key is for all realms, and no
    /// realm is chosen.
    pub(super) fn view(&self, request: &Request) -> Option<RealmId> {
        let all = self.key.realm.is_none() && request.header(&REALM_HEADER).is_none();
        (!all).then_some(self.realm.id)
    }

    /// Refuses a key of one realm, for calls that concern the whole server.
    ///
    /// # Errors
    /// `Forbidden`.
    pub(super) fn must_hold_all_realms(&self) -> Result<()> {
        if self.key.realm.is_none() { Ok(()) } else { Err(forbidden()) }
    }
}

/// The credential in `Authorization: Bearer`. `None` if the header is missing, repeated, or of another scheme.
pub(super) fn presented(request: &Request) -> Option<&str> {
    request.header(&AUTHORIZATION).and_then(bearer)
}

/// The realm that the header names, else the key's own, else `main`. A key of one realm sees no other realm.
fn realm(request: &Request, key: &Key) -> Result<Arc<Realm>> {
    let authority = &request.app.authority;
    let named = request.header(&REALM_HEADER);
    if named.is_none() && request.headers().has(&REALM_HEADER) {
        return Err(Error::malformed(
            "exeunt-realm",
            "Exeunt-Realm is repeated or not ASCII; expected one header with the name of a realm",
        ));
    }
    match (named, key.realm) {
        (Some(name), None) => authority.realm(name),
        (None, None) => authority.realm(crate::authority::realm::MAIN),
        (named, Some(only)) => authority
            .realms()
            .into_iter()
            .find(|realm| realm.id == only && named.is_none_or(|name| name == realm.name))
            .ok_or_else(forbidden),
    }
}

const fn admits(role: Role, need: Need) -> bool {
    match (role, need) {
        (Role::Admin, _) | (_, Need::Nothing) => true,
        (Role::Read, Need::Read) | (Role::Check, Need::Check) | (Role::End, Need::End) => true,
        (Role::Read | Role::Check | Role::End, _) => false,
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

fn forbidden() -> Error {
    Error::new(Kind::Forbidden, "the role of the key does not allow this call")
}
