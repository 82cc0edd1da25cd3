//! Licence expressions: `MIT OR (Apache-2.0 AND Zlib)`, `Apache-2.0 WITH LLVM-exception`, and the old `MIT/Zlib`.

/// Whether an expression can be met with these licences alone.
pub(crate) fn is_met(expression: &str, allowed: &[String]) -> bool {
    let words = words(expression);
    let mut reader = Reader { words: &words, allowed };
    let met = reader.either();
    met && reader.words.is_empty()
}

/// The licences that an expression names, in order.
pub(crate) fn licences(expression: &str) -> Vec<String> {
    words(expression).into_iter().filter(|word| !matches!(word.as_str(), "(" | ")" | "OR" | "AND")).collect()
}

struct Reader<'a> {
    words: &'a [String],
    allowed: &'a [String],
}

impl Reader<'_> {
    fn either(&mut self) -> bool {
        let mut met = self.both();
        while self.took("OR") {
            met |= self.both();
        }
        met
    }

    fn both(&mut self) -> bool {
        let mut met = self.one();
        while self.took("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.took("(") {
            let met = self.either();
            return self.took(")") && met;
        }
        let Some((licence, rest)) = self.words.split_first() else { return false };
        self.words = rest;
        self.allowed.contains(licence)
    }

    fn took(&mut self, word: &str) -> bool {
        let found = self.words.first().is_some_and(|first| first == word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }
}

/// The words of an expression; a licence and its exception are one word.
fn words(expression: &str) -> Vec<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<String> = Vec::new();
    let mut pieces = spaced.split_whitespace();
    while let Some(piece) = pieces.next() {
        match (piece, words.last_mut()) {
            ("WITH", Some(licence)) => {
                *licence = format!("{licence} WITH {}", pieces.next().unwrap_or_default())
            }
            _ => words.push(piece.to_owned()),
        }
    }
    words
}

#[test]
fn expressions_are_met_as_the_standard_says() {
    let allowed = ["MIT".to_owned(), "Zlib".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    let met = |expression| is_met(expression, &allowed);
    assert!(met("MIT") && met("GPL-3.0 OR MIT") && met("GPL-3.0/MIT") && met("(MIT OR GPL-3.0) AND Zlib"));
    assert!(met("GPL-3.0 OR Apache-2.0 WITH LLVM-exception"));
    assert!(!met("GPL-3.0") && !met("MIT AND GPL-3.0") && !met("Apache-2.0") && !met("") && !met("(MIT"));
    assert_eq!(licences("(MIT OR Apache-2.0) AND Zlib"), ["MIT", "Apache-2.0", "Zlib"]);
}
