//! Throttling: limits on failures, to slow down guessing. It never affects a session, and logout never uses it.
//!
//! An attempt is reserved when it is admitted and released when it succeeds, so an abandoned one counts as failed. A
//! window opens with the first failure of a key and closes after `window_secs`. The failure that reaches `count` locks
//! the key for `lock_secs`, at least until the window closes. While failures plus attempts in flight equal `count`, a
//! further attempt waits for those in flight.

mod attempt;
mod table;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};

use exeunt_core::Moment;
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

pub use crate::authority::throttle::attempt::Attempt;
use crate::authority::throttle::table::{Room, Table};
use crate::error::{self, Error, Kind, Result, Throttled, Unavailability};
use crate::lock::Exclusive as _;

/// The largest number of keys in one table; beyond it, the oldest window is dropped. All four tables together hold less
/// than 50 MiB.
pub const ENTRIES_MAX: usize = 100_000;

/// A limit on events in a window, and the lock that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The number of the failure that locks; 0: never.
    pub count: u32,
    /// Length of a window in seconds, at least 1.
    pub window_secs: u32,
    /// Length of a lock in seconds; a lock lasts at least until the window closes.
    pub lock_secs: u32,
}

/// All limits. The defaults: 10, 100 and 100 failures in 15 minutes lock for 15; 20 registrations an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Failures of a person from one address.
    pub pair: Limit,
    /// Failures of a person, from any address.
    pub account: Limit,
    /// Failures from one address, of any person.
    pub address: Limit,
    /// Registrations from one address.
    pub registrations: Limit,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        let quarter = |count| Limit { count, window_secs: 900, lock_secs: 900 };
        Self {
            pair: quarter(10),
            account: quarter(100),
            address: quarter(100),
            registrations: Limit { count: 20, window_secs: 3600, lock_secs: 0 },
        }
    }
}

/// Counts failures. A person is keyed by id or, if unknown, by the identifier in the form in which identifiers are
/// compared; each with its realm. Only a keyed hash of that is kept.
pub struct Throttle {
    key: [u8; 16],
    tables: Mutex<Tables>,
    /// Wakes waiting attempts when another one ends.
    ended: Notify,
    /// Places for waiting attempts.
    places: Semaphore,
}

/// Refusals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// For an account, or an account from one address.
    pub account: u64,
    /// For an address.
    pub address: u64,
    /// A registration.
    pub registration: u64,
}

struct Tables {
    pair: Table,
    account: Table,
    address: Table,
    registrations: Table,
    refusals: Refusals,
}

impl Throttle {
    /// An empty throttle; `waiting_max` attempts may wait for others. The key is random: without it, an attacker cannot
    /// choose names that hash alike.
    pub fn new(limits: ThrottleLimits, waiting_max: usize, key: [u8; 16]) -> Self {
        let table = |limit| Table::new(limit, ENTRIES_MAX);
        let tables = Mutex::new(Tables {
            pair: table(limits.pair),
            account: table(limits.account),
            address: table(limits.address),
            registrations: table(limits.registrations),
            refusals: Refusals::default(),
        });
        let places = Semaphore::new(waiting_max.min(Semaphore::MAX_PERMITS));
        Self { key, tables, ended: Notify::new(), places }
    }

    /// Refuses a locked address, before anything is looked up for it.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn must_be_open(&self, address: Option<IpAddr>, now: Moment) -> Result<()> {
        let Some(key) = self.address_key(address) else { return Ok(()) };
        self.lock().must_be_open(key, now)
    }

    /// Admits an attempt to log in as this person, before the password is checked; in the same way for unknown people.
    /// A refusal for the person counts as a failure of the address.
    ///
    /// If only the attempts in flight exceed the limit, it waits for them: they may succeed.
    ///
    /// # Errors
    /// `TooMany`; `Unavailable(Busy)` if too many wait.
    pub async fn admit(&self, person: &str, address: Option<IpAddr>, now: Moment) -> Result<Attempt<'_>> {
        let keys = self.keys(person, address);
        let mut place: Option<SemaphorePermit<'_>> = None;
        loop {
            // Registered before the tables are read; otherwise an attempt that ends in between could be missed.
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.lock().begin(keys, now)? {
                return Ok(Attempt::new(self, keys, now));
            }
            if place.is_none() {
                place = Some(self.places.try_acquire().map_err(|_| {
                    Error::unavailable(Unavailability::Busy)
                        .because("too many logins are waiting for other logins to finish")
                })?);
            }
            ended.await;
        }
    }

    /// Counts a registration, or refuses it.
    pub fn register(&self, address: Option<IpAddr>, now: Moment) -> Result<()> {
        let Some(key) = self.address_key(address) else { return Ok(()) };
        let mut tables = self.lock();
        if let Some(until) = tables.registrations.locked_until(key, now) {
            tables.refusals.registration += 1;
            return Err(refusal(Throttled::Address, until, now));
        }
        tables.registrations.count(key, now);
        Ok(())
    }

    /// Refusals so far.
    pub fn refusals(&self) -> Refusals {
        self.lock().refusals
    }

    /// Gauge: how many keys are remembered in all tables.
    pub fn remembered(&self) -> usize {
        let tables = self.lock();
        [&tables.pair, &tables.account, &tables.address, &tables.registrations].map(Table::len).iter().sum()
    }

    fn keys(&self, person: &str, address: Option<IpAddr>) -> Keys {
        Keys {
            pair: self.hash(&address.map(network).unwrap_or_default(), person),
            account: self.hash(&[], person),
            address: self.address_key(address),
        }
    }

    fn address_key(&self, address: Option<IpAddr>) -> Option<Key> {
        address.map(|address| self.hash(&network(address), ""))
    }

    fn hash(&self, network: &[u8], person: &str) -> Key {
        let digest =
            Sha256::new().chain_update(self.key).chain_update(network).chain_update(person).finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        key
    }

    /// A panic while the lock was held leaves at most one count wrong.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.hold()
    }
}

/// A keyed hash of a pair, a person or an address.
type Key = [u8; 16];

#[derive(Clone, Copy)]
struct Keys {
    pair: Key,
    account: Key,
    address: Option<Key>,
}

impl Tables {
    fn must_be_open(&mut self, address: Key, now: Moment) -> Result<()> {
        let Room::Locked(until) = self.address.room(address, now) else { return Ok(()) };
        self.refusals.address += 1;
        Err(refusal(Throttled::Address, until, now))
    }

    /// Begins an attempt; `false` if there is no room before others in flight have ended.
    fn begin(&mut self, keys: Keys, now: Moment) -> Result<bool> {
        if let Some(key) = keys.address {
            self.must_be_open(key, now)?;
        }
        let rooms = [self.pair.room(keys.pair, now), self.account.room(keys.account, now)];
        if let Some(until) = rooms.iter().filter_map(Room::locked_until).max() {
            if let Some(key) = keys.address {
                self.address.count(key, now);
            }
            self.refusals.account += 1;
            return Err(refusal(Throttled::Account, until, now));
        }
        let address = keys.address.map(|key| self.address.room(key, now));
        if rooms.into_iter().chain(address).any(|room| room != Room::Free) {
            return Ok(false);
        }
        self.pair.begin(keys.pair);
        self.account.begin(keys.account);
        if let Some(key) = keys.address {
            self.address.begin(key);
        }
        Ok(true)
    }

    /// Ends an attempt.
    fn end(&mut self, keys: Keys) {
        self.pair.end(keys.pair);
        self.account.end(keys.account);
        if let Some(key) = keys.address {
            self.address.end(key);
        }
    }

    /// Counts a failed attempt.
    fn count(&mut self, keys: Keys, now: Moment) {
        self.pair.count(keys.pair, now);
        self.account.count(keys.account, now);
        if let Some(key) = keys.address {
            self.address.count(key, now);
        }
    }
}

/// The bytes that stand for one address: an IPv4 address, or the /64 that an IPv6 subscriber has for itself.
pub fn network(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).octets(),
    }
}

fn refusal(who: Throttled, until: Moment, now: Moment) -> Error {
    let retry_after_secs = until.millis_since(now).div_ceil(1000).max(1);
    Error::new(
        Kind::TooMany(error::ThrottleRefusal { who, retry_after_secs }),
        "too many attempts; try again later",
    )
}
