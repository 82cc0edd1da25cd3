//! The live sessions of a user, in the order in which a limit ends them: so a login at the limit costs no more than one
//! below it.
//!
//! Read once, and kept in memory by a store that has a single writer. It sees each session's own mark, checks for new
//! marks on users, clients, consents and realms, and judges a session again before ending it.

use std::collections::{BTreeSet, HashMap};

use exeunt_core::{Anchor, ClientId, ConsentId, Moment, Session, SessionId, Stamp, UserId};

use super::sight::Sight;
use crate::store::touch_lag_secs;

/// A recorded session, and no more of it than judging needs.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its row in the order of issue.
    pub row: u64,
    /// The session.
    pub session: Session,
    /// When it was last seen. Touches still waiting to be folded into its row may be later; folded ones are in here.
    pub seen: Moment,
}

/// The sessions of a user that may be alive, including all live ones.
#[derive(Debug, Default)]
pub struct Crowd {
    members: HashMap<u64, Known>,
    clients: HashMap<Option<ClientId>, Order>,
    /// The latest marks on user and realm that all members were judged by.
    marks: [Option<Stamp>; 2],
    /// How many of them are children: a mark on another session ends them too.
    children: usize,
}

#[derive(Debug)]
struct Known {
    member: Member,
    /// Its place in the order. Never later than the true time, which only grows.
    seen: Moment,
    deadline: Option<Moment>,
}

/// The sessions of one client.
#[derive(Debug, Default)]
struct Order {
    unseen: BTreeSet<(Moment, u64)>,
    deadlines: BTreeSet<(Moment, u64)>,
    /// The latest marks on client and consent that they were judged by.
    marks: [Option<Stamp>; 2],
}

impl Crowd {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = (SessionId, u64)> + '_ {
        self.members.values().map(|known| (known.member.session.id, known.member.row))
    }

    /// How many sessions without a parent there are. Exact right after [`Crowd::tidy`] of all clients.
    pub(super) fn parentless(&self) -> usize {
        self.members.len() - self.children
    }

    /// How many sessions there are with this client. Exact right after [`Crowd::tidy`].
    pub(super) fn count(&self, client: Option<ClientId>) -> usize {
        self.clients.get(&client).map_or(0, |order| order.unseen.len())
    }

    /// The clients with sessions.
    pub(super) fn clients(&self) -> Vec<Option<ClientId>> {
        self.clients.keys().copied().collect()
    }

    /// All members, the newest first.
    pub(super) fn newest_first(&self) -> Vec<&Member> {
        let mut all: Vec<_> = self.members.values().map(|known| &known.member).collect();
        all.sort_unstable_by_key(|member| std::cmp::Reverse(member.row));
        all
    }

    pub(super) fn insert(&mut self, member: Member, sight: &Sight<'_>) {
        let seen = sight.seen(&member);
        let member = Member { seen, ..member };
        // It may have been seen later than is written.
        let late = seen.plus_secs(touch_lag_secs(&member.session));
        let (row, deadline) = (member.row, member.session.deadline(late));
        let client = member.session.client();
        let order = self.clients.entry(client).or_insert_with(|| Order {
            // A later mark makes `tidy` judge this client's sessions again.
            marks: marks_of(member.session.user(), client, sight),
            ..Order::default()
        });
        order.unseen.insert((seen, row));
        order.deadlines.extend(deadline.map(|deadline| (deadline, row)));
        self.children += usize::from(is_child(&member.session));
        self.members.insert(row, Known { member, seen, deadline });
    }

    /// Notes that a session was seen. Its place in the order changes when it is judged again.
    pub(super) fn see(&mut self, row: u64, at: Moment) {
        if let Some(known) = self.members.get_mut(&row) {
            known.member.seen = known.member.seen.max(at);
        }
    }

    /// Removes a session and its descendants. Returns all that were removed.
    pub(super) fn remove(&mut self, row: u64) -> Vec<SessionId> {
        let Some(known) = self.take(row) else { return Vec::new() };
        let id = known.member.session.id;
        let mut gone = vec![id];
        if self.children > 0 {
            let hangs = |known: &&Known| known.member.session.anchors.contains(&Anchor::Session(id));
            let rows: Vec<_> = self.members.values().filter(hangs).map(|known| known.member.row).collect();
            gone.extend(rows.into_iter().filter_map(|row| self.take(row)).map(|it| it.member.session.id));
        }
        gone
    }

    /// Removes dead sessions, among this client's and among all whose marks have changed. Returns those removed.
    pub(super) fn tidy(
        &mut self,
        client: Option<ClientId>,
        now: Moment,
        sight: &Sight<'_>,
    ) -> Vec<SessionId> {
        let any = self.members.values().next().map(|known| &known.member.session);
        let user = any.and_then(Session::user);
        let marks = any.map_or(self.marks, |session| {
            let user = user.and_then(|user| sight.latest(Anchor::User(user)));
            [user, session.realm().and_then(|realm| sight.latest(Anchor::Realm(realm)))]
        });
        let mut doubtful: Vec<u64> = Vec::new();
        if marks != self.marks || self.children > 0 {
            self.marks = marks;
            doubtful.extend(self.members.keys());
        } else if let Some(order) = self.clients.get_mut(&client) {
            let marks = marks_of(user, client, sight);
            if marks != order.marks {
                order.marks = marks;
                doubtful.extend(order.unseen.iter().map(|(_, row)| *row));
            } else {
                let over = order.deadlines.range(..=(now, u64::MAX));
                doubtful.extend(over.map(|(_, row)| *row));
            }
        }
        doubtful.into_iter().flat_map(|row| self.judge_again(row, now, sight)).collect()
    }

    /// The live session with this client (`None`: without a parent, of all clients) that was least recently seen,
    /// without spared ones; and the dead ones found and removed meanwhile.
    pub(super) fn longest_unseen(
        &mut self,
        client: Option<Option<ClientId>>,
        spared: impl Fn(&Session) -> bool,
        now: Moment,
        sight: &Sight<'_>,
    ) -> (Option<u64>, Vec<SessionId>) {
        let mut gone = Vec::new();
        loop {
            let mine = self.clients.iter().filter(|(its, _)| client.is_none_or(|wanted| **its == wanted));
            let counts = |session: &Session| !spared(session) && (client.is_some() || !is_child(session));
            let wanted = |row: &u64| self.members.get(row).is_some_and(|known| counts(&known.member.session));
            let firsts = mine.filter_map(|(_, order)| order.unseen.iter().find(|(_, row)| wanted(row)));
            let Some((seen, row)) = firsts.min().copied() else { return (None, gone) };
            gone.extend(self.judge_again(row, now, sight));
            if self.members.get(&row).is_some_and(|known| known.seen == seen) {
                return (Some(row), gone);
            }
        }
    }

    /// Moves a session to its current place in the order, or removes it. Returns those removed.
    fn judge_again(&mut self, row: u64, now: Moment, sight: &Sight<'_>) -> Vec<SessionId> {
        let Some(known) = self.members.get(&row) else { return Vec::new() };
        let seen = sight.seen(&known.member);
        if !sight.is_alive(&known.member.session, seen, now) {
            // Not its descendants: a descendant of an expired session lives until that session has a mark.
            return self.take(row).map(|known| known.member.session.id).into_iter().collect();
        }
        if seen != known.seen
            && let Some(known) = self.take(row)
        {
            self.insert(known.member, sight);
        }
        Vec::new()
    }

    fn take(&mut self, row: u64) -> Option<Known> {
        let known = self.members.remove(&row)?;
        self.children -= usize::from(is_child(&known.member.session));
        if let Some(order) = self.clients.get_mut(&known.member.session.client()) {
            order.unseen.remove(&(known.seen, row));
            if let Some(deadline) = known.deadline {
                order.deadlines.remove(&(deadline, row));
            }
        }
        Some(known)
    }
}

/// The latest marks on a client and on the consent of a user to it.
fn marks_of(user: Option<UserId>, client: Option<ClientId>, sight: &Sight<'_>) -> [Option<Stamp>; 2] {
    let consent = user.zip(client).map(|(user, client)| Anchor::Consent(ConsentId::of(user, client)));
    [client.map(Anchor::Client), consent].map(|anchor| anchor.and_then(|anchor| sight.latest(anchor)))
}

/// Whether a session has a parent.
pub(super) fn is_child(session: &Session) -> bool {
    session.ancestors().next().is_some()
}
