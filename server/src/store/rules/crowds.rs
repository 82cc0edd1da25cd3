//! What a writer knows of users' live sessions: of most users only an upper bound.

use std::collections::HashMap;

use exeunt_core::{ClientId, Moment, Session, SessionId, UserId};

use super::choice::spared;
use super::crowd::{Crowd, Member, is_child};
use super::sight::Sight;
use crate::store::USER_SESSIONS_MAX;

/// The limit of cached users.
const USERS_MAX: usize = 100_000;
/// The limit of cached sessions, of all users together: about 60 MB.
const MEMBERS_MAX: usize = 200_000;

/// The known live sessions of users.
#[derive(Debug, Default)]
pub struct Crowds {
    users: HashMap<UserId, Known>,
    /// The user and the row of each session in a crowd.
    owners: HashMap<SessionId, (UserId, u64)>,
    changes: u64,
}

#[derive(Debug)]
enum Known {
    /// At most this many sessions are alive.
    AtMost(u32),
    /// These sessions may be alive, and no other is.
    Crowd(Box<Crowd>),
}

impl Crowds {
    /// An upper bound of the user's live sessions, if no more is known.
    pub(super) fn at_most(&self, user: UserId) -> Option<u32> {
        match self.users.get(&user) {
            Some(Known::AtMost(count)) => Some(*count),
            Some(Known::Crowd(_)) | None => None,
        }
    }

    pub(super) fn set_at_most(&mut self, user: UserId, count: u32) {
        self.changes += 1;
        self.make_place();
        self.users.insert(user, Known::AtMost(count));
    }

    pub(super) fn crowd(&self, user: UserId) -> Option<&Crowd> {
        match self.users.get(&user) {
            Some(Known::Crowd(crowd)) => Some(crowd),
            Some(Known::AtMost(_)) | None => None,
        }
    }

    pub(super) fn put(&mut self, user: UserId, crowd: Crowd) {
        self.changes += 1;
        self.make_place();
        while self.owners.len() + crowd.len() > MEMBERS_MAX && self.drop_one() {}
        self.owners.extend(crowd.ids().map(|(id, row)| (id, (user, row))));
        self.users.insert(user, Known::Crowd(Box::new(crowd)));
    }

    /// Adds a recorded session of this user.
    pub(super) fn add(&mut self, user: UserId, member: Member, sight: &Sight<'_>) {
        self.changes += 1;
        match self.users.get_mut(&user) {
            Some(Known::AtMost(count)) => *count = count.saturating_add(1),
            Some(Known::Crowd(crowd)) => {
                self.owners.insert(member.session.id, (user, member.row));
                crowd.insert(member, sight);
            }
            None => {}
        }
    }

    /// Removes a session on which a mark was raised.
    pub(super) fn ended(&mut self, id: SessionId) {
        let Some((user, row)) = self.owners.get(&id).copied() else { return };
        self.change(user, |crowd| ((), crowd.remove(row)));
    }

    /// Notes that a session was seen: once its touches are folded, only its row and this tell.
    pub(super) fn seen(&mut self, id: SessionId, at: Moment) {
        let Some((user, row)) = self.owners.get(&id).copied() else { return };
        self.change(user, |crowd| (crowd.see(row, at), Vec::new()));
    }

    /// Removes and returns the sessions to end so that a new one has room: with its client at most `max`, itself
    /// included, and of its user, if it has no parent, at most [`USER_SESSIONS_MAX`] without one.
    pub(super) fn make_room(
        &mut self,
        user: UserId,
        new: &Session,
        max: u32,
        sight: &Sight<'_>,
    ) -> Vec<SessionId> {
        let (now, client) = (new.issued_at, new.client());
        let going = self.change(user, |crowd| {
            let mut gone = crowd.tidy(client, now, sight);
            let mut going = Vec::new();
            let mut shrink = |crowd: &mut Crowd, which: Option<Option<ClientId>>, max: u32| {
                let many = |crowd: &Crowd| {
                    let count = which.map_or(crowd.parentless(), |client| crowd.count(client));
                    count >= usize::try_from(max.max(1)).unwrap_or(usize::MAX)
                };
                while many(crowd) {
                    let (row, dead) = crowd.longest_unseen(which, |session| spared(new, session), now, sight);
                    gone.extend(dead);
                    let Some(row) = row.filter(|_| many(crowd)) else { break };
                    let ended = crowd.remove(row);
                    going.extend(ended.first());
                    gone.extend(ended);
                }
            };
            shrink(crowd, Some(client), max);
            let all = usize::try_from(USER_SESSIONS_MAX).unwrap_or(usize::MAX);
            if !is_child(new) && crowd.parentless() >= all {
                let dead: Vec<_> =
                    crowd.clients().into_iter().flat_map(|client| crowd.tidy(client, now, sight)).collect();
                shrink(crowd, None, USER_SESSIONS_MAX);
                gone.extend(dead);
            }
            (going, gone)
        });
        going.unwrap_or_default()
    }

    /// Whether there is room for one more session with this client.
    pub(super) fn has_room(
        &mut self,
        user: UserId,
        client: Option<ClientId>,
        max: u32,
        now: Moment,
        sight: &Sight<'_>,
    ) -> bool {
        let few = |count: usize, max: u32| count < usize::try_from(max).unwrap_or(usize::MAX);
        let room = self.change(user, |crowd| {
            let mut gone = crowd.tidy(client, now, sight);
            if few(crowd.count(client), max) && !few(crowd.parentless(), USER_SESSIONS_MAX) {
                gone.extend(crowd.clients().into_iter().flat_map(|client| crowd.tidy(client, now, sight)));
            }
            (few(crowd.count(client), max) && few(crowd.parentless(), USER_SESSIONS_MAX), gone)
        });
        room.unwrap_or(true)
    }

    /// Forgets everything, after a rollback.
    pub fn forget(&mut self) {
        self.users.clear();
        self.owners.clear();
    }

    /// Counts the changes made here, so that a rollback knows whether it undoes one of them.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Changes a crowd; `change` returns the sessions it removed.
    fn change<T>(
        &mut self,
        user: UserId,
        change: impl FnOnce(&mut Crowd) -> (T, Vec<SessionId>),
    ) -> Option<T> {
        let Some(Known::Crowd(crowd)) = self.users.get_mut(&user) else { return None };
        self.changes += 1;
        let (done, gone) = change(crowd);
        for id in gone {
            self.owners.remove(&id);
        }
        Some(done)
    }

    fn make_place(&mut self) {
        if self.users.len() >= USERS_MAX {
            self.forget();
        }
    }

    /// Forgets any one crowd; `false`: there is none.
    fn drop_one(&mut self) -> bool {
        let mut crowds = self.users.iter().filter(|(_, known)| matches!(known, Known::Crowd(_)));
        let Some(user) = crowds.next().map(|(user, _)| *user) else { return false };
        if let Some(Known::Crowd(crowd)) = self.users.remove(&user) {
            for (id, _) in crowd.ids() {
                self.owners.remove(&id);
            }
        }
        true
    }
}
