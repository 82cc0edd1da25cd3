//! Counts in windows, in bounded memory and constant time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use exeunt_core::Moment;

use crate::authority::throttle::{Key, Limit};

/// Windows by key.
pub(super) struct Table {
    limit: Limit,
    entries_max: usize,
    windows: HashMap<Key, Window>,
    /// Attempts in flight; only keys with at least one, so it is no larger than the number of concurrent logins.
    in_flight: HashMap<Key, u32>,
    /// All windows in the order of opening. A reopened one is in it twice; only the later entry counts.
    opened: VecDeque<(Moment, Key)>,
}

/// Whether one more attempt may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It may begin.
    Free,
    /// Perhaps, once those in flight have ended.
    InFlight,
    /// Not before this time.
    Locked(Moment),
}

impl Room {
    pub(super) const fn locked_until(&self) -> Option<Moment> {
        match self {
            Self::Locked(until) => Some(*until),
            Self::Free | Self::InFlight => None,
        }
    }
}

struct Window {
    opened: Moment,
    /// When the window closes, or when the lock ends.
    until: Moment,
    count: u32,
}

impl Table {
    pub(super) fn new(limit: Limit, entries_max: usize) -> Self {
        let limit = Limit { window_secs: limit.window_secs.max(1), ..limit };
        let (windows, in_flight, opened) = (HashMap::new(), HashMap::new(), VecDeque::new());
        Self { limit, entries_max, windows, in_flight, opened }
    }

    /// Whether one more attempt may begin.
    pub(super) fn room(&self, key: Key, now: Moment) -> Room {
        if self.limit.count == 0 {
            return Room::Free;
        }
        if let Some(until) = self.locked_until(key, now) {
            return Room::Locked(until);
        }
        let window = self.windows.get(&key).filter(|window| now < window.until);
        let failed = window.map_or(0, |window| window.count);
        let in_flight = self.in_flight.get(&key).copied().unwrap_or_default();
        if failed.saturating_add(in_flight) < self.limit.count { Room::Free } else { Room::InFlight }
    }

    /// Begins an attempt.
    pub(super) fn begin(&mut self, key: Key) {
        *self.in_flight.entry(key).or_default() += 1;
    }

    /// Ends an attempt.
    pub(super) fn end(&mut self, key: Key) {
        if let Entry::Occupied(mut tries) = self.in_flight.entry(key) {
            *tries.get_mut() -= 1;
            if *tries.get() == 0 {
                tries.remove();
            }
        }
    }

    /// When the lock of this key ends, if it is locked.
    pub(super) fn locked_until(&self, key: Key, now: Moment) -> Option<Moment> {
        let window = self.windows.get(&key)?;
        (window.count >= self.limit.count && now < window.until).then_some(window.until)
    }

    /// Counts a failure. Failures of attempts that were in flight when the lock began do not extend it.
    pub(super) fn count(&mut self, key: Key, now: Moment) {
        if self.limit.count == 0 || self.locked_until(key, now).is_some() {
            return;
        }
        if self.windows.get(&key).is_none_or(|window| now >= window.until) {
            self.open(key, now);
        }
        if let Some(window) = self.windows.get_mut(&key) {
            window.count += 1;
            if window.count >= self.limit.count {
                window.until = window.until.max(now.plus_secs(self.limit.lock_secs.into()));
            }
        }
    }

    /// Clears the count, and the lock.
    pub(super) fn forgive(&mut self, key: Key) {
        if let Some(window) = self.windows.get_mut(&key) {
            window.count = 0;
            window.until = window.opened.plus_secs(self.limit.window_secs.into());
        }
    }

    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    fn open(&mut self, key: Key, now: Moment) {
        let until = now.plus_secs(self.limit.window_secs.into());
        self.windows.insert(key, Window { opened: now, until, count: 0 });
        self.opened.push_back((now, key));
        self.forget(now);
    }

    /// Drops expired windows, and the oldest ones beyond the bound. Each window is dropped once, so this costs constant
    /// time for each window opened.
    fn forget(&mut self, now: Moment) {
        let life_secs = u64::from(self.limit.window_secs) + u64::from(self.limit.lock_secs);
        while let Some((opened, key)) = self.opened.front().copied() {
            let over = opened.plus_secs(life_secs) <= now;
            let full = self.windows.len() > self.entries_max || self.opened.len() > 2 * self.entries_max;
            if !over && !full {
                return;
            }
            self.opened.pop_front();
            if self.windows.get(&key).is_some_and(|window| window.opened == opened) {
                self.windows.remove(&key);
            }
        }
    }
}
