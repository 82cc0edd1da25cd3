//! Sessions: issue, check, find the cause of an end.

use std::sync::Arc;

use exeunt_core::{
    Anchor, CHAIN_MAX, ClientId, DialectName, Mark, Moment, NoChild, RealmId, Session, SessionId, Stamp,
    Token, UserId, Verdict,
};
use tokio::sync::OwnedRwLockReadGuard;

use crate::authority::cache::sessions::CachedSession;
use crate::authority::{Authority, Call};
use crate::env::Stopwatch;
use crate::error::{DeadReason, Error, Kind, Result, Unavailability};
use crate::store::{Client, NewSession, Record, SessionBy};

/// The longest user agent stored, in bytes.
pub const USER_AGENT_BYTES_MAX: usize = 256;

/// A credential as presented. It opens a session only if realm, dialect and (if given) client match.
pub struct Presented<'a> {
    /// The dialect that it is presented to.
    pub dialect: DialectName,
    /// The realm that it is presented in.
    pub realm: RealmId,
    /// The client that it must belong to, if the dialect knows it.
    pub client: Option<ClientId>,
    /// The credential.
    pub token: &'a Token,
}

/// A live session, as a check reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveSession {
    /// The session.
    pub session: SessionId,
    /// Its user; none for client credentials.
    pub user: Option<UserId>,
    /// The client that it is used with.
    pub client: Option<ClientId>,
    /// When it expires unless it is used again; `None`: never.
    pub expires_at: Option<Moment>,
}

/// Whether a check counts as a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It extends the idle deadline.
    Extend,
    /// It changes nothing.
    Peek,
}

/// A request for a session of a user whom a trusted back end has authenticated.
pub struct IssueRequest {
    /// The dialect that accepts the token.
    pub dialect: DialectName,
    /// The user of the session.
    pub user: UserId,
    /// The client it is used with; `None`: the built-in one of the dialect.
    pub client: Option<ClientId>,
    /// The idle limit in seconds, instead of the client's.
    pub idle_secs: Option<u32>,
    /// The absolute limit in seconds, instead of the client's.
    pub absolute_secs: Option<u32>,
    /// The session that it is to be a child of.
    pub parent: Option<SessionId>,
}

/// A session to be issued.
pub struct Issue<'a> {
    /// The dialect that accepts the token.
    pub dialect: DialectName,
    /// The client it is used with; its lifetimes and limits apply.
    pub client: &'a Client,
    /// The user of the session.
    pub user: Option<UserId>,
    /// The credential that opens it.
    pub token: &'a Token,
    /// The last position known before its evidence was read.
    pub stamp: Stamp,
    /// The user agent it is issued to.
    pub user_agent: Option<&'a str>,
    /// The idle limit in seconds, instead of the client's.
    pub idle_secs: Option<u32>,
    /// The absolute limit in seconds, instead of the client's.
    pub absolute_secs: Option<u32>,
    /// The session that it is to be a child of. Its absolute limit then ends no later than that one's.
    pub parent: Option<SessionId>,
    /// Writes a line to the audit trail: a back end vouched for the user, who proved nothing here.
    pub audited: bool,
}

impl Authority {
    /// Checks a credential, from memory alone.
    ///
    /// # Errors
    /// `Dead(Expired)`, or `Dead(Unknown)` for all other inactive credentials: [`Authority::cause`] knows more.
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
                self.touch(&live, now);
                Ok(live.standing())
            }
            Verdict::Alive => Ok(live.standing()),
            Verdict::Expired => Err(Error::dead(DeadReason::Expired)),
            Verdict::Ended(_) => Err(Error::dead(DeadReason::Unknown)),
        }
    }

    /// Records a use of a session: it extends the idle deadlines of its ancestors too.
    fn touch(&self, live: &CachedSession, now: Moment) {
        live.chain().for_each(|live| self.touches.add(live.see(now)));
    }

    /// The session in memory that a credential opens, dead or alive.
    ///
    /// # Errors
    /// `Unavailable` while memory is not provably complete.
    pub(super) fn find(&self, presented: &Presented<'_>) -> Result<Option<Arc<CachedSession>>> {
        Ok(self.memory.find(&presented.token.fingerprint())?.filter(|live| presented.opens(live)))
    }

    /// Checks a credential and, if it is not active, looks up the cause in the store: for dialects that distinguish
    /// expired, ended and unknown.
    ///
    /// # Errors
    /// `Dead` with the exact cause; `Unavailable`.
    pub async fn check_exact(
        &self,
        presented: &Presented<'_>,
        now: Moment,
        touch: Touch,
    ) -> Result<ActiveSession> {
        let outcome = self.check(presented, now, touch);
        self.explained(presented, now, outcome).await
    }

    /// The outcome of a check; `Dead(Unknown)` is replaced by the cause that the store knows.
    pub(super) async fn explained<T>(
        &self,
        presented: &Presented<'_>,
        now: Moment,
        outcome: Result<T>,
    ) -> Result<T> {
        match outcome {
            Err(error) if error.kind() == Kind::Dead(DeadReason::Unknown) => {
                Err(Error::dead(self.cause(presented, now).await?.0))
            }
            outcome => outcome,
        }
    }

    /// Why an inactive credential is not active, and the mark that ended it: from the store.
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
        // The stored last-seen may lag by a touch, so memory decides about expiry.
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
                let mark =
                    mark.ok_or_else(|| Error::internal("a session is ended, but its mark is missing"))?;
                Ok((DeadReason::Ended(mark.why), Some(mark)))
            }
            // Recorded, but not yet or no longer in memory: a commit or a fill is in progress.
            Verdict::Alive => Err(Error::unavailable(Unavailability::Busy)),
        }
    }

    /// Issues a session for a user whom a trusted back end has authenticated.
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
            parent: issue_request.parent,
            audited: true,
        };
        self.issue(call, &issue).await
    }

    /// The last known position: read it before any evidence for a session.
    pub(super) fn evidence_stamp(&self) -> Stamp {
        self.clients.evidence(|| self.memory.sure())
    }

    /// Records a session and makes it live, unless a mark ended it while its evidence was checked: then no caller gets
    /// the token.
    ///
    /// # Errors
    /// `Dead` if it would be dead from the start, as its parent is: nothing was recorded, so retry with fresh evidence.
    /// `Unavailable(Overtaken)` if it was ended while being recorded: its token is used up.
    /// `Malformed("parent")` if the chain would be too long. `Unavailable`.
    pub async fn issue(&self, call: &Call, issue: &Issue<'_>) -> Result<ActiveSession> {
        let parent = issue.parent.map(|id| self.living(issue.client.realm, id, call.now)).transpose()?;
        if parent.is_some() {
            // The store judges the parent too.
            self.flush_late().await?;
        }
        let record = issue.record(call, parent.as_deref())?;
        let live = CachedSession::new(record.session.clone(), record.dialect, record.token, 0, call.now);
        let live = Arc::new(live.child_of(parent));
        if self.memory.judge(&live, call.now) != Verdict::Alive {
            return Err(Error::dead(DeadReason::Unknown));
        }
        let writing = self.may_write(call).await?;
        if !self.memory.insert(&live) {
            return Err(Error::new(Kind::Conflict("session"), "this session was issued already"));
        }
        let line =
            || call.audit(Some(issue.client.realm), "session.issue", &Anchor::Session(live.session.id));
        let (audit, sessions_max) = (issue.audited.then(line), issue.client.sessions_max);
        self.record(live.clone(), NewSession { record, sessions_max, left_secs: 0, audit }, writing).await?;
        match self.memory.judge(&live, call.now) {
            Verdict::Alive => Ok(live.standing()),
            _ => Err(Error::unavailable(Unavailability::Overtaken)),
        }
    }
}

impl Authority {
    /// A living session of a realm, which is to be a parent.
    fn living(&self, realm: RealmId, id: SessionId, now: Moment) -> Result<Arc<CachedSession>> {
        self.ready()?;
        let found = self.memory.find_by_id(id).filter(|live| live.session.realm() == Some(realm));
        let living = found.filter(|live| self.memory.judge(live, now) == Verdict::Alive);
        living.ok_or_else(|| Error::dead(DeadReason::Unknown))
    }

    /// Records a session. Completes even if the caller hangs up meanwhile, since memory must learn of the sessions that
    /// were ended to make room. Before this, a login may be abandoned at any time without further cost.
    async fn record(
        &self,
        live: Arc<CachedSession>,
        new: NewSession,
        writing: Option<OwnedRwLockReadGuard<()>>,
    ) -> Result<()> {
        let (store, memory, counters) = (self.store.clone(), self.memory.clone(), self.counters.clone());
        let same = live.clone();
        let recording = tokio::spawn(async move {
            let watch = Stopwatch::start();
            let issued = store.issue(new).await;
            drop(writing);
            let issued = memory.settle_session(&live, issued)?;
            counters.recorded(&watch);
            memory.placed(&live, issued.row);
            issued.ended.iter().for_each(|mark| {
                memory.apply(mark);
                counters.raised(mark);
            });
            Ok(())
        });
        // The task is never cancelled, so this is a panic, and the outcome is unknown.
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
            expires_at: self.chain().filter_map(|live| live.session.deadline(live.seen())).min(),
        }
    }
}

impl Issue<'_> {
    fn record(&self, call: &Call, parent: Option<&CachedSession>) -> Result<Record> {
        let id = call.mint.session_id(call.now);
        let anchors = [Some(Anchor::Realm(self.client.realm)), Some(Anchor::Client(self.client.id))];
        let anchors = anchors.into_iter().chain([self.user.map(Anchor::User), Some(Anchor::Session(id))]);
        let session = Session {
            id,
            stamp: self.stamp,
            anchors: anchors.flatten().collect(),
            issued_at: call.now,
            idle_secs: self.idle_secs.unwrap_or(self.client.idle_secs),
            absolute_secs: self.absolute_secs.unwrap_or(self.client.absolute_secs),
        };
        Ok(Record {
            session: match parent {
                Some(parent) => session.child_of(&parent.session).map_err(refused)?,
                None => session,
            },
            dialect: self.dialect,
            token: Some(self.token.fingerprint()),
            grant: None,
            from: call.from,
            user_agent: self.user_agent.map(|text| cut(text, USER_AGENT_BYTES_MAX).to_owned()),
        })
    }
}

fn refused(why: NoChild) -> Error {
    match why {
        NoChild::TooLong => {
            Error::malformed("parent", format!("a chain of sessions is at most {CHAIN_MAX} long"))
        }
        NoChild::TooLate => Error::dead(DeadReason::Expired),
        NoChild::OtherRealm => Error::dead(DeadReason::Unknown),
    }
}

pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}
