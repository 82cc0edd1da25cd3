//! Cookies that a request presents, or that a response sets or deletes (RFC 6265).

use http::header::COOKIE;

use crate::http::NOTHING;
use crate::http::headers::Headers;

/// A cookie of Exeunt. It is set and deleted with the same attributes, or a browser would keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its exact name. Browsers accept the prefix `__Secure-` over TLS only.
    pub name: &'static str,
    /// The path under which browsers send it.
    pub path: &'static str,
    /// `true` if scripts cannot read it.
    pub http_only: bool,
    /// `true` if it is sent over TLS only.
    pub secure: bool,
    /// Whether browsers send it with requests from other sites.
    pub same_site: SameSite,
}

/// Whether browsers send a cookie with requests from other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// With top-level navigation to this server.
    Lax,
    /// Always; browsers then require `Secure`.
    None,
}

impl Cookie {
    /// The value of every cookie of this name, in the order of the request. A browser can hold several, for different
    /// paths or domains. The size limit of headers bounds their number.
    ///
    /// A value that is not UTF-8 is [`NOTHING`].
    pub fn read<'a>(&self, headers: &'a Headers) -> Vec<&'a str> {
        let pairs = headers.all(&COOKIE).flat_map(|header| header.split(|byte| *byte == b';'));
        pairs.filter_map(|pair| self.value(pair.trim_ascii())).collect()
    }

    /// As [`Cookie::read`], and also the values between commas: a proxy may have joined two header lines with one.
    pub fn read_joined<'a>(&self, headers: &'a Headers) -> Vec<&'a str> {
        let pieces = headers.all(&COOKIE).flat_map(|header| header.split(|byte| matches!(byte, b';' | b',')));
        let pieces = pieces.filter_map(|pair| self.value(pair.trim_ascii()));
        self.read(headers).into_iter().chain(pieces).collect()
    }

    /// The `Set-Cookie` value that sets it, for this many seconds or until the browser is closed. `value` must consist
    /// of letters, digits and `-._~`, as all tokens do.
    pub fn set(&self, value: &str, max_age_secs: Option<u64>) -> String {
        let mut text = format!("{}={value}; Path={}", self.name, self.path);
        if let Some(secs) = max_age_secs {
            text.push_str(&format!("; Max-Age={secs}"));
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        text
    }

    /// The `Set-Cookie` value that deletes it.
    pub fn delete(&self) -> String {
        self.set("", Some(0))
    }

    /// The value of `name=value` without its quotes, if the name is this cookie's.
    fn value<'a>(&self, pair: &'a [u8]) -> Option<&'a str> {
        let rest = pair.strip_prefix(self.name.as_bytes())?.trim_ascii_start();
        let value = rest.strip_prefix(b"=")?.trim_ascii_start();
        let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        Some(std::str::from_utf8(unquoted.unwrap_or(value)).unwrap_or(NOTHING))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: Cookie = Cookie {
        name: "__Secure-token",
        path: "/",
        http_only: true,
        secure: true,
        same_site: SameSite::None,
    };

    fn headers(values: &[&[u8]]) -> Headers {
        values.iter().map(|value| (COOKIE, value)).collect()
    }

    #[test]
    fn every_cookie_of_the_name_in_the_order_of_the_request() {
        let headers = headers(&[
            b"a=1; __Secure-token=first;__Secure-token=\"second\"",
            b"__Secure-token = third ; __secure-token=no; __Secure-token2=no; x__Secure-token=no",
            b"__Secure-token; =; ; __Secure-token=; __Secure-token=a=b",
        ]);
        assert_eq!(TOKEN.read(&headers), ["first", "second", "third", "", "a=b"]);
        assert!(TOKEN.read(&Headers::new()).is_empty());
    }

    #[test]
    fn what_is_not_text_matches_nothing() {
        let headers = headers(&[b"__Secure-token=\xff; __Secure-token=good; \xff=x"]);
        assert_eq!(TOKEN.read(&headers), [NOTHING, "good"]);
    }

    #[test]
    fn it_is_deleted_with_the_attributes_that_it_was_set_with() {
        let attributes = "HttpOnly; Secure; SameSite=None";
        assert_eq!(TOKEN.set("t", Some(60)), format!("__Secure-token=t; Path=/; Max-Age=60; {attributes}"));
        assert_eq!(TOKEN.set("t", None), format!("__Secure-token=t; Path=/; {attributes}"));
        assert_eq!(TOKEN.delete(), format!("__Secure-token=; Path=/; Max-Age=0; {attributes}"));
        let plain = Cookie { http_only: false, secure: false, same_site: SameSite::Lax, ..TOKEN };
        assert_eq!(plain.set("t", None), "__Secure-token=t; Path=/; SameSite=Lax");
        assert!(Cookie { same_site: SameSite::Strict, ..TOKEN }.delete().ends_with("; SameSite=Strict"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            TOKEN.read(&headers(&[&bytes]));
        }

        #[test]
        fn what_is_set_is_read_back_among_others(value in "[A-Za-z0-9._~-]{0,40}", other in "[a-z]{1,8}=[!#-+--:<-~]{0,20}") {
            let pair = TOKEN.set(&value, None);
            let pair = pair.split(';').next().unwrap();
            let header = format!("{other}; {pair}; {other}");
            let headers = headers(&[header.as_bytes()]);
            prop_assert_eq!(TOKEN.read(&headers), [value.as_str()]);
        }
    }
}
