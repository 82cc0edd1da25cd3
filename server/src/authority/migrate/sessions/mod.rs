//! Adopts live sessions of another system with the tokens that its clients hold. The move logs no user out, and users
//! who were logged out here, before or meanwhile, stay logged out.

mod evidence;
mod refused;

use std::net::IpAddr;
use std::sync::Arc;

use exeunt_core::{
    Anchor, ClientId, DialectName, Fingerprint, Moment, RealmId, Session, SessionId, Stamp, Verdict,
};

use self::evidence::Pulled;
use crate::authority::cache::sessions::CachedSession;
use crate::authority::migrate::users::Run;
use crate::authority::session::{USER_AGENT_BYTES_MAX, cut};
use crate::authority::{Authority, Call};
use crate::error::{DeadReason, Error, Kind, Result, Unavailability};
use crate::store::{Adopted, Adoption, Client, Identifier, Record, USER_SESSIONS_MAX};
use crate::time::text::utc_or_last;
use crate::time::{DURATION_SECS_MAX, Time};

/// The largest batch, in sessions.
pub const ADOPT_SESSIONS_MAX: usize = 1_000;
/// The most sessions recorded in one transaction.
const ADOPTED_PER_WRITE: usize = 100;
/// How many seconds the clock of the other system may be ahead of ours.
const CLOCK_AHEAD_SECS_MAX: u64 = 300;

/// A live session of another system.
pub struct Elsewhere {
    /// The fingerprint of the token that its client holds.
    pub token: Fingerprint,
    /// Its user.
    pub user: Identifier,
    /// The client it is used with; `None`: the built-in one of the dialect.
    pub client: Option<ClientNamed>,
    /// The dialect that accepts the token; `None`: that of the client.
    pub dialect: Option<DialectName>,
    /// When it was issued there; `None`: unknown, and taken to be before any logout here.
    pub issued_at: Option<Moment>,
    /// When it was last seen there; `None`: when it was issued, else now.
    pub seen_at: Option<Moment>,
    /// When it expires in any case, instead of `absolute_secs`.
    pub expires_at: Option<Time>,
    /// The idle limit in seconds, instead of the client's.
    pub idle_secs: Option<u32>,
    /// The absolute limit in seconds since its issue, instead of the client's.
    pub absolute_secs: Option<u32>,
    /// The user agent it was issued to.
    pub user_agent: Option<String>,
    /// The address it was issued to.
    pub from: Option<IpAddr>,
}

/// How a client is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientNamed {
    /// By its id.
    Id(ClientId),
    /// By its name.
    Name(String),
}

/// The result for one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was recorded here (on a dry run: would be).
    Made(SessionId),
    /// Its token already belongs to a living session here. Only the last-seen time was changed, if user and client are
    /// the same and the session was seen there later.
    There,
}

/// What to do with one session.
enum Ready {
    New(Box<Adopted>),
    There,
}

impl Authority {
    /// Adopts sessions, several in one transaction, and returns one result each, in order. A refused session does not
    /// affect the others, and no living session is ended to make room. A session that was adopted before and is over
    /// here is refused: nothing revives it.
    ///
    /// `since` is a log position taken before the list was made: sessions ended here after it stay ended.
    ///
    /// # Errors
    /// `Malformed` for too many; `Unavailable`: a retry is safe.
    pub async fn adopt(
        &self,
        call: &Call,
        realm: RealmId,
        since: Stamp,
        all: Vec<Result<Elsewhere>>,
        run: Run,
    ) -> Result<Vec<Result<Taken>>> {
        if all.len() > ADOPT_SESSIONS_MAX {
            let rule = format!("the batch has {} sessions; expected at most {ADOPT_SESSIONS_MAX}", all.len());
            return Err(Error::malformed("sessions", rule));
        }
        // Read before the users and clients, which are the evidence here.
        let stamp = since.min(self.evidence_stamp());
        let mut pulled = Pulled::default();
        let mut ready = Vec::with_capacity(all.len());
        for elsewhere in all {
            ready.push(match elsewhere {
                Ok(elsewhere) => match self.prepare(call, realm, stamp, &elsewhere, run, &mut pulled).await {
                    Err(error) if matches!(error.kind(), Kind::Unavailable(_)) => return Err(error),
                    prepared => prepared,
                },
                Err(error) => Err(error),
            });
        }
        let new = |ready: &Result<Ready>| match ready {
            Ok(Ready::New(adopted)) => Some((**adopted).clone()),
            Ok(Ready::There) | Err(_) => None,
        };
        let usable: Vec<Adopted> = ready.iter().filter_map(new).collect();
        let mut adopted = match run {
            Run::Real if usable.is_empty() => Vec::new(),
            Run::Real => self.record_all(call, realm, &usable).await?,
            Run::Dry => self.look_for(&usable, call.now).await?,
        }
        .into_iter();
        let outcome = |ready: Result<Ready>| {
            let Ready::New(new) = ready? else { return Ok(Taken::There) };
            match adopted
                .next()
                .ok_or_else(|| Error::internal("the store returned fewer outcomes than rows"))?
            {
                Adoption::Recorded(_) => Ok(Taken::Made(new.record.session.id)),
                Adoption::Known => Ok(Taken::There),
                Adoption::Over(over) => Err(refused::over(over)),
                Adoption::Dead => Err(Error::dead(DeadReason::Unknown)),
                Adoption::Crowded => Err(refused::crowded(new.sessions_max.min(USER_SESSIONS_MAX))),
            }
        };
        Ok(ready.into_iter().map(outcome).collect())
    }

    /// Prepares the record of a session, if all checks pass.
    async fn prepare(
        &self,
        call: &Call,
        realm: RealmId,
        stamp: Stamp,
        elsewhere: &Elsewhere,
        run: Run,
        pulled: &mut Pulled,
    ) -> Result<Ready> {
        let user = self.find_user(realm, elsewhere.user.clone()).await?;
        let user = user.ok_or_else(|| Error::not_found("user"))?;
        if user.disabled {
            return Err(Error::new(Kind::Forbidden, "the user is disabled"));
        }
        let client = self.client_named(realm, elsewhere.client.as_ref(), elsewhere.dialect)?;
        let id = call.mint.session_id(call.now);
        let anchors =
            [Anchor::Realm(realm), Anchor::Client(client.id), Anchor::User(user.id), Anchor::Session(id)];
        self.must_not_be_pulled(&anchors, elsewhere.issued_at, pulled, call.now).await?;
        let times = match elsewhere.times(&client, call.now) {
            Err(error) if matches!(error.kind(), Kind::Malformed(_)) => return Err(error),
            times => times,
        };
        // Once it is a session here, errors in its times there no longer matter.
        if let Some(here) = self.memory.find(&elsewhere.token)? {
            match self.memory.judge(&here, call.now) {
                Verdict::Alive => {
                    let same = anchors[..3].iter().all(|anchor| here.session.anchors.contains(anchor));
                    if let (Ok(times), true, Run::Real) = (&times, same, run) {
                        self.touches.add(here.see(times.seen));
                    }
                    return Ok(Ready::There);
                }
                Verdict::Expired => return Err(refused::ran_out(here.standing().expires_at, call.now)),
                Verdict::Ended(_) => {}
            }
        }
        let times = times?;
        let session = Session {
            id,
            stamp,
            anchors: anchors.into(),
            issued_at: times.issued_at,
            idle_secs: elsewhere.idle_secs.unwrap_or(client.idle_secs),
            absolute_secs: times.absolute_secs,
        };
        let live = CachedSession::new(session.clone(), client.dialect, Some(elsewhere.token), 0, times.seen);
        match self.memory.judge(&live, call.now) {
            Verdict::Alive => {}
            Verdict::Expired => return Err(refused::expired(&live.session, times.seen)),
            Verdict::Ended(_) => return Err(evidence::ended()),
        }
        let user_agent =
            elsewhere.user_agent.as_deref().map(|text| cut(text, USER_AGENT_BYTES_MAX).to_owned());
        let record = Record {
            session,
            dialect: client.dialect,
            token: Some(elsewhere.token),
            grant: None,
            from: elsewhere.from,
            user_agent,
        };
        let adopted = Adopted { record, seen: times.seen, sessions_max: client.sessions_max };
        Ok(Ready::New(Box::new(adopted)))
    }

    /// The client that a session is used with, by its id or name, or else the built-in one of the dialect.
    ///
    /// # Errors
    /// `NotFound`; `Malformed("dialect")`: neither is given, or they do not match.
    pub fn client_named(
        &self,
        realm: RealmId,
        client: Option<&ClientNamed>,
        dialect: Option<DialectName>,
    ) -> Result<Arc<Client>> {
        let client = match (client, dialect) {
            (Some(ClientNamed::Id(id)), _) => self.client(realm, *id)?,
            (Some(ClientNamed::Name(name)), _) => {
                let found = self.clients_called(realm, name).into_iter().next();
                found.ok_or_else(|| Error::not_found("client"))?
            }
            (None, Some(dialect)) => self.builtin_client(realm, dialect)?,
            (None, None) => {
                return Err(Error::malformed(
                    "dialect",
                    "neither dialect nor client is given; give one of them",
                ));
            }
        };
        if dialect.is_some_and(|dialect| dialect != client.dialect) {
            return Err(Error::malformed(
                "dialect",
                "the client belongs to another dialect; give its dialect, or leave dialect out",
            ));
        }
        Ok(client)
    }

    /// Uses several transactions, so that no logout waits for all of them. If a later one fails, the sessions of the
    /// earlier ones stay; a retry finds them.
    async fn record_all(&self, call: &Call, realm: RealmId, all: &[Adopted]) -> Result<Vec<Adoption>> {
        let mut outcomes = Vec::with_capacity(all.len());
        for some in all.chunks(ADOPTED_PER_WRITE) {
            outcomes.extend(self.record_adopted(call, realm, some.to_vec()).await?);
        }
        Ok(outcomes)
    }

    /// Records sessions and adds them to memory. They are announced first, so that a mark raised right after the commit
    /// finds them; until they are recorded, their tokens open nothing.
    async fn record_adopted(&self, call: &Call, realm: RealmId, all: Vec<Adopted>) -> Result<Vec<Adoption>> {
        let _writing = self.may_write(call).await?;
        let audit = call.audit(Some(realm), "session.import", &format_args!("a batch of {}", all.len()));
        let announced: Vec<_> = all
            .iter()
            .map(|Adopted { record, seen, .. }| {
                let live = CachedSession::new(record.session.clone(), record.dialect, record.token, 0, *seen);
                let live = Arc::new(live);
                self.memory.announce(live.clone());
                live
            })
            .collect();
        let adopted = self.store.adopt(all, call.now, Some(audit)).await;
        let is_unknown =
            adopted.as_ref().is_err_and(|error| error.kind() == Kind::Unavailable(Unavailability::Unknown));
        for (at, live) in announced.into_iter().enumerate() {
            match adopted.as_ref().ok().and_then(|adopted| adopted.get(at)) {
                Some(Adoption::Recorded(row)) => {
                    self.memory.placed(&live, *row);
                    self.memory.reveal(&live);
                }
                _ if is_unknown => self.memory.unsettled(live),
                _ => self.memory.remove(live.session.id),
            }
        }
        self.settle(adopted)
    }

    /// What the store would answer, as far as can be known without writing.
    async fn look_for(&self, all: &[Adopted], now: Moment) -> Result<Vec<Adoption>> {
        let mut found = Vec::with_capacity(all.len());
        for adopted in all {
            let known = self.settle(self.store.session(adopted.record.by(), now).await)?;
            found.push(known.map_or(Adoption::Recorded(0), |known| {
                Adoption::recorded(&known.record.session, known.seen, known.verdict, now)
            }));
        }
        Ok(found)
    }
}

/// The times of a session to record.
struct Times {
    issued_at: Moment,
    seen: Moment,
    absolute_secs: u32,
}

impl Elsewhere {
    fn times(&self, client: &Client, now: Moment) -> Result<Times> {
        let latest = now.plus_secs(CLOCK_AHEAD_SECS_MAX);
        let past = |field: &'static str, at: Option<Moment>| match at {
            Some(at) if at > latest => {
                let (at, now) = (utc_or_last(at), utc_or_last(now));
                Err(Error::malformed(
                    field,
                    format!("{field} is {at}, which is in the future; the server's clock says {now}"),
                ))
            }
            at => Ok(at.map(|at| at.min(now))),
        };
        let (issued, seen) = (past("issued_at", self.issued_at)?, past("last_seen_at", self.seen_at)?);
        let issued_at = issued.or(seen).unwrap_or(now);
        let seen = seen.unwrap_or(issued_at).max(issued_at);
        let absolute_secs = match (self.expires_at, self.absolute_secs) {
            (Some(_), Some(_)) => {
                return Err(Error::malformed(
                    "expires_at",
                    "expires_at and absolute_secs are both given; give one of them",
                ));
            }
            (Some(Time::Never), None) => 0,
            // Rounded down; 0 would mean no limit.
            (Some(Time::At(at)), None) => match at.millis_since(issued_at) / 1000 {
                0 => return Err(refused::over_at_once()),
                secs => match u32::try_from(secs) {
                    Ok(secs) if secs <= DURATION_SECS_MAX => secs,
                    _ => return Err(refused::too_far(at)),
                },
            },
            (None, secs) => secs.unwrap_or(client.absolute_secs),
        };
        Ok(Times { issued_at, seen, absolute_secs })
    }
}
