//! Which client still makes which call of a legacy dialect, how often, and when last (DEP-08). Counts are kept in
//! memory, written periodically and read at the start. A power cut loses the counts not yet written.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use exeunt_core::{ClientId, DialectName, Moment, RealmId};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::authority::Authority;
use crate::error::Result;
use crate::lock::Shared as _;
use crate::store::Usage;

/// The largest number of pairs of client and call; further pairs are not counted.
const USAGES_MAX: usize = 100_000;
/// Seconds during which the log mentions the same caller at most once.
const TOLD_SECS: u64 = 3600;
/// The largest number of rows in one transaction.
const USAGES_PER_WRITE: usize = 500;

/// All counts of legacy calls.
#[derive(Default)]
pub struct LegacyUsage(RwLock<HashMap<LegacyCaller, Calls>>);

type LegacyCaller = (RealmId, DialectName, Option<ClientId>);

/// The calls of one caller.
#[derive(Default)]
struct Calls {
    tallies: HashMap<String, CallCounter>,
    /// When the log last mentioned this caller; 0: not since the server started.
    told_secs: AtomicU64,
}

#[derive(Default)]
struct CallCounter {
    count: AtomicU64,
    last_millis: AtomicU64,
    written: AtomicU64,
}

impl Authority {
    /// Counts a call of a legacy dialect; returns `true` if it is time to log that this caller still makes such calls.
    /// After the first call of a pair it allocates nothing and takes only a read lock.
    pub fn used(
        &self,
        caller: (RealmId, DialectName, Option<ClientId>),
        call: &'static str,
        now: Moment,
    ) -> bool {
        {
            let all = self.usages.0.reading();
            if let Some(calls) = all.get(&caller)
                && let Some(tally) = calls.tallies.get(call)
            {
                tally.add(now);
                return calls.is_to_be_told(now);
            }
        }
        let mut all = self.usages.0.writing();
        let full = all.values().map(|calls| calls.tallies.len()).sum::<usize>() >= USAGES_MAX;
        if full && !all.contains_key(&caller) {
            return false;
        }
        let calls = all.entry(caller).or_default();
        match calls.tallies.entry(call.to_owned()) {
            Entry::Occupied(tally) => tally.get().add(now),
            Entry::Vacant(_) if full => {}
            Entry::Vacant(place) => place.insert(CallCounter::default()).add(now),
        }
        calls.is_to_be_told(now)
    }

    /// All counts, of one realm or of all, by dialect, client and call.
    pub fn usage(&self, realm: Option<RealmId>) -> Vec<Usage> {
        let all = self.usages.0.reading();
        let of_realm = all.iter().filter(|((its, ..), _)| realm.is_none_or(|realm| *its == realm));
        let mut usage: Vec<Usage> = of_realm
            .flat_map(|(caller, calls)| calls.tallies.iter().map(|(call, tally)| tally.usage(*caller, call)))
            .collect();
        usage.sort_by(|a, b| {
            (a.dialect.name(), a.client, &a.call, a.realm).cmp(&(
                b.dialect.name(),
                b.client,
                &b.call,
                b.realm,
            ))
        });
        usage
    }

    /// Writes the counts that have changed.
    ///
    /// # Errors
    /// `Unavailable`; unwritten counts are written next time.
    pub async fn write_usage(&self) -> Result<()> {
        let changed: Vec<Usage> = {
            let all = self.usages.0.reading();
            let every = all.iter().flat_map(|(caller, calls)| {
                calls.tallies.iter().map(move |(call, tally)| (caller, call, tally))
            });
            let changed = every.filter(|(.., tally)| {
                tally.count.load(Ordering::Relaxed) != tally.written.load(Ordering::Relaxed)
            });
            changed.map(|(caller, call, tally)| tally.usage(*caller, call)).collect()
        };
        for batch in changed.chunks(USAGES_PER_WRITE) {
            self.settle(self.store.put_usage(batch.to_vec()).await)?;
            let all = self.usages.0.reading();
            for usage in batch {
                let calls = all.get(&(usage.realm, usage.dialect, usage.client));
                if let Some(tally) = calls.and_then(|calls| calls.tallies.get(&usage.call)) {
                    tally.written.store(usage.count, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    /// Loads the counts of earlier runs of the server.
    pub(super) async fn read_usage(&self) -> Result<()> {
        let stored = self.store.usage().await?;
        let mut all = self.usages.0.writing();
        for usage in stored {
            let calls = all.entry((usage.realm, usage.dialect, usage.client)).or_default();
            let (count, last_millis) = (usage.count.into(), usage.last_at.millis().into());
            calls.tallies.insert(usage.call, CallCounter { count, last_millis, written: usage.count.into() });
        }
        Ok(())
    }
}

impl Calls {
    /// `true` once an hour.
    fn is_to_be_told(&self, now: Moment) -> bool {
        let told = self.told_secs.load(Ordering::Relaxed);
        (told == 0 || now.secs() >= told + TOLD_SECS)
            && self
                .told_secs
                .compare_exchange(told, now.secs().max(1), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl CallCounter {
    fn add(&self, now: Moment) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.last_millis.fetch_max(now.millis(), Ordering::Relaxed);
    }

    fn usage(&self, (realm, dialect, client): LegacyCaller, call: &str) -> Usage {
        let count = self.count.load(Ordering::Relaxed);
        let last_at = Moment::from_millis(self.last_millis.load(Ordering::Relaxed));
        Usage { realm, dialect, call: call.to_owned(), client, count, last_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_told_of_once_an_hour() {
        let calls = Calls::default();
        let told = |secs| calls.is_to_be_told(Moment::from_secs(secs));
        assert!(told(10));
        assert!(!told(10));
        assert!(!told(10 + 3599));
        assert!(told(10 + 3600));
        assert!(!told(10 + 3601));
    }
}
