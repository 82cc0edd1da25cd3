//! Whatever text is written, a strict parser gives it back, but for the characters that XML forbids.

use exeunt::dialect::xml::Element;

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (value, text) = text.split_at(text.floor_char_boundary(text.len() / 2));
    let document = Element::new("a").attribute("b", value).child(Element::text("c", text));
    for written in [document.indented(), document.compact()] {
        assert!(written.starts_with("<?xml version=\"1.0\" encoding=\""));
        let document = roxmltree::Document::parse(&written);
        let root = document.as_ref().ok().map(roxmltree::Document::root_element);
        assert_eq!(root.and_then(|root| root.attribute("b")), Some(&*kept(value)));
        let child = root.and_then(|root| root.first_element_child());
        assert_eq!(child.map(|child| child.text().unwrap_or_default()), Some(&*kept(text)));
    }
}

/// The text with what XML 1.0 §2.2 does not allow replaced.
fn kept(text: &str) -> String {
    let forbidden = |letter: char| matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().map(|letter| if forbidden(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}
