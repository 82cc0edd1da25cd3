//! The rule of Exeunt, and nothing else.
//!
//! > A session is alive if and only if it has not expired and no anchor that it hangs from has a mark later than
//! > its stamp.
//!
//! Start with [`session`]: reading it is understanding the product. Everything here is a plain value; there is no
//! I/O, no clock and no randomness, so a program that embeds this crate judges exactly as the server does.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod anchor;
pub mod dialect_name;
pub mod id;
pub mod mark;
pub mod marks;
pub mod moment;
pub mod session;
pub mod stamp;
pub mod token;

pub use anchor::Anchor;
pub use dialect_name::DialectName;
pub use id::{ClientId, ConsentId, KeyId, RealmId, SessionId, UserId};
pub use mark::{By, Mark, Why};
pub use marks::{Marks, Raised};
pub use moment::Moment;
pub use session::{Anchors, CHAIN_MAX, NoChild, Session, Verdict, floor, judge};
pub use stamp::Stamp;
pub use token::{Fingerprint, Token};
