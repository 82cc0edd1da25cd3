//! The circumstances of a call: when, by whom, from where, through which door.

use std::fmt::Display;
use std::net::IpAddr;

use exeunt_core::{Anchor, By, DialectName, Moment, RealmId, Why};

use crate::authority::Mint;
use crate::store::{AuditEntry, Raise};

/// Who asks for something, when, from where and through which door; and the randomness that the call may draw.
pub struct Call {
    /// The one time of this call.
    pub now: Moment,
    /// The caller's address.
    pub from: Option<IpAddr>,
    /// The door it came through.
    pub via: DialectName,
    /// Who asks.
    pub by: By,
    /// The randomness of this call.
    pub mint: Mint,
}

impl Call {
    /// The mark that this call raises on an anchor.
    pub fn raise(&self, anchor: Anchor, realm: RealmId, why: Why) -> Raise {
        Raise { anchor, realm, why, by: self.by, via: self.via, from: self.from, when: self.now, known: None }
    }

    /// The line of the audit trail that this call leaves.
    pub fn audit(&self, realm: Option<RealmId>, what: &str, subject: &dyn Display) -> AuditEntry {
        AuditEntry {
            place: 0,
            when: self.now,
            realm,
            by: self.by,
            via: self.via,
            from: self.from,
            what: what.to_owned(),
            subject: subject.to_string(),
        }
    }
}
