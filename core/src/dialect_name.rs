//! The name of a dialect, or of a part of the server that acts on its own.

use std::fmt;

/// The name of a dialect: at most 12 bytes of ASCII, kept inline because every live session holds one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialectName([u8; Self::BYTES_MAX]);

impl DialectName {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 12;

    /// The dialect of this name. A name longer than [`DialectName::BYTES_MAX`] is cut, so names must differ before
    /// that.
    pub const fn new(name: &str) -> Self {
        let mut bytes = [0; Self::BYTES_MAX];
        let mut at = 0;
        while at < name.len() && at < Self::BYTES_MAX {
            bytes[at] = name.as_bytes()[at];
            at += 1;
        }
        Self(bytes)
    }

    /// The name.
    pub fn name(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::BYTES_MAX);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Display for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DialectName({})", self.name())
    }
}
