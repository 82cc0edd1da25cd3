//! Consents, and the keys that seal tokens.

use exeunt_core::{Anchor, ClientId, RealmId, UserId, Verdict, Why};

use super::fixture::{CLIENT, Call, NOW, REALM, at_once, audit_entry, fresh, id, kind, raise, user};
use crate::error::{Kind, Result};
use crate::store::{AuditPlace, Consent, SecretChange, SessionBy, Store, WrappedKey};

/// What user `number` allows a client, not yet written.
pub(super) fn consent(number: u64, scopes: &[&str]) -> Consent {
    Consent {
        realm: REALM,
        user: UserId(id(number)),
        client: CLIENT,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        resources: vec!["https://api.example/".to_owned()],
        at: NOW,
        version: 0,
    }
}

/// The mark of a withdrawal. The store puts it on the consent, whatever it says.
pub(super) fn withdrawal() -> crate::store::Raise {
    raise(Anchor::Realm(REALM), Why::Withdrawn)
}

/// A sealing key, not yet written.
pub(super) fn key(number: u32) -> SecretChange {
    let wrapped = vec![u8::try_from(number).unwrap_or(0); 61];
    let key = WrappedKey { realm: REALM, number, made_at: NOW.plus_secs(number.into()), wrapped };
    SecretChange { key, replaces: None, keep_from: 0, raises: Vec::new() }
}

/// A consent is kept as a whole, changed by who has read it, and listed by its user.
pub async fn a_consent_is_kept(store: &dyn Store) -> Result<()> {
    store.save_user(user(1), None, None).await?;
    let first = store.save_consent(consent(1, &["read"]), None, Some(audit_entry("consent"))).await?;
    assert!(first.mark.is_none() && first.record.version > 0);
    let other = Consent { client: ClientId([9; 16]), ..consent(1, &["other"]) };
    let other = store.save_consent(other, None, None).await?.record;
    assert_eq!(store.consent(UserId(id(1)), CLIENT).await?.as_ref(), Some(&first.record));
    assert_eq!(kind(store.save_consent(consent(1, &[]), None, None).await), Some(Kind::Conflict("version")));
    let wider = Consent { version: first.record.version, ..consent(1, &["read", "write"]) };
    let wider = store.save_consent(wider, None, None).await?.record;
    assert!(wider.version > other.version);
    assert_eq!(kind(store.save_consent(first.record, None, None).await), Some(Kind::Conflict("version")));
    let user = UserId(id(1));
    assert_eq!(store.consents(user, 0, 10).await?, [other.clone(), wider.clone()]);
    assert_eq!(store.consents(user, 0, 1).await?, std::slice::from_ref(&other));
    assert_eq!(store.consents(user, other.version, 10).await?, [wider]);
    assert!(store.consents(UserId(id(2)), 0, 10).await?.is_empty());
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 1);
    Ok(())
}

/// Withdrawing deletes the record and ends the grants under it in one transaction; refused, it does neither.
pub async fn withdrawing_is_whole_or_nothing(store: &dyn Store) -> Result<()> {
    store.save_user(user(1), None, None).await?;
    let saved = store.save_consent(consent(1, &["read"]), None, None).await?.record;
    let mut grant = fresh(store, 1, 1).await?;
    grant.record.session.anchors.insert(3, Anchor::Consent(saved.id()));
    store.issue(grant.clone()).await?;
    let verdict = async || -> Result<_> {
        let found = store.session(SessionBy::Id(grant.record.session.id), NOW).await?;
        Ok(found.map(|found| found.verdict))
    };
    let position = store.position().await?;
    let stale = Consent { version: saved.version + 1, ..saved.clone() };
    for stale in [stale, consent(1, &[])] {
        let refused = store.save_consent(stale, Some(withdrawal()), Some(audit_entry("consent"))).await;
        assert_eq!(kind(refused), Some(Kind::Conflict("version")));
    }
    assert_eq!((store.position().await?, verdict().await?), (position, Some(Verdict::Alive)));
    assert!(store.consent(saved.user, CLIENT).await?.is_some());
    assert!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.is_empty());

    let withdrawn = store.save_consent(saved.clone(), Some(withdrawal()), None).await?;
    let mark = withdrawn.mark.map(|mark| (mark.anchor, mark.why, mark.at));
    let stamp = store.position().await?.stamp;
    assert_eq!(mark, Some((Anchor::Consent(saved.id()), Why::Withdrawn, stamp)));
    assert_eq!(verdict().await?, Some(Verdict::Ended(Anchor::Consent(saved.id()))));
    assert!(store.consent(saved.user, CLIENT).await?.is_none());
    // Who has read it before the withdrawal does not bring it back, also not over a new one.
    assert_eq!(kind(store.save_consent(saved.clone(), None, None).await), Some(Kind::Conflict("version")));
    let again = store.save_consent(consent(1, &["less"]), None, None).await?.record;
    assert!(again.version > saved.version);
    assert_eq!(kind(store.save_consent(saved, None, None).await), Some(Kind::Conflict("version")));
    Ok(())
}

/// There is an anchor also where there is no record, and it can be withdrawn.
pub async fn a_consent_without_a_record_can_be_withdrawn(store: &dyn Store) -> Result<()> {
    let mark = store.save_consent(consent(1, &[]), Some(withdrawal()), None).await?.mark;
    assert_eq!(mark.map(|mark| mark.anchor), Some(Anchor::Consent(consent(1, &[]).id())));
    Ok(())
}

/// A consent is one of a user of its realm, and a reader of that realm's marks gets the withdrawal.
pub async fn a_consent_is_of_the_realm_of_its_user(store: &dyn Store) -> Result<()> {
    store.save_user(user(1), None, None).await?;
    let other = RealmId([9; 16]);
    let elsewhere = Consent { realm: other, ..consent(1, &["read"]) };
    assert_eq!(kind(store.save_consent(elsewhere, None, None).await), Some(Kind::NotFound));
    let raise = crate::store::Raise { realm: other, ..withdrawal() };
    let mark = store.save_consent(consent(1, &[]), Some(raise), None).await?.mark;
    assert_eq!(mark.map(|mark| mark.realm), Some(REALM));
    Ok(())
}

/// Of many changes and withdrawals at once, each is done by who has read the record as it was, and a grant issued with
/// evidence from before a withdrawal is dead.
pub async fn one_of_concurrent_withdrawals_is_done(store: &dyn Store) -> Result<()> {
    store.save_user(user(1), None, None).await?;
    let saved = store.save_consent(consent(1, &["read"]), None, None).await?.record;
    let position = store.position().await?.stamp;
    let calls = (0..20).map(|number| -> Call<'_, _> {
        store.save_consent(saved.clone(), (number % 2 == 0).then(withdrawal), None)
    });
    let outcomes = at_once(calls).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let marks = store.position().await?.stamp.number() - position.number();
    let is_there = store.consent(saved.user, CLIENT).await?.is_some();
    assert_eq!(marks, u64::from(!is_there));
    Ok(())
}

/// The consents of a user are deleted with it, and none is written for it afterwards.
pub async fn consents_are_deleted_with_their_user(store: &dyn Store) -> Result<()> {
    let mut saved = store.save_user(user(1), None, None).await?.record;
    store.save_user(user(2), None, None).await?;
    store.save_consent(consent(1, &["read"]), None, None).await?;
    store.save_consent(consent(2, &["read"]), None, None).await?;
    saved.deleted = true;
    store.save_user(saved, Some(raise(Anchor::User(UserId(id(1))), Why::UserDeleted)), None).await?;
    assert!(store.consents(UserId(id(1)), 0, 10).await?.is_empty());
    assert_eq!(store.consents(UserId(id(2)), 0, 10).await?.len(), 1);
    for nobody in [1, 404] {
        let refused = store.save_consent(consent(nobody, &["read"]), None, None).await;
        assert_eq!(kind(refused), Some(Kind::NotFound));
    }
    Ok(())
}

/// Sealing keys are numbered upwards, encrypted again only by a caller that knows them, and deleted together with the marks.
pub async fn sealing_keys_are_kept_and_replaced(store: &dyn Store) -> Result<()> {
    let marks = store.save_secret(key(1), Some(audit_entry("secret.make"))).await?;
    assert!(marks.is_empty());
    store.save_secret(key(2), None).await?;
    let elsewhere = WrappedKey { realm: RealmId([9; 16]), ..key(1).key };
    store.save_secret(SecretChange { key: elsewhere.clone(), ..key(1) }, None).await?;
    assert_eq!(store.secrets().await?, [key(1).key, key(2).key, elsewhere.clone()]);
    // Two servers that make one at once: one of them does.
    let twin = SecretChange { key: WrappedKey { wrapped: vec![7; 61], ..key(2).key }, ..key(2) };
    for late in [key(1), twin.clone()] {
        assert_eq!(kind(store.save_secret(late, None).await), Some(Kind::Conflict("version")));
    }
    let again = |replaces| SecretChange { replaces: Some(replaces), ..twin.clone() };
    assert_eq!(kind(store.save_secret(again(vec![1]), None).await), Some(Kind::Conflict("version")));
    store.save_secret(again(key(2).key.wrapped), None).await?;
    assert_eq!(store.secrets().await?, [key(1).key, twin.key, elsewhere.clone()]);

    let void = |keep_from| SecretChange {
        keep_from,
        raises: vec![raise(Anchor::Client(CLIENT), Why::Admin)],
        ..key(3)
    };
    assert_eq!(kind(store.save_secret(void(4), None).await), Some(Kind::Malformed("keep_from")));
    let marks = store.save_secret(void(3), None).await?;
    assert_eq!(
        marks.iter().map(|mark| (mark.anchor, mark.at)).collect::<Vec<_>>(),
        [(Anchor::Client(CLIENT), store.position().await?.stamp)]
    );
    assert_eq!(store.secrets().await?, [key(3).key, elsewhere]);
    Ok(())
}
