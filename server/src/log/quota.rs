//! Quotas: how many lines of each kind are written in one second. Each kind has its own, so that no amount of junk
//! displaces lines about an attack or a logout.

use std::sync::atomic::{AtomicU64, Ordering};

use exeunt_core::Moment;

/// Kinds of lines that have a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A login that was refused for its user, its password or its account number. The password threads limit these: a
    /// check takes 20 ms of a core.
    FailedLogin,
    /// A login that was refused before its password was checked: throttled, malformed, or because the server was busy.
    Login,
    /// A logout that failed on our side, so its session may still be alive. It has a quota of its own, so that junk cannot hide it.
    FailedLogout,
    /// A logout that ended nothing.
    Logout,
    /// A call that a gateway asked about and that was refused.
    Gate,
    /// A check of a session or a key that was refused.
    Check,
    /// A call of an administrator that was refused.
    Admin,
    /// Everything else that any client can cause: unknown paths, wrong methods, preflights.
    Other,
}

impl LineKind {
    /// All of them, in the order of the documentation.
    const ALL: [Self; 8] = [
        Self::FailedLogin,
        Self::Login,
        Self::FailedLogout,
        Self::Logout,
        Self::Gate,
        Self::Check,
        Self::Admin,
        Self::Other,
    ];

    /// Whether its lines are written even when the log is read too slowly for all.
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::FailedLogin | Self::FailedLogout | Self::Logout)
    }

    /// Lines in one second.
    const fn per_sec(self) -> u64 {
        match self {
            Self::FailedLogin => FAILED_LOGINS_PER_SEC,
            Self::FailedLogout | Self::Logout => IDLE_LOGOUTS_PER_SEC,
            Self::Login | Self::Gate | Self::Check | Self::Admin | Self::Other => LINES_PER_SEC,
        }
    }

    /// Its name, in the log and in metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::FailedLogin => "failed_login",
            Self::Login => "login",
            Self::FailedLogout => "failed_logout",
            Self::Logout => "logout",
            Self::Gate => "gate",
            Self::Check => "check",
            Self::Admin => "admin",
            Self::Other => "other",
        }
    }
}

/// Lines of most kinds in one second; further ones are only counted.
pub const LINES_PER_SEC: u64 = 100;
/// Logouts that ended nothing, and those that failed, in one second.
const IDLE_LOGOUTS_PER_SEC: u64 = 1_000;
/// Failed logins in one second: as many as 200 cores can check.
pub const FAILED_LOGINS_PER_SEC: u64 = 10_000;

/// Counts lines, per second and kind.
#[derive(Default)]
pub struct Quotas {
    second: AtomicU64,
    counts: [Count; LineKind::ALL.len()],
}

#[derive(Default)]
struct Count {
    this_second: AtomicU64,
    unlogged: AtomicU64,
}

impl Quotas {
    /// Counts a line of this kind; `true` if it should be written.
    pub fn admits(&self, kind: LineKind, now: Moment) -> bool {
        self.end_second(now);
        let count = &self.counts[kind as usize];
        let admitted = count.this_second.fetch_add(1, Ordering::Relaxed) < kind.per_sec();
        if !admitted {
            count.unlogged.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// If a second has ended, logs how many lines of each kind were left out in it.
    pub fn end_second(&self, now: Moment) {
        // A slow request of an earlier second does not start that second again.
        if self.second.fetch_max(now.secs(), Ordering::Relaxed) >= now.secs() {
            return;
        }
        for (kind, count) in LineKind::ALL.iter().zip(&self.counts) {
            let before = count.this_second.swap(0, Ordering::Relaxed);
            if let Some(unlogged) = before.checked_sub(kind.per_sec()).filter(|more| *more > 0) {
                let (kind, per_sec) = (kind.name(), kind.per_sec());
                tracing::warn!(
                    kind,
                    unlogged,
                    per_sec,
                    "some requests of one second exceeded the log's quota and were not logged"
                );
            }
        }
    }

    /// Logs what was left out in the last second, when the server stops.
    pub fn finish(&self) {
        self.end_second(Moment::from_secs(u64::MAX));
    }

    /// Requests of each kind that left no line, since the start.
    pub fn unlogged(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count = |(kind, count): (LineKind, &Count)| (kind.name(), count.unlogged.load(Ordering::Relaxed));
        LineKind::ALL.into_iter().zip(&self.counts).map(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(quotas: &Quotas, kind: LineKind, second: u64) -> usize {
        (0..150).filter(|_| quotas.admits(kind, Moment::from_secs(second))).count()
    }

    #[test]
    fn each_kind_has_a_quota_of_its_own_each_second() {
        let quotas = Quotas::default();
        assert_eq!(admitted(&quotas, LineKind::Other, 1), 100);
        assert_eq!(admitted(&quotas, LineKind::FailedLogin, 1), 150);
        assert_eq!(admitted(&quotas, LineKind::Gate, 1), 100);
        assert_eq!(admitted(&quotas, LineKind::Other, 2), 100);
        let unlogged: Vec<_> = quotas.unlogged().filter(|(_, count)| *count > 0).collect();
        assert_eq!(unlogged, [("gate", 50), ("other", 100)]);
    }

    #[test]
    fn kinds_are_counted_where_they_belong() {
        let quotas = Quotas::default();
        for kind in LineKind::ALL {
            for _ in 0..=kind.per_sec() {
                quotas.admits(kind, Moment::from_secs(1));
            }
            assert_eq!(quotas.unlogged().find(|(name, _)| *name == kind.name()), Some((kind.name(), 1)));
        }
    }
}
