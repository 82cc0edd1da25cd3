//! The live sessions of a user, in the order in which a limit ends them: so a login at the limit costs no more than one
//! below it.
//!
//! Kept in the writer's memory, read from the file once. The writer sees each session's own mark, checks for new marks
//! on users, clients and realms, and judges a session again before ending it.

use std::collections::{BTreeSet, HashMap};

use exeunt_core::{Anchor, ClientId, Moment, Session, SessionId, Stamp, Verdict};

use crate::store::touch_lag_secs;

/// A recorded session.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its row in the order of issue.
    pub(super) place: u64,
    pub(super) session: Session,
    /// When it was last seen. Touches still waiting to be folded into its row may be later; folded ones are in here.
    pub(super) seen: Moment,
}

/// Judges sessions by what the transaction knows.
pub(super) trait Judge {
    /// When a session was last seen.
    fn seen(&self, member: &Member) -> Moment;
    fn judge(&self, session: &Session, seen: Moment, now: Moment) -> Verdict;
    fn latest(&self, anchor: Anchor) -> Option<Stamp>;
}

/// The sessions of a user that may be alive, including all live ones.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    members: HashMap<u64, Known>,
    clients: HashMap<Option<ClientId>, Order>,
    /// The latest marks on user and realm that all members were judged by.
    marks: [Option<Stamp>; 2],
    /// Some have another session as anchor: a mark on that one ends them too.
    nested: bool,
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
    mark: Option<Stamp>,
}

/// The anchors of a session without a parent.
const OWN_ANCHORS: usize = 4;

impl Crowd {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = (SessionId, u64)> + '_ {
        self.members.values().map(|known| (known.member.session.id, known.member.place))
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
        all.sort_unstable_by_key(|member| std::cmp::Reverse(member.place));
        all
    }

    pub(super) fn insert(&mut self, member: Member, judge: &impl Judge) {
        let seen = judge.seen(&member);
        let member = Member { seen, ..member };
        // It may have been seen later than is written.
        let late = seen.plus_secs(touch_lag_secs(&member.session));
        let (place, deadline) = (member.place, member.session.deadline(late));
        self.nested |= member.session.anchors.len() > OWN_ANCHORS;
        let client = member.session.client();
        let order = self.clients.entry(client).or_insert_with(|| Order {
            // A later mark makes `tidy` judge this client's sessions again.
            mark: client.and_then(|client| judge.latest(Anchor::Client(client))),
            ..Order::default()
        });
        order.unseen.insert((seen, place));
        order.deadlines.extend(deadline.map(|deadline| (deadline, place)));
        self.members.insert(place, Known { member, seen, deadline });
    }

    /// Notes that a session was seen. Its place in the order changes when it is judged again.
    pub(super) fn see(&mut self, place: u64, at: Moment) {
        if let Some(known) = self.members.get_mut(&place) {
            known.member.seen = known.member.seen.max(at);
        }
    }

    /// Removes a session and its descendants. Returns all that were removed.
    pub(super) fn remove(&mut self, place: u64) -> Vec<SessionId> {
        let Some(known) = self.take(place) else { return Vec::new() };
        let id = known.member.session.id;
        let mut gone = vec![id];
        if self.nested {
            let hangs = |known: &&Known| known.member.session.anchors.contains(&Anchor::Session(id));
            let places: Vec<_> =
                self.members.values().filter(hangs).map(|known| known.member.place).collect();
            gone.extend(
                places.into_iter().filter_map(|place| self.take(place)).map(|it| it.member.session.id),
            );
        }
        gone
    }

    /// Removes dead sessions, among this client's and among all whose marks have changed. Returns those removed.
    pub(super) fn tidy(
        &mut self,
        client: Option<ClientId>,
        now: Moment,
        judge: &impl Judge,
    ) -> Vec<SessionId> {
        let marks = self.members.values().next().map_or(self.marks, |known| {
            let session = &known.member.session;
            let user = session.user().and_then(|user| judge.latest(Anchor::User(user)));
            [user, session.realm().and_then(|realm| judge.latest(Anchor::Realm(realm)))]
        });
        let mut doubtful: Vec<u64> = Vec::new();
        if marks != self.marks || self.nested {
            self.marks = marks;
            doubtful.extend(self.members.keys());
        } else if let Some(order) = self.clients.get_mut(&client) {
            let mark = client.and_then(|client| judge.latest(Anchor::Client(client)));
            if mark != order.mark {
                order.mark = mark;
                doubtful.extend(order.unseen.iter().map(|(_, place)| *place));
            } else {
                let over = order.deadlines.range(..=(now, u64::MAX));
                doubtful.extend(over.map(|(_, place)| *place));
            }
        }
        doubtful.into_iter().flat_map(|place| self.judge_again(place, now, judge)).collect()
    }

    /// The live session with this client (`None`: of all clients) that was least recently seen, without spared ones;
    /// and the dead ones found and removed meanwhile.
    pub(super) fn longest_unseen(
        &mut self,
        client: Option<Option<ClientId>>,
        spared: impl Fn(&Session) -> bool,
        now: Moment,
        judge: &impl Judge,
    ) -> (Option<u64>, Vec<SessionId>) {
        let mut gone = Vec::new();
        loop {
            let mine = self.clients.iter().filter(|(its, _)| client.is_none_or(|wanted| **its == wanted));
            let wanted =
                |place: &u64| self.members.get(place).is_some_and(|known| !spared(&known.member.session));
            let firsts = mine.filter_map(|(_, order)| order.unseen.iter().find(|(_, place)| wanted(place)));
            let Some((seen, place)) = firsts.min().copied() else { return (None, gone) };
            gone.extend(self.judge_again(place, now, judge));
            if self.members.get(&place).is_some_and(|known| known.seen == seen) {
                return (Some(place), gone);
            }
        }
    }

    /// Moves a session to its current place in the order, or removes it. Returns those removed.
    fn judge_again(&mut self, place: u64, now: Moment, judge: &impl Judge) -> Vec<SessionId> {
        let Some(known) = self.members.get(&place) else { return Vec::new() };
        let seen = judge.seen(&known.member);
        if judge.judge(&known.member.session, seen, now) != Verdict::Alive {
            // Not its descendants: whoever descends from an expired session lives until that has a mark.
            return self.take(place).map(|known| known.member.session.id).into_iter().collect();
        }
        if seen != known.seen
            && let Some(known) = self.take(place)
        {
            self.insert(known.member, judge);
        }
        Vec::new()
    }

    fn take(&mut self, place: u64) -> Option<Known> {
        let known = self.members.remove(&place)?;
        if let Some(order) = self.clients.get_mut(&known.member.session.client()) {
            order.unseen.remove(&(known.seen, place));
            if let Some(deadline) = known.deadline {
                order.deadlines.remove(&(deadline, place));
            }
        }
        Some(known)
    }
}
