//! Which sessions: whom a limit sends away, whom "log out my other sessions" spares, who has been dead for how long.
//! Plain functions, shared by all stores.

use std::collections::{HashMap, HashSet};

use exeunt_core::{Anchor, By, DialectName, Mark, Moment, RealmId, Session, SessionId, Why};

use crate::store::{Raise, USER_SESSIONS_MAX, seen_at_most};

/// The door of marks that a store raises by itself.
pub const NAME: DialectName = DialectName::new("store");

/// Of the sessions that are alive beside a new one, those that have to go so that at most `max` are left, the new
/// one included: the longest unseen, and what hangs from one that goes, goes with it. What the new session hangs from
/// stays, since it would fall with it.
fn beyond_limit(new: &Session, mut others: Vec<(Session, Moment)>, max: u32) -> Vec<SessionId> {
    others.sort_by_key(|(_, seen)| *seen);
    let mut left: HashSet<SessionId> = others.iter().map(|(session, _)| session.id).collect();
    let mut hanging: HashMap<SessionId, Vec<SessionId>> = HashMap::new();
    for (session, _) in &others {
        for id in session.anchors.iter().filter_map(|anchor| session_id(*anchor)) {
            hanging.entry(id).or_default().push(session.id);
        }
    }
    let max = usize::try_from(max.max(1)).unwrap_or(usize::MAX);
    let mut going = Vec::new();
    for (session, _) in &others {
        if left.len() < max {
            break;
        }
        if left.contains(&session.id) && !spared(new, session) {
            going.push(session.id);
            hanging.get(&session.id).into_iter().flatten().for_each(|id| {
                left.remove(id);
            });
        }
    }
    going
}

/// Who has to go so that a new session has room: with its client at most `max` are left, and of its user at most
/// [`USER_SESSIONS_MAX`], the new one included each time. `others` are alive, the oldest first.
pub fn make_room(new: &Session, others: Vec<(Session, Moment)>, max: u32) -> Vec<SessionId> {
    let mine = others.iter().filter(|(session, _)| session.client() == new.client()).cloned();
    let mut going = beyond_limit(new, mine.collect(), max);
    let gone: HashSet<_> = going.iter().map(|id| Anchor::Session(*id)).collect();
    let left = others.into_iter().filter(|(session, _)| !session.anchors.iter().any(|it| gone.contains(it)));
    going.extend(beyond_limit(new, left.collect(), USER_SESSIONS_MAX));
    going
}

/// Whether logging out all but `kept` leaves this one: it is the kept one, an ancestor of it, or hangs from it.
pub fn spared(kept: &Session, other: &Session) -> bool {
    kept.anchors.contains(&Anchor::Session(other.id)) || other.anchors.contains(&Anchor::Session(kept.id))
}

/// When a session that is not alive died: with its first mark, or when its time ran out, whichever was earlier.
pub fn died_at(session: &Session, seen: Moment, first: Option<&Mark>, now: Moment) -> Option<Moment> {
    let deadline = session.deadline(seen_at_most(session, seen, now));
    [first.map(|mark| mark.when), deadline].into_iter().flatten().min()
}

/// What the store says of a mark that it raises by itself.
pub fn by_itself(realm: RealmId, why: Why, when: Moment) -> Raise {
    Raise {
        anchor: Anchor::Realm(realm),
        realm,
        why,
        by: By::System,
        via: NAME,
        from: None,
        when,
        known: None,
    }
}

/// A session's realm, as far as a mark on it tells.
pub fn realm_of(session: &Session) -> RealmId {
    session.realm().unwrap_or(RealmId([0; 16]))
}

/// The session that this anchor names.
pub const fn session_id(anchor: Anchor) -> Option<SessionId> {
    match anchor {
        Anchor::Session(id) => Some(id),
        Anchor::Realm(_) | Anchor::Client(_) | Anchor::User(_) => None,
    }
}
