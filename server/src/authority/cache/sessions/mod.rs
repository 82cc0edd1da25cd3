//! The sessions in memory: every live session with only what `judge` needs, and the latest mark of each realm, client,
//! user and consent.
//!
//! A session's own mark removes its entry, so a miss means "not active". A child holds its parent and is judged with it:
//! the mark also flags the entry, for the children that hold it. Nothing here blocks: locks are held for a few
//! instructions and never across an await.

use std::iter::successors;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use exeunt_core::{
    Anchor, DialectName, Fingerprint, Mark, Marks, Moment, Session, SessionId, Stamp, Verdict, judge,
};
use hashbrown::HashTable;
use tokio::sync::watch;

use crate::error::{Error, Result, Unavailability};
use crate::lock::{Exclusive as _, Shared as _};
use crate::store::{Seen, touch_lag_secs};

/// Number of shards of the tables, so that writers rarely meet readers. A power of two.
pub const SHARDS: usize = 256;

/// A session in memory. Only last-seen changes, until it is over. The fields that a check reads come first, next to
/// each other.
#[repr(C)]
pub struct CachedSession {
    /// Zeros if it has none.
    token: Fingerprint,
    seen_millis: AtomicU64,
    written_millis: AtomicU64,
    /// What `judge` needs.
    pub session: Session,
    /// The dialect that issued it.
    pub dialect: DialectName,
    /// What its own mark made of it: [`OPEN`], [`ENDED`] or [`EXPIRED`].
    own_mark: AtomicU8,
    has_token: bool,
    parent: Option<Arc<Self>>,
    row: AtomicU64,
}

/// It has no mark of its own.
const OPEN: u8 = 0;
/// Its own mark ended it.
const ENDED: u8 = 1;
/// Its own mark records that it had expired.
const EXPIRED: u8 = 2;

/// All sessions and marks in memory.
pub struct SessionCache {
    by_token: Box<[RwLock<HashTable<Arc<CachedSession>>>]>,
    by_id: Box<[RwLock<HashTable<Arc<CachedSession>>>]>,
    marks: RwLock<Marks>,
    position: watch::Sender<Stamp>,
    /// The greatest acknowledged row.
    row: AtomicU64,
    /// How many unknown outcomes there were (each is a doubt), and up to which of them memory has caught up with the
    /// store.
    doubts: watch::Sender<u64>,
    doubted: AtomicU64,
    settled: AtomicU64,
    reached: Mutex<Reached>,
    /// Sessions that may or may not have been recorded.
    unsettled: Mutex<Vec<Arc<CachedSession>>>,
}

/// Memory is complete up to here, apart from later acknowledged writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Position in the log of marks.
    pub stamp: Stamp,
    /// Row, in the order of issue.
    pub row: u64,
}

impl CachedSession {
    /// A session that was last seen at `seen`. Without a token it is found by its id only.
    pub fn new(
        session: Session,
        dialect: DialectName,
        token: Option<Fingerprint>,
        row: u64,
        seen: Moment,
    ) -> Self {
        Self {
            session,
            dialect,
            token: token.unwrap_or(Fingerprint([0; 32])),
            has_token: token.is_some(),
            own_mark: AtomicU8::new(OPEN),
            parent: None,
            row: AtomicU64::new(row),
            seen_millis: AtomicU64::new(seen.millis()),
            written_millis: AtomicU64::new(seen.millis()),
        }
    }

    /// The same session as a child of this one.
    #[must_use]
    pub fn child_of(self, parent: Option<Arc<Self>>) -> Self {
        Self { parent, ..self }
    }

    /// The session itself, its parent, the parent of that, and so on.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        successors(Some(self), |live| live.parent.as_deref())
    }

    /// Whether its own mark or that of an ancestor is known here.
    pub fn is_marked(&self) -> bool {
        self.chain().any(|live| live.own_mark.load(Ordering::Acquire) != OPEN)
    }

    /// When it was last used successfully.
    pub fn seen(&self) -> Moment {
        Moment::from_millis(self.seen_millis.load(Ordering::Relaxed))
    }

    /// Moves last-seen; returns what to write if a touch interval has passed since the last write.
    pub fn see(&self, now: Moment) -> Option<Seen> {
        self.seen_millis.fetch_max(now.millis(), Ordering::Relaxed);
        let written = self.written_millis.load(Ordering::Relaxed);
        let due = written + u64::from(self.session.touch_interval_secs()) * 1000;
        if now.millis() < due {
            return None;
        }
        self.written_millis
            .compare_exchange(written, now.millis(), Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
            .then(|| Seen { session: self.session.id, row: self.row.load(Ordering::Relaxed), at: now })
    }

    /// Its verdict, without its ancestors'.
    fn judge(&self, seen: Moment, marks: &Marks, now: Moment) -> Verdict {
        let by_marks = judge(&self.session, seen, marks, now);
        match self.own_mark.load(Ordering::Acquire) {
            OPEN => by_marks,
            EXPIRED => by_marks.and(Verdict::Expired),
            _ => by_marks.and(Verdict::Ended(Anchor::Session(self.session.id))),
        }
    }

    /// Whether it is known to be recorded.
    fn is_placed(&self) -> bool {
        self.row.load(Ordering::Relaxed) > 0
    }
}

impl SessionCache {
    /// An empty cache. It is not complete yet, so it answers nothing.
    pub fn new() -> Self {
        let tables = || (0..SHARDS).map(|_| RwLock::new(HashTable::new())).collect();
        Self {
            by_token: tables(),
            by_id: tables(),
            marks: RwLock::default(),
            position: watch::channel(Stamp::ZERO).0,
            row: AtomicU64::new(0),
            doubts: watch::channel(1).0,
            doubted: AtomicU64::new(1),
            settled: AtomicU64::new(0),
            reached: Mutex::default(),
            unsettled: Mutex::default(),
        }
    }

    /// The session of a token, dead or alive; `None`: not active. One that is not known to be recorded is not active: it
    /// may be a session that has ended, issued a second time.
    ///
    /// # Errors
    /// `Unavailable` while memory is not provably complete: then "not active" cannot be answered either.
    pub fn find(&self, token: &Fingerprint) -> Result<Option<Arc<CachedSession>>> {
        self.must_be_complete()?;
        let shard = read(&self.by_token[token_shard(token)]);
        let found = shard.find(token.prefix(), |live| live.token == *token && live.is_placed()).cloned();
        if found.is_none() {
            // A call whose outcome has become unknown meanwhile may have recorded it.
            self.must_be_complete()?;
        }
        Ok(found)
    }

    /// The session of this id, dead or alive, if it is in memory and known to be recorded.
    pub fn find_by_id(&self, id: SessionId) -> Option<Arc<CachedSession>> {
        let shard = read(&self.by_id[id_shard(id)]);
        shard.find(id_hash(id), |live| live.session.id == id && live.is_placed()).cloned()
    }

    /// Judges a session with its ancestors, by the marks known here.
    pub fn judge(&self, live: &CachedSession, now: Moment) -> Verdict {
        let marks = read(&self.marks);
        let verdicts = live.chain().map(|live| live.judge(live.seen(), &marks, now));
        verdicts.reduce(Verdict::and).unwrap_or(Verdict::Expired)
    }

    /// Adds a session, once; `false` if one with its id is here, which stays. Called before it is recorded, so that no
    /// mark on it is missed; it is found from [`SessionCache::placed`] on.
    #[must_use]
    pub fn insert(&self, live: &Arc<CachedSession>) -> bool {
        let id = live.session.id;
        let mut ids = write(&self.by_id[id_shard(id)]);
        if ids.find(id_hash(id), |other| other.session.id == id).is_some() {
            return false;
        }
        ids.insert_unique(id_hash(id), live.clone(), |live| id_hash(live.session.id));
        self.open(live);
        true
    }

    /// Adds a session whose token is already known outside, before it is recorded: marks on it are not missed, but its
    /// token does not find it until [`SessionCache::reveal`].
    pub fn announce(&self, live: Arc<CachedSession>) {
        let id = live.session.id;
        write(&self.by_id[id_shard(id)]).insert_unique(id_hash(id), live, |live| id_hash(live.session.id));
    }

    /// The session is recorded: from now on its token finds it, unless it was ended or dropped meanwhile.
    pub fn reveal(&self, live: &Arc<CachedSession>) {
        let id = live.session.id;
        // Under the lock of the first table, as in `insert`.
        let ids = write(&self.by_id[id_shard(id)]);
        let there = ids.find(id_hash(id), |other| other.session.id == id);
        if there.is_some_and(|there| Arc::ptr_eq(there, live)) {
            self.open(live);
        }
    }

    /// Makes the token find the session. The caller holds the lock of the first table.
    fn open(&self, live: &Arc<CachedSession>) {
        if !live.has_token {
            return;
        }
        let (prefix, id) = (live.token.prefix(), live.session.id);
        let mut tokens = write(&self.by_token[token_shard(&live.token)]);
        if tokens.find(prefix, |other| other.session.id == id).is_none() {
            tokens.insert_unique(prefix, live.clone(), |live| live.token.prefix());
        }
    }

    /// Sets its row, once known.
    pub fn placed(&self, live: &CachedSession, row: u64) {
        live.row.store(row, Ordering::Relaxed);
        self.row.fetch_max(row, Ordering::SeqCst);
    }

    /// Adds a session read from the store. An entry that is already here is kept.
    pub fn found(&self, live: Arc<CachedSession>) {
        let id = live.session.id;
        let mut ids = write(&self.by_id[id_shard(id)]);
        if let Some(here) = ids.find(id_hash(id), |other| other.session.id == id) {
            here.row.store(live.row.load(Ordering::Relaxed), Ordering::Relaxed);
            self.open(here);
        } else {
            self.open(&live);
            ids.insert_unique(id_hash(id), live, |live| id_hash(live.session.id));
        }
    }

    /// Keeps a session that may or may not have been recorded until that is known. Call it before
    /// [`SessionCache::doubt`].
    pub fn unsettled(&self, live: Arc<CachedSession>) {
        self.unsettled.hold().push(live);
    }

    /// All recorded sessions have been read: drops the unsettled ones that were not among them.
    pub fn settle_sessions(&self) {
        let unsettled = std::mem::take(&mut *self.unsettled.hold());
        unsettled.iter().filter(|live| !live.is_placed()).for_each(|live| self.remove(live.session.id));
    }

    /// The stamp of the latest mark on an anchor, if there is one.
    pub fn marked(&self, anchor: Anchor) -> Option<Stamp> {
        read(&self.marks).latest(anchor).map(|raised| raised.at)
    }

    /// Drops a session that is dead, or was never recorded.
    pub fn remove(&self, id: SessionId) {
        self.end(id, ENDED);
    }

    /// Drops a session, and tells this to the children that hold it.
    fn end(&self, id: SessionId, own_mark: u8) {
        // Both tables change under the lock of the first, as in `insert`: neither can overtake the other.
        let mut ids = write(&self.by_id[id_shard(id)]);
        let Ok(entry) = ids.find_entry(id_hash(id), |live| live.session.id == id) else { return };
        entry.get().own_mark.store(own_mark, Ordering::Release);
        let live = entry.remove().0;
        if !live.has_token {
            return;
        }
        let mut tokens = write(&self.by_token[token_shard(&live.token)]);
        if let Ok(entry) = tokens.find_entry(live.token.prefix(), |other| other.session.id == id) {
            entry.remove();
        }
    }

    /// Applies a mark: once this returns, no check here accepts the sessions that it ended.
    pub fn apply(&self, mark: &Mark) {
        match mark.anchor {
            Anchor::Session(id) if mark.verdict() == Verdict::Expired => self.end(id, EXPIRED),
            Anchor::Session(id) => self.end(id, ENDED),
            Anchor::Realm(_) | Anchor::Client(_) | Anchor::User(_) | Anchor::Consent(_) => {
                write(&self.marks).raise(mark);
            }
        }
        self.reach(mark.at);
    }

    /// The last log position known here: every acknowledged mark is at or before it.
    pub fn position(&self) -> Stamp {
        *self.position.borrow()
    }

    /// The last log position up to which memory is complete, even during a doubt.
    pub fn sure(&self) -> Stamp {
        let reached = self.reached.hold();
        if self.is_complete() { self.position() } else { self.position().min(reached.stamp) }
    }

    /// Notifies about every move of the position.
    pub fn watch(&self) -> watch::Receiver<Stamp> {
        self.position.subscribe()
    }

    /// The earliest stamp at which these anchors' marks leave sessions alive.
    pub fn floor(&self, anchors: &[Anchor]) -> Stamp {
        exeunt_core::floor(&read(&self.marks), anchors)
    }

    /// How many sessions are in memory.
    pub fn count(&self) -> usize {
        self.by_id.iter().map(|shard| read(shard).len()).sum()
    }

    /// The sessions of one of the [`SHARDS`].
    pub fn shard(&self, number: usize) -> Vec<Arc<CachedSession>> {
        read(&self.by_id[number % SHARDS]).iter().cloned().collect()
    }

    /// Whether this session has expired, even if it and its ancestors are in use right now.
    pub fn surely_expired(&self, live: &CachedSession, now: Moment) -> bool {
        live.chain().any(|live| self.surely_expired_itself(live, now))
    }

    /// The same without its ancestors.
    pub fn surely_expired_itself(&self, live: &CachedSession, now: Moment) -> bool {
        let late = live.seen().plus_secs(touch_lag_secs(&live.session));
        live.judge(late, &read(&self.marks), now) == Verdict::Expired
    }

    /// Memory answers nothing until a catch-up that begins after this call has ended. Once this returns, no check can
    /// begin.
    pub fn doubt(&self) {
        let mut reached = self.reached.hold();
        if self.is_complete() {
            // The store takes no write between an unknown outcome and the catch-up, so all later rows come after this.
            *reached = Reached { stamp: self.position(), row: self.row.load(Ordering::SeqCst) };
        }
        let doubts = self.doubted.fetch_add(1, Ordering::SeqCst) + 1;
        self.doubts.send_replace(doubts);
    }

    /// Notifies about every doubt.
    pub fn doubts(&self) -> watch::Receiver<u64> {
        self.doubts.subscribe()
    }

    /// Whether checks are answered from memory: the last catch-up began after the last doubt.
    pub fn is_complete(&self) -> bool {
        self.settled.load(Ordering::SeqCst) == self.doubted.load(Ordering::SeqCst)
    }

    /// Begins a catch-up: returns how many doubts it settles, and where to start reading.
    pub fn catch_up(&self) -> (u64, Reached) {
        let reached = self.reached.hold();
        (self.doubted.load(Ordering::SeqCst), *reached)
    }

    /// Ends a catch-up: memory is complete up to `upto`, and `doubts` are settled. A later doubt is not.
    pub fn caught_up(&self, doubts: u64, upto: Reached) {
        let mut reached = self.reached.hold();
        *reached = upto;
        self.reach(upto.stamp);
        self.row.fetch_max(upto.row, Ordering::SeqCst);
        self.settled.store(doubts, Ordering::SeqCst);
    }

    fn reach(&self, stamp: Stamp) {
        self.position.send_if_modified(|position| {
            let moved = *position < stamp;
            *position = stamp.max(*position);
            moved
        });
    }

    fn must_be_complete(&self) -> Result<()> {
        if self.is_complete() { Ok(()) } else { Err(Error::unavailable(Unavailability::Unknown)) }
    }
}

impl Default for SessionCache {
    fn default() -> Self {
        Self::new()
    }
}

fn token_shard(token: &Fingerprint) -> usize {
    usize::from(token.0[31]) % SHARDS
}

fn id_shard(id: SessionId) -> usize {
    usize::from(id.0[15]) % SHARDS
}

/// The last bytes of an id are random, the first are the time.
fn id_hash(id: SessionId) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = id.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.reading()
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.writing()
}

#[cfg(test)]
mod tests;
