//! The metadata of a client as it is shown: every member, also those with their defaults (DCR-02).

use serde_json::{Map, Value, json};

use super::Metadata;
use super::words::GrantType;
use crate::dialect::oauth::scope::ConfiguredScopes;

impl Metadata {
    /// The members, flat. `scope` is what the client may ask for now.
    pub fn shown(&self, configured: &ConfiguredScopes) -> Map<String, Value> {
        let code = self.may(GrantType::AuthorizationCode);
        let response_types = if code { vec!["code"] } else { Vec::new() };
        [
            ("redirect_uris", json!(self.redirect_uris)),
            ("token_endpoint_auth_method", json!(self.token_endpoint_auth_method)),
            ("grant_types", json!(self.grant_types)),
            ("response_types", json!(response_types)),
            ("scope", json!(self.scopes(configured))),
            ("require_pkce", json!(self.require_pkce)),
            ("resource", json!(self.resource)),
            ("allowed_resources", json!(self.allowed_resources)),
            ("consent", json!(self.consent)),
            ("access_secs", json!(self.access_secs)),
            ("refresh_again_secs", json!(self.refresh_again_secs)),
            ("allowed_origins", json!(self.origins())),
            ("slides_parent", json!(self.slides_parent)),
            ("introspect", json!(self.introspect)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}
