//! Where it is kept. A [`Store`] is a [`Ledger`] (sessions, tokens, marks) and a [`Directory`] (realms, users,
//! clients, keys, audit), in words of the domain: every write is one transaction.
//!
//! [`contract`] states what a store promises, as plain functions that run on every store. The stores are in
//! [`memory`] (the reference, for tests) and [`sqlite`] (the embedded default).
//!
//! Errors: [`Kind::Unavailable`](crate::error::Kind) with `Refused` when nothing was changed, with `Unknown` when a
//! commit was cut short. After `Unknown` a store takes no write until [`Ledger::recover`] has succeeded.

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
use exeunt_core::{KeyId, Mark, Moment, RealmId, Session, SessionId, Stamp};
use figures::{Disk, Figures, Waiting};
pub use open::{StoreUrl, open};
pub use records::{
    Adopted, Adoption, AuditEntry, AuditPlace, Client, Cut, Endpoint, FLUSH_SECS, Found, Identifier,
    Incarnation, Issued, Key, List, MarkPage, NewSession, Others, Over, PasswordHash, Position, Raise,
    RaiseOutcome, Realm, Record, Role, Saved, Seen, SessionBy, SessionMarks, SessionPage, Settings, Snapshot,
    Swept, Trail, Usage, User, Usernames, WrittenBy, seen_at_most, touch_lag_secs,
};

#[cfg(doc)]
use crate::error::Unavailability;
use crate::error::{Error, Kind, Result};

/// How many sessions a user may have alive at once in its realm, with all clients together.
pub const USER_SESSIONS_MAX: u32 = 10_000;

/// Where everything is kept.
pub trait Store: Ledger + Directory {}

impl<S: Ledger + Directory> Store for S {}

/// Sessions, their tokens, the log of marks.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// The last place in the log of marks, and of which incarnation of the store. Whatever was acknowledged is at
    /// or before it.
    async fn position(&self) -> Result<Position>;

    /// Whether the demonstration made this store: its passwords are known to everybody.
    async fn is_demo(&self) -> Result<bool> {
        Ok(false)
    }

    /// Says that the demonstration made this store, once and for all. Nothing to remember for a store that ends with
    /// its process.
    async fn set_demo(&self) -> Result<()> {
        Ok(())
    }

    /// Whether what it has answered survives a power cut.
    fn durable(&self) -> bool;

    /// What it has counted, and what waits; `None` for a store that counts nothing.
    fn figures(&self) -> Option<(Figures, Waiting)> {
        None
    }

    /// The disk that it is on; `None` for a store that is on none.
    fn disk(&self) -> Option<Disk> {
        None
    }

    /// Looks whether what is open is still what is at the place of the store. After an error nothing is read or written
    /// before [`Ledger::recover`].
    async fn look(&self) -> Result<()> {
        Ok(())
    }

    /// Records a session and its token. If the user then has more than `new.sessions_max` sessions alive with this
    /// client, or more than [`USER_SESSIONS_MAX`] with all, the longest unseen of the others, of this client or of all,
    /// are ended in the same transaction (`Why::Limit`).
    async fn issue(&self, new: NewSession) -> Result<Issued>;

    /// Records live sessions of another system, in one transaction: what became of each, in their order. None is
    /// refused because of another one, and none of those that are alive is ended to make room. A token that was adopted
    /// once is never adopted again, not even when its session was forgotten: whoever reads the same list twice revives
    /// nobody. `audit` is the line of the trail that commits with them, if there are any.
    async fn adopt(
        &self,
        sessions: Vec<Adopted>,
        now: Moment,
        audit: Option<AuditEntry>,
    ) -> Result<Vec<Adoption>>;

    /// Raises a mark and returns when it is durable. On a session that is not alive no second mark is raised: the
    /// one that ended it first is returned, or, if it had expired, one that records that (`Why::Expired`). Of many
    /// concurrent raises on one session exactly one gets `was: Alive`, and all are answered after its commit.
    /// Marks on users, clients and realms are always new. An unknown session is [`Kind::NotFound`](crate::error::Kind).
    async fn raise(&self, raise: Raise) -> Result<RaiseOutcome>;

    /// Ends every session of a user but one, its ancestors and what hangs from it, in one transaction. Returns the
    /// marks raised, oldest first.
    async fn raise_others(&self, others: Others) -> Result<Vec<Mark>>;

    /// Raises `Why::Expired` on those of these sessions that have expired for sure: it reads last-seen again in its
    /// transaction, and allows for touches that are not yet written. Returns the marks raised.
    async fn expire(&self, sessions: Vec<SessionId>, now: Moment) -> Result<Vec<Mark>>;

    /// Records when sessions were seen. Later wins; unknown and dead sessions are passed over.
    async fn touch(&self, seen: Vec<Seen>) -> Result<()>;

    /// One session, dead or alive, as long as it is not forgotten, with its verdict at `now`.
    async fn session(&self, by: SessionBy, now: Moment) -> Result<Option<Found>>;

    /// Sessions under an anchor, newest first, at most `list.limit`, and where the list goes on.
    async fn sessions(&self, list: List) -> Result<SessionPage>;

    /// For filling a memory at start: sessions that no mark of their own ended, oldest first, with a place greater
    /// than `after`; at most `limit`. Their verdict may still be anything.
    async fn unended(&self, after: u64, limit: u32, now: Moment) -> Result<Vec<Found>>;

    /// For filling a memory at start: these sessions, by their places, were last seen later than `now`, since the wall
    /// clock was ahead then. From here on they count as seen now.
    async fn set_back(&self, rows: Vec<u64>, now: Moment) -> Result<()>;

    /// For a start at which something that was written lies ahead of `now`: what is there counts as written now at the
    /// latest. The sessions that are recorded count as issued by now; marks and lines of the trail stay as they are, and
    /// are forgotten in time.
    async fn written_by(&self, now: Moment) -> Result<()>;

    /// What ended this session: its earliest mark above its stamp on any of its anchors.
    async fn why(&self, session: &Session) -> Result<Option<Mark>>;

    /// The log of marks after a place, in order and without holes, at most `limit` marks of this realm (of all:
    /// `None`), and the position up to which the reader then has everything. [`Kind::NotFound`](crate::error::Kind)
    /// if the log no longer reaches back to `after`.
    async fn marks(&self, realm: Option<RealmId>, after: Stamp, limit: u32) -> Result<MarkPage>;

    /// The earliest place that the log reaches back to: what came before it is forgotten, or of an earlier life.
    async fn oldest(&self) -> Result<Stamp>;

    /// The latest mark of each realm, client and user, and, unless left out, of each session that is recorded: what
    /// is in force.
    async fn snapshot(&self, realm: Option<RealmId>, own: SessionMarks) -> Result<Snapshot>;

    /// A page of what is in force, in order: of the marks after a place and up to another, at most `limit` that are
    /// still the latest on their anchor and, on a session, of one that is recorded. The position is up to where the
    /// page reaches; where much is not in force, or of other realms, it may hold less than it could.
    async fn in_force(
        &self,
        realm: Option<RealmId>,
        after: Stamp,
        upto: Stamp,
        limit: u32,
    ) -> Result<MarkPage>;

    /// Reserves `count` numbers and returns the first: never given twice, not after a restart either.
    async fn reserve(&self, count: u64) -> Result<u64>;

    /// A secret that this store keeps for good, for hashes that tell nothing outside of it. `fresh` becomes it where
    /// there is none yet. Whoever copies or restores the store has it too.
    async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]>;

    /// Forgets, in one small step of at most `budget` rows, what has been dead for longer than `keep_secs`, and log
    /// entries older than `log_secs`. The only deletion of sessions and marks.
    async fn sweep(&self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Result<Swept>;

    /// A copy of everything as it is at one moment, made while others write, and the line of the audit trail that tells
    /// of it. It can only be restored: no store is opened on it. One at a time, [`Unavailability::Busy`] meanwhile; a store
    /// that is not kept in a file is [`Kind::Conflict("store")`](crate::error::Kind).
    async fn backup(&self, _audit: AuditEntry) -> Result<Backup> {
        Err(Error::new(Kind::Conflict("store"), "a store in memory has nothing to back up"))
    }

    /// After an outcome was unknown: opens the store again and finds out. Does nothing on a healthy store. Until it has
    /// succeeded nothing is written, so whatever was unknown has a later place in the log of marks, and in the order of
    /// issue, than whatever was acknowledged before.
    async fn recover(&self) -> Result<()>;

    /// Writes out everything and lets go of the store; every later call fails.
    async fn close(&self) -> Result<()>;
}

/// Realms, users, clients, keys, and who changed them.
///
/// A record is written whole: version 0 creates it, otherwise the stored version must be the record's, or the
/// answer is [`Kind::Conflict("version")`](crate::error::Kind). A change that ends sessions commits in one
/// transaction with its mark. `audit` is the line of the audit trail that commits with the change.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// All realms, oldest first.
    async fn realms(&self) -> Result<Vec<Realm>>;

    /// Creates a realm with the clients that are built into it, each new and so at version 0, or the answer is
    /// `Conflict("version")`. A taken name is `Conflict("name")`.
    async fn create_realm(&self, realm: Realm, clients: Vec<Client>, audit: Option<AuditEntry>)
    -> Result<()>;

    /// Changes how a realm's user names are compared, and counts its version up. They are not compared without case
    /// while two of them differ in nothing else: that is `Conflict("usernames")`, with the names of some, at most
    /// [`COLLIDING_NAMES_MAX`].
    async fn save_realm(&self, realm: Realm, audit: Option<AuditEntry>) -> Result<Realm>;

    /// One user that was not deleted (a deleted one only by id).
    async fn user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>>;

    /// Users of a realm in order of their number, greater than `after`, deleted ones left out.
    async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>>;

    /// The hashes of passwords in all realms, each with the number of its user, in order of these numbers and greater
    /// than `after`: those of deleted users are gone.
    async fn password_hashes(&self, after: u64, limit: u32) -> Result<Vec<(u64, PasswordHash)>>;

    /// Writes a user; on creation the store gives it a number. A taken identifier is `Conflict(field)`.
    async fn save_user(
        &self,
        user: User,
        raise: Option<Raise>,
        audit: Option<AuditEntry>,
    ) -> Result<Saved<User>>;

    /// Creates a user as [`Directory::save_user`] does, unless a name of it looks like one that is there already and one
    /// of the two is not ASCII: that is `Conflict(field)` too.
    async fn register_user(&self, user: User, audit: Option<AuditEntry>) -> Result<User>;

    /// Adds users of another system, in one transaction: the number of each, in their order, or `Conflict(field)` for
    /// one of whom an identifier is taken, by a user who is there or by an earlier one in the list. That one is not there
    /// at all, and the others are. `audit` commits with them, if there are any.
    async fn import_users(&self, users: Vec<User>, audit: Option<AuditEntry>) -> Result<Vec<Result<u64>>>;

    /// Writes who still calls what. Of each the greatest count and the latest time stay, so writing twice is harmless.
    async fn put_usage(&self, all: Vec<Usage>) -> Result<()>;

    /// Who still calls what: all that was written.
    async fn usage(&self) -> Result<Vec<Usage>>;

    /// All clients of all realms, removed ones left out.
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

    /// Removes a key for good; `false` if there was none.
    async fn remove_key(&self, id: KeyId, audit: Option<AuditEntry>) -> Result<bool>;

    /// The audit trail of a realm (of all: `None`), newest first, before a place: at most `limit` of the changes and
    /// `limit` of the marks. Where other realms have many, it may stop looking before it has found so many.
    async fn audit(&self, realm: Option<RealmId>, before: AuditPlace, limit: u32) -> Result<Trail>;
}

/// How many names are told at most when user names cannot be compared without case.
pub const COLLIDING_NAMES_MAX: usize = 10;

/// User names that differ in case only, as they are there.
fn colliding(names: &[String]) -> Error {
    let told = names.iter().take(COLLIDING_NAMES_MAX).map(|name| format!("'{}'", name.escape_debug()));
    let told: Vec<String> = told.collect();
    let more = if names.len() > COLLIDING_NAMES_MAX { ", and others" } else { "" };
    let public = format!(
        "some usernames differ in case only: {}{more}; rename or remove one of each before the case is ignored",
        told.join(", ")
    );
    Error::new(Kind::Conflict("usernames"), public)
}

/// A name looks like one that is there.
fn look_alike(field: &'static str) -> Error {
    Error::new(Kind::Conflict(field), format!("this {field} looks like one that is taken; choose another"))
}

/// What is to be written collides with what is there.
fn conflict(field: &'static str) -> Error {
    let public = match field {
        "version" => "it was changed meanwhile; read it again".to_owned(),
        _ => format!("this {} is taken", field.replace('_', " ")),
    };
    Error::new(Kind::Conflict(field), public)
}
