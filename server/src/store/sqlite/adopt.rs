//! Records live sessions of another system.

use std::collections::HashMap;

use exeunt_core::{Fingerprint, Moment, UserId, Verdict};

use super::batch::{Batch, Sight};
use super::crowd::Member;
use super::encode::bound;
use super::room::Seats;
use super::sessions::find;
use crate::error::Result;
use crate::store::{Adopted, Adoption, Over, SessionBy};

impl Batch<'_> {
    /// Records all of them; or returns the users whose sessions have to be read first, and records nothing.
    pub(super) fn adopt_all(
        &mut self,
        all: &[Adopted],
        seats: &HashMap<UserId, Seats>,
        now: Moment,
    ) -> Result<std::result::Result<Vec<Adoption>, Vec<UserId>>> {
        let mut unknown = Vec::new();
        for Adopted { record, sessions_max, .. } in all {
            if let Some(user) = record.session.user()
                && !unknown.contains(&user)
                && !self.knows(user, *sessions_max, seats.get(&user), now)?
            {
                unknown.push(user);
            }
        }
        if !unknown.is_empty() {
            return Ok(Err(unknown));
        }
        let outcomes = all.iter().map(|adopted| self.adopt(adopted, seats, now));
        outcomes.collect::<Result<_>>().map(Ok)
    }

    fn adopt(&mut self, adopted: &Adopted, seats: &HashMap<UserId, Seats>, now: Moment) -> Result<Adoption> {
        let Adopted { record, seen, sessions_max } = adopted;
        let session = &record.session;
        self.rows += 1;
        if let Some(known) = self.known(record.token, now)? {
            return Ok(known);
        }
        if self.draft.judge(session, *seen, now) != Verdict::Alive {
            return Ok(Adoption::Dead);
        }
        let user = session.user();
        if let Some(user) = user {
            // Earlier sessions in the list have used up the room.
            if !self.knows(user, *sessions_max, seats.get(&user), now)? {
                self.seat(user, &Seats::default(), now)?;
            }
            let sight = Sight { draft: &self.draft, shared: self.shared };
            if !self.crowds.has_room(user, session.client(), *sessions_max, now, &sight) {
                return Ok(Adoption::Crowded);
            }
        }
        self.places.issued += 1;
        let place = self.places.issued;
        self.insert(record)?;
        self.conn.prepare_cached("INSERT INTO seen VALUES (?, ?)")?.execute((bound(place), seen.millis()))?;
        self.conn.prepare_cached("INSERT INTO adopted VALUES (?)")?.execute([record.token.0])?;
        self.rows += 2;
        if let Some(user) = user {
            let member = Member { place, session: session.clone(), seen: *seen };
            self.crowds.add(user, member, &Sight { draft: &self.draft, shared: self.shared });
        }
        Ok(Adoption::Recorded(place))
    }

    /// The outcome for a known token; `None`: it is unknown.
    fn known(&self, token: Fingerprint, now: Moment) -> Result<Option<Adoption>> {
        if let Some(kept) = find(self.conn, SessionBy::Token(token))? {
            let (session, seen) = (&kept.record.session, self.shared.seen(kept.place, kept.seen));
            let verdict = self.draft.verdict(session, seen, now);
            return Ok(Some(Adoption::recorded(session, seen, verdict, now)));
        }
        let adopted = self.conn.prepare_cached("SELECT 1 FROM adopted WHERE token = ?")?.exists([token.0])?;
        Ok(adopted.then_some(Adoption::Over(Over::Forgotten)))
    }
}
