//! Ending sessions: every kind of logout, on every door, is one [`raise`](Authority::end_session).

use exeunt_core::{Anchor, By, Mark, Moment, RealmId, SessionId, Token, UserId, Verdict, Why};

use crate::authority::cache::sessions::{CachedSession, SHARDS};
use crate::authority::session::Presented;
use crate::authority::{Authority, Call};
use crate::env::Stopwatch;
use crate::error::{DeadReason, Error, Kind, Result, Unavailability};
use crate::store::{Client, Found, List, Others, Position, RaiseOutcome, SessionBy};

/// How many rows are looked at in one step when something alive is searched for.
const LOOK_ROWS: u32 = 100;

/// What ending came to.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The mark raised, or the one that was there first.
    pub mark: Mark,
    /// It found something alive.
    pub found_alive: bool,
    /// What confirmed it before this was returned.
    pub confirmed: Acknowledgement,
}

/// What confirmed a mark before its logout was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// It is on disk. Only the memory store, which is for tests, cannot say so.
    pub durable: bool,
    /// It is applied in this process.
    pub applied: bool,
    /// How many other nodes and strict followers have applied it. There are none yet.
    pub followers: u32,
}

impl Authority {
    /// A session logs itself out: the one that this credential opens.
    ///
    /// # Errors
    /// `Dead` with the exact cause if it was not alive: of many at once exactly one succeeds, and the others are
    /// answered after its mark is durable. `Unavailable` if it could not be made durable.
    pub async fn end(&self, call: &Call, presented: &Presented<'_>) -> Result<Logout> {
        match self.find(presented)? {
            Some(live) => self.end_found(call, presented.realm, &live).await,
            None => Err(Error::dead(self.cause(presented, call.now).await?.0)),
        }
    }

    /// A session logs itself out, for a door that acknowledges the logout of a dead or unknown credential too. Whether
    /// there is one to end is known from memory alone, so however many credentials nobody has are presented, none of
    /// them costs a look at the store. `may` decides, by the client of the session, whether the caller may end it; it
    /// is not asked about a client that is being removed, whose sessions end with it.
    ///
    /// # Errors
    /// `Forbidden` if `may` refuses: the session lives. `Unavailable` if it could not be made durable, or while memory
    /// is not complete: then nobody knows whether there is something to end.
    pub async fn end_if_alive(
        &self,
        call: &Call,
        presented: &Presented<'_>,
        may: impl Fn(&Client) -> bool,
    ) -> Result<bool> {
        let Some(live) = self.find(presented)? else { return Ok(false) };
        let over = match self.memory.judge(&live, call.now) {
            Verdict::Alive => false,
            // A use of it may be under way, and after a restart last-seen is known less exactly.
            Verdict::Expired => self.memory.surely_expired(&live, call.now),
            // Memory learns of a mark when it is durable.
            Verdict::Ended(_) => true,
        };
        if over {
            return Ok(false);
        }
        let client = live.session.client().and_then(|id| self.client(presented.realm, id).ok());
        if client.is_some_and(|client| !may(&client)) {
            return Err(Error::new(Kind::Forbidden, "the session may not be ended from here"));
        }
        match self.end_found(call, presented.realm, &live).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), Kind::Dead(_) | Kind::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a logout of `presented` would leave a session alive that another credential opens, which the same caller
    /// presented beside it: the acknowledgement would be taken for both.
    ///
    /// # Errors
    /// `Unavailable` while memory is not complete.
    pub fn leaves_another(&self, presented: &Presented<'_>, beside: &[Token], now: Moment) -> Result<bool> {
        let alive = |token| -> Result<_> {
            let live = self.find(&Presented { token, ..*presented })?;
            let live = live.filter(|live| self.memory.judge(live, now) == Verdict::Alive);
            Ok(live.map(|live| live.session.id))
        };
        let Some(this) = alive(presented.token)? else { return Ok(false) };
        for token in beside {
            if alive(token)?.is_some_and(|other| other != this) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn end_found(&self, call: &Call, realm: RealmId, live: &CachedSession) -> Result<Logout> {
        // One that has expired is raised on too: a door may acknowledge its logout, and after a restart last-seen is
        // known less exactly.
        let by = live.session.user().map_or(call.by, By::User);
        let outcome = self.raise_on_session(call, realm, live.session.id, Why::LoggedOut, by).await?;
        match outcome.was {
            Verdict::Alive => Ok(self.ending(outcome.mark, true)),
            Verdict::Expired => Err(Error::dead(DeadReason::Expired)),
            Verdict::Ended(_) => Err(Error::dead(DeadReason::Ended(outcome.mark.why))),
        }
    }

    /// Somebody else ends one session. Ending a dead one is no error: the first mark is returned.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn end_session(&self, call: &Call, realm: RealmId, session: SessionId) -> Result<Logout> {
        let outcome = self.raise_on_session(call, realm, session, Why::Admin, call.by).await?;
        Ok(self.ending(outcome.mark, outcome.was == Verdict::Alive))
    }

    /// Ends everything that hangs from a user, a client or a realm.
    ///
    /// # Errors
    /// `NotFound` for a user that is not there, `Unavailable`. That a client or realm exists is for the caller to know.
    pub async fn end_all(&self, call: &Call, realm: RealmId, anchor: Anchor, why: Why) -> Result<Logout> {
        let found_alive = self.any_alive(realm, anchor, call.now).await?;
        // Whoever has a session is there.
        if let Anchor::User(user) = anchor
            && !found_alive
        {
            self.user(realm, user).await?;
        }
        let watch = Stopwatch::start();
        let outcome = self.settle(self.store.raise(call.raise(anchor, realm, why)).await)?;
        self.counters.durable(&watch);
        self.applied(&outcome.mark);
        self.counters.confirmed(&watch);
        Ok(self.ending(outcome.mark, found_alive))
    }

    /// Ends every session of a user but one; returns how many, and the position at which they are dead.
    ///
    /// # Errors
    /// `Malformed("except")` if the session to keep is not one of the user's; `Unavailable`.
    pub async fn end_others(
        &self,
        call: &Call,
        realm: RealmId,
        user: UserId,
        keep: SessionId,
    ) -> Result<(usize, Position)> {
        self.flush_late().await?;
        // Asked first: a failure after the marks were raised would be taken for a refusal.
        let before = self.position().await?;
        let raise = call.raise(Anchor::User(user), realm, Why::Others);
        let watch = Stopwatch::start();
        let marks = self.settle(self.store.raise_others(Others { user, keep, raise }).await)?;
        self.counters.durable(&watch);
        marks.iter().for_each(|mark| self.applied(mark));
        self.counters.confirmed(&watch);
        let stamp = marks.last().map_or(before.stamp, |mark| mark.at);
        Ok((marks.len(), Position { stamp, ..before }))
    }

    /// How many sessions a mark on this anchor would end now.
    ///
    /// # Errors
    /// `Unavailable` while memory is not complete.
    pub fn would_end(&self, anchor: Anchor, now: Moment) -> Result<usize> {
        self.ready()?;
        Ok(self.alive_under(anchor, now).count())
    }

    /// How many sessions [`Authority::end_others`] would end now.
    ///
    /// # Errors
    /// `Malformed("except")`, `Unavailable`.
    pub async fn would_end_others(&self, user: UserId, keep: SessionId, now: Moment) -> Result<usize> {
        self.ready()?;
        // From the store, as there: the session to keep may be dead already.
        let kept = self.settle(self.store.session(SessionBy::Id(keep), now).await)?;
        let kept = kept.map(|found| found.record.session).filter(|session| session.user() == Some(user));
        let kept = kept.ok_or_else(|| Error::malformed("except", "this is not a session of the user"))?;
        let hangs = |id: SessionId| {
            kept.anchors.contains(&Anchor::Session(id))
                || self
                    .memory
                    .find_by_id(id)
                    .is_some_and(|live| live.session.anchors.contains(&Anchor::Session(keep)))
        };
        Ok(self.alive_under(Anchor::User(user), now).filter(|id| !hangs(*id)).count())
    }

    /// A mark was raised: nothing here accepts what it ended any more.
    pub(super) fn applied(&self, mark: &Mark) {
        self.memory.apply(mark);
        self.counters.raised(mark);
        tracing::debug!(stamp = mark.at.number(), why = mark.why.word(), "mark applied");
    }

    async fn raise_on_session(
        &self,
        call: &Call,
        realm: RealmId,
        session: SessionId,
        why: Why,
        by: By,
    ) -> Result<RaiseOutcome> {
        let live = self.memory.find_by_id(session).filter(|live| live.session.realm() == Some(realm));
        if live.is_none() {
            self.must_be_recorded(realm, session, call.now).await?;
        }
        let mut raise = call.raise(Anchor::Session(session), realm, why);
        raise.by = by;
        raise.known = live.map(|live| (live.session.clone(), live.seen()));
        let watch = Stopwatch::start();
        let outcome = self.settle(self.store.raise(raise).await)?;
        self.counters.durable(&watch);
        match outcome.was {
            Verdict::Alive => self.applied(&outcome.mark),
            // Somebody else's mark, counted then.
            Verdict::Expired | Verdict::Ended(_) => self.memory.apply(&outcome.mark),
        }
        self.counters.confirmed(&watch);
        Ok(outcome)
    }

    async fn must_be_recorded(&self, realm: RealmId, session: SessionId, now: Moment) -> Result<Found> {
        let found = self.settle(self.store.session(SessionBy::Id(session), now).await)?;
        found
            .filter(|found| found.record.session.realm() == Some(realm))
            .ok_or_else(|| Error::not_found("session"))
    }

    /// Whether a mark on this anchor would end anything: for people, so a login at the same moment may be missed.
    async fn any_alive(&self, realm: RealmId, anchor: Anchor, now: Moment) -> Result<bool> {
        // Somebody of a client or realm is met at once in memory; somebody's sessions are few and indexed.
        let Anchor::User(_) = anchor else { return Ok(self.alive_under(anchor, now).next().is_some()) };
        let floor = self.memory.floor(&[Anchor::Realm(realm), anchor]);
        // The newest is alive more often than not.
        let (mut before, mut limit) = (u64::MAX, 1);
        loop {
            let list = List { realm, under: vec![anchor], before, floor, limit, now };
            let page = match self.settle(self.store.sessions(list).await) {
                // A logout does not wait for a lane of reads: then all of memory is looked through.
                Err(error) if error.kind() == Kind::Unavailable(Unavailability::Busy) => {
                    return Ok(self.alive_under(anchor, now).next().is_some());
                }
                page => page?,
            };
            if page.found.iter().any(|found| self.seen_and_verdict(found, now).1 == Verdict::Alive) {
                return Ok(true);
            }
            let Some(next) = page.next else { return Ok(false) };
            (before, limit) = (next, LOOK_ROWS);
        }
    }

    fn alive_under(&self, anchor: Anchor, now: Moment) -> impl Iterator<Item = SessionId> + '_ {
        (0..SHARDS)
            .flat_map(|shard| self.memory.shard(shard))
            .filter(move |live| {
                live.session.anchors.contains(&anchor) && self.memory.judge(live, now) == Verdict::Alive
            })
            .map(|live| live.session.id)
    }

    fn ending(&self, mark: Mark, found_alive: bool) -> Logout {
        let confirmed = Acknowledgement { durable: self.store.durable(), applied: true, followers: 0 };
        Logout { mark, found_alive, confirmed }
    }
}
