//! Whether a user has room for one more session, and which sessions to end for it. A transaction reads few rows for
//! that: where there are many, they are read before it.

use std::collections::HashMap;

use exeunt_core::{Anchor, Moment, Session, UserId, Why};

use super::choice::{by_itself, realm_of};
use super::crowd::{Crowd, Member};
use super::rows::{Rows, append};
use crate::error::{Error, Result};
use crate::store::USER_SESSIONS_MAX;

/// The sessions of a user as they were read before a transaction.
#[derive(Clone, Debug, Default)]
pub struct Seats {
    /// Those that may be alive.
    pub members: Vec<Member>,
    /// The user's last row at that time.
    pub upto: u64,
}

/// The sessions of the users whose sessions were read before a transaction.
pub type SeatsRead = HashMap<UserId, Seats>;

/// The result of a transaction that may need to know all live sessions of some users.
#[derive(Debug)]
pub enum Decided<T> {
    /// It is done.
    Done(T),
    /// Nothing was written: the sessions of these users have to be read first, outside of any transaction.
    Unread(Vec<UserId>),
}

impl<T> Decided<T> {
    /// The result where every session may be read in the transaction.
    ///
    /// # Errors
    /// `Internal` where some have to be read first.
    pub fn done(self) -> Result<T> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Unread(_) => Err(Error::internal("the sessions of a user have to be read first")),
        }
    }
}

/// Makes sure that enough is known of a user to record one more session, with the limit `max`. `false`: its sessions
/// have to be read first.
pub(super) fn knows<'a, R: Rows<'a>>(
    rows: &mut R,
    user: UserId,
    max: u32,
    read: &SeatsRead,
    now: Moment,
) -> Result<bool> {
    let max = max.min(USER_SESSIONS_MAX);
    let (crowds, _) = rows.crowds();
    if crowds.crowd(user).is_some() || crowds.at_most(user).is_some_and(|count| count < max) {
        return Ok(true);
    }
    if let Some(seats) = read.get(&user) {
        return seat(rows, user, seats, now).map(|()| true);
    }
    let recorded = rows.count(user, max.max(R::READ_MAX.saturating_add(1)))?;
    if recorded < max {
        rows.crowds().0.set_at_most(user, recorded);
    } else if recorded <= R::READ_MAX {
        seat(rows, user, &Seats::default(), now)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Learns the live sessions of a user: those that were read, and newer ones.
pub(super) fn seat<'a>(rows: &mut impl Rows<'a>, user: UserId, seats: &Seats, now: Moment) -> Result<()> {
    let newer = rows.under(user, seats.upto)?;
    let newer = newer.into_iter().map(|it| Member { row: it.row, session: it.record.session, seen: it.seen });
    let (crowds, sight) = rows.crowds();
    let mut crowd = Crowd::default();
    for member in seats.members.iter().cloned().chain(newer) {
        // A child of this user's session may be another user's.
        let is_own = member.session.user() == Some(user);
        if is_own && sight.is_alive(&member.session, sight.seen(&member), now) {
            crowd.insert(member, &sight);
        }
    }
    crowds.put(user, crowd);
    Ok(())
}

/// Ends sessions to make room for a new one.
pub(super) fn make_room<'a>(rows: &mut impl Rows<'a>, new: &Session, user: UserId, max: u32) -> Result<()> {
    let (crowds, sight) = rows.crowds();
    let going = crowds.make_room(user, new, max, &sight);
    let raise = by_itself(realm_of(new), Why::Limit, new.issued_at);
    for id in going {
        append(rows, &raise, Anchor::Session(id), Why::Limit)?;
    }
    Ok(())
}
