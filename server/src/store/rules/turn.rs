//! Decides what becomes of a refresh token or a browser's cookie that is presented to get the next one.
//!
//! | the session | the generation | |
//! |---|---|---|
//! | is dead | any | `Dead` |
//! | is another client's | any | an error; nothing ends |
//! | alive | greater than the highest used | `Next` |
//! | alive | the highest used, a moment ago, with the same key | `Again`: the same successor |
//! | alive | that too, the third in a row from two addresses | `Reused` |
//! | alive | the highest used, later or with another key; an older one | `Reused` |

use exeunt_core::{Anchor, Verdict};

use super::rows::{Rows, SessionRow};
use super::{ancestors, end};
use crate::error::{DeadReason, Error, Result};
use crate::store::{Generation, Raise, SessionBy, Successor, Turn, Turned};

/// After this many generations in a row that were each presented from two addresses, two parties have the tokens.
pub const DOUBLED_MAX: u8 = 3;

/// Turns a generation. Only this changes what is used, and it never goes down.
pub fn turn<'a>(rows: &mut impl Rows<'a>, turn: &Turn) -> Result<Turned> {
    let now = turn.raise.when;
    // A session that is not recorded any more has been dead for long.
    let Some(kept) = rows.session(SessionBy::Id(turn.session))? else {
        return Ok(Turned::Dead(Verdict::Expired));
    };
    let session = &kept.record.session;
    let verdict = rows.draft().verdict(session, kept.seen, now).and(ancestors::judge(rows, session, now)?);
    if verdict != Verdict::Alive {
        return Ok(Turned::Dead(verdict));
    }
    if session.client() != Some(turn.client) {
        return Err(Error::dead(DeadReason::Unknown));
    }
    match &kept.generation {
        Some(used) if turn.generation < used.number => reused(rows, turn),
        Some(used) if turn.generation == used.number => again(rows, turn, &kept, used),
        used => next(rows, turn, &kept, used.as_ref()),
    }
}

/// The generation is used for the first time.
fn next<'a>(
    rows: &mut impl Rows<'a>,
    turn: &Turn,
    kept: &SessionRow,
    before: Option<&Generation>,
) -> Result<Turned> {
    let used = Generation {
        number: turn.generation,
        at: turn.raise.when,
        from: turn.raise.from,
        sealed_with: turn.seal_with,
        thumbprint: turn.thumbprint,
        doubled: before.filter(|before| before.is_doubled).map_or(0, |before| before.doubled),
        is_doubled: false,
        proof: turn.proof.clone().or_else(|| before.and_then(|before| before.proof.clone())),
    };
    let successor = successor(&used)?;
    rows.put_generation(kept.row, &used)?;
    Ok(Turned::Next(successor))
}

/// The generation was used before.
fn again<'a>(rows: &mut impl Rows<'a>, turn: &Turn, kept: &SessionRow, used: &Generation) -> Result<Turned> {
    let when = turn.raise.when;
    // Either may be the earlier one: the clock may have been set back.
    let apart = when.millis_since(used.at).max(used.at.millis_since(when));
    if apart >= u64::from(turn.again_secs) * 1000 || turn.thumbprint != used.thumbprint {
        return reused(rows, turn);
    }
    let addresses = used.from.zip(turn.raise.from);
    if !used.is_doubled && addresses.is_some_and(|(first, second)| first != second) {
        let doubled = used.doubled.saturating_add(1);
        if doubled >= DOUBLED_MAX {
            return reused(rows, turn);
        }
        rows.put_generation(kept.row, &Generation { doubled, is_doubled: true, ..used.clone() })?;
    }
    Ok(Turned::Again(successor(used)?))
}

/// Ends the session, if reuse ends it.
fn reused<'a>(rows: &mut impl Rows<'a>, turn: &Turn) -> Result<Turned> {
    if !turn.ends_reuse {
        return Err(Error::dead(DeadReason::Unknown));
    }
    let raise = Raise { anchor: Anchor::Session(turn.session), known: None, ..turn.raise.clone() };
    Ok(Turned::Reused(end::raise(rows, &raise)?))
}

fn successor(used: &Generation) -> Result<Successor> {
    used.successor().ok_or_else(|| Error::dead(DeadReason::Unknown))
}
