//! The list of all dialects: no other place names them all.

use super::{Dialect, native, rested, runsignup, videntity};

/// Every dialect of this server, in the order in which the router asks them for a path.
pub const ALL: &[&Dialect] = &[&native::DIALECT, &videntity::DIALECT, &runsignup::DIALECT, &rested::DIALECT];

/// The names of the dialects, in the same order.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|dialect| dialect.name.name()).collect()
}

/// The dialect of this name.
pub fn named(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name.name() == name).copied()
}
