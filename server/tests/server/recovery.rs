//! After an unknown outcome the store is opened again, and what is in it holds, also of keys and clients.

use std::sync::Arc;

use exeunt::authority::{Issue, Role};
use exeunt::error::{Kind, Unavailability};
use exeunt::store::Incarnation;
use exeunt::store::faulty::{Fault, Faulty};
use exeunt::store::memory::MemoryStore;
use exeunt_core::{Anchor, DialectName, Token};

use crate::support::server::{World, call, project};

const UNKNOWN: Kind = Kind::Unavailable(Unavailability::Unknown);

/// Nothing else calls the store, so the next call is the expected one.
async fn world() -> (World, Arc<Faulty<MemoryStore>>) {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
    (World::open(store.clone()).await, store)
}

#[tokio::test]
async fn a_key_that_was_revoked_by_a_call_that_was_cut_short_opens_nothing() {
    let (world, store) = world().await;
    let authority = &world.app.authority;
    let (key, text) = authority.create_key(&call(&world.app), "a", Role::Admin, None).await.unwrap();
    store.fail(1, Fault::After);
    let error = authority.remove_key(&call(&world.app), key.id).await.unwrap_err();
    assert_eq!(error.kind(), UNKNOWN);
    authority.recover(world.app.env.now()).await.unwrap();
    assert_eq!(authority.key(text.expose()).unwrap_err().kind(), Kind::Unauthenticated);
    assert!(!authority.key_holds(&key));
}

#[tokio::test]
async fn a_key_that_was_made_by_a_call_that_was_cut_short_is_known() {
    let (world, store) = world().await;
    let authority = &world.app.authority;
    let (key, text) = authority.mint_key(&call(&world.app), "a", Role::Read, None).unwrap();
    store.fail(1, Fault::After);
    assert_eq!(authority.add_key(&call(&world.app), key).await.unwrap_err().kind(), UNKNOWN);
    assert!(authority.key(text.expose()).is_err());
    authority.recover(world.app.env.now()).await.unwrap();
    assert_eq!(authority.key(text.expose()).unwrap().role, Role::Read);
}

#[tokio::test]
async fn a_client_that_was_removed_by_a_call_that_was_cut_short_is_gone_with_its_sessions() {
    let (world, store) = world().await;
    let authority = &world.app.authority;
    let settings = project("d59eb2859c284168ac48aef65046d5dd", "examples/auth");
    let project = world.add_client("rested", settings).await;
    let token = Token::presented("a-token-of-the-project").unwrap();
    let issue = Issue {
        dialect: project.dialect,
        client: &project,
        user: Some(world.alice),
        token: &token,
        stamp: authority.position().await.unwrap().stamp,
        user_agent: None,
        idle_secs: None,
        absolute_secs: None,
        parent: None,
        audited: false,
    };
    authority.issue(&call(&world.app), &issue).await.unwrap();
    store.fail(1, Fault::After);
    let removed = authority.remove_client(&call(&world.app), world.realm, project.id).await;
    assert_eq!(removed.err().unwrap().kind(), UNKNOWN);
    assert_eq!(authority.ready().unwrap_err().kind(), UNKNOWN);
    authority.recover(world.app.env.now()).await.unwrap();
    assert!(authority.find_client(world.realm, DialectName::new("rested"), |_| true).is_none());
    let alive = authority.would_end(Anchor::User(world.alice), world.app.env.now());
    assert_eq!(alive.unwrap(), 0);
}

#[tokio::test]
async fn a_realm_that_was_made_by_a_call_that_was_cut_short_is_there() {
    let (world, store) = world().await;
    let authority = &world.app.authority;
    store.fail(1, Fault::After);
    assert_eq!(authority.create_realm(&call(&world.app), "shop").await.unwrap_err().kind(), UNKNOWN);
    authority.recover(world.app.env.now()).await.unwrap();
    assert_eq!(authority.realm("shop").unwrap().name, "shop");
}
