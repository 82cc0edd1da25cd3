//! Throttling: how many failures are too many. It slows down guessing; it never touches a session, and logout never
//! asks it.
//!
//! A window opens with the first failure of a key and is closed after `window_secs`. The failure that makes it
//! `count` locks the key for `lock_secs`, and at least until the window closes. Tries that are being checked at the
//! same time were all admitted, so a burst can have as many guesses more as the password pool holds callers.

mod table;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use exeunt_core::Moment;
use sha2::{Digest, Sha256};

use crate::authority::throttle::table::Table;
use crate::error::{self, Error, Kind, Result, Throttled};

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
    /// Failures of an account from one address.
    pub pair: Limit,
    /// Failures of an account, from wherever.
    pub account: Limit,
    /// Failures from one address, with whatever account.
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

/// Who has failed too often. Accounts are named in the form in which they are compared, with their realm, whether
/// they exist or not; only a keyed hash of them is kept.
pub struct Throttle {
    key: [u8; 16],
    tables: Mutex<Tables>,
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
    /// Nobody has failed yet. The key is random: without it, nobody can choose names that hash alike.
    pub fn new(limits: ThrottleLimits, key: [u8; 16]) -> Self {
        let table = |limit| Table::new(limit, ENTRIES_MAX);
        let tables = Mutex::new(Tables {
            pair: table(limits.pair),
            account: table(limits.account),
            address: table(limits.address),
            registrations: table(limits.registrations),
            refusals: Refusals::default(),
        });
        Self { key, tables }
    }

    /// Whether a login may be tried. Asked before the password is looked at, and answered for accounts that do not
    /// exist in the same way. A refusal for the account counts as a failure of the address.
    pub fn admit(&self, account: &str, address: Option<IpAddr>, now: Moment) -> Result<()> {
        let keys = self.keys(account, address);
        let mut tables = self.lock();
        let address_until = keys.address.and_then(|key| tables.address.locked_until(key, now));
        if let Some(until) = address_until {
            tables.refusals.address += 1;
            return Err(refusal(Throttled::Address, until, now));
        }
        let pair_until = tables.pair.locked_until(keys.pair, now);
        let account_until = tables.account.locked_until(keys.account, now);
        let Some(until) = pair_until.max(account_until) else { return Ok(()) };
        if let Some(key) = keys.address {
            tables.address.count(key, now);
        }
        tables.refusals.account += 1;
        Err(refusal(Throttled::Account, until, now))
    }

    /// The login that was admitted failed.
    pub fn failed(&self, account: &str, address: Option<IpAddr>, now: Moment) {
        let keys = self.keys(account, address);
        let mut tables = self.lock();
        tables.pair.count(keys.pair, now);
        tables.account.count(keys.account, now);
        if let Some(key) = keys.address {
            tables.address.count(key, now);
        }
    }

    /// The login that was admitted succeeded: the failures of the pair are forgotten, those of the account and of the
    /// address are not, or one known password would buy guesses at others.
    pub fn succeeded(&self, account: &str, address: Option<IpAddr>) {
        let keys = self.keys(account, address);
        self.lock().pair.forgive(keys.pair);
    }

    /// Counts a registration, or refuses it.
    pub fn register(&self, address: Option<IpAddr>, now: Moment) -> Result<()> {
        let Some(key) = address.map(|address| self.hash(&network(address), "")) else { return Ok(()) };
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

    fn keys(&self, account: &str, address: Option<IpAddr>) -> Keys {
        let network = address.map(network);
        Keys {
            pair: self.hash(&network.unwrap_or_default(), account),
            account: self.hash(&[], account),
            address: network.map(|network| self.hash(&network, "")),
        }
    }

    fn hash(&self, network: &[u8], account: &str) -> Key {
        let digest =
            Sha256::new().chain_update(self.key).chain_update(network).chain_update(account).finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        key
    }

    /// A panic while the lock was held leaves at most one count wrong.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A keyed hash of what is counted.
type Key = [u8; 16];

struct Keys {
    pair: Key,
    account: Key,
    address: Option<Key>,
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
