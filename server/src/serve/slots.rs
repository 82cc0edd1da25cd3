//! Slots for connections: limits how many are served and how many wait, and reserves some slots for administrators.
//!
//! Every connection is accepted, so that an administrator who must end sessions is not stuck in the accept queue of a
//! full server. A connection without a slot waits for one; when too many wait, the one that has waited longest is
//! closed. Its first request is served when a slot becomes free, or at once if it presents a key that may end
//! sessions: slots are reserved for those. See `docs/decisions/0024-places-for-administrators.md`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::app::shares::{Share, Shares};
use crate::authority::throttle::network;
use crate::lock::Exclusive as _;

/// The most connections that may wait for a slot.
pub const WAITING_MAX: usize = 1024;
/// The slots reserved for administrators, in addition to all others.
pub const RESERVED: usize = 64;

/// The slots of one listener.
pub struct ConnectionSlots {
    served: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    /// The connections that wait, longest first; each is notified when it must close.
    waiting: Mutex<BTreeMap<u64, Arc<Notify>>>,
    next: AtomicU64,
    peers: Arc<Shares<Network>>,
    per_peer: usize,
}

/// The slot of a connection; dropping it frees the slot.
pub struct Slot {
    slots: Arc<ConnectionSlots>,
    number: u64,
    /// Notified when the connection must close.
    crowded_out: Arc<Notify>,
    is_served: AtomicBool,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    _of_peer: Option<Share<Network>>,
}

/// What counts as one peer: an IPv4 address or an IPv6 network.
type Network = [u8; 16];

impl ConnectionSlots {
    /// Slots for `connections` connections, at most `per_peer` of each peer.
    pub fn new(connections: usize, per_peer: usize) -> Arc<Self> {
        Arc::new(Self {
            served: Arc::new(Semaphore::new(connections)),
            reserved: Arc::new(Semaphore::new(RESERVED)),
            waiting: Mutex::default(),
            next: AtomicU64::new(0),
            peers: Arc::default(),
            per_peer,
        })
    }

    /// A slot for a connection of this peer (`None`: its connections are not counted), which may have to wait. Returns
    /// `None` if the peer has reached its limit.
    pub fn admit(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Arc<Slot>> {
        let of_peer = match peer {
            Some(peer) => Some(self.peers.take(network(peer), self.per_peer)?),
            None => None,
        };
        let permit = self.served.clone().try_acquire_owned().ok();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let crowded_out = Arc::new(Notify::new());
        if permit.is_none() {
            let mut waiting = self.waiting();
            waiting.insert(number, crowded_out.clone());
            if waiting.len() > WAITING_MAX
                && let Some((_, longest)) = waiting.pop_first()
            {
                longest.notify_one();
            }
        }
        let is_served = AtomicBool::new(permit.is_some());
        let (slots, permit) = (self.clone(), Mutex::new(permit));
        Some(Arc::new(Slot { slots, number, crowded_out, is_served, permit, _of_peer: of_peer }))
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Notify>>> {
        self.waiting.hold()
    }
}

impl Slot {
    /// Whether the connection is served; otherwise it waits.
    pub fn is_served(&self) -> bool {
        self.is_served.load(Ordering::Acquire)
    }

    /// Returns when the connection must close because too many wait.
    pub async fn crowded_out(&self) {
        self.crowded_out.notified().await;
    }

    /// Waits up to `limit` for a slot; an administrator may use a reserved one. `true` if the connection is served.
    pub async fn wait(&self, is_administrator: bool, limit: Duration) -> bool {
        if self.is_served() {
            return true;
        }
        let reserved =
            || is_administrator.then(|| self.slots.reserved.clone().try_acquire_owned().ok()).flatten();
        let at_once = self.slots.served.clone().try_acquire_owned().ok().or_else(reserved);
        let permit = match at_once {
            Some(permit) => Some(permit),
            None => timeout(limit, self.slots.served.clone().acquire_owned()).await.ok().and_then(Result::ok),
        };
        permit.is_some_and(|permit| self.serve(permit))
    }

    /// Marks the connection as served. `false` if it no longer is in the list of those that wait: then it must close.
    fn serve(&self, permit: OwnedSemaphorePermit) -> bool {
        if self.slots.waiting().remove(&self.number).is_none() {
            return false;
        }
        *self.permit.hold() = Some(permit);
        self.is_served.store(true, Ordering::Release);
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.is_served() {
            self.slots.waiting().remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[tokio::test]
    async fn who_waits_is_served_when_a_place_is_free_and_an_administrator_at_once() {
        let slots = ConnectionSlots::new(1, 10);
        let [first, second, third] = [(); 3].map(|()| slots.admit(None).unwrap());
        assert!(first.is_served() && !second.is_served());
        assert!(!second.wait(false, AT_ONCE).await);
        assert!(third.wait(true, AT_ONCE).await);
        drop(third);
        assert!(!second.wait(false, AT_ONCE).await, "a reserved slot is not free for others");
        drop(first);
        assert!(second.wait(false, AT_ONCE).await);
    }

    #[tokio::test]
    async fn when_too_many_wait_the_one_that_waited_longest_goes() {
        let slots = ConnectionSlots::new(1, usize::MAX);
        let served = slots.admit(None).unwrap();
        let waiting: Vec<_> = (0..=WAITING_MAX).map(|_| slots.admit(None).unwrap()).collect();
        waiting[0].crowded_out().await;
        assert!(!waiting[0].wait(true, AT_ONCE).await, "it was told to go");
        drop(served);
        assert!(waiting[1].wait(false, AT_ONCE).await);
    }

    #[test]
    fn a_peer_of_ipv6_is_a_network() {
        let slots = ConnectionSlots::new(10, 1);
        let admit = |peer: &str| slots.admit(Some(peer.parse().unwrap()));
        let first = admit("2001:db8::1");
        assert!(first.is_some() && admit("2001:db8::2").is_none() && admit("2001:db8:0:1::1").is_some());
        let mapped = admit("::ffff:192.0.2.1");
        assert!(mapped.is_some() && admit("192.0.2.1").is_none());
        drop(first);
        assert!(admit("2001:db8::2").is_some());
    }
}
