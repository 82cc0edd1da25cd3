//! A small XML writer: elements, attributes and text, in the two layouts that clients know.
//!
//! There is no reader: no dialect receives XML. Names come from the source code. Text comes from anywhere, so it is
//! escaped, and characters that XML 1.0 forbids are replaced.

use std::borrow::Cow;
use std::fmt::Write;

/// An element with its attributes, and either text or children.
pub struct Element<'a> {
    name: &'static str,
    attributes: Vec<(&'static str, Cow<'a, str>)>,
    content: Content<'a>,
}

enum Content<'a> {
    Text(Cow<'a, str>),
    Children(Vec<Element<'a>>),
}

/// Initial capacity, enough for most documents, in bytes.
const DOCUMENT_BYTES: usize = 512;

impl<'a> Element<'a> {
    /// An element without children yet. The name must be an XML name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), content: Content::Children(Vec::new()) }
    }

    /// An element that holds only this text.
    pub fn text(name: &'static str, text: impl Into<Cow<'a, str>>) -> Self {
        Self { name, attributes: Vec::new(), content: Content::Text(text.into()) }
    }

    /// Adds an attribute; each name once.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Adds a child after the others; it replaces text.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        match &mut self.content {
            Content::Children(children) => children.push(child),
            Content::Text(_) => self.content = Content::Children(vec![child]),
        }
        self
    }

    /// The document in Videntity's layout: each child of the root on its own line, indented by two spaces, with its
    /// children on the same line.
    pub fn indented(&self) -> String {
        let mut out = String::with_capacity(DOCUMENT_BYTES);
        out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        let Content::Children(children) = &self.content else {
            self.write(&mut out);
            return out + "\n";
        };
        self.open(&mut out);
        out.push('\n');
        for child in children {
            out.push_str("  ");
            child.write(&mut out);
            out.push('\n');
        }
        self.close(&mut out);
        out + "\n"
    }

    /// The document in RunSignup's layout: the declaration, then everything on one line.
    pub fn compact(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        self.open(out);
        match &self.content {
            Content::Text(text) => escape(text, out),
            Content::Children(children) => children.iter().for_each(|child| child.write(out)),
        }
        self.close(out);
    }

    fn open(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
        out.push('>');
    }

    fn close(&self, out: &mut String) {
        out.push_str("</");
        out.push_str(self.name);
        out.push('>');
    }
}

/// Escapes text so that a parser returns it unchanged, in an element and in an attribute. White space other than a
/// space is written as a reference, because parsers normalise it (XML 1.0 §2.11, §3.3.3).
fn escape(text: &str, out: &mut String) {
    // The loop has no early exit, so that it is vectorized: nearly every text is plain.
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return out.push_str(text);
    }
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => drop(write!(out, "&#{};", u32::from(letter))),
            _ if allowed(letter) => out.push(letter),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// Whether a byte needs no escape.
const fn plain(byte: u8) -> bool {
    (b' ' <= byte) & (byte <= b'~') & (byte != b'<') & (byte != b'>') & (byte != b'&') & (byte != b'"')
}

/// `Char` of XML 1.0 §2.2, without the white space that is written as a reference.
const fn allowed(letter: char) -> bool {
    matches!(letter, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Element<'static> {
        let value = Element::new("response_name_value").child(Element::text("session_key", "a<b"));
        Element::new("response")
            .attribute("api_method", "/session/login")
            .child(Element::text("status", "SUCCESS"))
            .child(value)
    }

    #[test]
    fn the_layout_of_videntity() {
        let wanted = concat!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
            "<response api_method=\"/session/login\">\n",
            "  <status>SUCCESS</status>\n",
            "  <response_name_value><session_key>a&lt;b</session_key></response_name_value>\n",
            "</response>\n",
        );
        assert_eq!(sample().indented(), wanted);
    }

    #[test]
    fn the_layout_of_runsignup() {
        let wanted = concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "<response><success>T</success></response>",
        );
        assert_eq!(Element::new("response").child(Element::text("success", "T")).compact(), wanted);
    }

    #[test]
    fn forbidden_characters_are_replaced() {
        let xml = Element::text("a", "\0\u{1}\u{b}\u{1f}\u{fffe}\u{ffff}\u{7f}\u{10ffff}").compact();
        assert!(xml.ends_with("<a>\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{7f}\u{10ffff}</a>"));
    }

    proptest! {
        #[test]
        fn a_strict_parser_reads_what_was_written(text in any::<String>(), value in any::<String>()) {
            let document = Element::new("a").attribute("b", &*value).child(Element::text("c", &*text));
            let kept = |text: &str| -> String {
                let forbidden = |c: char| !allowed(c) && !"\t\n\r".contains(c);
                text.chars().map(|c| if forbidden(c) { '\u{fffd}' } else { c }).collect()
            };
            for written in [document.indented(), document.compact()] {
                let read = roxmltree::Document::parse(&written).unwrap();
                let root = read.root_element();
                prop_assert_eq!(root.attribute("b"), Some(&*kept(&value)));
                let child = root.children().find(|node| node.is_element()).unwrap();
                prop_assert_eq!(child.text().unwrap_or_default(), kept(&text));
            }
        }
    }
}
