//! Ends sessions: raises marks.

use exeunt_core::{Anchor, Mark, Moment, Session, SessionId, Verdict, Why};

use super::ancestors;
use super::book::Ruling;
use super::choice::{by_itself, realm_of, session_id, spared};
use super::crowd::Crowd;
use super::room::{Decided, SeatsRead, knows};
use super::rows::{Rows, append, write};
use crate::error::{Error, Result};
use crate::store::{Others, Raise, RaiseOutcome, SessionBy, seen_at_most};

/// Raises a mark; a session that is not alive keeps the one that ended it.
pub fn raise<'a, R: Rows<'a>>(rows: &mut R, raise: &Raise) -> Result<RaiseOutcome> {
    let Anchor::Session(id) = raise.anchor else {
        let mark = append(rows, raise, raise.anchor, raise.why)?;
        return Ok(RaiseOutcome { mark, was: Verdict::Alive, durable: R::DURABLE });
    };
    if let Some((session, seen)) = &raise.known {
        return raise_session(rows, raise, session, *seen);
    }
    let kept = rows.session(SessionBy::Id(id))?.ok_or_else(|| Error::not_found("session"))?;
    let session = &kept.record.session;
    raise_session(rows, raise, session, seen_at_most(session, kept.seen, raise.when))
}

fn raise_session<'a, R: Rows<'a>>(
    rows: &mut R,
    raise: &Raise,
    session: &Session,
    seen: Moment,
) -> Result<RaiseOutcome> {
    let above = ancestors::judge(rows, session, raise.when)?;
    let (mark, was) = match rows.draft().raise_session(raise, session, seen, above) {
        Ruling::Raised { mark, was } => {
            write(rows, &mark)?;
            (mark, was)
        }
        Ruling::There(was) => (rows.first_mark(session)?.ok_or_else(|| Error::not_found("session"))?, was),
    };
    Ok(RaiseOutcome { mark, was, durable: R::DURABLE })
}

/// Ends a user's other sessions, and returns their marks.
pub fn raise_others<'a>(
    rows: &mut impl Rows<'a>,
    others: &Others,
    read: &SeatsRead,
) -> Result<Decided<Vec<Mark>>> {
    let Others { user, keep, raise } = others;
    let keep = rows.session(SessionBy::Id(*keep))?.map(|kept| kept.record.session);
    let Some(keep) = keep.filter(|session| session.user() == Some(*user)) else {
        return Err(Error::malformed("except", "the session to keep is not a session of this user"));
    };
    // Each of them must be known: no upper bound is enough here.
    if !knows(rows, *user, 0, read, raise.when)? {
        return Ok(Decided::Unread(vec![*user]));
    }
    let before = rows.draft().len();
    let (crowds, sight) = rows.crowds();
    // Newest first: a parent's mark would end its children before they got their own.
    let members = crowds.crowd(*user).map(Crowd::newest_first).unwrap_or_default();
    let alive = members.into_iter().filter(|it| sight.is_alive(&it.session, sight.seen(it), raise.when));
    let ending = alive.filter(|member| !spared(&keep, &member.session)).map(|member| member.session.id);
    for id in ending.collect::<Vec<_>>() {
        append(rows, raise, Anchor::Session(id), raise.why)?;
    }
    Ok(Decided::Done(rows.draft().since(before).to_vec()))
}

/// Raises `Why::Expired` on those of these sessions that have certainly expired, and returns the marks.
pub fn expire<'a>(rows: &mut impl Rows<'a>, sessions: &[SessionId], now: Moment) -> Result<Vec<Mark>> {
    let before = rows.draft().len();
    for id in sessions {
        let Some(kept) = rows.session(SessionBy::Id(*id))? else { continue };
        let session = &kept.record.session;
        let expired = rows.draft().verdict(session, kept.seen, now) == Verdict::Expired;
        // The mark of an ancestor is enough.
        let mut own = session.anchors.iter().filter(|anchor| session_id(**anchor).is_some());
        if expired && own.all(|anchor| rows.draft().latest(*anchor).is_none()) {
            let raise = by_itself(realm_of(session), Why::Expired, now);
            append(rows, &raise, Anchor::Session(*id), Why::Expired)?;
        }
    }
    Ok(rows.draft().since(before).to_vec())
}
