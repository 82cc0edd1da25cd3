//! Many texts of one length, close together: a million tokens take little more than their letters.

/// Texts of one length.
#[derive(Default)]
pub(crate) struct Texts {
    letters: String,
    each: usize,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.each = text.len();
        self.letters.push_str(text);
    }

    pub(crate) fn len(&self) -> usize {
        self.letters.len() / self.each.max(1)
    }

    /// The length of each, in bytes.
    pub(crate) fn each(&self) -> usize {
        self.each
    }

    pub(crate) fn get(&self, number: usize) -> &str {
        &self.letters[number * self.each..][..self.each]
    }

    /// Without end, in an order that has nothing to do with that of writing.
    pub(crate) fn shuffled(&self) -> impl Iterator<Item = &str> {
        // A step that shares no factor with the count meets all of them.
        let (count, step) = (self.len().max(1), 514_229);
        (0..count).cycle().map(move |number| self.get(number * step % count))
    }
}
