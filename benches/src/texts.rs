//! Many texts of one length, stored contiguously: a million tokens take little more memory than their letters.

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

    /// The texts in an endless cycle, in an order unrelated to that of writing.
    pub(crate) fn shuffled(&self) -> impl Iterator<Item = &str> {
        // A step that is coprime to the count reaches all of them.
        let (count, step) = (self.len().max(1), 514_229);
        (0..count).cycle().map(move |number| self.get(number * step % count))
    }
}
