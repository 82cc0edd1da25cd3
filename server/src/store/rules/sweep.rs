//! Forgets the dead, in small steps.

use exeunt_core::{Mark, Moment, SessionId, Verdict};

use super::choice::{died_at, session_id};
use super::round::Round;
use super::rows::{Rows, SessionRow};
use crate::error::Result;
use crate::store::{Swept, WrittenBy};

/// How far a store has forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The first stamp in the log.
    pub log_start: u64,
    /// Sessions' own marks with this stamp or a later one are in force.
    pub own_start: u64,
    /// The round that is not finished.
    pub round: Option<Round>,
    /// The lines written while the wall clock was ahead.
    pub written: WrittenBy,
}

impl Default for Progress {
    /// Nothing is forgotten.
    fn default() -> Self {
        Self { log_start: 1, own_start: 1, round: None, written: WrittenBy::default() }
    }
}

/// The rows that a sweep reads and deletes.
pub trait OldRows<'a>: Rows<'a> {
    /// How far the store has forgotten.
    fn progress(&self) -> Progress;

    /// Records how far the store has forgotten: both starts for good, and the round in memory.
    fn set_progress(&mut self, progress: Progress) -> Result<()>;

    /// Moves at most `max` touches to the rows of their sessions, if they are kept apart. Returns how many.
    fn fold(&mut self, max: u32) -> Result<u32>;

    /// Recorded sessions with a greater row, in order, with all touches that are committed.
    fn after(&mut self, row: u64, max: u32) -> Result<Vec<SessionRow>>;

    /// Marks with a stamp from `from` on and before `to`, in order, also if their session is forgotten.
    fn marks(&mut self, from: u64, to: u64, max: u32) -> Result<Vec<Mark>>;

    /// Deletes a session. Its row number is never given again.
    fn delete_session(&mut self, kept: &SessionRow) -> Result<()>;

    /// Takes a session's own mark out of force once the transaction has committed.
    fn forget(&mut self, session: SessionId);

    /// Deletes the marks on this mark's anchor that are earlier than it.
    fn delete_earlier(&mut self, mark: &Mark) -> Result<()>;

    /// Deletes a mark.
    fn delete_mark(&mut self, mark: &Mark) -> Result<()>;

    /// Deletes the oldest lines of the trail that were written before `horizon`. Returns how many.
    fn delete_audit(&mut self, horizon: Moment, max: u32) -> Result<u32>;
}

/// One step of at most `budget` rows: forgets sessions dead for longer than `keep_secs`, and log entries older than
/// `log_secs`.
pub fn sweep<'a>(
    rows: &mut impl OldRows<'a>,
    now: Moment,
    keep_secs: u64,
    log_secs: u64,
    budget: u32,
) -> Result<Swept> {
    let (mut progress, mut swept) = (rows.progress(), Swept::default());
    let mut round = progress.round.take().unwrap_or_default();
    round.step(now, keep_secs, rows.draft().last());
    let mut left = budget.max(1);
    left = left.saturating_sub(rows.fold(left)?);
    if left > 0 && !round.sessions_done {
        let looked_at = rows.after(round.after, left)?;
        round.sessions_done = count(&looked_at) < left;
        round.after = looked_at.last().map_or(round.after, |kept| kept.row);
        left = left.saturating_sub(count(&looked_at));
        for kept in &looked_at {
            if is_over(rows, &progress, kept, now, keep_secs)? {
                rows.delete_session(kept)?;
                swept.sessions += 1;
            }
        }
    }
    if round.sessions_done {
        left = left.saturating_sub(forget_own(rows, &mut progress, &round, left)?);
        let log_horizon = now.minus_secs(log_secs);
        swept.marks = drop_marks(rows, &mut progress, round.horizon().min(log_horizon), left)?;
        left = left.saturating_sub(swept.marks);
        left = left.saturating_sub(rows.delete_audit(log_horizon, left)?);
    }
    swept.more = left == 0;
    progress.round = swept.more.then_some(round);
    rows.set_progress(progress)?;
    Ok(swept)
}

/// Whether a session has been dead for longer than `keep_secs`.
fn is_over<'a>(
    rows: &mut impl OldRows<'a>,
    progress: &Progress,
    kept: &SessionRow,
    now: Moment,
    keep_secs: u64,
) -> Result<bool> {
    let session = &kept.record.session;
    if rows.draft().verdict(session, kept.seen, now) == Verdict::Alive {
        return Ok(false);
    }
    let first = rows.first_mark(session)?.map(|mark| progress.written.dated(mark));
    let died = died_at(session, kept.seen, first.as_ref(), now);
    Ok(died.is_some_and(|died| died < now.minus_secs(keep_secs)))
}

/// Takes sessions' own marks out of force: no recorded session has these anchors any more. Returns how many.
fn forget_own<'a>(
    rows: &mut impl OldRows<'a>,
    progress: &mut Progress,
    round: &Round,
    max: u32,
) -> Result<u32> {
    let old = older(rows, progress, (progress.own_start, u64::MAX), round.horizon(), max)?;
    let mut forgotten = 0;
    for mark in old.iter().take_while(|mark| round.outlived(mark)) {
        if let Some(id) = session_id(mark.anchor) {
            if rows.is_recorded(id)? {
                break;
            }
            rows.forget(id);
        }
        progress.own_start = mark.at.next().number();
        forgotten += 1;
    }
    Ok(forgotten)
}

/// Drops the beginning of the log. A mark in force stays, outside the log. Returns how many were dropped.
fn drop_marks<'a>(
    rows: &mut impl OldRows<'a>,
    progress: &mut Progress,
    horizon: Moment,
    max: u32,
) -> Result<u32> {
    let old = older(rows, progress, (progress.log_start, progress.own_start), horizon, max)?;
    for mark in &old {
        let is_own = session_id(mark.anchor).is_some();
        if !is_own {
            rows.delete_earlier(mark)?;
        }
        if is_own || rows.draft().latest(mark.anchor) != Some(mark.at) {
            rows.delete_mark(mark)?;
        }
        progress.log_start = mark.at.next().number();
    }
    Ok(count(&old))
}

/// Marks with these stamps, up to the first that is not from before the horizon.
fn older<'a>(
    rows: &mut impl OldRows<'a>,
    progress: &Progress,
    (from, to): (u64, u64),
    horizon: Moment,
    max: u32,
) -> Result<Vec<Mark>> {
    let marks = rows.marks(from, to, max)?.into_iter().map(|mark| progress.written.dated(mark));
    Ok(marks.take_while(|mark| mark.when < horizon).collect())
}

fn count<T>(all: &[T]) -> u32 {
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}
