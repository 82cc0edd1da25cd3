//! Records sessions, and when they were seen.

use exeunt_core::{Anchor, Verdict};
use rusqlite::ErrorCode;

use super::batch::{Batch, Sight};
use super::crowd::Member;
use super::encode::{bound, kind, write_address, write_anchors};
use super::room::Seats;
use super::sessions::{SessionRow, at_place};
use crate::error::{Error, Kind, Result};
use crate::store::{Issued, NewSession, Record, Seen};

impl Batch<'_> {
    /// Records a session; `None`: its user's sessions have to be read first.
    pub(super) fn issue(&mut self, new: &NewSession, seats: Option<&Seats>) -> Result<Option<Issued>> {
        let (before, session) = (self.draft.len(), &new.record.session);
        let now = session.issued_at;
        // A session that is dead already ends no other.
        let alive = self.draft.judge(session, now, now) == Verdict::Alive;
        let user = session.user().filter(|_| alive);
        if let Some(user) = user {
            if !self.knows(user, new.sessions_max, seats, now)? {
                return Ok(None);
            }
            self.make_room(session, user, new.sessions_max)?;
        }
        self.places.issued += 1;
        self.insert(&new.record)?;
        if let Some(user) = user {
            let member = Member { place: self.places.issued, session: session.clone(), seen: now };
            self.crowds.add(user, member, &Sight { draft: &self.draft, shared: self.shared });
        }
        self.write_audit(new.audit.clone())?;
        Ok(Some(Issued { row: self.places.issued, ended: self.draft.since(before).to_vec() }))
    }

    pub(super) fn insert(&mut self, record: &Record) -> Result<()> {
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
            record.dialect.name(),
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
        // A parent may have the same user or client as anchor.
        let mut hangs = self.conn.prepare_cached("INSERT OR IGNORE INTO hangs VALUES (?, ?, ?)")?;
        for anchor in &session.anchors {
            if matches!(anchor, Anchor::User(_) | Anchor::Client(_)) {
                hangs.execute((kind(*anchor), anchor.id(), bound(self.places.issued)))?;
            }
        }
        self.rows += 1 + session.anchors.len();
        Ok(())
    }

    /// Records when a session was seen, if it is known and was alive then.
    pub(super) fn touch(&mut self, seen: Seen) -> Result<()> {
        self.rows += 2;
        let Some(SessionRow { record, place, seen: before }) = at_place(self.conn, seen.row)? else {
            return Ok(());
        };
        let before = self.shared.seen(place, before);
        let alive = self.draft.verdict(&record.session, before, seen.at) == Verdict::Alive;
        if record.session.id == seen.session && alive && before < seen.at {
            let sql = "INSERT INTO touches (place, at) VALUES (?, ?)";
            self.conn.prepare_cached(sql)?.execute((bound(place), seen.at.millis()))?;
            self.touched.push((place, seen.at));
            self.crowds.seen(seen.session, seen.at);
        }
        Ok(())
    }
}
