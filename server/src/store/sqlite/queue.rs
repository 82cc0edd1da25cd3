//! A bounded queue with two lanes between callers and a thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::error::{Error, Result, Unavailability};
use crate::lock;
use crate::lock::Exclusive as _;

/// The lane that a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Taken before all others.
    First,
    /// Taken after those.
    Rest,
}

pub(super) struct Queue<T> {
    lanes: Mutex<Lanes<T>>,
    ready: Condvar,
    bound: usize,
}

struct Lanes<T> {
    first: VecDeque<T>,
    rest: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    /// A queue of at most `bound` jobs in each lane.
    pub(super) const fn new(bound: usize) -> Self {
        let lanes = Lanes { first: VecDeque::new(), rest: VecDeque::new(), closed: false };
        Self { lanes: Mutex::new(lanes), ready: Condvar::new(), bound }
    }

    /// Adds a job: `Busy` if the lane is full, `Refused` if the queue is closed.
    pub(super) fn push(&self, lane: Lane, item: T) -> Result<()> {
        let mut lanes = self.lanes();
        if lanes.closed {
            return Err(Error::unavailable(Unavailability::Refused).because("the store is closed"));
        }
        let line = if lane == Lane::First { &mut lanes.first } else { &mut lanes.rest };
        if line.len() >= self.bound {
            return Err(Error::unavailable(Unavailability::Busy));
        }
        line.push_back(item);
        drop(lanes);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for jobs, and takes at most this many of each lane, the first lane first. None: the queue is closed and
    /// empty.
    pub(super) fn take(&self, first_max: usize, rest_max: usize, into: &mut Vec<(Lane, T)>) {
        let mut lanes = self.lanes();
        while lanes.first.is_empty() && lanes.rest.is_empty() && !lanes.closed {
            lanes = lock::wait(&self.ready, lanes);
        }
        let (first, rest) = (lanes.first.len().min(first_max), lanes.rest.len().min(rest_max));
        into.extend(lanes.first.drain(..first).map(|item| (Lane::First, item)));
        into.extend(lanes.rest.drain(..rest).map(|item| (Lane::Rest, item)));
    }

    /// Puts back jobs that were not run, before all others in their lane. A lane may then exceed its bound, and a
    /// closed queue is still emptied.
    pub(super) fn put_back(&self, items: impl DoubleEndedIterator<Item = (Lane, T)>) {
        let mut lanes = self.lanes();
        for (lane, item) in items.rev() {
            let line = if lane == Lane::First { &mut lanes.first } else { &mut lanes.rest };
            line.push_front(item);
        }
    }

    /// How many jobs wait in each lane, the first lane first.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let lanes = self.lanes();
        (lanes.first.len(), lanes.rest.len())
    }

    /// Accepts no more jobs; those that wait are still taken.
    pub(super) fn close(&self) {
        self.lanes().closed = true;
        self.ready.notify_all();
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<T>> {
        self.lanes.hold()
    }
}
