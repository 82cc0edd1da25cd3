//! Connections that were closed because there was no place for them, and one line a second of each kind in the log.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use exeunt_core::Moment;

use super::labelled::Labelled;

/// How many, by the reason.
#[derive(Default)]
pub struct Connections {
    of_peer: Refused,
    crowded_out: Refused,
    no_place: Refused,
}

/// A count, and when the log was told of it last.
#[derive(Default)]
struct Refused {
    count: AtomicU64,
    logged: AtomicU64,
}

impl Connections {
    /// A peer has as many connections as it may.
    pub fn refused_of_peer(&self, peer: IpAddr, most: usize, now: Moment) {
        if let Some(refused) = self.of_peer.add(now) {
            tracing::warn!(
                %peer,
                refused,
                "a peer has {most} connections, and further ones are closed: if it is your proxy, set trusted_proxies; \
                 else see limits.connections_per_peer"
            );
        }
    }

    /// The one that waited longest made room.
    pub fn crowded_out(&self, now: Moment) {
        if let Some(refused) = self.crowded_out.add(now) {
            tracing::warn!(refused, "too many connections wait for a place: see limits.connections");
        }
    }

    /// A request waited, and no place became free.
    pub fn found_no_place(&self, now: Moment) {
        if let Some(refused) = self.no_place.add(now) {
            tracing::warn!(
                refused,
                "all connections are in use, and one that waited was refused: see limits.connections"
            );
        }
    }

    /// What was counted.
    pub(super) fn counts(&self) -> Labelled {
        let count = |refused: &Refused| refused.count.load(Ordering::Relaxed);
        Labelled::by(
            "why",
            [
                ("peer", count(&self.of_peer)),
                ("crowded_out", count(&self.crowded_out)),
                ("no_place", count(&self.no_place)),
            ],
        )
    }
}

impl Refused {
    /// One more; how many there were by now, if the log was not told in this second yet.
    fn add(&self, now: Moment) -> Option<u64> {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        (self.logged.fetch_max(now.secs(), Ordering::Relaxed) < now.secs()).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_once_a_second() {
        let refused = Refused::default();
        let told = [1, 1, 2, 2, 3].map(|second| refused.add(Moment::from_secs(second)));
        assert_eq!(told, [Some(1), None, Some(3), None, Some(5)]);
    }
}
