//! Pairs of a key and a secret: one credential in two halves.

use exeunt_core::Token;

use crate::authority::Mint;

/// Letters and digits in each half of a pair that the server makes: 190 bits, as in the original service.
const HALF_CHARS: usize = 32;
/// Stands between the halves in the token.
const BETWEEN: char = ':';

/// The token of two halves; `None` if either is empty or both are too long.
pub fn token(key: &str, secret: &str) -> Option<Token> {
    let text = format!("{key}{BETWEEN}{secret}");
    (!key.is_empty() && !secret.is_empty()).then(|| Token::presented(&text)).flatten()
}

/// A new pair.
pub(super) fn fresh(mint: &Mint) -> Token {
    Token::plain(format!("{}{BETWEEN}{}", mint.letters(HALF_CHARS), mint.letters(HALF_CHARS)))
}

/// The two halves of a pair.
pub(super) fn halves(pair: &Token) -> (&str, &str) {
    pair.expose().split_once(BETWEEN).unwrap_or((pair.expose(), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_different_pairs_have_another_fingerprint() {
        let print = |key, secret| token(key, secret).map(|pair| pair.fingerprint());
        assert_ne!(print("a", "b"), print("a", "c"));
        assert_ne!(print("a", "b"), print("c", "b"));
        assert_eq!(print("a", ""), None);
    }
}
