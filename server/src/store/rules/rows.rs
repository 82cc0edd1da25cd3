//! What a store gives the decisions: the rows of one transaction.

use exeunt_core::{Anchor, Fingerprint, Mark, Moment, Session, SessionId, UserId, Why};

use super::book::Draft;
use super::crowds::Crowds;
use super::sight::Sight;
use crate::error::Result;
use crate::store::{AuditEntry, Generation, Raise, Record, SessionBy};

/// A recorded session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its row in the order of issue.
    pub row: u64,
    /// The session.
    pub record: Record,
    /// When it was last seen.
    pub seen: Moment,
    /// The last use of a token of it that has generations.
    pub generation: Option<Generation>,
}

/// The rows of one transaction. If a call fails, the transaction is rolled back, its marks included.
pub trait Rows<'a> {
    /// Whether what is committed survives a power cut.
    const DURABLE: bool;
    /// If a user has more recorded sessions than this, they are read before a transaction, not in it.
    const READ_MAX: u32;

    /// The marks of this transaction, and those before it.
    fn draft(&mut self) -> &mut Draft<'a>;

    /// What is known of the live sessions of users, and what judges them. A store may keep it between transactions, as
    /// long as no other one writes.
    fn crowds(&mut self) -> (&mut Crowds, Sight<'_>);

    /// One recorded session, with all touches that are committed.
    fn session(&mut self, by: SessionBy) -> Result<Option<SessionRow>>;

    /// The recorded session with this row, as [`Rows::session`].
    fn row(&mut self, row: u64) -> Result<Option<SessionRow>>;

    /// Whether a session with this id is recorded.
    fn is_recorded(&mut self, id: SessionId) -> Result<bool>;

    /// The recorded sessions of a user with a greater row, in any order.
    fn under(&mut self, user: UserId, after: u64) -> Result<Vec<SessionRow>>;

    /// How many sessions of a user are recorded, dead or alive; counts up to `max`.
    fn count(&mut self, user: UserId, max: u32) -> Result<u32>;

    /// The earliest mark above a session's stamp on any of its anchors.
    fn first_mark(&mut self, session: &Session) -> Result<Option<Mark>>;

    /// Whether a session with this token was ever adopted.
    fn was_adopted(&mut self, token: Fingerprint) -> Result<bool>;

    /// Records a session, last seen when it was issued, and returns its row. `Conflict("session")` if its id or its
    /// token is recorded already.
    fn insert(&mut self, record: &Record) -> Result<u64>;

    /// Records for good that the session with this row was adopted and when it was last seen.
    fn insert_adopted(&mut self, row: u64, token: Fingerprint, seen: Moment) -> Result<()>;

    /// Records that a session was seen.
    fn touch(&mut self, row: u64, at: Moment) -> Result<()>;

    /// Records the last use of a session's token, in place of the one before.
    fn put_generation(&mut self, row: u64, generation: &Generation) -> Result<()>;

    /// The row of the last session that was recorded for these client credentials.
    fn sole(&mut self, key: Fingerprint) -> Result<Option<u64>>;

    /// Makes the session with this row the last one for these client credentials.
    fn put_sole(&mut self, key: Fingerprint, row: u64) -> Result<()>;

    /// Adds a mark to the log.
    fn write(&mut self, mark: &Mark) -> Result<()>;

    /// Adds a line to the trail, if there is one.
    fn write_audit(&mut self, entry: Option<AuditEntry>) -> Result<()>;
}

/// Writes a mark that the draft has raised.
pub(super) fn write<'a>(rows: &mut impl Rows<'a>, mark: &Mark) -> Result<()> {
    rows.write(mark)?;
    if let Anchor::Session(id) = mark.anchor {
        rows.crowds().0.ended(id);
    }
    Ok(())
}

/// Raises a mark unconditionally.
pub(super) fn append<'a>(rows: &mut impl Rows<'a>, raise: &Raise, anchor: Anchor, why: Why) -> Result<Mark> {
    let mark = rows.draft().append(raise, anchor, why);
    write(rows, &mark)?;
    Ok(mark)
}
