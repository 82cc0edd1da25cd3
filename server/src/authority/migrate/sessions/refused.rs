//! Errors for sessions of another system that are refused, with what to check.

use exeunt_core::{Moment, Session};

use crate::error::{DeadReason, Error, Kind};
use crate::store::Over;
use crate::time::text::utc_or_last;

/// Its session here is over: a token can be adopted only once.
pub(super) fn over(over: Over) -> Error {
    match over {
        Over::RanOut(at) => ran_out_at(at),
        Over::Ended => conflict(
            "token",
            "this token was imported before, and its session was logged out here".to_owned(),
        ),
        Over::Forgotten => conflict(
            "token",
            "this token was imported before, and its session here has ended and was deleted".to_owned(),
        ),
    }
}

/// It expired here, after it was adopted.
pub(super) fn ran_out(expires_at: Option<Moment>, now: Moment) -> Error {
    ran_out_at(expires_at.unwrap_or(now).min(now))
}

fn ran_out_at(at: Moment) -> Error {
    dead(format!("this token was imported before, and its session expired here at {}", utc_or_last(at)))
}

/// It had already expired there; says by which limit.
pub(super) fn expired(session: &Session, seen: Moment) -> Error {
    let absolute = Session { idle_secs: 0, ..session.clone() }.deadline(seen);
    dead(match absolute {
        Some(over) if session.deadline(seen) == absolute => format!(
            "the session has expired: it was issued at {} and expired at {} (expires_at or absolute_secs)",
            utc_or_last(session.issued_at),
            utc_or_last(over)
        ),
        _ => format!(
            "the session has expired: it was last seen at {} (last_seen_at, else issued_at), and idle_secs \
             is {}",
            utc_or_last(seen),
            session.idle_secs
        ),
    })
}

/// Its expiry is not after its issue.
pub(super) fn over_at_once() -> Error {
    dead(
        "the session has expired: its expires_at is not after its issued_at (else last_seen_at, else now)"
            .to_owned(),
    )
}

/// It would live longer than allowed; only sessions without an end may.
pub(super) fn too_far(at: Moment) -> Error {
    let text = format!(
        "expires_at is {}; expected at most ten years after issued_at (else last_seen_at, else now); for a \
         session that never expires give 9999-12-31T23:59:59Z, or absolute_secs 0",
        utc_or_last(at)
    );
    Error::malformed("expires_at", text)
}

/// The user has too many sessions, and none is ended to make room.
pub(super) fn crowded(max: u32) -> Error {
    conflict(
        "user",
        format!("the user already has {max} live sessions, the most that the client allows (max_sessions)"),
    )
}

fn dead(text: String) -> Error {
    Error::new(Kind::Dead(DeadReason::Expired), text)
}

fn conflict(field: &'static str, text: String) -> Error {
    Error::new(Kind::Conflict(field), text)
}
