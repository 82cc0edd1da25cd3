//! Throttling: how many failures are too many. It slows down guessing; it never touches a session, and logout never
//! asks it.
//!
//! A try is counted when it is admitted, and given back when it succeeds: so one that is given up has failed. A
//! window opens with the first failure of a key and is closed after `window_secs`. The failure that makes it `count`
//! locks the key for `lock_secs`, and at least until the window closes. While failures and tries in flight together
//! are `count`, one more try waits for those in flight.

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

/// Keys that one table remembers; beyond it, the oldest window is forgotten. All four tables together hold less than
/// 50 MiB.
pub const ENTRIES_MAX: usize = 100_000;

/// So many in so many seconds, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The failure of this number locks; 0: nothing ever does.
    pub count: u32,
    /// Seconds for which a window counts, at least 1.
    pub window_secs: u32,
    /// Seconds for which a lock holds; it holds until the window closes in any case.
    pub lock_secs: u32,
}

/// The limits of all that is throttled. The defaults: 10, 100 and 100 failures in 15 minutes
/// lock for 15; 20 registrations an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Failures of a person from one address.
    pub pair: Limit,
    /// Failures of a person, from wherever.
    pub account: Limit,
    /// Failures from one address, of whatever person.
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

/// Who has failed too often. A person is named by its id, or by the identifier that nobody has, in the form in which
/// identifiers are compared; each with its realm. Only a keyed hash of that is kept.
pub struct Throttle {
    key: [u8; 16],
    tables: Mutex<Tables>,
    /// Tells those who wait that a try is no longer in flight.
    ended: Notify,
    /// Places for those who wait.
    places: Semaphore,
}

/// How often somebody was refused, since the start.
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
    /// Nobody has failed yet, and `waiting_max` tries may wait for others. The key is random: without it, nobody can
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

    /// Refuses an address that has failed too often: asked before anything is looked up for it.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn must_be_open(&self, address: Option<IpAddr>, now: Moment) -> Result<()> {
        let Some(key) = self.address_key(address) else { return Ok(()) };
        self.lock().must_be_open(key, now)
    }

    /// Counts a try to log in as this person, before the password is looked at; in the same way for people who do not
    /// exist. A refusal for the person counts as a failure of the address.
    ///
    /// Where only the tries in flight are too many, it waits for them: they may succeed.
    ///
    /// # Errors
    /// `TooMany`; `Unavailable(Busy)` if too many wait.
    pub async fn admit(&self, person: &str, address: Option<IpAddr>, now: Moment) -> Result<Attempt<'_>> {
        let keys = self.keys(person, address);
        let mut place: Option<SemaphorePermit<'_>> = None;
        loop {
            // Before the look at the tables, or the end of a try could be missed between the two.
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.lock().begin(keys, now)? {
                return Ok(Attempt::new(self, keys, now));
            }
            if place.is_none() {
                place = Some(self.places.try_acquire().map_err(|_| {
                    Error::unavailable(Unavailability::Busy)
                        .because("too many logins wait for others in flight")
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

    /// How often somebody was refused.
    pub fn refusals(&self) -> Refusals {
        self.lock().refusals
    }

    /// How many keys are remembered, in all tables: a gauge.
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

/// A keyed hash of what is counted.
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

    /// Begins a try: `false` if there is no room while others are in flight.
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

    /// A try is no longer in flight.
    fn end(&mut self, keys: Keys) {
        self.pair.end(keys.pair);
        self.account.end(keys.account);
        if let Some(key) = keys.address {
            self.address.end(key);
        }
    }

    /// A try has failed.
    fn count(&mut self, keys: Keys, now: Moment) {
        self.pair.count(keys.pair, now);
        self.account.count(keys.account, now);
        if let Some(key) = keys.address {
            self.address.count(key, now);
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 that one subscriber of IPv6 has to itself.
pub fn network(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).octets(),
    }
}

fn refusal(who: Throttled, until: Moment, now: Moment) -> Error {
    let retry_after_secs = until.millis_since(now).div_ceil(1000).max(1);
    Error::new(Kind::TooMany(error::Throttle { who, retry_after_secs }), "too many tries; try again later")
}
