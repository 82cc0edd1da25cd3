//! The measured cost of checking a password: for the most expensive form of each family of hashes in the store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::authority::passwords::forms;
use crate::lock::Exclusive as _;
use crate::store::PasswordHash;

/// The number of measurements kept for one form. Their median is its cost, so that one slow moment of the machine does
/// not make refusals slow.
pub(super) const MEASUREMENTS: usize = 15;

/// Hashes whose cost grows with one number. Only the most expensive form of a family is measured, so hashes with many
/// different parameters need no more measurements than hashes that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// Work: KiB of memory times passes.
    Argon2,
    /// Work: N · r · p.
    Scrypt,
    /// Work: rounds times blocks of output.
    Pbkdf2Sha1,
    /// As for SHA-1.
    Pbkdf2Sha256,
    /// As for SHA-1.
    Pbkdf2Sha512,
    /// Work: rounds.
    Bcrypt,
}

/// The known forms in the store. A form stays known until the process ends, even if no hash has it any more: refusals
/// may then be later than necessary, never earlier.
pub(super) struct Costs(Mutex<BTreeMap<Family, Dearest>>);

/// The most expensive form of a family.
struct Dearest {
    work: u64,
    /// A hash of this form, for measurements.
    sample: PasswordHash,
    took: VecDeque<Duration>,
}

impl Default for Costs {
    /// Knows the form made here: passwords of unknown users are checked against it.
    fn default() -> Self {
        let costs = Self(Mutex::default());
        costs.put(&PasswordHash(forms::NOBODYS.to_owned()));
        costs
    }
}

impl Costs {
    /// Records the form of a hash in the store. An unusable hash is checked like an unknown user's.
    pub(super) fn hold(&self, hash: &PasswordHash) {
        if hash.0.starts_with(forms::OURS) {
            return;
        }
        self.put(hash);
    }

    fn put(&self, hash: &PasswordHash) {
        if let Some((family, work)) = forms::work(hash) {
            let mut known = self.lock();
            if known.get(&family).is_none_or(|dearest| dearest.work < work) {
                known.insert(family, Dearest { work, sample: hash.clone(), took: VecDeque::new() });
            }
        }
    }

    /// Records how long a check of this hash took (`None`: an unknown user's).
    pub(super) fn learn(&self, hash: Option<&PasswordHash>, took: Duration) {
        let nobodys = PasswordHash(forms::NOBODYS.to_owned());
        let hash = hash.filter(|hash| forms::work(hash).is_some()).unwrap_or(&nobodys);
        self.hold(hash);
        let Some((family, work)) = forms::work(hash) else { return };
        let mut known = self.lock();
        if let Some(dearest) = known.get_mut(&family).filter(|dearest| dearest.work == work) {
            if dearest.took.len() == MEASUREMENTS {
                dearest.took.pop_front();
            }
            dearest.took.push_back(took);
        }
    }

    /// Hashes whose cost must be measured before [`Costs::dearest`] is right.
    pub(super) fn unmeasured(&self) -> Vec<PasswordHash> {
        let known = self.lock();
        known
            .values()
            .filter(|dearest| dearest.took.is_empty())
            .map(|dearest| dearest.sample.clone())
            .collect()
    }

    /// The cost of checking the most expensive form in the store.
    pub(super) fn dearest(&self) -> Duration {
        self.lock().values().map(Dearest::median).max().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Family, Dearest>> {
        self.0.hold()
    }
}

impl Dearest {
    fn median(&self) -> Duration {
        let mut took: Vec<_> = self.took.iter().copied().collect();
        took.sort_unstable();
        took.get(took.len().saturating_sub(1) / 2).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> PasswordHash {
        PasswordHash(text.to_owned())
    }

    fn pbkdf2(rounds: u32) -> PasswordHash {
        hash(&format!("$pbkdf2-sha256$i={rounds}$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"))
    }

    #[test]
    fn the_dearest_form_of_each_family_is_measured() {
        let costs = Costs::default();
        [2_000, 1_000, 3_000].iter().for_each(|rounds| costs.hold(&pbkdf2(*rounds)));
        costs.hold(&hash("nothing that can be read"));
        let unmeasured: Vec<_> = costs.unmeasured().into_iter().map(|hash| hash.0).collect();
        assert_eq!(unmeasured, [forms::NOBODYS.to_owned(), pbkdf2(3_000).0]);
        costs.learn(None, Duration::from_millis(20));
        costs.learn(Some(&pbkdf2(1_000)), Duration::from_millis(900));
        costs.learn(Some(&pbkdf2(3_000)), Duration::from_millis(300));
        assert!(costs.unmeasured().is_empty());
        assert_eq!(costs.dearest(), Duration::from_millis(300), "a cheaper form of a family tells nothing");
        costs.learn(Some(&pbkdf2(4_000)), Duration::from_millis(400));
        assert_eq!(costs.dearest(), Duration::from_millis(400), "what is checked is in the store");
    }

    #[test]
    fn one_slow_moment_is_no_cost() {
        let costs = Costs::default();
        for millis in [20, 5_000, 21, 19, 20].into_iter().chain([30; 2 * MEASUREMENTS]) {
            costs.learn(None, Duration::from_millis(millis));
            assert!(costs.dearest() < Duration::from_millis(5_000));
        }
        assert_eq!(costs.dearest(), Duration::from_millis(30), "only the latest count");
    }

    #[test]
    fn what_cannot_be_used_costs_what_nobody_costs() {
        let costs = Costs::default();
        costs.learn(Some(&hash("nothing that can be read")), Duration::from_millis(20));
        assert!(costs.unmeasured().is_empty());
    }
}
