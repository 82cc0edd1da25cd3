//! Chooses sessions: which a limit ends, which "log out my other sessions" spares, and when one died. Plain functions,
//! shared by all stores.

use std::collections::{HashMap, HashSet};

use exeunt_core::{Anchor, By, DialectName, Mark, Moment, RealmId, Session, SessionId, Why};

use crate::store::{Raise, USER_SESSIONS_MAX, seen_at_most};

/// The dialect of marks that a store raises by itself.
pub const NAME: DialectName = DialectName::new("store");

/// Of the live sessions beside a new one, those to end so that at most `max` are left, the new one included: the least
/// recently seen first. The descendants of an ended session end with it. The ancestors of the new session stay, since
/// their end would end it too.
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

/// The sessions to end so that a new one has room: at most `max` are left with its client, and at most
/// [`USER_SESSIONS_MAX`] of its user, the new one included each time. `others` are alive, oldest first.
pub fn make_room(new: &Session, others: Vec<(Session, Moment)>, max: u32) -> Vec<SessionId> {
    let mine = others.iter().filter(|(session, _)| session.client() == new.client()).cloned();
    let mut going = beyond_limit(new, mine.collect(), max);
    let gone: HashSet<_> = going.iter().map(|id| Anchor::Session(*id)).collect();
    let left = others.into_iter().filter(|(session, _)| !session.anchors.iter().any(|it| gone.contains(it)));
    going.extend(beyond_limit(new, left.collect(), USER_SESSIONS_MAX));
    going
}

/// Whether logging out all but `kept` spares this one: it is `kept`, an ancestor of it, or a descendant.
pub fn spared(kept: &Session, other: &Session) -> bool {
    kept.anchors.contains(&Anchor::Session(other.id)) || other.anchors.contains(&Anchor::Session(kept.id))
}

/// When a session that is not alive died: at its first mark or its deadline, whichever was earlier.
pub fn died_at(session: &Session, seen: Moment, first: Option<&Mark>, now: Moment) -> Option<Moment> {
    let deadline = session.deadline(seen_at_most(session, seen, now));
    [first.map(|mark| mark.when), deadline].into_iter().flatten().min()
}

/// The content of a mark that the store raises by itself.
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

/// The realm for a mark on this session.
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
