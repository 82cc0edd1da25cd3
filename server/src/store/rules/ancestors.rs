//! Judges the ancestors of a session.

use exeunt_core::{Moment, Session, Verdict};

use super::rows::Rows;
use crate::error::Result;
use crate::store::SessionBy;

/// The joined verdict of a session's ancestors. One that is not recorded any more has been dead for long.
pub(super) fn judge<'a>(rows: &mut impl Rows<'a>, session: &Session, now: Moment) -> Result<Verdict> {
    let mut verdict = Verdict::Alive;
    for id in session.ancestors() {
        verdict = verdict.and(match rows.session(SessionBy::Id(id))? {
            Some(kept) => rows.draft().verdict(&kept.record.session, kept.seen, now),
            None => Verdict::Expired,
        });
    }
    Ok(verdict)
}
