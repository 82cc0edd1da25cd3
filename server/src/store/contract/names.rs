//! How user names are compared.

use exeunt_core::{RealmId, UserId};

use super::fixture::{REALM, audit_entry, id, kind, realm, user};
use crate::error::{Error, Kind, Result};
use crate::store::{AuditPlace, Identifier, Realm, Store, User, Usernames};

/// A user with only a user name.
fn named(number: u64, username: &str) -> User {
    User { username: Some(username.to_owned()), email: None, account_number: None, ..user(number) }
}

fn username(text: &str) -> Identifier {
    Identifier::Username(text.to_owned())
}

async fn ignore_case(store: &dyn Store) -> Result<Realm> {
    let realms = store.realms().await?;
    let realm = realms.into_iter().find(|realm| realm.id == REALM);
    let realm = realm.ok_or_else(|| Error::internal("no realm"))?;
    store.save_realm(Realm { usernames: Usernames::IgnoreCase, ..realm }, None).await
}

/// An e with an accent is one letter, typed as one character or as two: in user names, addresses and account numbers.
pub async fn a_name_is_one_however_its_letters_are_composed(store: &dyn Store) -> Result<()> {
    let mut first = named(1, "Ren\u{e9}e");
    first.email = Some("Ren\u{e9}e@example.org".to_owned());
    first.account_number = Some("\u{e9}1".to_owned());
    store.save_user(first, None, None).await?;
    for by in [
        username("Ren\u{e9}e"),
        username("Rene\u{301}e"),
        Identifier::Email("rene\u{301}E@Example.org".to_owned()),
        Identifier::AccountNumber("e\u{301}1".to_owned()),
    ] {
        assert!(store.user(REALM, by.clone()).await?.is_some(), "{by:?}");
    }
    let refused = store.save_user(named(2, "Rene\u{301}e"), None, None).await;
    assert_eq!(kind(refused), Some(Kind::Conflict("username")));
    Ok(())
}

/// Letter by letter, unless the realm ignores case: then in every script, and a name taken in another case is taken.
/// Other realms are not affected.
pub async fn user_names_are_compared_as_the_realm_says(store: &dyn Store) -> Result<()> {
    store.create_realm(realm(), Vec::new(), None).await?;
    let other = RealmId([9; 16]);
    store.create_realm(Realm { id: other, name: "other".to_owned(), ..realm() }, Vec::new(), None).await?;
    store.save_user(named(1, "\u{c9}mile"), None, None).await?;
    store.save_user(User { realm: other, ..named(2, "\u{c9}mile") }, None, None).await?;
    for name in ["\u{e9}mile", "E\u{301}MILE", "e\u{301}mile"] {
        assert!(store.user(REALM, username(name)).await?.is_none(), "{name}");
    }
    ignore_case(store).await?;
    for name in ["\u{c9}mile", "\u{e9}mile", "E\u{301}MILE", "e\u{301}mile"] {
        let found = store.user(REALM, username(name)).await?;
        assert_eq!(found.map(|user| user.username), Some(Some("\u{c9}mile".to_owned())), "{name}");
    }
    assert!(store.user(REALM, username("Emile")).await?.is_none());
    assert!(store.user(other, username("\u{e9}mile")).await?.is_none());
    for refused in [
        store.save_user(named(3, "\u{e9}MILE"), None, None).await.map(drop),
        store.register_user(named(3, "\u{e9}MILE"), None).await.map(drop),
        store.import_users(vec![named(3, "\u{e9}MILE")], None).await?.remove(0).map(drop),
    ] {
        assert_eq!(kind(refused), Some(Kind::Conflict("username")));
    }
    // Its own name in another case is not taken by another user.
    let own = store.user(REALM, username("\u{c9}mile")).await?.ok_or_else(|| Error::internal("nobody"))?;
    let renamed = User { username: Some("\u{e9}MILE".to_owned()), ..own };
    store.save_user(renamed, None, None).await?;
    assert!(store.user(REALM, username("\u{e9}mile")).await?.is_some());
    store.save_user(User { realm: other, ..named(4, "\u{e9}mile") }, None, None).await?;
    Ok(())
}

/// A change that would make two users' names equal is refused, and lists at most ten of the names.
pub async fn case_is_not_ignored_while_it_tells_two_users_apart(store: &dyn Store) -> Result<()> {
    store.create_realm(realm(), Vec::new(), None).await?;
    let mut doubles = Vec::new();
    for number in 1..=6 {
        for name in [format!("User{number}"), format!("uSER{number}")] {
            doubles.push(store.save_user(named(doubles.len() as u64 + 1, &name), None, None).await?.record);
        }
    }
    store.save_user(named(100, "alone"), None, None).await?;
    let refused = ignore_case(store).await.err().ok_or_else(|| Error::internal("it was changed"))?;
    assert_eq!(refused.kind(), Kind::Conflict("usernames"));
    let told = doubles.iter().flat_map(|user| &user.username).filter(|name| refused.public().contains(*name));
    assert_eq!(told.count(), 10, "{}", refused.public());
    assert!(!refused.public().contains("alone"));
    assert!(store.user(REALM, username("ALONE")).await?.is_none());
    for second in doubles.into_iter().skip(1).step_by(2) {
        store.save_user(User { deleted: true, username: None, ..second }, None, None).await?;
    }
    ignore_case(store).await?;
    assert!(store.user(REALM, username("ALONE")).await?.is_some());
    Ok(())
}

/// The version is incremented, an old version is refused, and the line of the trail commits with the change.
pub async fn a_realm_is_changed_by_who_has_read_it(store: &dyn Store) -> Result<()> {
    store.create_realm(realm(), Vec::new(), None).await?;
    let before = store.realms().await?.remove(0);
    let after = Realm { usernames: Usernames::IgnoreCase, ..before.clone() };
    let saved = store.save_realm(after.clone(), Some(audit_entry("realm.change"))).await?;
    assert_eq!(saved, Realm { version: 2, ..after.clone() });
    assert_eq!(store.realms().await?, std::slice::from_ref(&saved));
    for stale in [before, after, Realm { id: RealmId([9; 16]), ..saved.clone() }] {
        let refused = store.save_realm(stale, Some(audit_entry("realm.change"))).await;
        assert_eq!(kind(refused), Some(Kind::Conflict("version")));
    }
    store.save_realm(Realm { usernames: Usernames::Exact, ..saved }, None).await?;
    assert_eq!(store.realms().await?.remove(0).usernames, Usernames::Exact);
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 1);
    Ok(())
}

/// A registration with a look-alike of a taken name is refused if one of the two is not ASCII, for user names and
/// e-mail addresses. An administrator may still create such a user.
pub async fn a_registered_name_looks_like_no_other(store: &dyn Store) -> Result<()> {
    let register = async |number: u64, name: &str| {
        let new = store.register_user(named(number, name), Some(audit_entry("user.create"))).await;
        new.map(|user| user.number)
    };
    assert_eq!(register(1, "alice").await?, 1);
    let conflict = Some(Kind::Conflict("username"));
    for twin in ["\u{430}lice", "\u{410}lice", "al\u{131}ce", "\u{ff41}lice", "alice"] {
        assert_eq!(kind(register(2, twin).await), conflict, "{twin}");
    }
    // Look-alikes within ASCII, and letters that differ, are still different.
    for (number, other) in [(3, "a1ice"), (4, "alic\u{e9}"), (5, "\u{430}\u{43b}\u{438}\u{441}\u{430}")] {
        assert_eq!(kind(register(number, other).await), None, "{other}");
    }
    // Whichever of the two was first.
    store.save_user(named(6, "\u{440}\u{430}\u{443}\u{440}\u{430}l"), None, None).await?;
    assert_eq!(kind(register(7, "paypal").await), conflict);
    let mut address = named(8, "x");
    address.username = None;
    address.email = Some("ann@example.org".to_owned());
    store.register_user(address.clone(), None).await?;
    address.id = UserId(id(9));
    address.email = Some("\u{430}nn@example.org".to_owned());
    assert_eq!(kind(store.register_user(address, None).await), Some(Kind::Conflict("email")));
    assert_eq!(kind(register(9, "\u{430}nn@example.org").await), conflict);
    // In another realm it is free; so it would be here once the other user is gone.
    let elsewhere = User { realm: RealmId([9; 16]), ..named(10, "\u{430}lice") };
    store.register_user(elsewhere, None).await?;
    let alice = store.user(REALM, username("alice")).await?.ok_or_else(|| Error::internal("nobody"))?;
    store.save_user(User { deleted: true, username: None, ..alice }, None, None).await?;
    // But the user who looks like her within ASCII still exists.
    assert_eq!(kind(register(11, "\u{430}lice").await), conflict);
    let entries = store.audit(None, AuditPlace::NEWEST, 100).await?.entries;
    assert_eq!(entries.len(), 4, "a refused one leaves no line");
    let again = store.register_user(named(3, "somebody else"), None).await;
    assert_eq!(kind(again), Some(Kind::Conflict("version")));
    Ok(())
}
