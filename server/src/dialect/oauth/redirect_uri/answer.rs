//! The address of an authorization response: parameters behind a redirect address.

use form_urlencoded::byte_serialize;

/// Appends parameters to a redirect address (RFC 6749 §4.1.2). What the address has in its query already is kept, in
/// every byte.
pub fn with_parameters<'a>(
    address: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = address.to_owned();
    let mut separator = match address.find('?') {
        None => "?",
        Some(_) if address.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    for (name, value) in parameters {
        text.push_str(separator);
        text.extend(byte_serialize(name.as_bytes()));
        text.push('=');
        text.extend(byte_serialize(value.as_bytes()));
        separator = "&";
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_query_that_is_there_is_kept() {
        let add = |address| with_parameters(address, [("code", "a"), ("iss", "https://b.example")]);
        let added = "code=a&iss=https%3A%2F%2Fb.example";
        assert_eq!(add("https://a.example/b"), format!("https://a.example/b?{added}"));
        assert_eq!(add("https://a.example"), format!("https://a.example?{added}"));
        assert_eq!(add("https://a.example/?"), format!("https://a.example/?{added}"));
        assert_eq!(add("https://a.example/?x=%20+y"), format!("https://a.example/?x=%20+y&{added}"));
        assert_eq!(add("https://a.example/?x&"), format!("https://a.example/?x&{added}"));
        assert_eq!(add("com.example.app:/b"), format!("com.example.app:/b?{added}"));
    }

    #[test]
    fn without_parameters_nothing_changes() {
        assert_eq!(with_parameters("https://a.example/", []), "https://a.example/");
    }

    proptest! {
        /// OA-24: what a client sent as `state` comes back unchanged, and no value ends the address or a header.
        #[test]
        fn values_of_any_text_come_back(state in any::<String>(), query in "[a-z=&]{0,8}") {
            let address = format!("https://a.example/?{query}");
            let text = with_parameters(&address, [("state", &*state)]);
            prop_assert!(text.starts_with(&address));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
            let (_, all) = text.split_once('?').unwrap();
            let last = form_urlencoded::parse(all.as_bytes()).last();
            prop_assert_eq!(last, Some(("state".into(), state.into())));
        }
    }
}
