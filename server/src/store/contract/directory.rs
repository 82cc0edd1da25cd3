//! Realms, users, clients, keys, the audit trail.

use exeunt_core::{Anchor, Fingerprint, KeyId, RealmId, Stamp, UserId, Why};
use serde_json::json;

use super::fixture::{self, NOW, REALM, audit_entry, client, id, kind, raise, user};
use crate::error::{Error, Kind, Result};
use crate::store::{AuditPlace, Client, Identifier, Key, PasswordHash, Realm, Role, Settings, Store, Trail};

/// By id, by user name and account number letter by letter, by e-mail address without case, each within its realm. All
/// fields are kept.
pub async fn users_are_found_by_their_identifiers(store: &dyn Store) -> Result<()> {
    let mut new = user(1);
    new.password = Some(PasswordHash("$argon2id$1".to_owned()));
    new.data.insert("colour".to_owned(), json!({"favourite": "grün"}));
    let saved = store.save_user(new, None, None).await?.record;
    assert_eq!((saved.number, saved.version), (1, 1));
    let finds = [
        (Identifier::Id(saved.id), true),
        (Identifier::Username("user1".to_owned()), true),
        (Identifier::Username("User1".to_owned()), false),
        (Identifier::Email("uSER1@example.COM".to_owned()), true),
        (Identifier::AccountNumber("001".to_owned()), true),
        (Identifier::AccountNumber("1".to_owned()), false),
    ];
    for (by, known) in finds {
        let found = store.user(REALM, by.clone()).await?;
        assert_eq!(found.is_some(), known, "{by:?}");
        assert!(store.user(RealmId([9; 16]), by).await?.is_none());
        let Some(found) = found else { continue };
        assert_eq!(found.email, saved.email);
        assert_eq!(found.data, saved.data);
        assert_eq!(found.first_name, "Ada");
        assert!(found.password == saved.password);
        assert_eq!((found.number, found.version, found.created_at), (1, 1, NOW));
    }
    Ok(())
}

/// A taken identifier is refused and named; deleting its user frees it, and the id remains.
pub async fn identifiers_are_unique_and_freed_by_deletion(store: &dyn Store) -> Result<()> {
    let mut first = store.save_user(user(1), None, None).await?.record;
    let mut second = user(2);
    second.email = first.email.as_ref().map(|email| email.to_uppercase());
    assert_eq!(kind(store.save_user(second.clone(), None, None).await), Some(Kind::Conflict("email")));
    second.email = None;
    second.username.clone_from(&first.username);
    let end = raise(Anchor::User(second.id), Why::Admin);
    let refused = store.save_user(second.clone(), Some(end), Some(audit_entry("user.create"))).await;
    assert_eq!(kind(refused), Some(Kind::Conflict("username")));
    assert_eq!(store.position().await?.stamp, Stamp::ZERO);
    assert!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.is_empty());
    second.username = None;
    second.account_number.clone_from(&first.account_number);
    assert_eq!(
        kind(store.save_user(second.clone(), None, None).await),
        Some(Kind::Conflict("account_number"))
    );
    let mut other_realm = second.clone();
    (other_realm.id, other_realm.realm) = (UserId(id(3)), RealmId([9; 16]));
    store.save_user(other_realm, None, None).await?;

    first.deleted = true;
    let first = store.save_user(first, None, None).await?.record;
    let second = store.save_user(second, None, None).await?.record;
    let by = Identifier::AccountNumber("001".to_owned());
    assert_eq!(store.user(REALM, by).await?.map(|user| user.id), Some(second.id));
    let gone = store.user(REALM, Identifier::Id(first.id)).await?;
    assert_eq!(gone.map(|user| user.deleted), Some(true));
    assert!(store.user(REALM, Identifier::Username("user1".to_owned())).await?.is_none());
    Ok(())
}

/// A write of an older version is refused, and a record cannot be created twice.
pub async fn a_stale_version_changes_nothing(store: &dyn Store) -> Result<()> {
    let first = store.save_user(user(1), None, None).await?.record;
    let mut changed = first.clone();
    changed.last_name = "Lovelace".to_owned();
    assert_eq!(store.save_user(changed, None, None).await?.record.version, 2);
    for stale in [first, user(1), crate::store::User { version: 7, ..user(2) }] {
        assert_eq!(kind(store.save_user(stale, None, None).await), Some(Kind::Conflict("version")));
    }
    let found = store.user(REALM, Identifier::Id(UserId(id(1)))).await?;
    assert_eq!(found.map(|user| user.last_name), Some("Lovelace".to_owned()));
    let saved = store.save_client(client(1), None, None).await?.record;
    store.save_client(saved.clone(), None, None).await?;
    for stale in [saved, client(1)] {
        assert_eq!(kind(store.save_client(stale, None, None).await), Some(Kind::Conflict("version")));
    }
    Ok(())
}

/// In the order of their numbers, which only grow, without deleted ones.
pub async fn users_are_listed_by_number(store: &dyn Store) -> Result<()> {
    for number in 1..=5 {
        let mut saved = store.save_user(user(number), None, None).await?.record;
        if number == 3 {
            saved.deleted = true;
            store.save_user(saved, None, None).await?;
        }
    }
    let mut elsewhere = user(6);
    elsewhere.realm = RealmId([9; 16]);
    store.save_user(elsewhere, None, None).await?;
    let page = async |after, limit| {
        store
            .users(REALM, after, limit)
            .await
            .map(|all| all.iter().map(|user| user.number).collect::<Vec<_>>())
    };
    assert_eq!(page(0, 2).await?, [1, 2]);
    assert_eq!(page(2, 2).await?, [4, 5]);
    assert!(page(5, 2).await?.is_empty());
    Ok(())
}

/// Of all realms, in the order of the users' numbers; users without a password and deleted ones are left out.
pub async fn hashes_of_passwords_are_read_page_by_page(store: &dyn Store) -> Result<()> {
    for number in 1..=5 {
        let mut new = user(number);
        new.password = (number != 2).then(|| PasswordHash(format!("hash {number}")));
        if number == 4 {
            new.realm = RealmId([9; 16]);
        }
        let mut saved = store.save_user(new, None, None).await?.record;
        if number == 3 {
            (saved.deleted, saved.password) = (true, None);
            store.save_user(saved, None, None).await?;
        }
    }
    let page = async |after, limit| {
        let page = store.password_hashes(after, limit).await;
        page.map(|page| page.into_iter().map(|(number, hash)| (number, hash.0)).collect::<Vec<_>>())
    };
    assert_eq!(page(0, 2).await?, [(1, "hash 1".to_owned()), (4, "hash 4".to_owned())]);
    assert_eq!(page(4, 2).await?, [(5, "hash 5".to_owned())]);
    assert!(page(5, 2).await?.is_empty());
    Ok(())
}

/// A name is unique in its realm, a key everywhere; a removed client has neither.
pub async fn names_and_keys_of_clients_are_unique(store: &dyn Store) -> Result<()> {
    let project = |number: u64, name: &str| Client {
        name: name.to_owned(),
        settings: Settings::stored(r#"{"of":"its dialect"}"#.to_owned(), Some("k".repeat(32))),
        ..client(number)
    };
    let mut first = store.save_client(project(1, "one"), None, None).await?.record;
    assert_eq!(store.clients().await?, [first.clone()]);
    let save = async |client| kind(store.save_client(client, None, None).await);
    assert_eq!(save(project(2, "two")).await, Some(Kind::Conflict("key")));
    assert_eq!(save(Client { name: "one".to_owned(), ..client(2) }).await, Some(Kind::Conflict("name")));
    let elsewhere = Client { name: "one".to_owned(), realm: RealmId([9; 16]), ..client(3) };
    assert_eq!(save(elsewhere).await, None);
    first.removed = true;
    assert_eq!(save(first).await, None);
    assert_eq!(save(project(4, "one")).await, None);
    assert_eq!(store.clients().await?.len(), 2);
    Ok(())
}

/// A realm is created with its clients or not at all.
pub async fn realms_are_made_with_their_clients(store: &dyn Store) -> Result<()> {
    let realm =
        |number, name: &str| Realm { id: RealmId(id(number)), name: name.to_owned(), ..fixture::realm() };
    let clients = vec![client(1), client(2)];
    store.create_realm(realm(1, "main"), clients, Some(audit_entry("realm.create"))).await?;
    assert_eq!(kind(store.create_realm(realm(2, "main"), vec![], None).await), Some(Kind::Conflict("name")));
    let taken = Client { id: client(9).id, ..client(1) };
    let refused = store.create_realm(realm(3, "other"), vec![client(3), taken], None).await;
    assert_eq!(kind(refused), Some(Kind::Conflict("name")));
    let twins = vec![client(3), Client { id: client(9).id, ..client(3) }];
    assert_eq!(kind(store.create_realm(realm(3, "other"), twins, None).await), Some(Kind::Conflict("name")));
    // A client that exists, at any version, is refused in a new realm; so is one with a version other than 0.
    for stale in [client(1), Client { version: 1, ..client(1) }, Client { version: 7, ..client(3) }] {
        let refused = store.create_realm(realm(3, "other"), vec![stale], None).await;
        assert_eq!(kind(refused), Some(Kind::Conflict("version")));
    }
    store.create_realm(realm(4, "last"), vec![], None).await?;
    let written = |realm: Realm| Realm { version: 1, ..realm };
    assert_eq!(store.realms().await?, [written(realm(1, "main")), written(realm(4, "last"))]);
    let made: Vec<_> = store.clients().await?.iter().map(|client| client.version).collect();
    assert_eq!(made, [1, 1]);
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 1);
    Ok(())
}

/// A key is added once and removed for good.
pub async fn keys_come_and_go(store: &dyn Store) -> Result<()> {
    let key = |number: u64, role, realm| Key {
        id: KeyId(id(number)),
        name: "ops".to_owned(),
        role,
        realm,
        fingerprint: Fingerprint::of(&[u8::try_from(number).unwrap_or_default()]),
        created_at: NOW,
    };
    let (admin, check) = (key(1, Role::Admin, None), key(2, Role::Check, Some(REALM)));
    store.add_key(admin.clone(), None).await?;
    store.add_key(check.clone(), Some(audit_entry("key.create"))).await?;
    let copy = Key { id: KeyId(id(3)), ..admin.clone() };
    assert_eq!(kind(store.add_key(copy, None).await), Some(Kind::Conflict("key")));
    assert_eq!(store.keys().await?, [admin.clone(), check]);
    assert!(store.remove_key(admin.id, Some(audit_entry("key.remove"))).await?);
    assert!(!store.remove_key(admin.id, Some(audit_entry("key.remove"))).await?);
    assert_eq!(store.keys().await?.len(), 1);
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 2);
    Ok(())
}

/// Changes and marks, each newest first and each from its own place.
pub async fn the_trail_is_read_from_its_end(store: &dyn Store) -> Result<()> {
    for number in 1..=5 {
        let end = raise(Anchor::User(UserId(id(number))), Why::Admin);
        let entry = audit_entry(&format!("step {number}"));
        store.save_user(user(number), Some(end), Some(entry)).await?;
    }
    let mut before = AuditPlace::NEWEST;
    let (mut steps, mut places) = (Vec::new(), Vec::new());
    loop {
        let Trail { entries, marks, .. } = store.audit(Some(REALM), before, 2).await?;
        let (Some(entry), Some(mark)) = (entries.last(), marks.last()) else { break };
        before = AuditPlace { entry: entry.place, mark: mark.at };
        steps.extend(entries.into_iter().map(|entry| entry.what));
        places.extend(marks.iter().map(|mark| mark.at.number()));
    }
    assert_eq!(steps, ["step 5", "step 4", "step 3", "step 2", "step 1"]);
    assert_eq!(places, [5, 4, 3, 2, 1]);
    let entries = store.audit(None, AuditPlace::NEWEST, 1).await?.entries;
    let entry = entries.into_iter().next().ok_or_else(|| Error::internal("no entry"))?;
    assert_eq!(entry, crate::store::AuditEntry { place: entry.place, ..audit_entry("step 5") });
    let none = store.audit(Some(RealmId([9; 16])), AuditPlace::NEWEST, 9).await?;
    assert!(none.entries.is_empty() && none.marks.is_empty());
    Ok(())
}
