//! Rules for names. A reader must see the whole name, in order; otherwise one account or application could pass for
//! another.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;

use crate::error::{Error, Result};

/// Characters without a glyph that Unicode lists among letters, marks and symbols: a blank of Braille, one of musical
/// notation, two of hieroglyphs and a filler of the Khitan script.
const BLANKS: [char; 5] = ['\u{2800}', '\u{1d159}', '\u{13441}', '\u{13442}', '\u{16fe4}'];
/// Characters that change the direction of writing (UAX #9).
const DIRECTION: [std::ops::RangeInclusive<char>; 4] =
    ['\u{61c}'..='\u{61c}', '\u{200e}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];

/// Checks a user name, an address, or the name of a client or a key.
///
/// # Errors
/// `Malformed(field)`, with the character and what to do.
pub(super) fn must_be_name(field: &'static str, text: &str) -> Result<()> {
    let fault = text.chars().find_map(|c| hidden(c).or_else(|| odd_space(c)).map(|what| (c, what)));
    if let Some((c, what)) = fault {
        return Err(refusal(field, c, what));
    }
    if text.trim() != text {
        return Err(Error::malformed(field, format!("{field} begins or ends with a space; remove it")));
    }
    if text.contains("  ") {
        let rule = format!("{field} has two spaces in a row, which look like one; use one");
        return Err(Error::malformed(field, rule));
    }
    if text.chars().next().is_some_and(|c| c.general_category_group() == GeneralCategoryGroup::Mark) {
        let rule = format!("{field} begins with a combining mark; put a letter before it");
        return Err(Error::malformed(field, rule));
    }
    Ok(())
}

/// Checks a person's first or last name: as [`must_be_name`], but any spaces are allowed, and so are the joiners that
/// some scripts need within words.
///
/// # Errors
/// As there.
pub(super) fn must_be_persons_name(field: &'static str, text: &str) -> Result<()> {
    let joins = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
    let fault =
        text.chars().filter(|c| !joins(*c)).find_map(|c| hidden(c).map(|what| refusal(field, c, what)));
    fault.map_or(Ok(()), Err)
}

fn refusal(field: &'static str, c: char, what: &str) -> Error {
    Error::malformed(field, format!("{field} contains {what} (U+{:04X}); remove it", u32::from(c)))
}

/// Why a character is not allowed in any name.
fn hidden(c: char) -> Option<&'static str> {
    if c.is_control() {
        return Some("a control character");
    }
    if DIRECTION.iter().any(|range| range.contains(&c)) {
        return Some("a character that changes the direction of the text");
    }
    let ignorable = c.identifier_type() == Some(IdentifierType::Default_Ignorable);
    match c.general_category() {
        // How an unassigned character composes, and what it looks like, is not yet defined.
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse => {
            Some("an unassigned or private-use character")
        }
        GeneralCategory::Format | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => {
            Some("an invisible character")
        }
        _ if ignorable || shows_nothing(c) => Some("an invisible character"),
        _ => None,
    }
}

/// A skeleton omits what is ignored when text is displayed.
fn shows_nothing(c: char) -> bool {
    let mut text = [0; 4];
    BLANKS.contains(&c)
        || (!c.is_ascii() && unicode_security::skeleton(c.encode_utf8(&mut text)).next().is_none())
}

fn odd_space(c: char) -> Option<&'static str> {
    (c != ' ' && c.general_category() == GeneralCategory::SpaceSeparator)
        .then_some("a space other than U+0020")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_scripts_are_names() {
        for name in [
            "alice",
            "Alice Smith",
            "o'neill-o\u{2019}hara",
            "jos\u{e9}",
            "\u{415}\u{43b}\u{435}\u{43d}\u{430}",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
            "\u{645}\u{62d}\u{645}\u{62f}",
            "\u{4e2d}\u{6587}",
            "\u{ba4}\u{bae}\u{bbf}\u{bb4}\u{bcd}",
            "\u{d55c}\u{ad6d}",
            "\u{1f600}",
            "x@example.org",
            "000123",
        ] {
            assert!(must_be_name("username", name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_part_of_a_name() {
        for c in "\0\u{7f}\u{85}\u{ad}\u{34f}\u{61c}\u{115f}\u{17b4}\u{180b}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\
                  \u{202e}\u{2028}\u{2029}\u{2060}\u{2062}\u{2066}\u{2069}\u{206f}\u{2800}\u{3164}\u{fe0f}\u{feff}\
                  \u{ffa0}\u{fff9}\u{fffe}\u{e000}\u{f0000}\u{e0001}\u{e0041}\u{e0100}\u{1d159}\u{1d173}\u{378}\
                  \u{a0}\u{2003}\u{3000}\u{1680}"
            .chars()
        {
            for name in [format!("al{c}ice"), format!("{c}alice"), format!("alice{c}")] {
                let refused = must_be_name("username", &name).map_err(|error| error.public().to_owned());
                let code = format!("U+{:04X}", u32::from(c));
                assert!(refused.is_err_and(|text| text.contains(&code)), "{code}");
            }
        }
        for name in [" alice", "alice ", "al  ice", "\u{301}alice"] {
            assert!(must_be_name("username", name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_persons_name_has_what_its_script_needs() {
        for name in ["", "\u{639}\u{644}\u{6cc}\u{200c}\u{631}\u{636}\u{627}", "Jean\u{a0}Paul", "van  Dyck"]
        {
            assert!(must_be_persons_name("first_name", name).is_ok(), "{name}");
        }
        for c in ['\u{202e}', '\u{200b}', '\u{feff}', '\n', '\u{2028}', '\u{e000}'] {
            assert!(must_be_persons_name("first_name", &format!("A{c}da")).is_err(), "{c:?}");
        }
    }
}
