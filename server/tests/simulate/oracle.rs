//! What must be true, remembered in the plainest way.

use exeunt_core::{Moment, SessionId, Token};

/// Users and clients in the world.
pub(crate) const USERS: usize = 3;
pub(crate) const CLIENTS: usize = 2;

#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) sessions: Vec<Known>,
    pub(crate) disabled: [bool; USERS],
}

/// A session whose issue was acknowledged.
pub(crate) struct Known {
    pub(crate) id: SessionId,
    pub(crate) token: Token,
    pub(crate) user: usize,
    pub(crate) client: usize,
    pub(crate) issued: Moment,
    pub(crate) idle_secs: u32,
    pub(crate) absolute_secs: u32,
    /// Its last acknowledged use.
    pub(crate) seen: Moment,
    /// The node has been started anew since: last-seen is known to a touch interval only.
    pub(crate) hazy: bool,
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing ended it.
    Open,
    /// It was ended, or found dead: it must never be alive again.
    Dead,
    /// A check found that its time had run out. A restart may forget that for as long as last-seen is hazy.
    Lapsed,
    /// The store failed in the middle of ending it.
    Unknown,
}

/// What a check must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Active,
    Inactive,
    Either,
}

impl Known {
    pub(crate) fn expected(&self, now: Moment) -> Expected {
        let aged = self.absolute_secs > 0 && now >= self.issued.plus_secs(self.absolute_secs.into());
        let idle = self.seen.plus_secs(self.idle_secs.into());
        let interval = u64::from((self.idle_secs / 60).max(1));
        match self.state {
            State::Dead | State::Lapsed => Expected::Inactive,
            _ if aged => Expected::Inactive,
            State::Unknown => Expected::Either,
            State::Open if self.idle_secs == 0 || now < idle => Expected::Active,
            // The idle window is never shorter than configured, and at most two touch intervals longer.
            State::Open if self.hazy && now < idle.plus_secs(2 * interval) => Expected::Either,
            State::Open => Expected::Inactive,
        }
    }
}

impl Oracle {
    /// The node was started anew.
    pub(crate) fn restarted(&mut self) {
        for known in &mut self.sessions {
            known.hazy = true;
            if known.state == State::Lapsed {
                known.state = State::Open;
            }
        }
    }

    /// These sessions were ended, or perhaps.
    pub(crate) fn end(&mut self, which: impl Fn(&Known) -> bool, state: State) {
        let ended = self.sessions.iter_mut().filter(|known| which(known) && known.state != State::Dead);
        ended.for_each(|known| known.state = state);
    }
}
