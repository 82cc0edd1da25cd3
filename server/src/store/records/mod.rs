//! The stored records, as plain values; one file per noun.

mod adopt;
mod audit;
mod client;
mod consent;
mod grant;
mod key;
mod mark;
mod realm;
mod session;
mod settings;
mod usage;
mod user;
mod written;

pub use adopt::{Adopted, Adoption, Over};
pub use audit::{AuditEntry, AuditPlace, Cut, Trail};
pub use client::Client;
pub use consent::{Consent, SecretChange, WrappedKey};
pub use grant::{Generation, Grant, GrantKind, Proof, Successor, Turn, Turned};
pub use key::{Key, Role};
pub use mark::{Incarnation, MarkPage, Others, Position, Raise, RaiseOutcome, SessionMarks};
pub use realm::{Realm, Usernames};
pub use session::{
    FLUSH_SECS, Found, Issued, List, NewSession, Record, Seen, SessionBy, SessionPage, Swept, seen_at_most,
    touch_lag_secs,
};
pub use settings::Settings;
pub use usage::Usage;
pub use user::{Identifier, PasswordHash, Saved, User};
pub use written::WrittenBy;
