//! Counts in windows, in bounded memory and constant time.

use std::collections::{HashMap, VecDeque};

use exeunt_core::Moment;

use crate::authority::throttle::{Key, Limit};

/// Windows by key.
pub(super) struct Table {
    limit: Limit,
    entries_max: usize,
    windows: HashMap<Key, Window>,
    /// Every window in the order of opening. One that was opened again is in it twice; only the later counts.
    opened: VecDeque<(Moment, Key)>,
}

struct Window {
    opened: Moment,
    /// When it closes, or when the lock ends.
    until: Moment,
    count: u32,
}

impl Table {
    pub(super) fn new(limit: Limit, entries_max: usize) -> Self {
        let limit = Limit { window_secs: limit.window_secs.max(1), ..limit };
        Self { limit, entries_max, windows: HashMap::new(), opened: VecDeque::new() }
    }

    /// Until when this key is locked, if it is.
    pub(super) fn locked_until(&self, key: Key, now: Moment) -> Option<Moment> {
        let window = self.windows.get(&key)?;
        (window.count >= self.limit.count && now < window.until).then_some(window.until)
    }

    /// Counts one. Those that were still on their way when the lock fell do not prolong it.
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

    /// Forgets what was counted; a lock is forgotten too.
    pub(super) fn forgive(&mut self, key: Key) {
        if let Some(window) = self.windows.get_mut(&key) {
            window.count = 0;
            window.until = window.opened.plus_secs(self.limit.window_secs.into());
        }
    }

    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    fn open(&mut self, key: Key, now: Moment) {
        let until = now.plus_secs(self.limit.window_secs.into());
        self.windows.insert(key, Window { opened: now, until, count: 0 });
        self.opened.push_back((now, key));
        self.forget(now);
    }

    /// Drops windows that are over, and the oldest ones beyond the bound. Each window is dropped once, so this costs
    /// a constant time for each that was opened.
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
