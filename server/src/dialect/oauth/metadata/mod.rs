//! What a client is registered with: the metadata of RFC 7591, and what this server adds.

mod credentials;
mod fault;
mod lifetimes;
mod origin;
mod reader;
mod shown;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::credentials::{given_client_id, given_name, given_secret};
pub use self::fault::{MetadataFault, MetadataFaults};
pub use self::lifetimes::{GrantLifetimes, OFFLINE_ABSOLUTE_SECS, OFFLINE_IDLE_SECS};
use self::reader::Reader;
pub use self::words::{AuthMethod, ConsentRule, GrantType};
use super::client_type::ClientType;
use super::redirect_uri::RedirectUri;
use super::resource::Resource;
use super::scope::{ConfiguredScopes, Scopes};

/// The members that show and change the metadata of a client.
pub const MEMBERS: [&str; 14] = [
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "scope",
    "require_pkce",
    "resource",
    "allowed_resources",
    "consent",
    "access_secs",
    "refresh_again_secs",
    "allowed_origins",
    "slides_parent",
    "introspect",
];

/// The most redirect addresses, allowed resources and allowed origins of a client, each.
pub const LIST_MAX: usize = 100;
/// The life of an access token in seconds, unless the client has its own.
pub const ACCESS_SECS: u32 = 600;
/// The longest life of an access token, in seconds.
pub const ACCESS_SECS_MAX: u32 = 86_400;
/// How long a refresh token may be presented again in seconds, unless the client has its own.
pub const REFRESH_AGAIN_SECS: u32 = 10;
/// The longest time for which a refresh token may be presented again, in seconds.
pub const REFRESH_AGAIN_SECS_MAX: u32 = 60;

/// The metadata of a client, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Where answers to its authorization requests go.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it authenticates. A client with a secret may use either way that takes one.
    pub token_endpoint_auth_method: AuthMethod,
    /// The grants that it may use. A refresh token is given where `refresh_token` is among them.
    pub grant_types: BTreeSet<GrantType>,
    /// The scopes that it may ask for. `None`: every configured one but `offline_access`.
    pub scope: Option<Scopes>,
    /// Its authorization requests must have a code challenge.
    pub require_pkce: bool,
    /// The resource that it is, if it is one: unique in the realm.
    pub resource: Option<Resource>,
    /// The resources that it may ask for.
    pub allowed_resources: Vec<Resource>,
    /// When people are asked.
    pub consent: ConsentRule,
    /// The life of its access tokens, in seconds.
    pub access_secs: u32,
    /// How long its refresh tokens may be presented again, in seconds.
    pub refresh_again_secs: u32,
    /// The origins of pages that may call the token endpoint. `None`: those of a public client's redirect addresses.
    pub allowed_origins: Option<Vec<String>>,
    /// Using a grant of it extends the browser session that the grant was made in.
    pub slides_parent: bool,
    /// It may introspect tokens without a resource that are not its own.
    pub introspect: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
            scope: None,
            require_pkce: true,
            resource: None,
            allowed_resources: Vec::new(),
            consent: ConsentRule::Once,
            access_secs: ACCESS_SECS,
            refresh_again_secs: REFRESH_AGAIN_SECS,
            allowed_origins: None,
            slides_parent: true,
            introspect: false,
        }
    }
}

impl Metadata {
    /// The metadata of a new client. Members that are absent or `null` have their defaults; unknown ones are ignored
    /// (DCR-04).
    ///
    /// # Errors
    /// Every fault, each with its member.
    pub fn register(
        given: &Map<String, Value>,
        configured: &ConfiguredScopes,
    ) -> Result<Self, MetadataFaults> {
        let mut reader = Reader::new(given);
        let method = reader.method(AuthMethod::ClientSecretBasic);
        Self { token_endpoint_auth_method: method, ..Self::default() }.with(reader, configured)
    }

    /// The metadata of a changed client. Members that are absent stay as they are; `null` stands for the default.
    ///
    /// # Errors
    /// Every fault, each with its member.
    pub fn change(
        &self,
        given: &Map<String, Value>,
        configured: &ConfiguredScopes,
    ) -> Result<Self, MetadataFaults> {
        let mut reader = Reader::new(given);
        let method = reader.method(self.token_endpoint_auth_method);
        if method.client_type() != self.client_type() {
            let rule =
                "a client with a secret cannot become one without, nor the other way round: register another";
            reader.rule("token_endpoint_auth_method", rule);
        }
        Self { token_endpoint_auth_method: method, ..self.clone() }.with(reader, configured)
    }

    /// Whether the client has a secret.
    pub const fn client_type(&self) -> ClientType {
        self.token_endpoint_auth_method.client_type()
    }

    /// Whether the client may use a grant.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// The scopes that the client may ask for now: what the configuration has lost since, it has not.
    pub fn scopes(&self, configured: &ConfiguredScopes) -> Scopes {
        match &self.scope {
            None => configured.usual(),
            Some(own) => own.common(&configured.scopes()),
        }
    }

    /// The origins of pages that may call the token endpoint (CORS-07).
    pub fn origins(&self) -> Vec<String> {
        match (&self.allowed_origins, self.client_type()) {
            (Some(own), _) => own.clone(),
            (None, ClientType::Confidential) => Vec::new(),
            (None, ClientType::Public) => {
                let mut origins: Vec<_> = self.redirect_uris.iter().filter_map(RedirectUri::origin).collect();
                origins.sort();
                origins.dedup();
                origins
            }
        }
    }

    /// Reads all members but the method, on top of what the client has.
    fn with(self, mut reader: Reader<'_>, configured: &ConfiguredScopes) -> Result<Self, MetadataFaults> {
        let usual = Self::default();
        let client_type = self.client_type();
        let metadata = Self {
            redirect_uris: reader.redirect_uris(self.redirect_uris, client_type),
            grant_types: reader.grant_types(self.grant_types, usual.grant_types),
            scope: reader.scope(self.scope, configured),
            require_pkce: reader.flag("require_pkce", self.require_pkce, usual.require_pkce),
            resource: reader.resource(self.resource),
            allowed_resources: reader.allowed_resources(self.allowed_resources),
            consent: reader.word("consent", self.consent, usual.consent),
            access_secs: reader.secs("access_secs", self.access_secs, ACCESS_SECS, 1..=ACCESS_SECS_MAX),
            refresh_again_secs: reader.secs(
                "refresh_again_secs",
                self.refresh_again_secs,
                REFRESH_AGAIN_SECS,
                0..=REFRESH_AGAIN_SECS_MAX,
            ),
            allowed_origins: reader.allowed_origins(self.allowed_origins),
            slides_parent: reader.flag("slides_parent", self.slides_parent, usual.slides_parent),
            introspect: reader.flag("introspect", self.introspect, usual.introspect),
            token_endpoint_auth_method: self.token_endpoint_auth_method,
        };
        reader.response_types(&metadata);
        metadata.must_be_consistent(&mut reader);
        reader.finish(metadata)
    }

    /// The rules that concern several members.
    fn must_be_consistent(&self, reader: &mut Reader<'_>) {
        let public = self.client_type() == ClientType::Public;
        if self.may(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            reader
                .rule("redirect_uris", "a client with the grant authorization_code needs a redirect address");
        }
        if self.may(GrantType::RefreshToken) && !self.may(GrantType::AuthorizationCode) {
            reader.rule(
                "grant_types",
                "refresh_token needs authorization_code: no other grant gives such tokens",
            );
        }
        if public && self.may(GrantType::ClientCredentials) {
            reader.rule("grant_types", "client_credentials is for clients with a secret");
        }
        if public && !self.require_pkce {
            reader.rule("require_pkce", "a client without a secret must use PKCE");
        }
        if public && self.introspect {
            reader.rule("introspect", "introspection is for clients with a secret");
        }
    }
}

#[cfg(test)]
mod tests;
