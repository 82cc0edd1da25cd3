//! Recording sessions, and when they were seen.

use exeunt_core::{Anchor, UserId, Verdict, Why};
use rusqlite::ErrorCode;

use super::batch::Batch;
use super::encode::{bound, kind, write_address, write_anchors};
use super::sessions::{Kept, at_place, under};
use crate::error::{Error, Kind, Result};
use crate::store::choice::{beyond_limit, by_itself, realm_of};
use crate::store::{Issued, NewSession, Record, Seen};

impl Batch<'_> {
    pub(super) fn issue(&mut self, new: &NewSession) -> Result<Issued> {
        let before = self.draft.len();
        self.make_room(&new.record, new.sessions_max)?;
        self.places.issued += 1;
        self.insert(&new.record)?;
        self.write_audit(new.audit.clone())?;
        Ok(Issued { row: self.places.issued, ended: self.draft.since(before).to_vec() })
    }

    pub(super) fn insert(&self, record: &Record) -> Result<()> {
        let session = &record.session;
        let sql = "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let inserted = self.conn.prepare_cached(sql)?.execute((
            bound(self.places.issued),
            session.id.0,
            record.token.0,
            session.stamp.number(),
            write_anchors(&session.anchors),
            session.issued_at.millis(),
            session.idle_secs,
            session.absolute_secs,
            record.door.name(),
            write_address(record.from),
            &record.user_agent,
        ));
        if let Err(error) = inserted {
            return Err(match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => {
                    Error::new(Kind::Conflict("session"), "this session was issued already")
                }
                _ => error.into(),
            });
        }
        // A parent may hang from the same user or client.
        let mut hangs = self.conn.prepare_cached("INSERT OR IGNORE INTO hangs VALUES (?, ?, ?)")?;
        for anchor in &session.anchors {
            if matches!(anchor, Anchor::User(_) | Anchor::Client(_)) {
                hangs.execute((kind(*anchor), anchor.id(), bound(self.places.issued)))?;
            }
        }
        Ok(())
    }

    /// Ends what has to go so that the user has no more than `max` sessions alive, the new one included.
    fn make_room(&mut self, new: &Record, max: u32) -> Result<()> {
        let now = new.session.issued_at;
        let Some(user) = new.session.user() else { return Ok(()) };
        if self.draft.judge(&new.session, now, now) != Verdict::Alive {
            return Ok(());
        }
        let others = match self.crowds.at_most(user) {
            Some(others) if others < max => others,
            _ => self.recorded(user, max)?,
        };
        if others < max {
            self.crowds.set(user, others + 1);
            return Ok(());
        }
        let mut alive = Vec::new();
        under(self.conn, Anchor::User(user), u64::MAX, |kept| {
            let seen = self.shared.seen(kept.place, kept.seen);
            let session = kept.record.session;
            if self.draft.verdict(&session, seen, now) == Verdict::Alive {
                alive.push((session, seen));
            }
            Ok(true)
        })?;
        alive.reverse();
        let at_most = u32::try_from(alive.len() + 1).unwrap_or(u32::MAX);
        let going = beyond_limit(&new.session, alive, max);
        self.crowds.set(user, at_most.saturating_sub(u32::try_from(going.len()).unwrap_or(u32::MAX)));
        let raise = by_itself(realm_of(&new.session), Why::Limit, now);
        for id in going {
            self.append(&raise, Anchor::Session(id), Why::Limit)?;
        }
        Ok(())
    }

    /// How many sessions of this user are recorded, dead or alive; counted no further than `max`.
    pub(super) fn recorded(&self, user: UserId, max: u32) -> Result<u32> {
        let anchor = Anchor::User(user);
        let sql = "SELECT count(*) FROM (SELECT 1 FROM hangs WHERE kind = ? AND anchor = ? LIMIT ?)";
        let mut count = self.conn.prepare_cached(sql)?;
        Ok(count.query_row((kind(anchor), anchor.id(), max), |row| row.get(0))?)
    }

    /// Notes when a session was seen, if it is known and was alive then.
    pub(super) fn touch(&mut self, seen: Seen) -> Result<()> {
        let Some(Kept { record, place, seen: before }) = at_place(self.conn, seen.row)? else {
            return Ok(());
        };
        let before = self.shared.seen(place, before);
        let alive = self.draft.verdict(&record.session, before, seen.at) == Verdict::Alive;
        if record.session.id == seen.session && alive && before < seen.at {
            let sql = "INSERT INTO touches (place, at) VALUES (?, ?)";
            self.conn.prepare_cached(sql)?.execute((bound(place), seen.at.millis()))?;
            self.touched.push((place, seen.at));
        }
        Ok(())
    }
}
