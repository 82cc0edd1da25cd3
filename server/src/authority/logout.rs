//! Ending sessions: every logout, in every dialect, raises a mark; see [`Authority::raise`].

use exeunt_core::{Anchor, By, Mark, Moment, RealmId, SessionId, Token, UserId, Verdict, Why};

use crate::authority::cache::sessions::{CachedSession, SHARDS};
use crate::authority::session::Presented;
use crate::authority::{Authority, Call};
use crate::env::Stopwatch;
use crate::error::{DeadReason, Error, Kind, Result, Unavailability};
use crate::store::{Client, Found, List, Others, Position, Raise, RaiseOutcome, SessionBy};

/// How many rows one step of the search for a living session reads.
const LOOK_ROWS: u32 = 100;

/// The result of a logout.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The mark raised, or the earlier one.
    pub mark: Mark,
    /// `true` if it ended a living session.
    pub found_alive: bool,
    /// What confirmed it before this was returned.
    pub confirmed: Acknowledgement,
}

/// What confirmed a mark before its logout was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The mark is on disk. Only the memory store, which is for tests, cannot promise this.
    pub durable: bool,
    /// The mark is applied in this process.
    pub applied: bool,
    /// How many other nodes and strict followers have applied it. There are none yet.
    pub followers: u32,
}

impl Authority {
    /// Ends the session of this credential: it logs itself out.
    ///
    /// # Errors
    /// `Dead` with the exact cause if it was not alive: of several concurrent calls exactly one succeeds, and the
    /// others return after its mark is durable. `Unavailable` if it could not be made durable.
    pub async fn end(&self, call: &Call, presented: &Presented<'_>) -> Result<Logout> {
        match self.find(presented)? {
            Some(live) => self.end_found(call, presented.realm, &live).await,
            None => Err(Error::dead(self.cause(presented, call.now).await?.0)),
        }
    }

    /// Ends the sessions of these credentials, for dialects that also acknowledge the logout of a dead or unknown
    /// credential; returns whether any was alive. Memory alone decides whether there is a session to end, so unknown
    /// credentials never cost a store lookup. The function beside a credential decides, by the session's client,
    /// whether the caller may end it; it is not called for a client that is being removed, whose sessions end with it.
    ///
    /// # Errors
    /// `Forbidden` if that function refuses: the session lives. `Unavailable` if one could not be made durable, or while
    /// memory is not complete, since it is then unknown whether there is a session to end. The other sessions end all
    /// the same.
    pub async fn end_each<'a, M: Fn(&Client) -> bool>(
        &self,
        call: &Call,
        presented: Vec<(Presented<'a>, M)>,
    ) -> Result<bool> {
        let (mut ended, mut failure) = (false, None);
        for (presented, may) in presented {
            match self.end_if_alive(call, &presented, may).await {
                Ok(found_alive) => ended |= found_alive,
                Err(error) => failure = Some(graver(failure, error)),
            }
        }
        failure.map_or(Ok(ended), Err)
    }

    async fn end_if_alive(
        &self,
        call: &Call,
        presented: &Presented<'_>,
        may: impl Fn(&Client) -> bool,
    ) -> Result<bool> {
        let Some(live) = self.find(presented)? else { return Ok(false) };
        let over = match self.memory.judge(&live, call.now) {
            Verdict::Alive => false,
            // It may be in use right now, and after a restart last-seen is less exact.
            Verdict::Expired => self.memory.surely_expired(&live, call.now),
            // A mark reaches memory only once it is durable.
            Verdict::Ended(_) => true,
        };
        if over {
            return Ok(false);
        }
        let client = live.session.client().and_then(|id| self.client(presented.realm, id).ok());
        if client.is_some_and(|client| !may(&client)) {
            return Err(Error::new(
                Kind::Forbidden,
                "the client of the session does not allow this request to end it",
            ));
        }
        match self.end_found(call, presented.realm, &live).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), Kind::Dead(_) | Kind::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a logout of `presented` would leave another session alive whose credential is in `beside`, from the same
    /// request: the caller would take the acknowledgement for both.
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
        // Also raised on an expired session: a dialect may acknowledge its logout, and after a restart last-seen is
        // less exact.
        let by = live.session.user().map_or(call.by, By::User);
        let raise = call.raise(Anchor::Session(live.session.id), realm, Why::LoggedOut);
        let outcome = self.raised(Raise { by, ..raise }).await?;
        match outcome.was {
            Verdict::Alive => Ok(ending(outcome, true)),
            Verdict::Expired => Err(Error::dead(DeadReason::Expired)),
            Verdict::Ended(_) => Err(Error::dead(DeadReason::Ended(outcome.mark.why))),
        }
    }

    /// Raises a mark on an anchor: every session under it is dead from then on. All that ends sessions comes down to
    /// this, except a change that commits together with its mark.
    ///
    /// # Errors
    /// `NotFound` for an unknown session; `Unavailable`.
    pub async fn raise(&self, call: &Call, realm: RealmId, anchor: Anchor, why: Why) -> Result<RaiseOutcome> {
        self.raised(call.raise(anchor, realm, why)).await
    }

    /// Ends one session on behalf of another caller. Ending a dead one is no error: its first mark is returned.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn end_session(&self, call: &Call, realm: RealmId, session: SessionId) -> Result<Logout> {
        let outcome = self.raise(call, realm, Anchor::Session(session), Why::Admin).await?;
        let found_alive = outcome.was == Verdict::Alive;
        Ok(ending(outcome, found_alive))
    }

    /// Ends all sessions of a user, a client or a realm.
    ///
    /// # Errors
    /// `NotFound` for an unknown user or client, `Unavailable`. The caller must know that a realm exists.
    pub async fn end_all(&self, call: &Call, realm: RealmId, anchor: Anchor, why: Why) -> Result<Logout> {
        if let Anchor::Client(client) = anchor {
            self.client(realm, client)?;
        }
        let found_alive = self.any_alive(realm, anchor, call.now).await?;
        // A user with a session exists.
        if let Anchor::User(user) = anchor
            && !found_alive
        {
            self.user(realm, user).await?;
        }
        let outcome = self.raise(call, realm, anchor, why).await?;
        Ok(ending(outcome, found_alive))
    }

    /// Ends every session of a user but one; returns how many, and the position at which they are dead.
    ///
    /// # Errors
    /// `NotFound` for an unknown user; `Malformed("except")` if the session to keep is not one of the user's; `Unavailable`.
    pub async fn end_others(
        &self,
        call: &Call,
        realm: RealmId,
        user: UserId,
        keep: SessionId,
    ) -> Result<(usize, Position)> {
        self.user(realm, user).await?;
        self.flush_late().await?;
        // Read first: an error after the marks were raised would be taken for a refusal.
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

    /// How many sessions [`Authority::end_session`] or [`Authority::end_all`] would end now.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn would_end_all(&self, realm: RealmId, anchor: Anchor, now: Moment) -> Result<usize> {
        match anchor {
            Anchor::Session(id) => drop(self.must_be_recorded(realm, id, now).await?),
            Anchor::User(id) => drop(self.user(realm, id).await?),
            Anchor::Client(id) => drop(self.client(realm, id)?),
            Anchor::Realm(_) | Anchor::Consent(_) => {}
        }
        self.would_end(anchor, now)
    }

    /// How many sessions [`Authority::end_others`] would end now.
    ///
    /// # Errors
    /// `NotFound`, `Malformed("except")`, `Unavailable`.
    pub async fn would_end_others(
        &self,
        realm: RealmId,
        user: UserId,
        keep: SessionId,
        now: Moment,
    ) -> Result<usize> {
        self.user(realm, user).await?;
        self.ready()?;
        // Read from the store, as `end_others` does: the session to keep may be dead already.
        let kept = self.settle(self.store.session(SessionBy::Id(keep), now).await)?;
        let kept = kept.map(|found| found.record.session).filter(|session| session.user() == Some(user));
        let kept = kept
            .ok_or_else(|| Error::malformed("except", "the session to keep is not a session of this user"))?;
        let hangs = |id: SessionId| {
            kept.anchors.contains(&Anchor::Session(id))
                || self
                    .memory
                    .find_by_id(id)
                    .is_some_and(|live| live.session.anchors.contains(&Anchor::Session(keep)))
        };
        Ok(self.alive_under(Anchor::User(user), now).filter(|id| !hangs(*id)).count())
    }

    /// Applies a raised mark: from now on no check here accepts the sessions that it ended.
    pub(super) fn applied(&self, mark: &Mark) {
        self.memory.apply(mark);
        self.counters.raised(mark);
        tracing::debug!(stamp = mark.at.number(), why = mark.why.word(), "mark applied");
    }

    async fn raised(&self, mut raise: Raise) -> Result<RaiseOutcome> {
        let mut expired = false;
        if let Anchor::Session(id) = raise.anchor {
            let live = self.memory.find_by_id(id).filter(|live| live.session.realm() == Some(raise.realm));
            if live.is_none() {
                self.must_be_recorded(raise.realm, id, raise.when).await?;
            }
            // The store knows when its ancestors were last seen only to an interval.
            expired =
                live.as_ref().is_some_and(|live| self.memory.judge(live, raise.when) == Verdict::Expired);
            raise.known = live.map(|live| (live.session.clone(), live.seen()));
        }
        let watch = Stopwatch::start();
        let mut outcome = self.settle(self.store.raise(raise).await)?;
        self.counters.durable(&watch);
        match outcome.was {
            Verdict::Alive => self.applied(&outcome.mark),
            // An earlier mark, already counted.
            Verdict::Expired | Verdict::Ended(_) => self.memory.apply(&outcome.mark),
        }
        self.counters.confirmed(&watch);
        if expired {
            outcome.was = outcome.was.and(Verdict::Expired);
        }
        Ok(outcome)
    }

    async fn must_be_recorded(&self, realm: RealmId, session: SessionId, now: Moment) -> Result<Found> {
        let found = self.settle(self.store.session(SessionBy::Id(session), now).await)?;
        found
            .filter(|found| found.record.session.realm() == Some(realm))
            .ok_or_else(|| Error::not_found("session"))
    }

    /// Whether a mark on this anchor would end anything: for people, so a concurrent login may be missed.
    async fn any_alive(&self, realm: RealmId, anchor: Anchor, now: Moment) -> Result<bool> {
        // A client's or realm's sessions are found at once in memory; a user's sessions are few and indexed.
        let Anchor::User(_) = anchor else { return Ok(self.alive_under(anchor, now).next().is_some()) };
        let floor = self.memory.floor(&[Anchor::Realm(realm), anchor]);
        // The newest session is usually alive.
        let (mut before, mut limit) = (u64::MAX, 1);
        loop {
            let list = List { realm, under: vec![anchor], before, floor, limit, now };
            let page = match self.settle(self.store.sessions(list).await) {
                // A logout does not wait for a read connection: it searches all of memory instead.
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
}

fn ending(outcome: RaiseOutcome, found_alive: bool) -> Logout {
    let confirmed = Acknowledgement { durable: outcome.durable, applied: true, followers: 0 };
    Logout { mark: outcome.mark, found_alive, confirmed }
}

/// Chooses which of two failures to report. One that a retry may resolve comes first; the retry then reports the other.
fn graver(before: Option<Error>, error: Error) -> Error {
    match before {
        Some(before) if before.kind() != Kind::Forbidden => before,
        _ => error,
    }
}
