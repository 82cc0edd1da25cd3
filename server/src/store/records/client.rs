//! A stored client.

use exeunt_core::{ClientId, DialectName, Moment, RealmId};

use super::Settings;

/// An application that uses sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its id, for programs.
    pub id: ClientId,
    /// The realm that it belongs to.
    pub realm: RealmId,
    /// Its name, for people; unique in the realm.
    pub name: String,
    /// The dialect that it uses.
    pub dialect: DialectName,
    /// Created with the realm, and never removed.
    pub builtin: bool,
    /// Seconds after which an unseen session expires; 0: never.
    pub idle_secs: u32,
    /// Seconds after which a session expires in any case; 0: never.
    pub absolute_secs: u32,
    /// How many live sessions one user may have.
    pub sessions_max: u32,
    /// What its dialect keeps of it.
    pub settings: Settings,
    /// It is removed; only the id remains.
    pub removed: bool,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// How often it was written; 0: never.
    pub version: u64,
}
