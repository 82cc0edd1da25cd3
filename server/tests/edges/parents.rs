//! A child ends with its parent: in memory, after a restart, at once where the parent has expired.

use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::session::{ActiveSession, IssueRequest, Presented, Touch};
use exeunt::authority::{Call, Client, Mint, Settings, UserChange};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::error::{DeadReason, Error, Kind, Result};
use exeunt::store::faulty::{Fault, Faulty};
use exeunt::store::memory::MemoryStore;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, SessionBy, Store, contract};
use exeunt_core::{Anchor, DialectName, Mark, Moment, RealmId, SessionId, Stamp, Token, UserId, Why};

use crate::support::scratch::Scratch;
use crate::support::server::call;

const NAME: DialectName = DialectName::new("native");
const START: Moment = Moment::from_secs(1_767_323_045);
const IDLE_SECS: u32 = 600;

/// A server, one user, and a clock that tests move.
struct House {
    app: App,
    env: Env,
    store: Arc<Faulty<dyn Store>>,
    realm: RealmId,
    user: UserId,
}

/// A session and its token.
struct Kin {
    id: SessionId,
    token: Token,
    expires_at: Option<Moment>,
}

impl House {
    async fn open() -> Self {
        Self::over(Arc::new(MemoryStore::new(Incarnation([1; 16])))).await
    }

    async fn over(store: Arc<dyn Store>) -> Self {
        Self::configured(Config::default(), store).await
    }

    async fn configured(config: Config, store: Arc<dyn Store>) -> Self {
        let env = Env::seeded(1, START);
        let (app, store) = start(config, &env, store).await;
        let realm = app.authority.realm("main").unwrap().id;
        let user = UserChange { username: Some(Some("alice".to_owned())), ..UserChange::default() };
        let user = app.authority.create_user(&call(&app), realm, user).await.unwrap().id;
        Self { app, env, store, realm, user }
    }

    /// Starts another server on this store, without stopping the first in an orderly way.
    async fn restart(&mut self, store: Arc<dyn Store>) {
        (self.app, self.store) = start(Config::default(), &self.env, store).await;
    }

    async fn try_issue(&self, parent: Option<&Kin>, idle_secs: u32, absolute_secs: u32) -> Result<Kin> {
        let call = call(&self.app);
        let token = call.mint.session_token();
        let request = IssueRequest {
            dialect: NAME,
            user: self.user,
            client: None,
            idle_secs: Some(idle_secs),
            absolute_secs: Some(absolute_secs),
            parent: parent.map(|parent| parent.id),
        };
        let ActiveSession { session: id, expires_at, .. } =
            self.app.authority.vouch(&call, self.realm, &request, &token).await?;
        Ok(Kin { id, token, expires_at })
    }

    /// Issues the session of a code: each time the same id and the same token.
    async fn redeem(&self) -> (Result<ActiveSession>, Token) {
        let mint = Mint::new(Env::seeded(5, START).entropy());
        let call = Call { mint, now: START, ..call(&self.app) };
        let token = call.mint.session_token();
        let request = IssueRequest {
            dialect: NAME,
            user: self.user,
            client: None,
            idle_secs: None,
            absolute_secs: None,
            parent: None,
        };
        (self.app.authority.vouch(&call, self.realm, &request, &token).await, token)
    }

    async fn root(&self) -> Kin {
        self.try_issue(None, IDLE_SECS, 0).await.unwrap()
    }

    /// A child without a limit of its own.
    async fn child(&self, parent: &Kin) -> Kin {
        self.try_issue(Some(parent), 0, 0).await.unwrap()
    }

    async fn end(&self, kin: &Kin) -> Mark {
        self.app.authority.end_session(&call(&self.app), self.realm, kin.id).await.unwrap().mark
    }

    fn check(&self, kin: &Kin, touch: Touch) -> Result<ActiveSession> {
        let presented = Presented { dialect: NAME, realm: self.realm, client: None, token: &kin.token };
        self.app.authority.check(&presented, self.env.now(), touch)
    }

    fn accepts(&self, kin: &Kin) -> bool {
        self.check(kin, Touch::Peek).is_ok()
    }

    async fn cause(&self, kin: &Kin) -> DeadReason {
        let presented = Presented { dialect: NAME, realm: self.realm, client: None, token: &kin.token };
        self.app.authority.cause(&presented, self.env.now()).await.unwrap().0
    }

    /// When the store says that it was last seen.
    async fn written(&self, kin: &Kin) -> Moment {
        let found = self.store.inner().session(SessionBy::Id(kin.id), self.env.now()).await;
        found.unwrap().unwrap().seen
    }

    fn advance(&self, secs: u32) {
        self.env.advance_millis(u64::from(secs) * 1000);
    }

    /// A whole round of the background task.
    async fn expire(&self) {
        while !self.app.authority.expire(self.env.now()).await.unwrap() {}
    }
}

async fn start(config: Config, env: &Env, store: Arc<dyn Store>) -> (App, Arc<Faulty<dyn Store>>) {
    let store = Arc::new(Faulty::new(store));
    let app = App::open(config, env.clone(), store.clone(), false).await.unwrap();
    (app, store)
}

fn kind<T>(outcome: Result<T>) -> Option<Kind> {
    outcome.err().map(|error: Error| error.kind())
}

/// Today's hole: the parent's mark removed the parent from memory, and left its children there.
#[tokio::test]
async fn a_child_in_memory_is_dead_with_its_parent() {
    let house = House::open().await;
    let root = house.root().await;
    let child = house.child(&root).await;
    let grandchild = house.child(&child).await;
    let other = house.root().await;
    assert!(house.accepts(&child) && house.accepts(&grandchild));
    house.end(&root).await;
    for kin in [&root, &child, &grandchild] {
        assert!(!house.accepts(kin));
        assert_eq!(house.cause(kin).await, DeadReason::Ended(Why::Admin));
    }
    assert!(house.accepts(&other));
    house.expire().await;
    assert_eq!(house.app.authority.sessions_in_memory(), 1);
}

/// The other half of it: a restart filled memory with every session that had no mark of its own.
#[tokio::test]
async fn no_child_is_revived_by_a_restart() {
    let folder = Scratch::new();
    let sqlite = || {
        let options = SqliteOptions::new(folder.path().join("exeunt.db"), Incarnation([1; 16]));
        Arc::new(SqliteStore::open(options).unwrap())
    };
    let mut house = House::over(sqlite()).await;
    let (root, kept) = (house.root().await, house.root().await);
    let (child, spared) = (house.child(&root).await, house.child(&kept).await);
    let grandchild = house.child(&child).await;
    house.end(&root).await;
    house.app.authority.close().await.unwrap();
    house.restart(sqlite()).await;
    assert_eq!(house.app.authority.sessions_in_memory(), 2);
    for kin in [&root, &child, &grandchild] {
        assert!(!house.accepts(kin));
        assert_eq!(house.cause(kin).await, DeadReason::Ended(Why::Admin));
    }
    // The spared one is held by its parent as before.
    assert!(house.accepts(&spared));
    house.end(&kept).await;
    assert!(!house.accepts(&spared));
}

/// A parent is there and dead by the mark of its user: so is the child, whichever stamp it has.
#[tokio::test]
async fn a_mark_on_what_only_the_parent_has_ends_the_child() {
    let house = House::open().await;
    let call = call(&house.app);
    let client = Client::usual(&call, house.realm, NAME, "elsewhere", Settings::default());
    let client = house.app.authority.create_client(&call, client).await.unwrap();
    let token = call.mint.session_token();
    let request = IssueRequest {
        dialect: NAME,
        user: house.user,
        client: Some(client.id),
        idle_secs: None,
        absolute_secs: None,
        parent: None,
    };
    let parent = house.app.authority.vouch(&call, house.realm, &request, &token).await.unwrap();
    let parent = Kin { id: parent.session, token, expires_at: None };
    let child = house.child(&parent).await;
    let anchor = Anchor::Client(client.id);
    house.app.authority.end_all(&call, house.realm, anchor, Why::Admin).await.unwrap();
    assert!(!house.accepts(&parent) && !house.accepts(&child));
}

/// The idle deadline of a parent counts at once, and not when its mark comes.
#[tokio::test]
async fn a_child_expires_at_the_millisecond_of_its_parent() {
    let house = House::open().await;
    let root = house.root().await;
    let child = house.child(&root).await;
    let own = house.try_issue(Some(&child), 100_000, 0).await.unwrap();
    assert_eq!(own.expires_at, Some(START.plus_secs(IDLE_SECS.into())));
    house.env.advance_millis(u64::from(IDLE_SECS) * 1000 - 1);
    assert!(house.accepts(&child) && house.accepts(&own));
    house.env.advance_millis(1);
    let position = house.app.authority.position().await.unwrap();
    for kin in [&child, &own] {
        assert_eq!(kind(house.check(kin, Touch::Extend)), Some(Kind::Dead(DeadReason::Expired)));
        assert_eq!(house.cause(kin).await, DeadReason::Expired);
    }
    assert_eq!(house.app.authority.position().await.unwrap(), position);
    // Once it is sure, one mark says so for all of them, and nothing of them stays in memory.
    house.advance(60);
    house.expire().await;
    house.expire().await;
    let position = house.app.authority.position().await.unwrap();
    assert_eq!(position.stamp, Stamp::from_number(1));
    assert_eq!(house.app.authority.sessions_in_memory(), 0);
    assert_eq!(house.cause(&own).await, DeadReason::Expired);
}

/// A use of a session is one of all its ancestors, and is written for each.
#[tokio::test]
async fn a_use_of_a_child_extends_its_ancestors() {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let mut house = House::over(store.clone()).await;
    let root = house.root().await;
    let child = house.try_issue(Some(&root), IDLE_SECS, 0).await.unwrap();
    let grandchild = house.child(&child).await;
    for _ in 0..5 {
        house.advance(IDLE_SECS - 1);
        house.check(&grandchild, Touch::Extend).unwrap();
        house.app.authority.flush().await.unwrap();
        for kin in [&root, &child, &grandchild] {
            assert_eq!(house.written(kin).await, house.env.now());
        }
    }
    house.restart(store).await;
    house.advance(IDLE_SECS - 1);
    assert!(house.accepts(&root) && house.accepts(&grandchild));
    // A look is no use.
    house.advance(2 * IDLE_SECS);
    assert!(!house.accepts(&root) && !house.accepts(&grandchild));
}

#[tokio::test]
async fn a_fifth_generation_is_refused() {
    let house = House::open().await;
    let mut last = house.root().await;
    for _ in 2..=4 {
        last = house.child(&last).await;
    }
    let refused = house.try_issue(Some(&last), 0, 0).await;
    assert_eq!(kind(refused), Some(Kind::Malformed("parent")));
    assert!(house.accepts(&last));
}

#[tokio::test]
async fn a_child_has_no_longer_than_its_parent() {
    let house = House::open().await;
    let root = house.try_issue(None, 0, 1_000).await.unwrap();
    let end = Some(START.plus_secs(1_000));
    house.advance(300);
    let endless = house.try_issue(Some(&root), 0, 0).await.unwrap();
    let longer = house.try_issue(Some(&root), 0, 5_000).await.unwrap();
    let shorter = house.try_issue(Some(&root), 0, 100).await.unwrap();
    assert_eq!([endless.expires_at, longer.expires_at], [end, end]);
    assert_eq!(shorter.expires_at, Some(START.plus_secs(400)));
    let found = house.store.inner().session(SessionBy::Id(longer.id), house.env.now()).await;
    assert_eq!(found.unwrap().unwrap().record.session.absolute_secs, 700);
    house.env.advance_millis(699_001);
    let late = house.try_issue(Some(&root), 0, 0).await;
    assert_eq!(kind(late), Some(Kind::Dead(DeadReason::Expired)));
}

/// A child is no longer issued once its parent is dead: memory refuses it, and the store does where memory is late.
#[tokio::test]
async fn the_dead_and_the_unknown_get_no_children() {
    let house = House::open().await;
    let (root, late) = (house.root().await, house.root().await);
    house.end(&root).await;
    let unknown = Kin { id: SessionId([9; 16]), token: root.token.clone(), expires_at: None };
    let dead = Some(Kind::Dead(DeadReason::Unknown));
    for parent in [&root, &unknown] {
        assert_eq!(kind(house.try_issue(Some(parent), 0, 0).await), dead);
    }
    // A mark that memory does not know yet.
    let mark = contract::raise(Anchor::Session(late.id), Why::Admin);
    house.store.inner().raise(exeunt::store::Raise { realm: house.realm, ..mark }).await.unwrap();
    assert!(house.accepts(&late));
    assert_eq!(kind(house.try_issue(Some(&late), 0, 0).await), dead);
    assert_eq!(house.app.authority.sessions_in_memory(), 1);
}

/// A logout of the parent whose outcome was unknown: after the recovery parent and child are both alive or both dead.
#[tokio::test]
async fn a_family_is_whole_after_a_recovery() {
    for fault in [Fault::Before, Fault::After, Fault::Lost] {
        let house = House::open().await;
        let root = house.root().await;
        let child = house.child(&root).await;
        house.store.fail(1, fault);
        drop(house.app.authority.end_session(&call(&house.app), house.realm, root.id).await);
        house.app.authority.recover(house.env.now()).await.unwrap();
        assert_eq!(house.accepts(&root), house.accepts(&child), "{fault:?}");
        house.end(&root).await;
        assert!(!house.accepts(&root) && !house.accepts(&child), "{fault:?}");
    }
}

/// Logging out all but one keeps its ancestors and its children.
#[tokio::test]
async fn the_family_of_the_kept_one_stays() {
    let house = House::open().await;
    let (root, other) = (house.root().await, house.root().await);
    let kept = house.child(&root).await;
    let (below, beside) = (house.child(&kept).await, house.child(&root).await);
    let of_other = house.child(&other).await;
    let authority = &house.app.authority;
    authority.end_others(&call(&house.app), house.realm, house.user, kept.id).await.unwrap();
    assert!([&root, &kept, &below].iter().all(|kin| house.accepts(kin)));
    assert!([&other, &beside, &of_other].iter().all(|kin| !house.accepts(kin)));
}

/// Whoever redeems a code again after its session has ended does not wake that session, not even until the store says
/// that it was issued before.
#[tokio::test]
async fn a_second_issue_of_an_id_does_not_wake_what_ended() {
    let house = House::open().await;
    house.root().await;
    let before = house.store.calls();
    let (first, token) = house.redeem().await;
    let calls = house.store.calls() - before;
    let kin = Kin { id: first.unwrap().session, token, expires_at: None };
    assert!(house.accepts(&kin));
    house.end(&kin).await;
    house.store.hold(calls);
    let meanwhile = async {
        house.store.reached().await;
        let accepts = house.accepts(&kin);
        house.store.release();
        accepts
    };
    let ((second, _), accepts) = tokio::join!(house.redeem(), meanwhile);
    assert_eq!(kind(second), Some(Kind::Conflict("session")));
    assert!(!accepts && !house.accepts(&kin));
}

/// A code is good for a minute. As long as that, the store knows that it was redeemed, however early it is to forget.
#[tokio::test]
async fn a_code_is_not_redeemed_again_because_its_session_was_forgotten() {
    let mut config = Config::default();
    config.retention.dead_hours = 0;
    let house = House::configured(config, Arc::new(MemoryStore::new(Incarnation([1; 16])))).await;
    let (first, token) = house.redeem().await;
    let kin = Kin { id: first.unwrap().session, token, expires_at: None };
    house.end(&kin).await;
    house.advance(59);
    house.expire().await;
    while house.app.authority.sweep(house.env.now()).await.unwrap().more {}
    assert_eq!(kind(house.redeem().await.0), Some(Kind::Conflict("session")));
    assert!(!house.accepts(&kin));
}

/// A code is a session that has not been issued: redeeming it twice must not end what the first call was given.
#[tokio::test]
async fn a_second_issue_of_an_id_touches_neither_memory_nor_store() {
    let house = House::open().await;
    let (first, token) = house.redeem().await;
    let winner = first.unwrap().session;
    let calls = house.store.calls();
    let (second, _) = house.redeem().await;
    assert_eq!(kind(second), Some(Kind::Conflict("session")));
    assert!(house.store.calls() <= calls + 1, "at most the user was read");
    let kin = Kin { id: winner, token, expires_at: None };
    assert!(house.accepts(&kin));
}
