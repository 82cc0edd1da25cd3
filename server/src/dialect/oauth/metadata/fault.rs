//! What is wrong with the metadata of a client.

use crate::error::Error;

/// A fault of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataFault {
    /// The member.
    pub member: &'static str,
    /// Which value of a list, counted from 0.
    pub place: Option<usize>,
    /// The rule that it breaks, for the person who wrote it.
    pub text: String,
}

/// Every fault that was found, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataFaults {
    first: MetadataFault,
    others: Vec<MetadataFault>,
}

impl MetadataFault {
    /// A fault of a whole member.
    pub fn new(member: &'static str, text: impl Into<String>) -> Self {
        Self { member, place: None, text: text.into() }
    }
}

impl MetadataFaults {
    /// `None` if there are none.
    pub(super) fn of(all: Vec<MetadataFault>) -> Option<Self> {
        let mut all = all.into_iter();
        Some(Self { first: all.next()?, others: all.collect() })
    }

    /// The faults, in the order of the members.
    pub fn iter(&self) -> impl Iterator<Item = &MetadataFault> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<MetadataFault> for Error {
    fn from(fault: MetadataFault) -> Self {
        let place = fault.place.map_or(String::new(), |place| format!("[{place}]"));
        Self::malformed(fault.member, format!("{}{place}: {}", fault.member, fault.text))
    }
}

/// The first of them: an error names one member.
impl From<MetadataFaults> for Error {
    fn from(faults: MetadataFaults) -> Self {
        faults.first.into()
    }
}
