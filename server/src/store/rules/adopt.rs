//! Records live sessions of another system.

use exeunt_core::{Fingerprint, Moment, Verdict};

use super::crowd::Member;
use super::room::{Decided, Seats, SeatsRead, knows, seat};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::store::{Adopted, Adoption, AuditEntry, Over, SessionBy};

/// Records all of them that may be, and returns the outcome of each. `audit` is written if any is recorded.
pub fn adopt<'a>(
    rows: &mut impl Rows<'a>,
    all: &[Adopted],
    read: &SeatsRead,
    now: Moment,
    audit: Option<&AuditEntry>,
) -> Result<Decided<Vec<Adoption>>> {
    let mut unread = Vec::new();
    for Adopted { record, sessions_max, .. } in all {
        if let Some(user) = record.session.user()
            && !unread.contains(&user)
            && !knows(rows, user, *sessions_max, read, now)?
        {
            unread.push(user);
        }
    }
    if !unread.is_empty() {
        return Ok(Decided::Unread(unread));
    }
    let outcomes = all.iter().map(|adopted| adopt_one(rows, adopted, read, now));
    let outcomes = outcomes.collect::<Result<Vec<_>>>()?;
    let is_recorded = |outcome: &Adoption| matches!(outcome, Adoption::Recorded(_));
    rows.write_audit(audit.filter(|_| outcomes.iter().any(is_recorded)).cloned())?;
    Ok(Decided::Done(outcomes))
}

fn adopt_one<'a>(
    rows: &mut impl Rows<'a>,
    adopted: &Adopted,
    read: &SeatsRead,
    now: Moment,
) -> Result<Adoption> {
    let Adopted { record, seen, sessions_max } = adopted;
    let session = &record.session;
    let token =
        record.token.ok_or_else(|| Error::malformed("token", "a session of another system has a token"))?;
    if let Some(known) = known(rows, token, now)? {
        return Ok(known);
    }
    if rows.draft().judge(session, *seen, now) != Verdict::Alive {
        return Ok(Adoption::Dead);
    }
    let user = session.user();
    if let Some(user) = user {
        // Earlier sessions in the list have used up the room.
        if !knows(rows, user, *sessions_max, read, now)? {
            seat(rows, user, &Seats::default(), now)?;
        }
        let (crowds, sight) = rows.crowds();
        if !crowds.has_room(user, session.client(), *sessions_max, now, &sight) {
            return Ok(Adoption::Crowded);
        }
    }
    let row = rows.insert(record)?;
    rows.insert_adopted(row, token, *seen)?;
    if let Some(user) = user {
        let (crowds, sight) = rows.crowds();
        crowds.add(user, Member { row, session: session.clone(), seen: *seen }, &sight);
    }
    Ok(Adoption::Recorded(row))
}

/// The outcome for a known token; `None`: it is unknown.
fn known<'a>(rows: &mut impl Rows<'a>, token: Fingerprint, now: Moment) -> Result<Option<Adoption>> {
    if let Some(kept) = rows.session(SessionBy::Token(token))? {
        let session = &kept.record.session;
        let verdict = rows.draft().verdict(session, kept.seen, now);
        return Ok(Some(Adoption::recorded(session, kept.seen, verdict, now)));
    }
    Ok(rows.was_adopted(token)?.then_some(Adoption::Over(Over::Forgotten)))
}
