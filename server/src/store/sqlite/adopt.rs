//! Recording live sessions of another system.

use exeunt_core::{Anchor, Fingerprint, Moment, UserId, Verdict};

use super::batch::Batch;
use super::encode::bound;
use super::sessions::{find, under};
use crate::error::Result;
use crate::store::{Adopted, Adoption, Over, SessionBy};

impl Batch<'_> {
    pub(super) fn adopt(&mut self, adopted: &Adopted, now: Moment) -> Result<Adoption> {
        let Adopted { record, seen, sessions_max } = adopted;
        let session = &record.session;
        if let Some(known) = self.known(record.token, now)? {
            return Ok(known);
        }
        if self.draft.judge(session, *seen, now) != Verdict::Alive {
            return Ok(Adoption::Dead);
        }
        if let Some(user) = session.user() {
            let Some(others) = self.alive_below(user, *sessions_max, now)? else {
                return Ok(Adoption::Crowded);
            };
            self.crowds.set(user, others + 1);
        }
        self.places.issued += 1;
        let place = self.places.issued;
        self.insert(record)?;
        self.conn.prepare_cached("INSERT INTO seen VALUES (?, ?)")?.execute((bound(place), seen.millis()))?;
        self.conn.prepare_cached("INSERT INTO adopted VALUES (?)")?.execute([record.token.0])?;
        Ok(Adoption::Recorded(place))
    }

    /// What is known of a token; `None`: nothing.
    fn known(&self, token: Fingerprint, now: Moment) -> Result<Option<Adoption>> {
        if let Some(kept) = find(self.conn, SessionBy::Token(token))? {
            let (session, seen) = (&kept.record.session, self.shared.seen(kept.place, kept.seen));
            let verdict = self.draft.verdict(session, seen, now);
            return Ok(Some(Adoption::recorded(session, seen, verdict, now)));
        }
        let adopted = self.conn.prepare_cached("SELECT 1 FROM adopted WHERE token = ?")?.exists([token.0])?;
        Ok(adopted.then_some(Adoption::Over(Over::Forgotten)))
    }

    /// At most how many sessions of this user are alive, if that is fewer than `max`.
    fn alive_below(&self, user: UserId, max: u32, now: Moment) -> Result<Option<u32>> {
        let at_most = match self.crowds.at_most(user) {
            Some(others) if others < max => others,
            _ => self.recorded(user, max)?,
        };
        if at_most < max {
            return Ok(Some(at_most));
        }
        let mut alive = 0_u32;
        under(self.conn, Anchor::User(user), u64::MAX, |kept| {
            let seen = self.shared.seen(kept.place, kept.seen);
            alive += u32::from(self.draft.verdict(&kept.record.session, seen, now) == Verdict::Alive);
            Ok(alive < max)
        })?;
        Ok((alive < max).then_some(alive))
    }
}
