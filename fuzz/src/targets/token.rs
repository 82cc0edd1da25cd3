//! A token is read only if sealing its body again gives the same text.

use exeunt::dialect::runsignup::pair;
use exeunt_core::Token;
use exeunt_core::token::{BODY_CHARS, KEY_PREFIX, SESSION_PREFIX, TOKEN_BYTES_MAX};

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for prefix in [SESSION_PREFIX, KEY_PREFIX] {
        if let Some(token) = Token::parse(prefix, &text) {
            let body = &text[prefix.len()..][..BODY_CHARS];
            assert_eq!(Token::sealed(prefix, body).expose(), text);
            assert_eq!(token.expose(), text);
        }
    }
    let presentable = !text.is_empty() && text.len() <= TOKEN_BYTES_MAX;
    assert_eq!(Token::presented(&text).is_some(), presentable);
    let (key, secret) = text.split_at(text.floor_char_boundary(text.len() / 2));
    if let Some(pair) = pair::token(key, secret) {
        assert_eq!(pair.expose().len(), text.len() + 1);
    }
}
