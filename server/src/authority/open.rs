//! Opening an authority on a store: creates what is missing and fills memory.

use std::sync::Arc;

use exeunt_core::{Moment, Session, Stamp};
use futures_util::future::{join, try_join};

use crate::authority::cache::sessions::{CachedSession, Reached};
use crate::authority::counters::Counters;
use crate::authority::feed::{PAGE_MARKS_MAX, PAGE_SNAPSHOT};
use crate::authority::passwords::{PasswordFigures, PasswordLimits, Passwords};
use crate::authority::realm::{Builtin, MAIN};
use crate::authority::throttle::{Refusals, Throttle, ThrottleLimits};
use crate::authority::{AuditPlace, Authority, Call, Client, Retention};
use crate::env::Env;
use crate::error::{Error, Result, Unavailability};
use crate::store::figures::{Disk, Figures, Waiting};
use crate::store::{Found, SessionMarks, Store, seen_at_most};
use crate::time::text::utc_or_last;

/// Sessions, or password hashes, read in one step while filling memory.
const FILL_ROWS: u32 = 20_000;
/// Sessions whose times are corrected in one transaction at most.
const SET_BACK_PER_WRITE: usize = 500;
/// How many seconds the wall clock may be behind the newest mark at start.
pub const CLOCK_BEHIND_SECS_MAX: u64 = 300;

/// The settings with which an authority is opened.
pub struct Opening {
    /// The clients that every realm has.
    pub builtins: Vec<Builtin>,
    /// The password pool.
    pub passwords: PasswordLimits,
    /// The login limits.
    pub throttle: ThrottleLimits,
    /// How long ended and expired data is kept.
    pub retention: Retention,
    /// The clock that refused logins wait for.
    pub env: Env,
    /// Start although the wall clock is behind the newest mark.
    pub accept_clock: bool,
}

/// The parent of a session is not in memory.
struct Gone;

impl Authority {
    /// Opens an authority: creates the main realm if it is missing, sets the built-in clients to their configured
    /// lifetimes, and fills memory.
    ///
    /// # Errors
    /// `Malformed("clock")` when the wall clock is too far behind the newest mark; `Unavailable`.
    pub async fn open(store: Arc<dyn Store>, opening: Opening, call: &Call) -> Result<Self> {
        let mut authority = Self {
            store,
            memory: Arc::default(),
            clients: Default::default(),
            keys: Default::default(),
            realms: Default::default(),
            builtins: opening.builtins,
            passwords: Passwords::start(opening.passwords, opening.env)?,
            throttle: Throttle::new(opening.throttle, opening.passwords.waiting_max(), call.mint.salt()),
            touches: Default::default(),
            usages: Default::default(),
            round: Default::default(),
            names: Default::default(),
            retention: opening.retention,
            counters: Default::default(),
        };
        authority.look_at_the_clock(call.now, opening.accept_clock).await?;
        authority.read_directory().await?;
        authority.read_usage().await?;
        if authority.realm(MAIN).is_err() {
            authority.create_realm(call, MAIN).await?;
        }
        authority.align_builtins(call).await?;
        try_join(authority.fill(call.now), authority.read_password_forms()).await?;
        authority.keys.secret = authority.settle(authority.store.secret(call.mint.secret()).await)?;
        Ok(authority)
    }

    /// Writes everything that is pending and closes the store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn close(&self) -> Result<()> {
        let flushed = self.flush().await;
        if let Err(error) = self.write_usage().await {
            tracing::warn!(%error, "the latest counts of calls in legacy dialects could not be saved");
        }
        // A connection that outlived the grace time gets no more answers: another process may have the store.
        self.memory.doubt();
        self.store.close().await.and(flushed)
    }

    /// Reserves numbers that are never given twice; returns the first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn reserve(&self, count: u64) -> Result<u64> {
        self.settle(self.store.reserve(count).await)
    }

    /// Fills memory from the store.
    async fn fill(&self, now: Moment) -> Result<()> {
        let (doubts, _) = self.memory.catch_up();
        // Marks on single sessions are not needed: the sessions that they ended are not read.
        let own = SessionMarks::LeftOut;
        let (end, mut after) = (self.store.position().await?.stamp, Stamp::ZERO);
        while after < end {
            let page = self.store.in_force(None, own, after, end, PAGE_SNAPSHOT).await?;
            page.marks.iter().for_each(|mark| self.memory.apply(mark));
            after = page.position.stamp;
        }
        self.read_on(doubts, Reached { stamp: end, row: 0 }, now).await
    }

    /// Reads the sessions and marks after this position: all at the start, later what an unknown outcome left open.
    /// Marks raised meanwhile are read from the log at the end, since a page of sessions may be read before a mark and
    /// added after it.
    pub(super) async fn read_on(&self, doubts: u64, after: Reached, now: Moment) -> Result<()> {
        let Reached { mut stamp, mut row } = after;
        let mut any_ahead = false;
        let mut page = self.store.unended(row, FILL_ROWS, now).await?;
        while let Some(last) = page.last() {
            row = last.row;
            let next = self.store.unended(row, FILL_ROWS, now);
            // The next page is read while this one is added.
            let (read, ahead) = join(next, async { self.take_in(page, now) }).await;
            page = read?;
            self.set_back(&ahead, now).await?;
            any_ahead |= !ahead.is_empty();
        }
        if any_ahead {
            self.settle(self.store.written_by(now).await)?;
        }
        self.memory.settle_sessions();
        loop {
            let page = self.store.marks(None, stamp, PAGE_MARKS_MAX).await?;
            page.marks.iter().for_each(|mark| self.memory.apply(mark));
            stamp = page.position.stamp;
            if page.marks.is_empty() {
                self.memory.caught_up(doubts, Reached { stamp, row });
                return Ok(());
            }
        }
    }

    /// Learns the forms of the stored password hashes: a refused login takes as long as the most expensive of them.
    async fn read_password_forms(&self) -> Result<()> {
        let mut after = 0;
        loop {
            let page = self.store.password_hashes(after, FILL_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            page.iter().for_each(|(_, hash)| self.passwords.hold_form(hash));
        }
    }

    /// Adds sessions to memory; returns the rows whose times lie in the future. They are judged as issued and seen now.
    fn take_in(&self, page: Vec<Found>, now: Moment) -> Vec<u64> {
        let mut ahead = Vec::new();
        for found in page {
            let seen = seen_at_most(&found.record.session, found.seen, now);
            let mut record = found.record;
            if seen.max(record.session.issued_at) > now {
                ahead.push(found.row);
            }
            record.session.issued_at = record.session.issued_at.min(now);
            let Ok(parent) = self.parent_in_memory(&record.session) else { continue };
            let live =
                CachedSession::new(record.session, record.dialect, record.token, found.row, seen.min(now));
            self.memory.found(Arc::new(live.child_of(parent)));
        }
        ahead
    }

    /// The parent that a session is taken in with, if it has one; an error where it is not there, since then it was
    /// ended, and so was the child. A parent is read before its children: it was issued before them.
    fn parent_in_memory(&self, session: &Session) -> std::result::Result<Option<Arc<CachedSession>>, Gone> {
        let Some(parent) = session.ancestors().next() else { return Ok(None) };
        self.memory.find_by_id(parent).map(Some).ok_or(Gone)
    }

    /// Corrects these times in the store, so that the sessions are not alive again after the next start.
    async fn set_back(&self, rows: &[u64], now: Moment) -> Result<()> {
        for rows in rows.chunks(SET_BACK_PER_WRITE) {
            self.settle(self.store.set_back(rows.to_vec(), now).await)?;
        }
        if !rows.is_empty() {
            tracing::warn!(
                sessions = rows.len(),
                "some sessions were issued or last seen in the future, so the clock was ahead then or is \
                 behind now; they are treated as seen now"
            );
        }
        Ok(())
    }

    /// Updates realms, clients and keys from the store: at the start, and after an unknown outcome.
    pub(super) async fn read_directory(&self) -> Result<()> {
        self.store.realms().await?.into_iter().for_each(|realm| drop(self.realms.put(realm)));
        let (clients, keys) = (self.clients.known(), self.keys.known());
        self.clients.align(&clients, self.store.clients().await?);
        self.keys.align(&keys, self.store.keys().await?);
        Ok(())
    }

    async fn align_builtins(&self, call: &Call) -> Result<()> {
        for realm in self.realms() {
            for builtin in &self.builtins {
                let wanted = match self.builtin_client(realm.id, builtin.dialect) {
                    Ok(client)
                        if (client.idle_secs, client.absolute_secs)
                            == (builtin.idle_secs, builtin.absolute_secs) =>
                    {
                        continue;
                    }
                    Ok(client) => Client {
                        idle_secs: builtin.idle_secs,
                        absolute_secs: builtin.absolute_secs,
                        updated_at: call.now,
                        ..Client::clone(&client)
                    },
                    Err(_) => builtin.client(call, realm.id),
                };
                let saved = self.store.save_client(wanted, None, None).await?;
                self.clients.put(saved.record);
            }
        }
        Ok(())
    }

    /// A wall clock that is far behind would let sessions live past their deadlines. Times that it accepts although
    /// they lie ahead are recorded as written by now; otherwise those rows would never be old enough to be deleted.
    async fn look_at_the_clock(&self, now: Moment, accept: bool) -> Result<()> {
        let newest = self.store.audit(None, AuditPlace::NEWEST, 1).await?;
        let (mark, entry) = (newest.marks.first(), newest.entries.first());
        let behind = mark.filter(|mark| now.plus_secs(CLOCK_BEHIND_SECS_MAX) < mark.when);
        let Some(mark) = behind.filter(|_| !accept) else {
            let ahead = mark.map(|mark| mark.when).max(entry.map(|entry| entry.when));
            return match ahead {
                Some(when) if when > now => self.settle(self.store.written_by(now).await),
                _ => Ok(()),
            };
        };
        Err(Error::malformed(
            "clock",
            format!(
                "the clock says {}, but the newest mark in the store was raised at {}; set the clock, or \
                 start with --accept-clock",
                utc_or_last(now),
                utc_or_last(mark.when)
            ),
        ))
    }
}

impl Authority {
    /// Whether checks are answered, that is, whether memory is complete.
    ///
    /// # Errors
    /// `Unavailable` if not.
    pub fn ready(&self) -> Result<()> {
        if self.memory.is_complete() { Ok(()) } else { Err(Error::unavailable(Unavailability::Unknown)) }
    }

    /// The counters of the authority.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The store's counters, its waiting jobs and its disk, if it is on one.
    pub fn store_figures(&self) -> Option<(Figures, Waiting, Disk)> {
        self.store.figures()
    }

    /// The counters of password checks.
    pub fn password_figures(&self) -> &PasswordFigures {
        self.passwords.figures()
    }

    /// The counters of throttled calls.
    pub fn throttle_refusals(&self) -> Refusals {
        self.throttle.refusals()
    }

    /// How many touches wait to be written.
    pub fn touches_waiting(&self) -> usize {
        self.touches.count()
    }

    /// How many logins wait for a password check.
    pub fn passwords_waiting(&self) -> usize {
        self.passwords.waiting()
    }

    /// How many accounts and addresses have remembered failures.
    pub fn throttle_entries(&self) -> usize {
        self.throttle.remembered()
    }

    /// How many sessions are in memory.
    pub fn sessions_in_memory(&self) -> usize {
        self.memory.count()
    }
}
