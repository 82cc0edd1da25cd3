//! Migration from another system.

use exeunt_core::{Anchor, Stamp, Verdict, Why};

use super::fixture::{
    ABSOLUTE_SECS, IDLE_SECS, NOW, REALM, audit_entry, fresh, id, issue, kind, raise, raise_session, user,
};
use crate::error::{Error, Kind, Result};
use crate::store::{Adopted, Adoption, AuditPlace, Identifier, NewSession, Over, Store};

/// Session `number` of user `user`, issued in the other system a minute ago and last seen half a minute ago.
pub(super) async fn elsewhere(store: &dyn Store, number: u64, user: u64) -> Result<Adopted> {
    let NewSession { mut record, sessions_max, .. } = fresh(store, number, user).await?;
    record.session.issued_at = NOW.minus_secs(60);
    Ok(Adopted { record, seen: NOW.minus_secs(30), sessions_max })
}

/// A user with a taken identifier, in the store or earlier in the list, is left out; the others are added.
pub async fn users_are_imported_each_whole_or_not_at_all(store: &dyn Store) -> Result<()> {
    store.save_user(user(1), None, None).await?;
    let mut taken = user(2);
    taken.account_number.clone_from(&user(1).account_number);
    let mut twice = user(4);
    twice.email = user(3).email.map(|email| email.to_uppercase());
    let audit = Some(audit_entry("user.import"));
    let outcomes = store.import_users(vec![taken, user(3), twice, user(5)], audit).await?;
    let outcomes: Vec<_> =
        outcomes.into_iter().map(|outcome| outcome.map_err(|error| error.kind())).collect();
    let conflict = |field| Err(Kind::Conflict(field));
    assert_eq!(outcomes, [conflict("account_number"), Ok(2), conflict("email"), Ok(3)]);
    let numbers: Vec<_> =
        store.users(REALM, 0, 10).await?.iter().map(|user| (user.number, user.version)).collect();
    assert_eq!(numbers, [(1, 1), (2, 1), (3, 1)]);
    for name in ["user2", "user4"] {
        assert!(store.user(REALM, Identifier::Username(name.to_owned())).await?.is_none());
    }
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 1);
    let mut later = store.save_user(user(2), None, None).await?.record;
    later.last_name = "Lovelace".to_owned();
    assert_eq!(kind(store.import_users(vec![later], None).await), Some(Kind::Conflict("version")));
    Ok(())
}

/// It is recorded with its own times, read back when the cache is filled, and ended like any other.
pub async fn an_adopted_session_is_a_session(store: &dyn Store) -> Result<()> {
    issue(store, 1, 1).await?;
    let adopted = elsewhere(store, 2, 1).await?;
    assert_eq!(store.adopt(vec![adopted.clone()], NOW, None).await?, [Adoption::Recorded(2)]);
    let unended = store.unended(1, 10, NOW).await?;
    let [found] = &unended[..] else { return Err(Error::internal("it is not among the unended")) };
    assert_eq!((&found.record, found.row), (&adopted.record, 2));
    assert_eq!((found.seen, found.verdict), (NOW.minus_secs(30), Verdict::Alive));
    // The idle timeout runs from when it was seen, not from its issue.
    let by = adopted.record.by();
    let idle = NOW.minus_secs(30).plus_secs(u64::from(IDLE_SECS) + 11);
    assert_eq!(store.session(by, idle).await?.map(|found| found.verdict), Some(Verdict::Expired));
    let outcome = raise_session(store, &adopted.record.session).await?;
    assert_eq!(outcome.was, Verdict::Alive);
    assert_eq!(store.unended(1, 10, NOW).await?.len(), 0);
    Ok(())
}

/// Neither while its session is recorded, nor after it ended or expired, nor once it was forgotten; and the outcome
/// says which of these applies.
pub async fn a_token_is_adopted_once(store: &dyn Store) -> Result<()> {
    let adopted = elsewhere(store, 1, 1).await?;
    let again = async |number| {
        let mut again = elsewhere(store, number, 1).await?;
        again.record.token = adopted.record.token;
        store.adopt(vec![again], NOW, None).await
    };
    let mut twin = elsewhere(store, 2, 1).await?;
    twin.record.token = adopted.record.token;
    let both = store.adopt(vec![adopted.clone(), twin], NOW, Some(audit_entry("session.import"))).await?;
    assert_eq!(both, [Adoption::Recorded(1), Adoption::Known]);
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 1);
    raise_session(store, &adopted.record.session).await?;
    assert_eq!(again(3).await?, [Adoption::Over(Over::Ended)]);
    let later = NOW.plus_secs(1_000);
    while store.sweep(later, 100, 1_000_000, 100).await?.more {}
    assert!(store.session(adopted.record.by(), NOW).await?.is_none());
    assert_eq!(again(4).await?, [Adoption::Over(Over::Forgotten)]);
    // A token issued here is known as well.
    let own = fresh(store, 5, 1).await?;
    store.issue(own.clone()).await?;
    let mut copy = elsewhere(store, 6, 1).await?;
    copy.record.token = own.record.token;
    assert_eq!(store.adopt(vec![copy], NOW, None).await?, [Adoption::Known]);
    // An expired one stays over, however late the list says it was seen, with or without the mark of its expiry.
    let idle = elsewhere(store, 7, 1).await?;
    assert_eq!(store.adopt(vec![idle.clone()], NOW, None).await?, [Adoption::Recorded(3)]);
    let over = idle.seen.plus_secs(IDLE_SECS.into());
    let later = over.plus_secs(60);
    for _ in 0..2 {
        let mut seen = elsewhere(store, 8, 1).await?;
        (seen.record.token, seen.seen) = (idle.record.token, later);
        assert_eq!(store.adopt(vec![seen], later, None).await?, [Adoption::Over(Over::RanOut(over))]);
        store.expire(vec![idle.record.session.id], later).await?;
    }
    Ok(())
}

/// Expired, or ended by a mark after its stamp: nothing is recorded, and a retry with a later stamp may succeed.
pub async fn the_dead_are_not_adopted(store: &dyn Store) -> Result<()> {
    let mut late = elsewhere(store, 1, 1).await?;
    late.record.session.issued_at = NOW.minus_secs(ABSOLUTE_SECS.into());
    let mut idle = elsewhere(store, 2, 2).await?;
    idle.record.session.issued_at = NOW.minus_secs(2 * u64::from(IDLE_SECS));
    idle.seen = NOW.minus_secs(IDLE_SECS.into());
    let ended = elsewhere(store, 3, 3).await?;
    store.raise(raise(Anchor::User(exeunt_core::UserId(id(3))), Why::Everywhere)).await?;
    let outcomes =
        store.adopt(vec![late, idle, ended.clone(), elsewhere(store, 4, 4).await?], NOW, None).await?;
    assert_eq!(outcomes, [Adoption::Dead, Adoption::Dead, Adoption::Dead, Adoption::Recorded(1)]);
    assert_eq!(store.position().await?.stamp, Stamp::from_number(1));
    assert_eq!(store.adopt(vec![elsewhere(store, 3, 3).await?], NOW, None).await?, [Adoption::Recorded(2)]);
    Ok(())
}

/// No live session is ended to make room; dead ones take no room.
pub async fn adopting_ends_nobody(store: &dyn Store) -> Result<()> {
    let first = issue(store, 1, 1).await?;
    let second = issue(store, 2, 1).await?;
    let third = || async {
        let adopted = elsewhere(store, 3, 1).await?;
        Ok::<_, Error>(Adopted { sessions_max: 2, ..adopted })
    };
    assert_eq!(store.adopt(vec![third().await?], NOW, None).await?, [Adoption::Crowded]);
    assert_eq!(store.unended(0, 10, NOW).await?.len(), 2);
    raise_session(store, &first).await?;
    assert_eq!(store.adopt(vec![third().await?], NOW, None).await?, [Adoption::Recorded(3)]);
    // The adopted session counts like any other when the next one is issued.
    let mut fourth = fresh(store, 4, 1).await?;
    fourth.sessions_max = 2;
    let ended = store.issue(fourth).await?.ended;
    assert_eq!(ended.len(), 1, "one of {} and the adopted had to go", second.id);
    Ok(())
}
