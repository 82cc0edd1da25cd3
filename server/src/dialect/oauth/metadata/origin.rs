//! The origin of a web page: scheme, host and port.

/// Whether a text is `http(s)://host` or `http(s)://host:port`.
pub(super) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\*".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cors_02_an_origin_names_one_host() {
        for good in ["https://app.example", "http://localhost:3000", "https://[::1]:1"] {
            assert!(is_origin(good), "{good}");
        }
        for wrong in [
            "",
            "null",
            "*",
            "https://",
            "https://*",
            "https://*.example",
            "https://app.example/",
            "app.example",
            "https://a b",
            "https://u@a",
            "ftp://a",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
