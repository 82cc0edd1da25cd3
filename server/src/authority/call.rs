//! The circumstances of a call: when, who, from where, in which dialect.

use std::fmt::Display;
use std::net::IpAddr;

use exeunt_core::{Anchor, By, DialectName, Moment, RealmId, Why};

use crate::authority::Mint;
use crate::env::Env;
use crate::store::{AuditEntry, Raise};

/// The dialect name for what the server does itself.
pub const SERVER: DialectName = DialectName::new("server");

/// Who makes a call, when, from where and in which dialect; and the randomness that it may draw.
pub struct Call {
    /// The one time of this call.
    pub now: Moment,
    /// The caller's address.
    pub from: Option<IpAddr>,
    /// The dialect of the request.
    pub via: DialectName,
    /// The caller.
    pub by: By,
    /// The randomness of this call.
    pub mint: Mint,
}

impl Call {
    /// A call of the server itself, now.
    pub fn of_server(env: &Env) -> Self {
        Self { now: env.now(), from: None, via: SERVER, by: By::System, mint: Mint::new(env.entropy()) }
    }

    /// The mark to raise for this call on an anchor.
    pub fn raise(&self, anchor: Anchor, realm: RealmId, why: Why) -> Raise {
        Raise { anchor, realm, why, by: self.by, via: self.via, from: self.from, when: self.now, known: None }
    }

    /// The line of the audit trail for this call.
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
