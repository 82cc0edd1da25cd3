//! The document by which clients find the endpoints (RFC 8414).

use serde_json::{Map, Value, json};

use super::metadata::{AuthMethod, GrantType};
use super::pkce;
use super::scope::ConfiguredScopes;

/// Where the document is.
pub const DISCOVERY_PATH: &str = "/.well-known/oauth-authorization-server";
/// The authorization endpoint.
pub const AUTHORIZE_PATH: &str = "/oauth/authorize";
/// The token endpoint.
pub const TOKEN_PATH: &str = "/oauth/token";
/// The revocation endpoint (RFC 7009).
pub const REVOKE_PATH: &str = "/oauth/revoke";
/// The introspection endpoint (RFC 7662).
pub const INTROSPECT_PATH: &str = "/oauth/introspect";

/// The document of an issuer, which is a scheme, a host and perhaps a port. Every member with a default is there, since
/// the defaults of the RFC are not what this server does (MD-04).
pub fn document(issuer: &str, configured: &ConfiguredScopes) -> Value {
    let at = |path: &str| json!(format!("{issuer}{path}"));
    let with_secret = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost].map(AuthMethod::word);
    let any = AuthMethod::ALL.map(AuthMethod::word);
    let scopes: Vec<String> = configured.scopes().iter().map(str::to_owned).collect();
    let members = [
        ("issuer", json!(issuer)),
        ("authorization_endpoint", at(AUTHORIZE_PATH)),
        ("token_endpoint", at(TOKEN_PATH)),
        ("revocation_endpoint", at(REVOKE_PATH)),
        ("introspection_endpoint", at(INTROSPECT_PATH)),
        ("scopes_supported", json!(scopes)),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query"])),
        ("grant_types_supported", json!(GrantType::ALL.map(GrantType::word))),
        ("token_endpoint_auth_methods_supported", json!(any)),
        ("revocation_endpoint_auth_methods_supported", json!(any)),
        ("introspection_endpoint_auth_methods_supported", json!(with_secret)),
        ("code_challenge_methods_supported", json!([pkce::METHOD])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("prompt_values_supported", json!(["none", "login", "consent", "select_account"])),
    ];
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example:8443";

    #[test]
    fn md_04_every_member_is_stated() {
        let configured = ConfiguredScopes::new([("read", "Read")]).unwrap();
        assert_eq!(
            document(ISSUER, &configured),
            json!({
                "issuer": "https://login.example:8443",
                "authorization_endpoint": "https://login.example:8443/oauth/authorize",
                "token_endpoint": "https://login.example:8443/oauth/token",
                "revocation_endpoint": "https://login.example:8443/oauth/revoke",
                "introspection_endpoint": "https://login.example:8443/oauth/introspect",
                "scopes_supported": ["offline_access", "read"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "prompt_values_supported": ["none", "login", "consent", "select_account"],
            })
        );
    }

    /// MD-02, MD-03, PK-04, ISS-02.
    #[test]
    fn md_03_no_list_is_empty_and_the_issuer_is_exact() {
        for issuer in [ISSUER, "http://127.0.0.1:8080", "http://[::1]:1"] {
            let document = document(issuer, &ConfiguredScopes::new([]).unwrap());
            let members = document.as_object().unwrap();
            assert_eq!(members["issuer"], issuer);
            assert!(members.values().all(|value| value.as_array().is_none_or(|list| !list.is_empty())));
            for (name, value) in members.iter().filter(|(name, _)| name.ends_with("_endpoint")) {
                let rest = value.as_str().and_then(|text| text.strip_prefix(issuer)).unwrap();
                assert!(rest.starts_with("/oauth/"), "{name}");
            }
        }
    }
}
