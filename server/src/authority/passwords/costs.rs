//! What checking a password costs, measured: for the dearest form of each family of hashes in the store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::authority::passwords::forms;
use crate::lock::Exclusive as _;
use crate::store::PasswordHash;

/// Measurements that are kept of one form; their median is its cost, so that one slow moment of the machine does not
/// make refusals slow.
pub(super) const MEASUREMENTS: usize = 15;

/// Hashes whose cost grows with one number alone. Within a family only the dearest form is measured, so a store whose
/// hashes all have different parameters costs no more measurements than one whose hashes are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// KiB of memory times passes.
    Argon2,
    /// N · r · p.
    Scrypt,
    /// Rounds times blocks of output.
    Pbkdf2Sha1,
    /// The same.
    Pbkdf2Sha256,
    /// The same.
    Pbkdf2Sha512,
    /// Rounds.
    Bcrypt,
}

/// What is known of the forms in the store. A form stays known until the process ends, also if no hash has it any more:
/// refusals are then later than they need be, never earlier.
pub(super) struct Costs(Mutex<BTreeMap<Family, Dearest>>);

/// The dearest form of a family.
struct Dearest {
    work: u64,
    /// A hash of this form, to be measured with.
    sample: PasswordHash,
    took: VecDeque<Duration>,
}

impl Default for Costs {
    /// Knows the form that is made here: it is what nobody's password is checked with.
    fn default() -> Self {
        let costs = Self(Mutex::default());
        costs.put(&PasswordHash(forms::NOBODYS.to_owned()));
        costs
    }
}

impl Costs {
    /// A hash of this form is in the store, or will be. One that cannot be used is checked like nobody's.
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

    /// A check of this hash (`None`: of nobody's) took so long.
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

    /// What a check costs of the dearest form in the store.
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
