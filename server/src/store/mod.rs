//! Storage. A [`Store`] is a [`Ledger`] (sessions, tokens, marks), a [`Directory`] (realms, users, clients, keys, audit)
//! and its [`Upkeep`]. Its calls are operations of the domain: every write is one transaction.
//!
//! [`contract`] states what a store promises, as plain functions that run on every store. The stores are in
//! [`memory`] (the reference, for tests) and [`sqlite`] (the embedded default).
//!
//! Errors: [`Kind::Unavailable`](crate::error::Kind) with `Refused` when nothing was changed, with `Unknown` when a
//! commit was cut short. After `Unknown` a store takes no write until [`Upkeep::recover`] has succeeded.

pub mod backup;
pub mod contract;
pub mod faulty;
pub mod figures;
pub mod memory;
pub mod open;
mod records;
pub mod rules;
pub mod sqlite;

use async_trait::async_trait;
pub use backup::{Backup, OneAtATime};
use exeunt_core::{ClientId, KeyId, Mark, Moment, RealmId, Session, SessionId, Stamp, UserId};
use figures::{Disk, Figures, Waiting};
pub use open::{Demo, StoreUrl, open, open_to_serve};
pub use records::{
    Adopted, Adoption, AuditEntry, AuditPlace, Client, Consent, Cut, FLUSH_SECS, Found, Generation, Grant,
    GrantKind, Identifier, Incarnation, Issued, Key, List, MarkPage, NewSession, Others, Over, PasswordHash,
    Position, Proof, Raise, RaiseOutcome, Realm, Record, Role, Saved, SecretChange, Seen, SessionBy,
    SessionMarks, SessionPage, Settings, Successor, Swept, Trail, Turn, Turned, Usage, User, Usernames,
    WrappedKey, WrittenBy, seen_at_most, touch_lag_secs,
};

#[cfg(doc)]
use crate::error::Unavailability;
use crate::error::{Error, Kind, Result};

/// The limit of live sessions of one user in its realm, with all clients together.
pub const USER_SESSIONS_MAX: u32 = 10_000;

/// Everything the server keeps.
pub trait Store: Ledger + Directory + Upkeep {}

impl<S: Ledger + Directory + Upkeep> Store for S {}

/// Sessions, their tokens, the log of marks.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// The last position in the log of marks, and the incarnation of the store. Every acknowledged mark is at or before
    /// it.
    async fn position(&self) -> Result<Position>;

    /// Records a session and its token. If the user then has more than `new.sessions_max` live sessions with this
    /// client, or more than [`USER_SESSIONS_MAX`] with all clients, the same transaction ends the least recently seen
    /// of the other sessions (of this client, or of all) with `Why::Limit`. Children count for their client only. A
    /// child is refused as `Dead` where one of its ancestors is dead, or not recorded. For client credentials there is
    /// one living session: a second one is not recorded, but told of the first, unless that ends
    /// within `new.left_secs`. One whose evidence is older than a mark that would end it is refused as `Dead`.
    async fn issue(&self, new: NewSession) -> Result<Issued>;

    /// Records live sessions of another system in one transaction, and returns the outcome of each, in their order. No
    /// session is refused because of another one, and no live session is ended to make room. A token is adopted only
    /// once, even if its session was forgotten since: reading the same list twice revives no session. `audit` is the
    /// line of the trail that commits with them, if there are any.
    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>>;

    /// Uses a refresh token, or a browser's cookie, to get the next one. Liveness is judged first, and the generation that
    /// is used never goes down; of many calls with one generation all that come within `again_secs` get the same
    /// successor. A superseded generation ends the session in the same transaction, with the mark that `turn.raise`
    /// describes. Another client than the session's is answered `Dead`, and nothing ends; so is a superseded generation
    /// whose reuse ends nothing.
    async fn turn(&self, turn: Turn) -> Result<Turned>;

    /// Raises a mark and returns when it is durable. A session that is not alive gets no second mark: the mark that
    /// ended it first is returned or, if it had expired, one that records that (`Why::Expired`). Of many concurrent
    /// raises on one session exactly one gets `was: Alive`, and all are answered after its commit. Marks on users,
    /// clients and realms are always new. An unknown session is [`Kind::NotFound`](crate::error::Kind).
    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome>;

    /// Ends every session of a user except one, its ancestors and its descendants, in one transaction. Returns the
    /// marks raised, oldest first.
    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>>;

    /// Raises `Why::Expired` on those of these sessions that have certainly expired: it reads last-seen again in its
    /// transaction, and allows for touches that are not yet written. Returns the marks raised.
    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>>;

    /// Records when sessions were seen. The later time wins; unknown and dead sessions are skipped.
    async fn touch(&self, seen: Vec<Seen>) -> Result<()>;

    /// One session, dead or alive, unless it was forgotten, with its verdict at `now`.
    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>>;

    /// Sessions under an anchor, newest first, at most `list.limit`, and where the list continues.
    async fn sessions(&self, list: List) -> Result<SessionPage>;

    /// Fills a cache at start: sessions without a mark of their own, oldest first, with a row greater than `after`; at
    /// most `limit`. Their verdict may still be anything.
    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>>;

    /// What ended this session: its earliest mark above its stamp on any of its anchors.
    async fn why(&self, session: &Session) -> Result<Option<Mark>>;

    /// The log of marks after a stamp, in order and without holes: at most `limit` marks of this realm (`None`: of
    /// all), and the position up to which the reader then has everything. [`Kind::NotFound`](crate::error::Kind) if the
    /// log no longer reaches back to `after`.
    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage>;

    /// A page of the marks in force, in order: of the marks after `after` and up to `upto`, at most `limit` that are
    /// still the latest on their anchor and, on a session, whose session is recorded; `own` says whether sessions' own
    /// marks are wanted. The position says how far the page reaches. A page may be shorter than `limit` where many
    /// marks are not in force or of other realms.
    async fn in_force(
        &self,
        realm: Option<RealmId>,
        own: SessionMarks,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage>;

    /// Reserves `count` numbers and returns the first. No number is given twice, even after a restart.
    async fn reserve(&self, count: u64) -> Result<u64>;

    /// Forgets, in one small step of at most `budget` rows, sessions dead for longer than `keep_secs`, and log entries
    /// older than `log_secs`. This is the only deletion of sessions and marks.
    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept>;
}

/// Realms, users, clients, keys, and who changed them.
///
/// A record is written as a whole: version 0 creates it, otherwise the stored version must be the record's, or the
/// answer is [`Kind::Conflict("version")`](crate::error::Kind). A change that ends sessions commits in one transaction
/// with its mark. `audit` is the line of the audit trail that commits with the change.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// All realms, oldest first.
    async fn realms(&self) -> Result<Vec<Realm>>;

    /// Creates a realm with its built-in clients. Each must be at version 0, or the answer is `Conflict("version")`. A
    /// taken name is `Conflict("name")`.
    async fn create_realm(&self, realm: Realm, clients: Vec<Client>, audit: Option<AuditEntry>)
    -> Result<()>;

    /// Changes how a realm compares user names, and increments its version. Ignoring case is refused while two names
    /// differ in case only: `Conflict("usernames")`, with at most [`COLLIDING_NAMES_MAX`] of the names.
    async fn save_realm(&self, realm: Realm, audit: Option<AuditEntry>) -> Result<Realm>;

    /// One user that was not deleted; a deleted user is found only by id.
    async fn user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>>;

    /// Users of a realm with a number greater than `after`, in order, without deleted ones.
    async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>>;

    /// The password hashes of all realms, each with the number of its user, in order and greater than `after`. Those of
    /// deleted users are gone.
    async fn password_hashes(&self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>>;

    /// Writes a user; on creation the store assigns its number. A taken identifier is `Conflict(field)`.
    async fn save_user(
        &self,
        user: User,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<User>>;

    /// Creates a user as [`Directory::save_user`] does, but also refuses a name that looks like a taken one if one of
    /// the two is not ASCII: `Conflict(field)` too.
    async fn register_user(&self, user: User, audit: Option<AuditEntry>) -> Result<User>;

    /// Adds users of another system in one transaction. Returns the number of each, in their order, or
    /// `Conflict(field)` if an identifier is taken by an existing user or by an earlier one in the list. Such a user is
    /// left out and the others are added. `audit` commits with them, if there are any.
    async fn import_users(&self, users: Vec<User>, audit: Option<AuditEntry>) -> Result<Vec<Result<u64>>>;

    /// Writes the usage of legacy calls. The greatest count and the latest time stay, so writing twice is harmless.
    async fn put_usage(&self, all: Vec<Usage>) -> Result<()>;

    /// All usage of legacy calls written so far.
    async fn usage(&self) -> Result<Vec<Usage>>;

    /// All clients of all realms, without removed ones.
    async fn clients(&self) -> Result<Vec<Client>>;

    /// Writes a client. A taken name is `Conflict("name")`, a taken key `Conflict("key")`.
    async fn save_client(
        &self,
        client: Client,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Client>>;

    /// All keys.
    async fn keys(&self) -> Result<Vec<Key>>;

    /// Adds a key.
    async fn add_key(&self, key: Key, audit: Option<AuditEntry>) -> Result<()>;

    /// Deletes a key; `false` if there was none.
    async fn remove_key(&self, id: KeyId, audit: Option<AuditEntry>) -> Result<bool>;

    /// What a user has allowed a client.
    async fn consent(&self, user: UserId, client: ClientId) -> Result<Option<Consent>>;

    /// What a user has allowed, in the order of the last changes: consents with a version greater than `after`.
    async fn consents(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<Consent>>;

    /// Writes a consent. With `raise` it is withdrawn instead: the record is deleted, if there is one, and the mark is
    /// raised on the consent, whatever anchor it names, in one transaction. A consent of a user that is not there or was
    /// deleted is [`Kind::NotFound`](crate::error::Kind). Deleting a user deletes its consents.
    async fn save_consent(
        &self,
        consent: Consent,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<Consent>>;

    /// The sealing keys of all realms, oldest first in each.
    async fn secrets(&self) -> Result<Vec<WrappedKey>>;

    /// Writes a sealing key, and deletes older ones, in one transaction with the marks, which it returns. A new key whose
    /// number is not the greatest, or a key to replace that is not stored like that, is `Conflict("version")`.
    async fn save_secret(&self, change: SecretChange, audit: Option<AuditEntry>) -> Result<Vec<Mark>>;

    /// The audit trail of a realm (`None`: of all), newest first, before a place: at most `limit` changes and `limit`
    /// marks. Where other realms have many, it may stop looking earlier.
    async fn audit(&self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail>;
}

/// What keeps a store in order.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// After an unknown outcome: opens the store again and finds out. Does nothing on a healthy store. Nothing is
    /// written before it has succeeded, so a write whose outcome was unknown comes later in the log of marks, and in
    /// the order of issue, than every write acknowledged before it.
    async fn recover(&self) -> Result<()>;

    /// Checks that the open files are still the ones at the store's path. After an error nothing is read or written
    /// before [`Upkeep::recover`].
    async fn look(&self) -> Result<()>;

    /// Writes out everything and closes the store; every later call fails.
    async fn close(&self) -> Result<()>;

    /// Copies everything as it is at one moment, while others write, and writes the line of the audit trail about it. A
    /// copy can only be restored: no store opens it. One at a time, [`Unavailability::Busy`] meanwhile; a store without
    /// a file answers [`Kind::Conflict("store")`](crate::error::Kind).
    async fn backup(&self, audit: AuditEntry) -> Result<Backup>;

    /// The counters, the queue lengths and the disk; `None` for a store in memory.
    fn figures(&self) -> Option<(Figures, Waiting, Disk)>;

    /// A secret that this store keeps for good, for hashes that mean nothing outside of it. A store without one keeps
    /// `fresh`. A copied or restored store has the same secret.
    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]>;

    /// Used while filling a cache at start: these sessions were last seen later than `now`, because the wall clock was
    /// ahead then. From now on they count as seen now.
    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()>;

    /// Called at a start at which something written is dated after `now`: everything stored then counts as written at
    /// `now` at the latest. Recorded sessions count as issued by `now`. Marks and lines of the trail are not changed,
    /// and are forgotten in time.
    async fn written_by(&self, now: Moment) -> Result<()>;
}

/// At most this many names are listed when user names cannot be compared without case.
pub const COLLIDING_NAMES_MAX: usize = 10;

/// The error for user names that differ in case only.
fn colliding(names: &[String]) -> Error {
    let told = names.iter().take(COLLIDING_NAMES_MAX).map(|name| format!("'{}'", name.escape_debug()));
    let told: Vec<String> = told.collect();
    let more = if names.len() > COLLIDING_NAMES_MAX { ", and others" } else { "" };
    let public = format!(
        "some usernames differ only in case: {}{more}; rename or remove one of each, then try again",
        told.join(", ")
    );
    Error::new(Kind::Conflict("usernames"), public)
}

/// The error for a name that looks like a taken one.
fn look_alike(field: &'static str) -> Error {
    Error::new(
        Kind::Conflict(field),
        format!("this {field} looks like one that is taken; choose another one"),
    )
}

/// The error for a write that collides with a stored record.
fn conflict(field: &'static str) -> Error {
    let public = match field {
        "version" => "it was changed in the meantime; read it again and repeat the change".to_owned(),
        _ => format!("this {} is taken", field.replace('_', " ")),
    };
    Error::new(Kind::Conflict(field), public)
}
