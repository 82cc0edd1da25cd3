//! What must be true, remembered in the plainest way.

use exeunt_core::{Fingerprint, Mark, Moment, SessionId, Stamp, Token};

/// Users and clients in the world.
pub(crate) const USERS: usize = 3;
pub(crate) const CLIENTS: usize = 2;

#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) sessions: Vec<Known>,
    pub(crate) disabled: [bool; USERS],
    /// Who was logged out.
    raised: Vec<Raised>,
    /// The secrets of each client. There are several only while it is unknown whether a change was written.
    pub(crate) secrets: [Vec<Fingerprint>; CLIENTS],
    /// Secrets that no client has any more.
    pub(crate) void: Vec<Fingerprint>,
    pub(crate) seen: Seen,
}

/// How often some things happened: a simulation in which they never do shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) adopted: u32,
    /// Sessions of another system that were refused because somebody was logged out here.
    pub(crate) not_adopted: u32,
    pub(crate) secrets: u32,
    pub(crate) unknown: u32,
    pub(crate) children: u32,
    /// Children that were dead although nothing had ended them themselves.
    pub(crate) orphans: u32,
}

/// A session whose issue was acknowledged.
pub(crate) struct Known {
    pub(crate) id: SessionId,
    pub(crate) token: Token,
    pub(crate) user: usize,
    pub(crate) client: usize,
    pub(crate) parent: Option<usize>,
    pub(crate) issued: Moment,
    pub(crate) idle_secs: u32,
    pub(crate) absolute_secs: u32,
    /// Its last acknowledged use.
    pub(crate) seen: Moment,
    /// The node has been restarted since: last-seen is known to a touch interval only.
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

/// Whose sessions were ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Everybodys,
    Clients(usize),
    Users(usize),
}

struct Raised {
    whose: Whose,
    when: Moment,
    /// `None`: the store failed in the middle, and it is unknown whether there is a mark.
    at: Option<Stamp>,
}

/// What a check must say, or whether a session of another system may be adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Active,
    Inactive,
    Either,
}

impl Known {
    /// The seconds that its absolute limit leaves.
    pub(crate) fn left(&self, now: Moment) -> Option<u32> {
        let end = self.issued.plus_secs(self.absolute_secs.into());
        (self.absolute_secs > 0).then(|| u32::try_from(end.millis_since(now) / 1000).unwrap())
    }

    /// What is known of it alone.
    fn expected(&self, now: Moment) -> Expected {
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

    /// The store failed in the middle of ending it.
    pub(crate) fn doubt(&mut self) {
        if self.state == State::Open {
            self.state = State::Unknown;
        }
    }

    /// A check found it or a descendant active.
    fn found_active(&mut self, touch: bool, now: Moment) {
        if self.state == State::Unknown {
            self.state = State::Open;
        }
        if touch {
            self.seen = now;
            self.hazy = false;
        }
    }
}

impl Whose {
    fn includes(self, user: usize, client: usize) -> bool {
        match self {
            Self::Everybodys => true,
            Self::Clients(one) => one == client,
            Self::Users(one) => one == user,
        }
    }
}

impl Oracle {
    /// A session, its parent, the parent of that, and so on.
    pub(crate) fn chain(&self, session: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(session), |at| self.sessions[*at].parent)
    }

    /// What is known of a session and its ancestors.
    pub(crate) fn expected(&self, session: usize, now: Moment) -> Expected {
        let each = self.chain(session).map(|at| self.sessions[at].expected(now));
        each.max_by_key(|expected| match expected {
            Expected::Active => 0,
            Expected::Either => 1,
            Expected::Inactive => 2,
        })
        .unwrap()
    }

    /// A check found a session active or not.
    pub(crate) fn found(&mut self, session: usize, active: bool, touch: bool, now: Moment) {
        if active {
            for at in self.chain(session).collect::<Vec<_>>() {
                self.sessions[at].found_active(touch, now);
            }
            return;
        }
        let parent = self.sessions[session].parent;
        let above = parent.map_or(Expected::Active, |parent| self.expected(parent, now));
        let known = &mut self.sessions[session];
        self.seen.orphans += u32::from(known.expected(now) == Expected::Active);
        match known.state {
            State::Open => known.state = State::Lapsed,
            // It may be for its ancestors that it is not active.
            State::Unknown if above == Expected::Active => known.state = State::Dead,
            State::Unknown | State::Dead | State::Lapsed => {}
        }
    }

    /// The node was restarted.
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

    /// All these sessions were ended by this mark.
    pub(crate) fn ended(&mut self, whose: Whose, mark: &Mark) {
        self.end(|known| whose.includes(known.user, known.client), State::Dead);
        self.raised.push(Raised { whose, when: mark.when, at: Some(mark.at) });
    }

    /// All these sessions may have been ended.
    pub(crate) fn perhaps_ended(&mut self, whose: Whose, when: Moment) {
        self.end(|known| whose.includes(known.user, known.client), State::Unknown);
        self.raised.push(Raised { whose, when, at: None });
    }

    /// Whether a session that was issued elsewhere at `issued` may be adopted from a list made at the position `since`:
    /// not if its user was logged out since either.
    pub(crate) fn adoptable(&self, user: usize, client: usize, issued: Moment, since: Stamp) -> Expected {
        let mut expected = Expected::Active;
        for raised in self.raised.iter().filter(|raised| raised.whose.includes(user, client)) {
            match raised.at {
                Some(at) if raised.when >= issued || at > since => return Expected::Inactive,
                Some(_) => {}
                None => expected = Expected::Either,
            }
        }
        expected
    }
}

impl Seen {
    pub(crate) const fn add(&mut self, other: Self) {
        self.adopted += other.adopted;
        self.not_adopted += other.not_adopted;
        self.secrets += other.secrets;
        self.unknown += other.unknown;
        self.children += other.children;
        self.orphans += other.orphans;
    }
}
