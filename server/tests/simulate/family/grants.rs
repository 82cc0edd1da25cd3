//! What grants add to the histories: generations that are used, and consents that are given and withdrawn.

use std::net::IpAddr;

use exeunt::error::{Error, Kind};
use exeunt::store::{
    Consent, Directory as _, Ledger as _, Raise, RaiseOutcome, Saved, Successor, Turn, Turned, contract,
};
use exeunt_core::{Anchor, ClientId, ConsentId, Session, Why};

use super::{CLIENTS, Family, Used, client_id, same, user_id};

/// How long a used generation is answered again, in seconds.
const AGAIN_SECS: u32 = 10;

impl Family {
    /// The users whose consents are kept.
    pub(super) async fn settle_in(&self) {
        for number in 0..super::USERS {
            let user = contract::user(u64::try_from(number).unwrap());
            let user = exeunt::store::User { id: user_id(number), ..user };
            let saved = both!(self, store => async {
                store.save_user(user.clone(), None, None).await.map(|saved| saved.record.number)
            });
            saved.unwrap().unwrap();
        }
    }

    /// Makes some sessions grants: they have a consent, and no token.
    pub(super) fn granted(&self, session: &mut Session) -> bool {
        let is_grant = self.below(3) == 0;
        if let (true, Some(user), Some(client)) = (is_grant, session.user(), session.client()) {
            session.anchors.insert(3, Anchor::Consent(ConsentId::of(user, client)));
        }
        is_grant
    }

    /// Mostly the next generation; also the last one again, an earlier one, or one that is far ahead.
    pub(super) async fn turn(&mut self, any: usize) -> Result<(), String> {
        let living: Vec<_> = (0..self.kin.len()).filter(|at| self.all_live(*at)).collect();
        // Most belong to living sessions, and to those that were used before.
        let mut used = living.iter().rev().copied().filter(|at| self.kin[*at].used.is_some());
        let one = match self.below(8) {
            0 => None,
            1 => living.last().copied(),
            _ => used.next().or_else(|| living.last().copied()),
        };
        let one = one.unwrap_or(any);
        let kin = &self.kin[one];
        let last = kin.used.as_ref().map_or(0, |used| used.number);
        let generation = match self.below(10) {
            0..6 => last + 1,
            6..8 => last,
            8 => last.saturating_sub(1),
            _ => last + 5,
        };
        let from = Some(IpAddr::from([192, 0, 2, u8::try_from(self.below(2)).unwrap()]));
        let raise = contract::raise(Anchor::Session(kin.session.id), Why::Reuse);
        let stranger = self.below(20) == 0;
        let turn = Turn {
            session: kin.session.id,
            client: if stranger { ClientId([99; 16]) } else { kin.session.client().unwrap() },
            generation: generation.max(1),
            thumbprint: None,
            seal_with: u32::try_from(self.below(3)).unwrap(),
            again_secs: AGAIN_SECS,
            proof: None,
            raise: Raise { when: self.now, from, ..raise },
            ends_reuse: self.below(10) > 0,
        };
        // Only one of the two stores is durable.
        let told = |turned| match turned {
            Turned::Reused(outcome) => Turned::Reused(RaiseOutcome { durable: true, ..outcome }),
            other => other,
        };
        let turned = both!(self, store => async { store.turn(turn.clone()).await.map(told) })?;
        self.turned(one, &turn, stranger, &turned)
    }

    fn turned(
        &mut self,
        one: usize,
        turn: &Turn,
        stranger: bool,
        turned: &Result<Turned, Error>,
    ) -> Result<(), String> {
        let kin = &self.kin[one];
        let is_dead = kin.ended || kin.ancestors.iter().any(|at| self.kin[*at].ended);
        let last = kin.used.as_ref().map_or(0, |used| used.number);
        let broken = || Err(format!("{turn:?} of session {one}, whose last is {last}, came to {turned:?}"));
        if is_dead && !matches!(turned, Ok(Turned::Dead(_)))
            || stranger && matches!(turned, Ok(Turned::Next(_)))
        {
            return broken();
        }
        match turned {
            Ok(Turned::Next(successor)) => {
                let (number, at) = (turn.generation, self.now);
                let due = Successor { generation: number + 1, at, sealed_with: turn.seal_with };
                if number <= last || *successor != due {
                    return broken();
                }
                self.kin[one].used = Some(Used { number, at, successor: due });
                self.counted.next += 1;
            }
            Ok(Turned::Again(successor)) => {
                let is_due = kin.used.as_ref().is_some_and(|used| {
                    (used.number, used.successor) == (turn.generation, *successor)
                        && self.now < used.at.plus_secs(AGAIN_SECS.into())
                });
                if !is_due {
                    return broken();
                }
                self.counted.again += 1;
            }
            Ok(Turned::Reused(outcome)) => {
                if turn.generation > last || !turn.ends_reuse || outcome.mark.why != Why::Reuse {
                    return broken();
                }
                self.ended(std::slice::from_ref(&outcome.mark));
                self.counted.reused += 1;
            }
            Ok(Turned::Dead(_)) if self.all_live(one) => return broken(),
            Ok(Turned::Dead(_)) => {}
            Err(error) if matches!(error.kind(), Kind::Dead(_)) => {
                if !stranger && (turn.ends_reuse || turn.generation > last) {
                    return broken();
                }
            }
            Err(_) => return broken(),
        }
        Ok(())
    }

    /// Gives, changes or withdraws a consent, sometimes as somebody who has not read it.
    pub(super) async fn change_consent(&mut self, user: usize) -> Result<(), String> {
        let (user, client) = (user_id(user), client_id(self.below(CLIENTS)));
        let id = ConsentId::of(user, client);
        let known = both!(self, store => store.consent(user, client))?.map_err(|error| error.to_string())?;
        if known.as_ref() != self.consents.get(&id) {
            return Err(format!("the consent is {known:?}, and must be {:?}", self.consents.get(&id)));
        }
        let version = known.map_or(0, |known| known.version);
        let is_stale = self.below(8) == 0;
        let consent = Consent {
            realm: contract::REALM,
            user,
            client,
            scopes: vec![format!("scope-{}", self.below(9))],
            resources: Vec::new(),
            at: self.now,
            version: if is_stale { version + 1 } else { version },
        };
        let raise =
            Raise { when: self.now, ..contract::raise(Anchor::Realm(contract::REALM), Why::Withdrawn) };
        let raise = (self.below(3) == 0).then_some(raise);
        let told = |saved: Saved<Consent>| (saved.record, saved.mark);
        let saved = both!(self, store => async {
            store.save_consent(consent.clone(), raise.clone(), None).await.map(told)
        })?;
        match saved {
            Err(error) if error.kind() == Kind::Conflict("version") && is_stale => {}
            Err(error) => return Err(format!("a consent came to {error}")),
            Ok(_) if is_stale => return Err("a stale consent was saved".to_owned()),
            Ok((_, Some(mark))) if mark.anchor == Anchor::Consent(id) && raise.is_some() => {
                self.consents.remove(&id);
                self.ended(&[mark]);
                self.counted.withdrawn += 1;
            }
            Ok((record, None)) if raise.is_none() => drop(self.consents.insert(id, record)),
            Ok(other) => return Err(format!("a consent came to {other:?}")),
        }
        Ok(())
    }
}
