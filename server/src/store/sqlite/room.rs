//! Whether a user has room for one more session, and which sessions to end for it. The writer reads few rows for that:
//! where there are many, a reader thread has read them before.

use exeunt_core::{Anchor, Moment, Session, UserId, Verdict, Why};

use super::batch::{Batch, Sight};
use super::crowd::{Crowd, Member};
use super::encode::kind;
use super::reader::Reading;
use super::sessions::{SessionRow, under, under_after};
use crate::error::Result;
use crate::store::USER_SESSIONS_MAX;
use crate::store::rules::choice::{by_itself, realm_of};

/// If a user has more recorded sessions than this, the writer does not read them itself.
const ROWS_READ_MAX: u32 = 256;
/// Reading this many index rows costs as much as one row of the table.
const COUNTED_PER_ROW: u32 = 64;

/// Judging this many sessions in memory takes as long as reading a row.
const JUDGED_PER_ROW: usize = 8;

/// The sessions of a user as a reader thread read them.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats {
    members: Vec<Member>,
    /// The user's last row at that time.
    upto: u64,
}

impl Reading<'_> {
    /// The sessions of a user that may be alive.
    pub(super) fn seats(self, user: UserId, now: Moment) -> Result<Seats> {
        let mut seats = Seats::default();
        under(self.conn, Anchor::User(user), u64::MAX, |kept| {
            let SessionRow { record, place, seen } = kept;
            seats.upto = seats.upto.max(place);
            // Touches that are waiting now may be folded before the writer uses this.
            let seen = self.shared.seen(place, seen);
            let verdict = self.shared.book().verdict(&record.session, seen, now);
            if verdict == Verdict::Alive {
                seats.members.push(Member { place, session: record.session, seen });
            }
            Ok(true)
        })?;
        Ok(seats)
    }
}

impl Batch<'_> {
    /// Makes sure that enough is known of a user to record one more session, with the limit `max`. `false`: its
    /// sessions have to be read first, outside this transaction, and passed as `seats`.
    pub(super) fn knows(
        &mut self,
        user: UserId,
        max: u32,
        seats: Option<&Seats>,
        now: Moment,
    ) -> Result<bool> {
        let max = max.min(USER_SESSIONS_MAX);
        if self.crowds.crowd(user).is_some() || self.crowds.at_most(user).is_some_and(|count| count < max) {
            return Ok(true);
        }
        if let Some(seats) = seats {
            return self.seat(user, seats, now).map(|()| true);
        }
        let recorded = self.recorded(user, max.max(ROWS_READ_MAX + 1))?;
        if recorded < max {
            self.crowds.set_at_most(user, recorded);
        } else if recorded <= ROWS_READ_MAX {
            self.seat(user, &Seats::default(), now)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Caches the sessions of a user: those that were read, and newer ones.
    pub(super) fn seat(&mut self, user: UserId, seats: &Seats, now: Moment) -> Result<()> {
        let mut members = seats.members.clone();
        under_after(self.conn, Anchor::User(user), seats.upto, |SessionRow { record, place, seen }| {
            members.push(Member { place, session: record.session, seen });
            Ok(true)
        })?;
        self.rows += members.len() - seats.members.len() + seats.members.len() / JUDGED_PER_ROW;
        let sight = Sight { draft: &self.draft, shared: self.shared };
        let mut crowd = Crowd::default();
        for member in members {
            let seen = self.shared.seen(member.place, member.seen);
            if self.draft.verdict(&member.session, seen, now) == Verdict::Alive {
                crowd.insert(member, &sight);
            }
        }
        self.crowds.put(user, crowd);
        Ok(())
    }

    /// Ends sessions to make room for a new one.
    pub(super) fn make_room(&mut self, new: &Session, user: UserId, max: u32) -> Result<()> {
        let now = new.issued_at;
        let sight = Sight { draft: &self.draft, shared: self.shared };
        let going = self.crowds.make_room(user, new, max, &sight);
        let raise = by_itself(realm_of(new), Why::Limit, now);
        for id in going {
            self.append(&raise, Anchor::Session(id), Why::Limit)?;
        }
        Ok(())
    }

    /// How many sessions of this user are recorded, dead or alive; counts up to `max`.
    fn recorded(&mut self, user: UserId, max: u32) -> Result<u32> {
        let anchor = Anchor::User(user);
        let sql = "SELECT count(*) FROM (SELECT 1 FROM hangs WHERE kind = ? AND anchor = ? LIMIT ?)";
        let mut count = self.conn.prepare_cached(sql)?;
        let recorded: u32 = count.query_row((kind(anchor), anchor.id(), max), |row| row.get(0))?;
        self.rows += usize::try_from(recorded.div_ceil(COUNTED_PER_ROW)).unwrap_or(usize::MAX);
        Ok(recorded)
    }
}
