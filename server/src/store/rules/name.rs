//! The forms of a name: as stored, as compared, and as it looks.
//!
//! Code that compares names, or counts by them, uses these forms:
//! [`Identifier::unique_key`](crate::store::Identifier::unique_key) is made of them.

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The stored form of a name (NFC): é is one character, however it was typed.
pub fn composed(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// A name without its case: two that match caselessly by the Unicode standard (D145) have the same form.
pub fn without_case(text: &str) -> String {
    text.nfd().default_case_fold().nfc().collect()
}

/// The compared form of an e-mail address: all of it in lower case, including the part before `@`.
pub fn address(text: &str) -> String {
    composed(&composed(text).to_lowercase())
}

/// The skeleton of a name (UTS #39), without case: names that people may confuse have the same one. It is only
/// compared.
pub fn look(text: &str) -> String {
    let seen: String = unicode_security::skeleton(text).collect();
    let lower: String = unicode_security::skeleton(&seen.to_lowercase()).collect();
    // A capital I looks like an l, so an i must map to l as well.
    lower.replace('i', "l")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_one_however_it_is_typed() {
        assert_eq!(composed("Jose\u{301}"), "Jos\u{e9}");
        assert_eq!(composed("Jos\u{e9}"), "Jos\u{e9}");
        // Composed, but no compatibility folding: the stored name keeps its characters.
        assert_eq!(composed("\u{fb01}ne \u{2460}"), "\u{fb01}ne \u{2460}");
    }

    #[test]
    fn case_is_that_of_all_scripts() {
        for (one, other) in [
            ("ALICE", "alice"),
            ("Stra\u{df}e", "STRASSE"),
            ("\u{39f}\u{394}\u{3a5}\u{3a3}", "\u{3bf}\u{3b4}\u{3c5}\u{3c2}"),
            ("E\u{301}mile", "\u{e9}mile"),
            ("\u{416}\u{43e}\u{440}\u{430}", "\u{436}\u{43e}\u{440}\u{430}"),
        ] {
            assert_eq!(without_case(one), without_case(other), "{one} {other}");
        }
        assert_ne!(without_case("alice"), without_case("alicia"));
        assert_eq!(address("U\u{308}ser@EXAMPLE.org"), "\u{fc}ser@example.org");
    }

    #[test]
    fn names_that_look_alike_have_one_look() {
        for (one, other) in [
            ("paypal", "\u{440}\u{430}\u{443}\u{440}\u{430}l"),
            ("alice", "\u{430}lice"),
            ("alice", "\u{391}lice"),
            ("Bob", "\u{412}ob"),
            ("bob", "\u{412}ob"),
            ("alice", "\u{ff21}\u{ff2c}\u{ff29}\u{ff23}\u{ff25}"),
            ("admin", "\u{1d41a}\u{1d41d}\u{1d426}\u{1d422}\u{1d427}"),
            ("admin", "adm\u{131}n"),
        ] {
            assert_eq!(look(one), look(other), "{one} {other}");
        }
        assert_ne!(look("alice"), look("alic\u{e9}"));
        assert_ne!(look("\u{4e2d}\u{6587}"), look("\u{65e5}\u{672c}"));
    }
}
