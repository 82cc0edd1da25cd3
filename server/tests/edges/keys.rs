//! What a key was about to write when it was removed is not written: no user, no session, no further key.

use exeunt::authority::migrate::users::{Newcomer, Run};
use exeunt::authority::{Call, Client, ClientChange, IssueRequest, Role, Settings, UserChange, Usernames};
use exeunt::config::Config;
use exeunt::error::{Error, Kind};
use exeunt::store::Incarnation;
use exeunt::store::faulty::Faulty;
use exeunt::store::memory::MemoryStore;
use exeunt_core::{By, DialectName};
use futures_util::FutureExt;
use std::sync::Arc;

use super::served::{KEY, Served, ask_at};
use crate::support::server::call;

#[tokio::test]
async fn no_call_of_a_key_writes_anything_once_the_key_is_removed() {
    let server = Served::start(Config::default()).await;
    let authority = &server.app.authority;
    let realm = authority.realm("main").unwrap().id;
    let native = DialectName::new("native");
    let us = call(&server.app);
    let named = |name: &str| UserChange { username: Some(Some(name.to_owned())), ..UserChange::default() };
    let user = authority.create_user(&us, realm, named("there")).await.unwrap().id;
    let client = Client::usual(&us, realm, native, "there", Settings::default());
    let client = authority.create_client(&us, client).await.unwrap();
    let (other, _) = authority.create_key(&us, "other", Role::Admin, None).await.unwrap();
    let (key, _) = authority.create_key(&us, "removed", Role::Admin, None).await.unwrap();
    authority.remove_key(&us, key.id).await.unwrap();

    // Each began before the removal, and comes to its write after it.
    let by = Call { by: By::Key(key.id), ..call(&server.app) };
    let newcomer = || vec![Ok(Newcomer { user: named("imported"), password_hash: None })];
    let session = |user| IssueRequest {
        dialect: native,
        user,
        client: None,
        idle_secs: None,
        absolute_secs: None,
        parent: None,
    };
    let token = by.mint.key();
    let renamed = ClientChange { name: Some("renamed".to_owned()), ..ClientChange::default() };
    let new = Client::usual(&by, realm, native, "new", Settings::default());
    let outcomes = [
        ("create_user", authority.create_user(&by, realm, named("new")).await.err()),
        ("change_user", authority.change_user(&by, realm, user, named("renamed")).await.err()),
        ("remove_user", authority.remove_user(&by, realm, user).await.err()),
        ("import_users", authority.import_users(&by, realm, newcomer(), Run::Real).await.err()),
        ("create_client", authority.create_client(&by, new).await.err()),
        ("change_client", authority.change_client(&by, realm, client.id, renamed).await.err()),
        ("remove_client", authority.remove_client(&by, realm, client.id).await.err()),
        ("create_realm", authority.create_realm(&by, "new").await.err()),
        ("change_realm", authority.change_realm(&by, realm, Usernames::IgnoreCase).await.err()),
        ("create_key", authority.create_key(&by, "new", Role::Admin, None).await.err()),
        ("remove_key", authority.remove_key(&by, other.id).await.err()),
        ("vouch", authority.vouch(&by, realm, &session(user), &token).await.err()),
    ];
    for (verb, error) in outcomes {
        assert_eq!(error.as_ref().map(Error::kind), Some(Kind::Unauthenticated), "{verb}");
    }
    assert_eq!(authority.users(realm, 0, 10).await.unwrap().len(), 1);
    assert!(authority.keys().iter().all(|key| key.name != "new"));
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_is_removed_while_it_makes_another_leaves_none_behind() {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
    let server = Served::start_on(store.clone(), Config::default()).await;
    let authority = &server.app.authority;
    let (key, _) = authority.create_key(&call(&server.app), "removed", Role::Admin, None).await.unwrap();
    let by = Call { by: By::Key(key.id), ..call(&server.app) };
    // The removal is in the store, and not yet acknowledged.
    store.hold(1);
    let us = call(&server.app);
    let mut removal = Box::pin(authority.remove_key(&us, key.id));
    assert!(removal.as_mut().now_or_never().is_none());
    store.reached().await;
    let mut successor = Box::pin(authority.create_key(&by, "successor", Role::Admin, None));
    assert!(successor.as_mut().now_or_never().is_none());
    store.release();
    removal.await.unwrap();
    assert_eq!(successor.await.err().as_ref().map(Error::kind), Some(Kind::Unauthenticated));
    server.stop().await;
}

#[tokio::test]
async fn a_user_whose_password_is_hashed_while_the_key_is_removed_is_not_made() {
    let server = Served::start(Config::default()).await;
    let (id, text) = server.key(Role::Admin).await;
    let held = server.app.authority.hold_passwords();
    let address = server.address;
    let body = r#"{"username":"new","password":"exit, pursued by a bear"}"#;
    let created = tokio::spawn(async move { ask_at(address, &text, "POST", "/v1/users", body).await });
    held.reached().await;
    let removed = server.ask(KEY, "DELETE", &format!("/v1/keys/{id}"), "").await;
    assert!(removed.starts_with("HTTP/1.1 204"), "{removed}");
    drop(held);
    let created = created.await.unwrap();
    assert!(created.starts_with("HTTP/1.1 401"), "{created}");
    let there = server.ask(KEY, "GET", "/v1/users?username=new", "").await;
    assert!(there.contains(r#""items":[]"#), "{there}");
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_only_the_environment_gives_still_writes_after_a_try_to_remove_it() {
    let server = Served::start(Config::default()).await;
    let authority = &server.app.authority;
    let realm = authority.realm("main").unwrap().id;
    let given = authority.keys().into_iter().find(|key| key.name == "environment").unwrap();
    let by = Call { by: By::Key(given.id), ..call(&server.app) };
    assert_eq!(authority.remove_key(&by, given.id).await.unwrap_err().kind(), Kind::NotFound);
    let alice = UserChange { username: Some(Some("alice".to_owned())), ..UserChange::default() };
    authority.create_user(&by, realm, alice).await.unwrap();
}
