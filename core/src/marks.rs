//! The marks in force: the latest stamp of each anchor. A value, not a service.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::{Anchor, Mark, Stamp, Why};

/// Any odd number with its bits well mixed: 2^64 divided by the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What [`judge`](crate::judge) needs of an anchor's latest mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The mark's stamp.
    pub at: Stamp,
    /// It only records that a session had expired.
    pub expiry: bool,
}

/// The latest mark of each anchor.
///
/// Raising is commutative, associative and idempotent: a cache may receive marks twice or out of order and still agrees
/// with every other cache. It must only never miss one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(HashMap<Anchor, Raised, BuildHasherDefault<Fold>>);

/// A hasher for ids. Ids are random bytes that we make ourselves, so folding them spreads them as well as a hash that
/// resists chosen keys, in a fraction of the time; and judging looks up one anchor after the other.
#[derive(Default)]
struct Fold(u64);

impl Marks {
    /// No mark at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies a mark: the later of the two stays.
    pub fn raise(&mut self, mark: &Mark) {
        let raised = Raised { at: mark.at, expiry: mark.why == Why::Expired };
        let entry = self.0.entry(mark.anchor).or_insert(raised);
        if entry.at < raised.at {
            *entry = raised;
        }
    }

    /// Applies all marks of another set.
    pub fn join(&mut self, other: &Self) {
        for (anchor, raised) in &other.0 {
            let entry = self.0.entry(*anchor).or_insert(*raised);
            if entry.at < raised.at {
                *entry = *raised;
            }
        }
    }

    /// The marks on these anchors: enough to judge a session that has no other anchors.
    #[must_use]
    pub fn of(&self, anchors: &[Anchor]) -> Self {
        Self(anchors.iter().filter_map(|anchor| Some((*anchor, self.latest(*anchor)?))).collect())
    }

    /// The latest mark of this anchor.
    pub fn latest(&self, anchor: Anchor) -> Option<Raised> {
        self.0.get(&anchor).copied()
    }

    /// Drops the mark of an anchor. Only for anchors that no recorded session has any more.
    pub fn forget(&mut self, anchor: Anchor) {
        self.0.remove(&anchor);
    }

    /// How many anchors have a mark.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no anchor has a mark.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(ODD);
        }
    }

    /// The table uses the highest and the lowest bits, and the highest bits of a product are the best mixed.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

impl<'a> FromIterator<&'a Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = &'a Mark>>(all: I) -> Self {
        let mut marks = Self::new();
        all.into_iter().for_each(|mark| marks.raise(mark));
        marks
    }
}
