//! Counts connections that were closed for lack of a slot, and logs at most one line a second of each kind.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use exeunt_core::Moment;

use super::labelled::Labelled;

/// The counts, by reason.
#[derive(Default)]
pub struct Connections {
    of_peer: Refused,
    crowded_out: Refused,
    no_place: Refused,
}

/// A count, and the second in which it was last logged.
#[derive(Default)]
struct Refused {
    count: AtomicU64,
    logged: AtomicU64,
}

impl Connections {
    /// Counts a connection that was closed because its peer has reached its limit.
    pub fn refused_of_peer(&self, peer: IpAddr, most: usize, now: Moment) {
        if let Some(refused) = self.of_peer.add(now) {
            tracing::warn!(
                %peer,
                refused,
                "a peer has {most} connections, and further ones are closed; if it is your proxy, set \
                 trusted_proxies, otherwise see limits.connections_per_peer"
            );
        }
    }

    /// Counts a connection that was closed because too many waited.
    pub fn crowded_out(&self, now: Moment) {
        if let Some(refused) = self.crowded_out.add(now) {
            tracing::warn!(refused, "too many connections are waiting to be served; see limits.connections");
        }
    }

    /// Counts a request that was refused because no slot became free.
    pub fn found_no_slot(&self, now: Moment) {
        if let Some(refused) = self.no_place.add(now) {
            tracing::warn!(
                refused,
                "all connections are in use, and one that waited was refused; see limits.connections"
            );
        }
    }

    /// The counts, for the page.
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
    /// Counts one. Returns the count if it was not yet logged in this second.
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
