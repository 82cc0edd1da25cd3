//! Sessions: issue, check, find why.

use std::sync::Arc;

use exeunt_core::{
    Anchor, ClientId, DialectName, Mark, Moment, RealmId, Session, SessionId, Stamp, Token, UserId, Verdict,
};

use crate::authority::cache::sessions::CachedSession;
use crate::authority::{Authority, Call};
use crate::env::Stopwatch;
use crate::error::{DeadReason, Error, Kind, Result, Unavailability};
use crate::store::{Client, NewSession, Record, SessionBy};

/// The longest user agent that is kept, in bytes.
pub const USER_AGENT_BYTES_MAX: usize = 256;

/// A credential as somebody presents it. It opens a session only if realm, dialect and (where given) client match.
pub struct Presented<'a> {
    /// The dialect that it is presented to.
    pub dialect: DialectName,
    /// The realm that it is presented in.
    pub realm: RealmId,
    /// The client that it must belong to, where the dialect knows.
    pub client: Option<ClientId>,
    /// The credential.
    pub token: &'a Token,
}

/// A live session, as a check reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveSession {
    /// The session.
    pub session: SessionId,
    /// Whose it is; client credentials have nobody.
    pub user: Option<UserId>,
    /// The client that it is used with.
    pub client: Option<ClientId>,
    /// When it is over unless it is used again; `None`: never.
    pub expires_at: Option<Moment>,
}

/// Whether a check counts as a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It extends the idle deadline.
    Extend,
    /// It only looks.
    Peek,
}

/// A session for somebody whom a trusted back end has authenticated itself.
pub struct IssueRequest {
    /// The dialect that accepts the token.
    pub dialect: DialectName,
    /// Whose it is.
    pub user: UserId,
    /// The client it is used with; `None`: the built-in one of the dialect.
    pub client: Option<ClientId>,
    /// Seconds unseen, instead of the client's.
    pub idle_secs: Option<u32>,
    /// Seconds at most, instead of the client's.
    pub absolute_secs: Option<u32>,
}

/// A session to be issued.
pub struct Issue<'a> {
    /// The dialect that accepts the token.
    pub dialect: DialectName,
    /// The client it is used with; gives lifetimes and limits.
    pub client: &'a Client,
    /// Whose it is.
    pub user: Option<UserId>,
    /// The credential that opens it.
    pub token: &'a Token,
    /// The last place known before the evidence for it was read.
    pub stamp: Stamp,
    /// The program it is issued to, as it names itself.
    pub user_agent: Option<&'a str>,
    /// Seconds unseen, instead of the client's.
    pub idle_secs: Option<u32>,
    /// Seconds at most, instead of the client's.
    pub absolute_secs: Option<u32>,
    /// It leaves a line in the audit trail: nobody proved who they are, somebody was vouched for.
    pub audited: bool,
}

impl Authority {
    /// Checks a credential, from memory alone.
    ///
    /// # Errors
    /// `Dead(Expired)`, or `Dead(Unknown)` for everything else that is not active: [`Authority::cause`] tells more.
    /// `Unavailable` while memory is not provably complete.
    pub fn check(&self, presented: &Presented<'_>, now: Moment, touch: Touch) -> Result<ActiveSession> {
        let outcome = self.judged(presented, now, touch);
        self.counters.checked(&outcome);
        outcome
    }

    fn judged(&self, presented: &Presented<'_>, now: Moment, touch: Touch) -> Result<ActiveSession> {
        let live = self.find(presented)?.ok_or_else(|| Error::dead(DeadReason::Unknown))?;
        match self.memory.judge(&live, now) {
            Verdict::Alive if touch == Touch::Extend => {
                self.touches.add(live.see(now));
                Ok(live.standing())
            }
            Verdict::Alive => Ok(live.standing()),
            Verdict::Expired => Err(Error::dead(DeadReason::Expired)),
            Verdict::Ended(_) => Err(Error::dead(DeadReason::Unknown)),
        }
    }

    /// The session in memory that a credential opens, dead or alive.
    ///
    /// # Errors
    /// `Unavailable` while memory is not provably complete.
    pub(super) fn find(&self, presented: &Presented<'_>) -> Result<Option<Arc<CachedSession>>> {
        Ok(self.memory.find(&presented.token.fingerprint())?.filter(|live| presented.opens(live)))
    }

    /// Checks a credential and, if it is not active, asks the store why: for doors that tell expired, ended and
    /// unknown apart.
    ///
    /// # Errors
    /// `Dead` with the exact cause; `Unavailable`.
    pub async fn check_exact(
        &self,
        presented: &Presented<'_>,
        now: Moment,
        touch: Touch,
    ) -> Result<ActiveSession> {
        match self.check(presented, now, touch) {
            Err(error) if error.kind() == Error::dead(DeadReason::Unknown).kind() => {
                Err(Error::dead(self.cause(presented, now).await?.0))
            }
            answer => answer,
        }
    }

    /// Why a credential that is not active is not, and the mark that ended it: from the store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn cause(&self, presented: &Presented<'_>, now: Moment) -> Result<(DeadReason, Option<Mark>)> {
        let found = self.looked_up(presented, now).await?;
        self.counters.explained(found.0);
        Ok(found)
    }

    async fn looked_up(&self, presented: &Presented<'_>, now: Moment) -> Result<(DeadReason, Option<Mark>)> {
        let token = presented.token.fingerprint();
        // What is written may be behind by a touch, and is then too late to say so.
        if let Some(live) = self.memory.find(&token)?.filter(|live| presented.opens(live))
            && self.memory.judge(&live, now) == Verdict::Expired
        {
            return Ok((DeadReason::Expired, None));
        }
        let found = self.settle(self.store.session(SessionBy::Token(token), now).await)?;
        let Some(found) =
            found.filter(|found| presented.matches(found.record.dialect, &found.record.session))
        else {
            return Ok((DeadReason::Unknown, None));
        };
        match found.verdict {
            Verdict::Expired => Ok((DeadReason::Expired, None)),
            Verdict::Ended(_) => {
                let mark = self.settle(self.store.why(&found.record.session).await)?;
                let mark = mark.ok_or_else(|| Error::internal("an ended session without a mark"))?;
                Ok((DeadReason::Ended(mark.why), Some(mark)))
            }
            // Recorded, but not yet or no more in memory: a commit or a filling is under way.
            Verdict::Alive => Err(Error::unavailable(Unavailability::Busy)),
        }
    }

    /// Issues a session for somebody whom a trusted back end has authenticated itself.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` for a disabled user, and as [`Authority::issue`].
    pub async fn vouch(
        &self,
        call: &Call,
        realm: RealmId,
        issue_request: &IssueRequest,
        token: &Token,
    ) -> Result<ActiveSession> {
        match self.try_to_vouch(call, realm, issue_request, token).await {
            Err(error) if matches!(error.kind(), Kind::Dead(_)) => {
                self.try_to_vouch(call, realm, issue_request, token).await
            }
            answer => answer,
        }
    }

    async fn try_to_vouch(
        &self,
        call: &Call,
        realm: RealmId,
        issue_request: &IssueRequest,
        token: &Token,
    ) -> Result<ActiveSession> {
        // Read before the user and the client, which are the evidence here.
        let stamp = self.evidence_stamp();
        let user = self.user(realm, issue_request.user).await?;
        if user.disabled {
            return Err(Error::new(Kind::Forbidden, "the user is disabled"));
        }
        let client = match issue_request.client {
            Some(client) => self.client(realm, client)?,
            None => self.builtin_client(realm, issue_request.dialect)?,
        };
        let issue = Issue {
            dialect: issue_request.dialect,
            client: &client,
            user: Some(user.id),
            token,
            stamp,
            user_agent: None,
            idle_secs: issue_request.idle_secs,
            absolute_secs: issue_request.absolute_secs,
            audited: true,
        };
        self.issue(call, &issue).await
    }

    /// The last place known: to be asked before any evidence for a session is read.
    pub(super) fn evidence_stamp(&self) -> Stamp {
        self.clients.evidence(|| self.memory.sure())
    }

    /// Records a session and lets it live, unless something ended it while its evidence was being looked at: then
    /// nobody gets the token.
    ///
    /// # Errors
    /// `Dead(Unknown)` if it would be dead at birth: nothing was recorded, so it can be tried anew with fresh evidence.
    /// `Unavailable(Overtaken)` if it was ended while it was being recorded: its token is used up. `Unavailable`.
    pub async fn issue(&self, call: &Call, issue: &Issue<'_>) -> Result<ActiveSession> {
        let record = issue.record(call);
        let live =
            Arc::new(CachedSession::new(record.session.clone(), record.dialect, record.token, 0, call.now));
        if self.memory.judge(&live, call.now) != Verdict::Alive {
            return Err(Error::dead(DeadReason::Unknown));
        }
        self.memory.insert(live.clone());
        let line =
            || call.audit(Some(issue.client.realm), "session.issue", &Anchor::Session(live.session.id));
        let (audit, sessions_max) = (issue.audited.then(line), issue.client.sessions_max);
        self.record(live.clone(), NewSession { record, sessions_max, audit }).await?;
        let there = self.memory.find_by_id(live.session.id).is_some();
        match self.memory.judge(&live, call.now) {
            Verdict::Alive if there => Ok(live.standing()),
            _ => Err(Error::unavailable(Unavailability::Overtaken)),
        }
    }
}

impl Authority {
    /// Records a session. Goes on to its end when the caller hangs up meanwhile: sessions that had to make room are
    /// over then, and memory must know. Before this, a login may be given up at any moment, and costs nothing more.
    async fn record(&self, live: Arc<CachedSession>, new: NewSession) -> Result<()> {
        let (store, memory, counters) = (self.store.clone(), self.memory.clone(), self.counters.clone());
        let same = live.clone();
        let recording = tokio::spawn(async move {
            let watch = Stopwatch::start();
            let issued = store.issue(new).await;
            let issued = memory.settle_session(&live, issued)?;
            counters.recorded(&watch);
            memory.placed(&live, issued.row);
            issued.ended.iter().for_each(|mark| {
                memory.apply(mark);
                counters.raised(mark);
            });
            Ok(())
        });
        // It is never cancelled, so this is a panic; then nobody knows what was done.
        recording.await.unwrap_or_else(|_| {
            self.memory.settle_session(&same, Err(Error::unavailable(Unavailability::Unknown)))
        })
    }
}

impl Presented<'_> {
    fn opens(&self, live: &CachedSession) -> bool {
        self.matches(live.dialect, &live.session)
    }

    fn matches(&self, dialect: DialectName, session: &Session) -> bool {
        dialect == self.dialect
            && session.realm() == Some(self.realm)
            && self.client.is_none_or(|client| session.client() == Some(client))
    }
}

impl CachedSession {
    /// The session as a check reports it.
    pub fn standing(&self) -> ActiveSession {
        ActiveSession {
            session: self.session.id,
            user: self.session.user(),
            client: self.session.client(),
            expires_at: self.session.deadline(self.seen()),
        }
    }
}

impl Issue<'_> {
    fn record(&self, call: &Call) -> Record {
        let id = call.mint.session_id(call.now);
        let anchors = [Some(Anchor::Realm(self.client.realm)), Some(Anchor::Client(self.client.id))];
        let anchors = anchors.into_iter().chain([self.user.map(Anchor::User), Some(Anchor::Session(id))]);
        Record {
            session: Session {
                id,
                stamp: self.stamp,
                anchors: anchors.flatten().collect(),
                issued_at: call.now,
                idle_secs: self.idle_secs.unwrap_or(self.client.idle_secs),
                absolute_secs: self.absolute_secs.unwrap_or(self.client.absolute_secs),
            },
            dialect: self.dialect,
            token: self.token.fingerprint(),
            from: call.from,
            user_agent: self.user_agent.map(|text| cut(text, USER_AGENT_BYTES_MAX).to_owned()),
        }
    }
}

pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}
