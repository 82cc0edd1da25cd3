//! The caller: the tokens that a request presents, and the cookie for them.

use std::collections::HashSet;

use exeunt_core::Token;
use http::header::{self, AUTHORIZATION};
use percent_encoding::percent_decode;

use crate::http::NOTHING;
use crate::http::cookie::{Cookie, SameSite};
use crate::http::headers::Headers;

/// The cookie. Pages of other sites call this API, so browsers must send it with their requests too. The project's list
/// of origins keeps other pages out.
pub(super) const COOKIE: Cookie = Cookie {
    name: "__Secure-rested-access-token",
    path: "/",
    http_only: true,
    secure: true,
    same_site: SameSite::None,
};

/// The longest lifetime of a cookie, in seconds: browsers cut it to 400 days (CK-08).
const COOKIE_SECS_MAX: u64 = 400 * 86_400;

/// A token that a request carries.
pub(super) struct Carried {
    pub token: Token,
    /// `true` if it is only in a cookie: the browser may have added it by itself.
    pub by_cookie: bool,
}

/// Every presented token, each once: first those in `Authorization`, then those in cookies. The first one
/// authenticates. The size limit of headers bounds their number.
pub(super) fn tokens(headers: &Headers) -> Vec<Token> {
    let texts = stated(headers).filter_map(bare).chain(COOKIE.read(headers));
    each_once(texts.map(|text| (text, false))).into_iter().map(|carried| carried.token).collect()
}

/// Every token that may be meant when a logout is asked for: the same, what stands between commas, since programs on the
/// way join fields of one name with them (RFC 9110 §5.3), and what only some readers take for a token.
pub(super) fn carried(headers: &Headers) -> Vec<Carried> {
    let stated = stated(headers).flat_map(|value| {
        let scheme_is_ours = bare(value).is_some();
        let piece = move |piece| bare(piece).filter(|_| scheme_is_ours || is_bearer(piece));
        bare(value).into_iter().chain(value.split(',').filter_map(piece))
    });
    let cookies = COOKIE.read_joined(headers);
    let stated = stated.chain(words_after_bearer(headers));
    let cookies = cookies.into_iter().chain(cookies_anywhere(headers));
    each_once(stated.map(|text| (text, false)).chain(cookies.map(|text| (text, true))))
}

fn stated(headers: &Headers) -> impl Iterator<Item = &str> {
    // As in cookies: an adopted token may hold any text.
    headers.all(&AUTHORIZATION).map(read)
}

/// The tokens of these texts without repetitions. A text that cannot be a token becomes one that matches nothing.
fn each_once<'a>(texts: impl Iterator<Item = (&'a str, bool)>) -> Vec<Carried> {
    let mut seen = HashSet::new();
    texts
        .filter(|(text, _)| !text.is_empty() && seen.insert(*text))
        .filter_map(|(text, by_cookie)| {
            let token = Token::presented(text).or_else(|| Token::presented(NOTHING))?;
            Some(Carried { token, by_cookie })
        })
        .collect()
}

/// Every token that some reader may take out of these headers, each once, those of [`tokens`] first. Empty if
/// [`tokens`] is empty: a value that only some readers take for a token authenticates no one.
pub(super) fn tokens_for_any_reader(headers: &Headers) -> Vec<Token> {
    let mut tokens = tokens(headers);
    if tokens.is_empty() {
        return tokens;
    }
    for text in words_after_bearer(headers).into_iter().chain(cookies_anywhere(headers)) {
        if !text.is_empty() && !tokens.iter().any(|token| token.expose() == text) {
            tokens.extend(Token::presented(text).or_else(|| Token::presented(NOTHING)));
        }
    }
    tokens
}

/// Some applications look for `Bearer` anywhere in the header.
fn words_after_bearer(headers: &Headers) -> Vec<&str> {
    let mut found = Vec::new();
    for value in headers.all(&AUTHORIZATION) {
        let mut words = value.split(|byte| byte.is_ascii_whitespace() || b",;\"".contains(byte));
        while words.any(|word| word.eq_ignore_ascii_case(b"bearer")) {
            found.push(read(words.clone().find(|word| !word.is_empty()).unwrap_or_default()));
        }
    }
    found
}

/// Some split cookies at spaces and commas too, or decode their names.
fn cookies_anywhere(headers: &Headers) -> Vec<&str> {
    let mut found = Vec::new();
    for value in headers.all(&header::COOKIE) {
        for pair in value.split(|byte| byte.is_ascii_whitespace() || b";,\"".contains(byte)) {
            let (name, value) =
                pair.split_at(pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len()));
            let name: Vec<u8> = percent_decode(name).collect();
            if name.eq_ignore_ascii_case(COOKIE.name.as_bytes()) {
                found.push(read(value.strip_prefix(b"=").unwrap_or_default()));
            }
        }
    }
    found
}

fn read(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or(NOTHING)
}

/// The `Set-Cookie` for a token, with the longest possible lifetime of its session.
pub(super) fn set_cookie(token: &Token, absolute_secs: u32) -> String {
    let secs =
        if absolute_secs == 0 { COOKIE_SECS_MAX } else { u64::from(absolute_secs).min(COOKIE_SECS_MAX) };
    COOKIE.set(token.expose(), Some(secs))
}

/// The `Set-Cookie` that deletes the cookie, if the request has it.
pub(super) fn delete_cookie(headers: &Headers) -> Option<String> {
    (!COOKIE.read_joined(headers).is_empty()).then(|| COOKIE.delete())
}

/// The token in `Authorization`: bare, or after `Bearer` in any case. `None` for another scheme, or for `Bearer` alone.
fn bare(value: &str) -> Option<&str> {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token)) => scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()),
        None => (!value.eq_ignore_ascii_case("bearer")).then_some(value),
    }
}

fn is_bearer(value: &str) -> bool {
    value.trim().split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(headers: &[(header::HeaderName, &[u8])]) -> Vec<String> {
        let headers = headers.iter().map(|(name, value)| (name, value)).collect();
        tokens(&headers).iter().map(|token| token.expose().to_owned()).collect()
    }

    #[test]
    fn bare_or_after_bearer_in_any_case() {
        for value in ["abc", "Bearer abc", "bearer abc", "BEARER   abc ", " abc"] {
            assert_eq!(presented(&[(AUTHORIZATION, value.as_bytes())]), ["abc"], "{value}");
        }
    }

    #[test]
    fn another_scheme_or_an_empty_one_is_absent() {
        for value in ["", "  ", "Bearer", "bearer ", "Basic abc", "Digest a=b, c=d", "Bearerabc def"] {
            assert!(presented(&[(AUTHORIZATION, value.as_bytes())]).is_empty(), "{value}");
        }
    }

    #[test]
    fn the_header_comes_first_and_each_token_once() {
        let cookies =
            b"__Secure-rested-access-token=b; __Secure-rested-access-token=a; __Secure-rested-access-token=c";
        assert_eq!(presented(&[(header::COOKIE, cookies), (AUTHORIZATION, b"Bearer a")]), ["a", "b", "c"]);
    }

    #[test]
    fn a_logout_also_takes_what_was_joined_on_the_way() {
        let carried = |headers: &[(header::HeaderName, &[u8])]| -> Vec<_> {
            let headers: Headers = headers.iter().map(|(name, value)| (name, value)).collect();
            let all = super::carried(&headers);
            all.iter().map(|carried| (carried.token.expose().to_owned(), carried.by_cookie)).collect()
        };
        let has = |all: &[(String, bool)], text: &str, by_cookie| all.contains(&(text.to_owned(), by_cookie));
        let all = carried(&[(AUTHORIZATION, b"Bearer a, Bearer b"), (AUTHORIZATION, b"Basic x, Bearer c")]);
        assert!(has(&all, "a", false) && has(&all, "b", false) && has(&all, "c", false));
        assert!(carried(&[(AUTHORIZATION, b"Digest a=b, c=d")]).is_empty());
        let joined = b"__Secure-rested-access-token=a, __Secure-rested-access-token=b, x=y";
        let all = carried(&[(header::COOKIE, joined), (AUTHORIZATION, b"b")]);
        assert!(
            has(&all, "a", true) && has(&all, "b", false) && !has(&all, "b", true) && !has(&all, "y", true)
        );
    }

    #[test]
    fn what_only_some_readers_take_for_a_token_is_one_more() {
        let any = |lines: &[(header::HeaderName, &[u8])]| -> Vec<String> {
            let headers = lines.iter().map(|(name, value)| (name, value)).collect();
            tokens_for_any_reader(&headers).iter().map(|token| token.expose().to_owned()).collect()
        };
        let cookie = |text: &str| any(&[(header::COOKIE, text.as_bytes())]);
        let name = COOKIE.name;
        assert_eq!(cookie(&format!("{name}=a; theme=dark")), ["a"]);
        assert_eq!(cookie(&format!("{name}=\"a\"")), ["a"]);
        for text in [
            format!("{name}=a; theme=x {name}=b"),
            format!("{name}=a; theme=x,{name}=b"),
            format!("{name}=a; theme=\"{name}=b\""),
            format!("{name}=a; __secure-Rested-access-token=b"),
            format!("{name}=a; __Secure%2Drested-access-token=b"),
        ] {
            assert_eq!(cookie(&text), ["a", "b"], "{text}");
        }
        for text in
            ["Basic x, Bearer b", "Bearer a, bearer b", "Basic Bearer b", "Basic\tBearer\tb", "x;bearer b"]
        {
            let found = any(&[(AUTHORIZATION, b"Bearer a"), (AUTHORIZATION, text.as_bytes())]);
            assert!(found.len() > 1 && found.iter().any(|token| token == "b"), "{text}: {found:?}");
        }
        let alike = any(&[
            (AUTHORIZATION, b"Bearer a"),
            (AUTHORIZATION, b"a"),
            (header::COOKIE, b"__Secure-rested-access-token=a"),
        ]);
        assert_eq!(alike, ["a"]);
    }

    #[test]
    fn what_only_some_readers_take_for_a_token_opens_nothing_and_a_logout_ends_it() {
        let name = COOKIE.name;
        for (header, text) in [
            (AUTHORIZATION, "x;bearer a".to_owned()),
            (AUTHORIZATION, "\"Bearer a\"".to_owned()),
            (AUTHORIZATION, "Basic Bearer a".to_owned()),
            (header::COOKIE, format!("{}=a", name.to_lowercase())),
            (header::COOKIE, format!("b=c {name}=a")),
            (header::COOKIE, format!("{}=a", name.replace('-', "%2D"))),
        ] {
            let by_cookie = header == header::COOKIE;
            let headers: Headers = [(header, text.as_bytes())].into_iter().collect();
            assert!(tokens_for_any_reader(&headers).is_empty(), "{text}");
            let all = carried(&headers);
            assert!(
                all.iter().any(|carried| carried.token.expose() == "a" && carried.by_cookie == by_cookie),
                "{text}"
            );
        }
    }

    #[test]
    fn an_empty_cookie_is_absent_and_one_by_another_case_is_another() {
        assert!(
            presented(&[(header::COOKIE, b"__Secure-rested-access-token=; __secure-rested-access-token=a")])
                .is_empty()
        );
    }

    #[test]
    fn what_cannot_be_a_token_is_presented_and_matches_nothing() {
        let long = "a".repeat(300);
        assert_eq!(presented(&[(AUTHORIZATION, long.as_bytes())]), [NOTHING]);
        assert_eq!(presented(&[(AUTHORIZATION, b"Bearer \xff")]), [NOTHING]);
        assert_eq!(presented(&[(header::COOKIE, b"__Secure-rested-access-token=\xff")]), [NOTHING]);
    }

    #[test]
    fn a_token_of_other_letters_is_the_same_in_either_header() {
        let cookie = "__Secure-rested-access-token=caf\u{e9}".as_bytes();
        for value in ["caf\u{e9}", "Bearer caf\u{e9}"] {
            assert_eq!(
                presented(&[(AUTHORIZATION, value.as_bytes()), (header::COOKIE, cookie)]),
                ["caf\u{e9}"]
            );
        }
    }

    #[test]
    fn a_cookie_lives_as_long_as_its_session_can() {
        let token = Token::presented("t").unwrap();
        let age = |secs| set_cookie(&token, secs);
        let cookie = "__Secure-rested-access-token=t; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=None";
        assert_eq!(age(86_400), cookie);
        assert!(age(0).contains("Max-Age=34560000;"));
        assert!(age(u32::MAX).contains("Max-Age=34560000;"));
    }
}
