//! Issues sessions, and records when they were seen.

use exeunt_core::{Fingerprint, Verdict};

use super::ancestors;
use super::crowd::Member;
use super::room::{Decided, SeatsRead, knows, make_room};
use super::rows::{Rows, SessionRow};
use crate::error::{DeadReason, Error, Result};
use crate::store::{Issued, NewSession, Record, Seen};

/// Records a session, and ends others of its user where a limit says so. A child of a session that is dead is refused, and
/// so is a session of client credentials that would be dead itself: it must not get the one that there is.
pub fn issue<'a>(rows: &mut impl Rows<'a>, new: &NewSession, read: &SeatsRead) -> Result<Decided<Issued>> {
    let (before, session) = (rows.draft().len(), &new.record.session);
    let now = session.issued_at;
    if ancestors::judge(rows, session, now)? != Verdict::Alive {
        return Err(Error::dead(DeadReason::Unknown));
    }
    // A session that is dead already ends no other.
    let is_alive = rows.draft().judge(session, now, now) == Verdict::Alive;
    let sole = new.record.sole_key();
    if sole.is_some() && !is_alive {
        return Err(Error::dead(DeadReason::Unknown));
    }
    if let Some(there) = sole.map(|key| lasting(rows, key, new)).transpose()?.flatten() {
        return Ok(Decided::Done(there));
    }
    let user = session.user().filter(|_| is_alive);
    if let Some(user) = user {
        if !knows(rows, user, new.sessions_max, read, now)? {
            return Ok(Decided::Unread(vec![user]));
        }
        make_room(rows, session, user, new.sessions_max)?;
    }
    let row = rows.insert(&new.record)?;
    if let Some(key) = sole {
        rows.put_sole(key, row)?;
    }
    if let Some(user) = user {
        let (crowds, sight) = rows.crowds();
        crowds.add(user, Member { row, session: session.clone(), seen: now }, &sight);
    }
    rows.write_audit(new.audit.clone())?;
    Ok(Decided::Done(Issued { row, there: None, ended: rows.draft().since(before).to_vec() }))
}

/// The session that there is for the same client credentials, if it lives long enough.
fn lasting<'a>(rows: &mut impl Rows<'a>, key: Fingerprint, new: &NewSession) -> Result<Option<Issued>> {
    let now = new.record.session.issued_at;
    let kept = rows.sole(key)?.map(|row| rows.row(row)).transpose()?.flatten();
    Ok(kept.and_then(|SessionRow { row, record: Record { session, .. }, seen, .. }| {
        let until = now.plus_secs(new.left_secs.into());
        let lasts = rows.draft().verdict(&session, seen, now) == Verdict::Alive
            && rows.draft().judge(&session, now, until) == Verdict::Alive;
        lasts.then(|| Issued { row, there: Some(session.id), ended: Vec::new() })
    }))
}

/// Records when sessions were seen, if they are known and were alive then.
pub fn touch<'a>(rows: &mut impl Rows<'a>, all: &[Seen]) -> Result<()> {
    for Seen { session, row, at } in all {
        let Some(kept) = rows.row(*row)?.filter(|kept| kept.record.session.id == *session) else { continue };
        let is_alive = rows.draft().verdict(&kept.record.session, kept.seen, *at) == Verdict::Alive;
        if is_alive && kept.seen < *at {
            rows.touch(*row, *at)?;
            rows.crowds().0.seen(*session, *at);
        }
    }
    Ok(())
}
