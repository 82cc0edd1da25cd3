//! The metadata of a client, of any bytes: what is registered obeys the rules, and is shown, stored and read again alike.

use exeunt::dialect::oauth::client_type::ClientType;
use exeunt::dialect::oauth::metadata::{
    GrantType, MEMBERS, Metadata, given_client_id, given_name, given_secret,
};
use exeunt::dialect::oauth::scope::ConfiguredScopes;
use serde_json::{Map, Value};

pub(super) fn run(bytes: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let Ok(configured) = ConfiguredScopes::new([("read", "Read"), ("write", "Write")]) else { return };
    if let Ok(Some(id)) = given_client_id(&given) {
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
    }
    assert!(given_secret(&given).ok().flatten().is_none_or(|secret| secret.len() >= 32));
    if let Err(fault) = given_name(&given) {
        assert!(["name", "client_name"].contains(&fault.member));
    }
    let client = match Metadata::register(&given, &configured) {
        Ok(client) => client,
        Err(faults) => {
            assert!(faults.iter().all(|fault| MEMBERS.contains(&fault.member) && !fault.text.is_empty()));
            return;
        }
    };
    let public = client.client_type() == ClientType::Public;
    assert!(!public || client.require_pkce && !client.may(GrantType::ClientCredentials));
    assert!(client.scopes(&configured).are_within(&configured.scopes()));
    let shown = client.shown(&configured);
    assert_eq!(shown.len(), MEMBERS.len());
    let again = Metadata::register(&shown, &configured).ok();
    assert_eq!(again.map(|client| client.shown(&configured)), Some(shown));
    let stored = serde_json::to_vec(&client).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<Metadata>(&stored).ok(), Some(client.clone()));
    assert_eq!(client.change(&Map::new(), &configured), Ok(client));
}
