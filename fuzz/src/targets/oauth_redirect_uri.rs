//! A redirect address of any bytes, and in the second line the one of a request: what is registered is kept in every byte,
//! a browser finds no other host in it, and an answer goes to the address of the request or nowhere.

use exeunt::dialect::oauth::client_type::ClientType;
use exeunt::dialect::oauth::redirect_uri::{RedirectUri, with_parameters};

const BUILT_IN: [&str; 4] =
    ["https://app.example/a?b", "http://127.0.0.1/a", "http://[::1]:1/a", "http://localhost/a"];

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (first, presented) = text.split_once('\n').unwrap_or((&text, &text));
    for client_type in [ClientType::Public, ClientType::Confidential] {
        let mut all: Vec<RedirectUri> =
            BUILT_IN.iter().flat_map(|text| RedirectUri::register(text, client_type)).collect();
        assert_eq!(all.len(), BUILT_IN.len());
        if let Ok(own) = RedirectUri::register(first, client_type) {
            assert_eq!(own.as_str(), first);
            assert!(own.matches(first, client_type) && !own.shown().is_empty());
            must_be_harmless(first);
            if let Some(origin) = own.origin() {
                assert!(!origin.contains(['@', '?', '#', '\\', '%']));
            }
            all.push(own);
        }
        let Some(found) = RedirectUri::find(&all, presented, client_type) else { continue };
        assert_eq!(all[found.number].at(found.port), presented);
        assert!(RedirectUri::register(presented, client_type).is_ok());
        let answer = with_parameters(presented, [("state", &*text)]);
        assert!(answer.starts_with(presented));
        must_be_harmless(&answer);
        let query = answer.split_once('?').map_or("", |(_, query)| query);
        let last = form_urlencoded::parse(query.as_bytes()).last();
        assert_eq!(last, Some(("state".into(), text.as_ref().into())));
    }
}

/// Nothing that ends a header, begins a fragment, or runs as a script.
fn must_be_harmless(address: &str) {
    assert!(address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\'));
    let scheme = address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    assert!(scheme == "https" || scheme == "http" || scheme.contains('.'), "{scheme}");
}
