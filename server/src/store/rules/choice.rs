//! Which sessions "log out my other sessions" spares, when a session died, and the marks that a store raises by itself.

use exeunt_core::{Anchor, By, DialectName, Mark, Moment, RealmId, Session, SessionId, Why};

use crate::store::{List, Raise, seen_at_most};

/// The dialect of marks that a store raises by itself.
pub const NAME: DialectName = DialectName::new("store");

/// Whether logging out all but `kept` spares this one: it is `kept`, an ancestor of it, or a descendant.
pub fn spared(kept: &Session, other: &Session) -> bool {
    kept.anchors.contains(&Anchor::Session(other.id)) || other.anchors.contains(&Anchor::Session(kept.id))
}

/// Whether a list has this session, as far as its anchors tell. A session is not listed under itself.
pub fn is_listed(list: &List, session: &Session) -> bool {
    let is_under =
        |anchor: &Anchor| *anchor != Anchor::Session(session.id) && session.anchors.contains(anchor);
    session.stamp >= list.floor && is_under(&Anchor::Realm(list.realm)) && list.under.iter().all(is_under)
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
        Anchor::Realm(_) | Anchor::Client(_) | Anchor::User(_) | Anchor::Consent(_) => None,
    }
}
