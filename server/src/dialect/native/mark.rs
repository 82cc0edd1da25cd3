//! A mark, and the result of a logout, as JSON. They are serialized directly, without a `Value`, since every logout
//! response and the feed consist of them. Members are in alphabetical order, as everywhere.

use std::net::IpAddr;

use exeunt_core::{By, Mark, UserId};
use serde::{Serialize, Serializer};

use crate::authority::logout::Logout;
use crate::time::text;

/// A mark.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    anchor: Named,
    by: Named,
    from: Option<IpAddr>,
    realm: Id,
    stamp: u64,
    via: &'a str,
    when: Option<Time>,
    why: &'static str,
}

/// A kind and an id.
#[derive(Serialize)]
pub(super) struct Named {
    id: Option<Id>,
    kind: &'static str,
}

/// The result of a logout.
#[derive(Serialize)]
pub(super) struct Ended<'a> {
    confirmed: AcknowledgementBody,
    found_alive: bool,
    mark: Shown<'a>,
    stamp: u64,
}

#[derive(Serialize)]
struct AcknowledgementBody {
    applied: bool,
    durable: bool,
    followers: u32,
}

/// The digits of an id.
struct Id([u8; 32]);

struct Time(jiff::Timestamp);

pub(super) fn mark(mark: &Mark) -> Shown<'_> {
    Shown {
        anchor: Named { id: Some(Id(UserId(mark.anchor.id()).digits())), kind: mark.anchor.kind() },
        by: by(mark.by),
        from: mark.from,
        realm: Id(mark.realm.digits()),
        stamp: mark.at.number(),
        via: mark.via.name(),
        when: text::utc(mark.when).map(Time),
        why: mark.why.word(),
    }
}

pub(super) fn by(by: By) -> Named {
    let (id, kind) = match by {
        By::System => (None, "system"),
        By::User(id) => (Some(id.digits()), "user"),
        By::Client(id) => (Some(id.digits()), "client"),
        By::Key(id) => (Some(id.digits()), "key"),
    };
    Named { id: id.map(Id), kind }
}

pub(super) fn ending(ending: &Logout) -> Ended<'_> {
    let confirmed = ending.confirmed;
    Ended {
        confirmed: AcknowledgementBody {
            applied: confirmed.applied,
            durable: confirmed.durable,
            followers: confirmed.followers,
        },
        found_alive: ending.found_alive,
        mark: mark(&ending.mark),
        stamp: ending.mark.at.number(),
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}
