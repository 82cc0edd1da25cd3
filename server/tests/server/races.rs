//! What happens at the same moment: many logouts of one session, checks beside a logout, and logins whose evidence
//! is taken away while their password is being checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::server::{PASSWORD, Server, World, call};
use exeunt::app::App;
use exeunt::authority::{ClientChange, IssueRequest, Login, Password, Presented, Role, Touch, UserChange};
use exeunt::dialect::runsignup::{pair, partner};
use exeunt::error::Kind;
use exeunt::store::faulty::Faulty;
use exeunt::store::memory::MemoryStore;
use exeunt::store::{Identifier, Incarnation};
use exeunt_core::{Anchor, ClientId, DialectName, RealmId, Stamp, Token, Why};
use tokio::task::JoinSet;

/// Logouts at once.
const LOGOUTS: usize = 1_000;

async fn server() -> Server {
    Server::start(Arc::new(MemoryStore::new(Incarnation([1; 16])))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_parallel_logouts_exactly_one_succeeds() {
    let server = server().await;
    let key = server.log_in().await;
    let mut logouts = JoinSet::new();
    for _ in 0..LOGOUTS {
        let (address, form) = (server.address(), format!("session_key={key}"));
        logouts.spawn(async move { Server::videntity(address, "logout", &form).await.0 });
    }
    let outcomes = logouts.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "SUCCESS").count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "SESSION_DOES_NOT_EXIST").count(), LOGOUTS - 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_that_race_a_logout_never_bring_the_session_back() {
    let server = server().await;
    for _ in 0..20 {
        let key = server.log_in().await;
        let (address, form) = (server.address(), format!("session_key={key}"));
        let acknowledged = Arc::new(AtomicBool::new(false));
        let mut pings = JoinSet::new();
        for _ in 0..4 {
            let (form, acknowledged) = (form.clone(), acknowledged.clone());
            pings.spawn(async move {
                for _ in 0..10 {
                    let over = acknowledged.load(Ordering::SeqCst);
                    let outcome = Server::videntity(address, "ping", &form).await.0;
                    assert!(!over || outcome == "SESSION_DOES_NOT_EXIST", "{outcome} after the logout");
                }
            });
        }
        assert_eq!(Server::videntity(address, "logout", &form).await.0, "SUCCESS");
        acknowledged.store(true, Ordering::SeqCst);
        pings.join_all().await;
        assert_eq!(Server::videntity(address, "ping", &form).await.0, "SESSION_DOES_NOT_EXIST");
    }
    server.stop().await;
}

/// What is done to Alice while her password is being checked.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    CredentialChanged,
    Disabled,
    Deleted,
    LoggedOutEverywhere,
    EverybodyOut,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_evidence_is_taken_away_meanwhile_yields_no_live_session() {
    use Meanwhile::{CredentialChanged, Deleted, Disabled, EverybodyOut, LoggedOutEverywhere};
    for meanwhile in [CredentialChanged, Disabled, Deleted, LoggedOutEverywhere, EverybodyOut] {
        let server = server().await;
        let held = server.app.authority.hold_passwords();
        let login = tokio::spawn(log_in(server.app.clone(), server.realm));
        held.reached().await;
        take_away(&server, meanwhile).await;
        let ended = server.app.authority.position().await.unwrap().stamp;
        drop(held);
        let outcome = login.await.unwrap();
        match meanwhile {
            // The password is still right: the second try, with fresh evidence, comes after the mark.
            LoggedOutEverywhere | EverybodyOut => assert!(outcome.unwrap() >= ended, "{meanwhile:?}"),
            CredentialChanged | Disabled | Deleted => {
                assert_eq!(outcome.unwrap_err(), Kind::Unauthenticated, "{meanwhile:?}");
                let alive = server.app.authority.would_end(Anchor::User(server.alice), server.app.env.now());
                assert_eq!(alive.unwrap(), 0, "{meanwhile:?}");
            }
        }
        server.stop().await;
    }
}

/// It is in the store, but not yet in memory, when it is removed by its id, which the audit trail tells.
#[tokio::test]
async fn a_key_that_is_removed_while_it_is_made_opens_nothing() {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
    let app = World::open(store.clone()).await.app;
    let (key, text) = app.authority.mint_key(&call(&app), "key", Role::Admin, None).unwrap();
    let (id, making, removing) = (key.id, app.clone(), app.clone());
    store.hold(1);
    let making = tokio::spawn(async move { making.authority.add_key(&call(&making), key).await });
    store.reached().await;
    let removing = tokio::spawn(async move { removing.authority.remove_key(&call(&removing), id).await });
    // It comes as far as it can.
    tokio::task::yield_now().await;
    store.release();
    making.await.unwrap().unwrap();
    removing.await.unwrap().unwrap();
    assert!(app.authority.key(text.expose()).is_err());
}

/// The secret is changed in the store, but not yet in memory; the place that is known moves past that mark. Whoever is
/// vouched for now is so by the old client.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_by_a_client_whose_secret_is_being_changed_does_not_outlive_the_change() {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
    let world = World::open(store.clone()).await;
    let settings = partner::settings(pair::token("partner", "first").unwrap().fingerprint()).unwrap();
    let partner = world.add_client("runsignup", settings).await;
    let World { app, realm, alice } = &world;
    store.hold(1);
    let changing = tokio::spawn(change_secret(app.clone(), *realm, partner.id));
    store.reached().await;
    let other = app.authority.builtin_client(*realm, DialectName::new("videntity")).unwrap();
    let other = Anchor::Client(other.id);
    let after = app.authority.end_all(&call(app), *realm, other, Why::Admin).await.unwrap();
    assert_eq!(after.mark.at, Stamp::from_number(2));
    let token = Token::presented("a token of the old secret").unwrap();
    let issue_request = IssueRequest {
        dialect: partner.dialect,
        user: *alice,
        client: Some(partner.id),
        idle_secs: None,
        absolute_secs: None,
        parent: None,
    };
    app.authority.vouch(&call(app), *realm, &issue_request, &token).await.unwrap();
    store.release();
    changing.await.unwrap();
    let alive = app.authority.would_end(Anchor::User(*alice), app.env.now());
    assert_eq!(alive.unwrap(), 0);
}

async fn change_secret(app: App, realm: RealmId, id: ClientId) {
    let settings = partner::settings(pair::token("partner", "second").unwrap().fingerprint()).unwrap();
    let change = ClientChange { settings: Some(settings), secret_replaced: true, ..ClientChange::default() };
    app.authority.change_client(&call(&app), realm, id, change).await.unwrap();
}

/// Logs Alice in: the stamp of her session.
async fn log_in(app: App, realm: RealmId) -> Result<Stamp, Kind> {
    let dialect = DialectName::new("videntity");
    let login = Login {
        client: &app.authority.builtin_client(realm, dialect).unwrap(),
        identifier: Identifier::Username("alice".to_owned()),
        account_number: None,
        password: Password::new(PASSWORD),
        token: |mint| mint.plain_token(22),
        user_agent: None,
    };
    let (_, token) = app.authority.login(&call(&app), &login).await.map_err(|error| error.kind())?;
    let presented = Presented { dialect, realm, client: None, token: &token };
    let standing = app.authority.check(&presented, app.env.now(), Touch::Peek).unwrap();
    let listed = app.authority.session(realm, standing.session, app.env.now()).await.unwrap();
    Ok(listed.record.session.stamp)
}

async fn take_away(server: &Server, meanwhile: Meanwhile) {
    let (authority, call) = (&server.app.authority, call(&server.app));
    let change = |change| authority.change_user(&call, server.realm, server.alice, change);
    match meanwhile {
        Meanwhile::CredentialChanged => {
            change(UserChange { password: Some(None), ..UserChange::default() }).await.unwrap();
        }
        Meanwhile::Disabled => {
            change(UserChange { disabled: Some(true), ..UserChange::default() }).await.unwrap();
        }
        Meanwhile::Deleted => {
            authority.remove_user(&call, server.realm, server.alice).await.unwrap();
        }
        Meanwhile::LoggedOutEverywhere => {
            let anchor = Anchor::User(server.alice);
            authority.end_all(&call, server.realm, anchor, Why::Everywhere).await.unwrap();
        }
        Meanwhile::EverybodyOut => {
            let anchor = Anchor::Realm(server.realm);
            authority.end_all(&call, server.realm, anchor, Why::Admin).await.unwrap();
        }
    }
}
