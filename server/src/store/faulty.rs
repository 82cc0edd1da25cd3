//! A store that fails on demand, to show how the rest behaves when a disk or a network fails.
//!
//! Not a mock: the inner store does the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use async_trait::async_trait;
use exeunt_core::{ClientId, KeyId, Mark, Moment, RealmId, Session, SessionId, Stamp, UserId};
use tokio::sync::watch;

use super::figures::{Disk, Figures, Waiting};
use super::{
    Adopted, Adoption, AuditEntry, AuditPlace, Backup, Client, Consent, Directory, Found, Identifier, Issued,
    Key, Ledger, List, MarkPage, NewSession, Others, PasswordHash, Position, Raise, RaiseOutcome, Realm,
    Saved, SecretChange, Seen, SessionBy, SessionMarks, SessionPage, Store, Swept, Trail, Turn, Turned,
    Upkeep, Usage, User, WrappedKey,
};
use crate::error::{Error, Result, Unavailability};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before it does anything: the outcome is refused.
    Before,
    /// After it has done everything: the outcome is unknown, and no call is answered before [`Upkeep::recover`].
    After,
    /// Before it does anything, but the outcome is unknown, as above.
    Lost,
}

/// A store whose calls can be made to fail.
pub struct Faulty<S: ?Sized> {
    inner: Arc<S>,
    calls: AtomicU64,
    failing: AtomicU64,
    fault: AtomicU8,
    down: AtomicBool,
    /// The number of the call to hold once it is done, and its stage: 0 not yet, 1 done, 2 released.
    held: AtomicU64,
    stage: watch::Sender<u8>,
}

impl<S: Store + ?Sized> Faulty<S> {
    /// A store that does not fail yet.
    pub fn new(inner: Arc<S>) -> Self {
        let (calls, failing) = (AtomicU64::new(0), AtomicU64::new(0));
        let (fault, down) = (AtomicU8::new(0), AtomicBool::new(false));
        let (held, stage) = (AtomicU64::new(0), watch::channel(0).0);
        Self { inner, calls, failing, fault, down, held, stage }
    }

    /// The inner store, which does not fail.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// How many calls were made. `recover` and `close` do not count.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Makes the call fail that is number `nth` from now; 1: the next.
    pub fn fail(&self, nth: u64, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
        self.failing.store(self.calls() + nth, Ordering::SeqCst);
    }

    /// Holds the call that is number `nth` from now once it is done, before its caller gets the answer, until
    /// [`Faulty::release`].
    pub fn hold(&self, nth: u64) {
        self.stage.send_replace(0);
        self.held.store(self.calls() + nth, Ordering::SeqCst);
    }

    /// Returns when the held call is done and waiting.
    pub async fn reached(&self) {
        // It fails only without a sender, and `self` holds the sender.
        drop(self.stage.subscribe().wait_for(|stage| *stage > 0).await);
    }

    /// Releases the held call.
    pub fn release(&self) {
        self.stage.send_replace(2);
    }

    async fn pass<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.down.load(Ordering::SeqCst) {
            return Err(Error::unavailable(Unavailability::Unknown));
        }
        if number == self.held.load(Ordering::SeqCst) {
            let answer = call.await;
            self.stage.send_replace(1);
            drop(self.stage.subscribe().wait_for(|stage| *stage > 1).await);
            return answer;
        }
        if number != self.failing.load(Ordering::SeqCst) {
            return call.await;
        }
        let fault = self.fault.load(Ordering::SeqCst);
        if fault == Fault::Before as u8 {
            return Err(Error::unavailable(Unavailability::Refused));
        }
        self.down.store(true, Ordering::SeqCst);
        if fault == Fault::After as u8 {
            let _lost = call.await;
        }
        Err(Error::unavailable(Unavailability::Unknown))
    }
}

#[async_trait]
impl<S: Store + ?Sized> Ledger for Faulty<S> {
    async fn position(&self) -> Result<Position> {
        self.pass(self.inner.position()).await
    }

    async fn issue(&self, new: NewSession) -> Result<Issued> {
        self.pass(self.inner.issue(new)).await
    }

    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>> {
        self.pass(self.inner.adopt(sessions, now, audit)).await
    }

    async fn turn(&self, turn: Turn) -> Result<Turned> {
        self.pass(self.inner.turn(turn)).await
    }

    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome> {
        self.pass(self.inner.raise(raise)).await
    }

    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>> {
        self.pass(self.inner.raise_others(others)).await
    }

    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>> {
        self.pass(self.inner.expire(sessions, now)).await
    }

    async fn touch(&self, seen: Vec<Seen>) -> Result<()> {
        self.pass(self.inner.touch(seen)).await
    }

    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>> {
        self.pass(self.inner.session(by, now)).await
    }

    async fn sessions(&self, list: List) -> Result<SessionPage> {
        self.pass(self.inner.sessions(list)).await
    }

    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>> {
        self.pass(self.inner.unended(after, limit, now)).await
    }

    async fn why(&self, session: &Session) -> Result<Option<Mark>> {
        self.pass(self.inner.why(session)).await
    }

    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage> {
        self.pass(self.inner.marks(realm, after, limit)).await
    }

    async fn in_force(
        &self,
        realm: Option<RealmId>,
        own: SessionMarks,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage> {
        self.pass(self.inner.in_force(realm, own, after, upto, limit)).await
    }

    async fn reserve(&self, count: u64) -> Result<u64> {
        self.pass(self.inner.reserve(count)).await
    }

    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept> {
        self.pass(self.inner.sweep(now, keep_secs, log_secs, budget)).await
    }
}

#[async_trait]
impl<S: Store + ?Sized> Directory for Faulty<S> {
    async fn realms(&self) -> Result<Vec<Realm>> {
        self.pass(self.inner.realms()).await
    }

    async fn create_realm(
        &self,
        realm: Realm,
        clients: Vec<Client>,
        audit: Option<AuditEntry>,
    ) -> Result<()> {
        self.pass(self.inner.create_realm(realm, clients, audit)).await
    }

    async fn save_realm(&self, realm: Realm, audit: Option<AuditEntry>) -> Result<Realm> {
        self.pass(self.inner.save_realm(realm, audit)).await
    }

    async fn user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>> {
        self.pass(self.inner.user(realm, by)).await
    }

    async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>> {
        self.pass(self.inner.users(realm, after, limit)).await
    }

    async fn password_hashes(&self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>> {
        self.pass(self.inner.password_hashes(after, limit)).await
    }

    async fn save_user(
        &self,
        user: User,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<User>> {
        self.pass(self.inner.save_user(user, raise, audit)).await
    }

    async fn register_user(&self, user: User, audit: Option<AuditEntry>) -> Result<User> {
        self.pass(self.inner.register_user(user, audit)).await
    }

    async fn import_users(&self, users: Vec<User>, audit: Option<AuditEntry>) -> Result<Vec<Result<u64>>> {
        self.pass(self.inner.import_users(users, audit)).await
    }

    async fn put_usage(&self, all: Vec<Usage>) -> Result<()> {
        self.pass(self.inner.put_usage(all)).await
    }

    async fn usage(&self) -> Result<Vec<Usage>> {
        self.pass(self.inner.usage()).await
    }

    async fn clients(&self) -> Result<Vec<Client>> {
        self.pass(self.inner.clients()).await
    }

    async fn save_client(
        &self,
        client: Client,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Client>> {
        self.pass(self.inner.save_client(client, raise, audit)).await
    }

    async fn keys(&self) -> Result<Vec<Key>> {
        self.pass(self.inner.keys()).await
    }

    async fn add_key(&self, key: Key, audit: Option<AuditEntry>) -> Result<()> {
        self.pass(self.inner.add_key(key, audit)).await
    }

    async fn remove_key(&self, id: KeyId, audit: Option<AuditEntry>) -> Result<bool> {
        self.pass(self.inner.remove_key(id, audit)).await
    }

    async fn consent(&self, user: UserId, client: ClientId) -> Result<Option<Consent>> {
        self.pass(self.inner.consent(user, client)).await
    }

    async fn consents(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<Consent>> {
        self.pass(self.inner.consents(user, after, limit)).await
    }

    async fn save_consent(
        &self,
        consent: Consent,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Consent>> {
        self.pass(self.inner.save_consent(consent, raise, audit)).await
    }

    async fn secrets(&self) -> Result<Vec<WrappedKey>> {
        self.pass(self.inner.secrets()).await
    }

    async fn save_secret(&self, change: SecretChange, audit: Option<AuditEntry>) -> Result<Vec<Mark>> {
        self.pass(self.inner.save_secret(change, audit)).await
    }

    async fn audit(&self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail> {
        self.pass(self.inner.audit(realm, before, limit)).await
    }
}

#[async_trait]
impl<S: Store + ?Sized> Upkeep for Faulty<S> {
    async fn recover(&self) -> Result<()> {
        self.inner.recover().await?;
        self.down.store(false, Ordering::SeqCst);
        Ok(())
    }

    async fn look(&self) -> Result<()> {
        self.inner.look().await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }

    async fn backup(&self, audit: AuditEntry) -> Result<Backup> {
        self.pass(self.inner.backup(audit)).await
    }

    fn figures(&self) -> Option<(Figures, Waiting, Disk)> {
        self.inner.figures()
    }

    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.pass(self.inner.secret(fresh)).await
    }

    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()> {
        self.pass(self.inner.set_back(rows, now)).await
    }

    async fn written_by(&self, now: Moment) -> Result<()> {
        self.pass(self.inner.written_by(now)).await
    }
}
