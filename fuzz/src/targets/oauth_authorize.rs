//! The query of an authorization request, of any bytes: it becomes a page, or an answer that goes to the address that the
//! client registered and the request named, with the `state` of the request.

use exeunt::dialect::oauth::authorize::request::{
    AuthorizationRequest, RequestFault, STATE_BYTES_MAX, client_id,
};
use exeunt::dialect::oauth::metadata::Metadata;
use exeunt::dialect::oauth::parameters::Parameters;
use exeunt::dialect::oauth::scope::ConfiguredScopes;
use exeunt::http::form::Fields;

const CLIENT: &str = r#"{
    "redirect_uris": ["https://app.example/callback", "http://127.0.0.1/callback"],
    "token_endpoint_auth_method": "none",
    "scope": "read offline_access",
    "allowed_resources": ["https://api.example"]
}"#;

pub(super) fn run(bytes: &[u8]) {
    let query = String::from_utf8_lossy(bytes);
    let Ok(fields) = Fields::query(Some(&query)) else { return };
    let parameters = Parameters::of(fields.pairs());
    if let Ok(id) = client_id(&parameters) {
        assert!(!id.is_empty() && !id.contains('\0'));
    }
    let Ok(configured) = ConfiguredScopes::new([("read", "Read"), ("write", "Write")]) else { return };
    let given = serde_json::from_str(CLIENT).unwrap_or_default();
    let client = Metadata::register(&given, &configured);
    assert!(client.is_ok());
    let Ok(client) = client else { return };
    let (destination, state) = match AuthorizationRequest::read(&parameters, &client, &configured) {
        Ok(request) => {
            assert!(request.challenge.is_some() && !request.scopes.has("write"));
            assert!(request.resource.is_none_or(|resource| resource.as_str() == "https://api.example"));
            (request.destination, request.state)
        }
        Err(RequestFault::Answer { destination, state, error }) => {
            assert!(!error.description().contains(['"', '\\', '\n']));
            (destination, state)
        }
        Err(RequestFault::Page(fault)) => {
            assert!(!fault.text().is_empty());
            return;
        }
    };
    let address = client.redirect_uris[destination.number].at(destination.port);
    assert_eq!(parameters.one("redirect_uri"), Ok(Some(&*address)));
    if let Some(state) = state {
        assert!(state.len() <= STATE_BYTES_MAX);
        assert_eq!(parameters.one("state"), Ok(Some(&*state)));
    }
}
