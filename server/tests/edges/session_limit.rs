//! How many sessions a user may have: with each client, and with all; and what a login costs that is one too many.

use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::session::{IssueRequest, Presented, Touch};
use exeunt::authority::{Client, Settings};
use exeunt::config::Config;
use exeunt::env::{Env, ManualClocks};
use exeunt::error::{Kind, Result, Unavailability};
use exeunt::store::contract::{NOW, fresh};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Adopted, Adoption, Incarnation, Ledger, NewSession, Store, USER_SESSIONS_MAX, Upkeep};
use exeunt_core::{Anchor, ClientId, DialectName, Moment, Token, Verdict, Why};

use crate::support::scratch::Scratch;
use crate::support::server::{World, call};

const NAME: DialectName = DialectName::new("native");

fn sqlite(folder: &Scratch) -> SqliteStore {
    SqliteStore::open(SqliteOptions::new(folder.path().join("exeunt.db"), Incarnation([1; 16]))).unwrap()
}

/// Two clients of which one is limited, at a real store.
struct Two {
    world: World,
    limited: Arc<Client>,
    other: Arc<Client>,
}

impl Two {
    async fn open(store: Arc<dyn Store>) -> Self {
        let world = World::open(store).await;
        let client = async |name: &str, max| {
            let call = call(&world.app);
            let client = Client::usual(&call, world.realm, NAME, name, Settings::default());
            let client = Client { sessions_max: max, ..client };
            world.app.authority.create_client(&call, client).await.unwrap()
        };
        let (limited, other) = (client("limited", 2).await, client("other", 10_000).await);
        Self { world, limited, other }
    }

    /// Logs Alice in: her token.
    async fn log_in(&self, client: &Client) -> Token {
        self.try_log_in(client).await.unwrap()
    }

    async fn try_log_in(&self, client: &Client) -> Result<Token> {
        let (app, call) = (&self.world.app, call(&self.world.app));
        let token = call.mint.session_token();
        let issue_request = IssueRequest {
            dialect: NAME,
            user: self.world.alice,
            client: Some(client.id),
            idle_secs: None,
            absolute_secs: None,
            parent: None,
        };
        app.authority.vouch(&call, self.world.realm, &issue_request, &token).await?;
        Ok(token)
    }

    fn accepts(&self, token: &Token) -> bool {
        accepts(&self.world.app, token, self.world.app.env.now())
    }
}

fn accepts(app: &App, token: &Token, now: Moment) -> bool {
    let realm = app.authority.realm("main").unwrap().id;
    let presented = Presented { dialect: NAME, realm, client: None, token };
    app.authority.check(&presented, now, Touch::Peek).is_ok()
}

#[tokio::test]
async fn a_client_counts_and_ends_sessions_with_itself_only() {
    let folder = Scratch::new();
    let two = Two::open(Arc::new(sqlite(&folder))).await;
    let mut elsewhere = Vec::new();
    for _ in 0..5 {
        elsewhere.push(two.log_in(&two.other).await);
    }
    let mut here = Vec::new();
    for number in 0..6_usize {
        here.push(two.log_in(&two.limited).await);
        let alive: Vec<_> = here.iter().map(|token| two.accepts(token)).collect();
        // The latest two, and no session of the other client ends for them.
        let wanted: Vec<_> = (0..=number).map(|its| its + 2 > number).collect();
        assert_eq!(alive, wanted);
        assert!(elsewhere.iter().all(|token| two.accepts(token)));
    }
    // Nor does a login with the other client end one here.
    elsewhere.push(two.log_in(&two.other).await);
    assert!(two.accepts(&here[4]) && two.accepts(&here[5]));
}

#[tokio::test]
async fn the_count_is_right_after_a_restart_and_among_many_at_once() {
    let folder = Scratch::new();
    let store = Arc::new(sqlite(&folder));
    let two = Two::open(store.clone()).await;
    let first = two.log_in(&two.limited).await;
    let second = two.log_in(&two.limited).await;
    let other = two.log_in(&two.other).await;
    two.world.app.authority.close().await.unwrap();
    drop(store);
    let store: Arc<dyn Store> = Arc::new(sqlite(&folder));
    let (limited, other_client) = (two.limited.clone(), two.other.clone());
    let (realm, alice) = (two.world.realm, two.world.alice);
    let app = App::open(Config::default(), Env::system(), store, false).await.unwrap();
    let two = Two { world: World { app, realm, alice }, limited, other: other_client };
    let third = two.log_in(&two.limited).await;
    assert!(!two.accepts(&first) && two.accepts(&second) && two.accepts(&third) && two.accepts(&other));
    let two = Arc::new(two);
    let mut logging_in = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let two = two.clone();
        logging_in.spawn(async move { two.try_log_in(&two.limited).await });
    }
    // One that had to go again before it was answered is refused, and nobody has its token.
    let overtaken = Kind::Unavailable(Unavailability::Overtaken);
    let outcomes = logging_in.join_all().await;
    assert!(
        outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|error| error.kind() == overtaken)
    );
    let all: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(all.iter().filter(|token| two.accepts(token)).count(), 2);
    assert!(!two.accepts(&second) && !two.accepts(&third) && two.accepts(&other));
}

/// Sessions of one user with a client, a second apart, as another system had them.
async fn adopt(store: &SqliteStore, client: ClientId, numbers: std::ops::Range<u64>) -> Vec<Adoption> {
    let mut outcomes = Vec::new();
    for first in numbers.clone().step_by(1_000) {
        let mut some = Vec::new();
        for number in first..numbers.end.min(first + 1_000) {
            let NewSession { mut record, .. } = with(store, number, client).await;
            record.session.issued_at = NOW.minus_secs(100);
            let seen = NOW.minus_secs(100).plus_millis(number);
            some.push(Adopted { record, seen, sessions_max: USER_SESSIONS_MAX });
        }
        outcomes.extend(store.adopt(some, NOW, None).await.unwrap());
    }
    outcomes
}

async fn with(store: &SqliteStore, number: u64, client: ClientId) -> NewSession {
    let mut new = fresh(store, number, 1).await.unwrap();
    new.record.session.anchors.iter_mut().for_each(|anchor| {
        if let Anchor::Client(its) = anchor {
            *its = client;
        }
    });
    (new.record.session.idle_secs, new.record.session.absolute_secs) = (86_400, 0);
    NewSession { sessions_max: USER_SESSIONS_MAX, ..new }
}

/// Each client allows as many as a user may have at all: with both together it has no more.
#[tokio::test]
async fn a_user_has_no_more_than_ten_thousand_with_all_clients_together() {
    let folder = Scratch::new();
    let store = sqlite(&folder);
    let (one, two) = (ClientId([1; 16]), ClientId([2; 16]));
    let taken = adopt(&store, one, 1..6_001).await;
    assert!(taken.iter().all(|outcome| matches!(outcome, Adoption::Recorded(_))));
    let taken = adopt(&store, two, 6_001..10_003).await;
    let recorded = taken.iter().filter(|outcome| matches!(outcome, Adoption::Recorded(_))).count();
    assert_eq!((recorded, taken.iter().filter(|it| **it == Adoption::Crowded).count()), (4_000, 2));
    // One more ends the longest unseen of all, whichever client it is of.
    for (number, client, gone) in [(20_001, two, 1_u64), (20_002, one, 2), (20_003, two, 3)] {
        let ended = store.issue(with(&store, number, client).await).await.unwrap().ended;
        let ids: Vec<_> = ended.iter().map(|mark| (mark.anchor.id(), mark.why)).collect();
        assert_eq!(ids, [(u128::from(gone).to_be_bytes(), Why::Limit)]);
    }
}

/// Children end with a session that is counted, so they are not counted among the ten thousand, and none ends for them.
#[tokio::test]
async fn children_are_not_counted_among_ten_thousand() {
    let folder = Scratch::new();
    let store = sqlite(&folder);
    let (one, two) = (ClientId([1; 16]), ClientId([2; 16]));
    let parent = with(&store, 1, one).await;
    store.issue(parent.clone()).await.unwrap();
    let taken = adopt(&store, one, 2..10_002).await;
    assert_eq!(taken.iter().filter(|it| **it == Adoption::Crowded).count(), 1);
    for number in 20_001..20_004 {
        let mut child = with(&store, number, two).await;
        child.record.session = child.record.session.child_of(&parent.record.session).unwrap();
        assert!(store.issue(child).await.unwrap().ended.is_empty());
    }
    let ended = store.issue(with(&store, 30_001, two).await).await.unwrap().ended;
    assert_eq!(ended.iter().map(|mark| mark.anchor.id()).collect::<Vec<_>>(), [2_u128.to_be_bytes()]);
}

/// What is waited for is counted, and not measured: of logins at the limit and of logouts beside them, the store commits
/// as many in a transaction as below it. It read all sessions of the user for each before.
#[tokio::test]
async fn a_login_at_the_limit_costs_what_it_costs_below_it() {
    let folder = Scratch::new();
    let store = Arc::new(sqlite(&folder));
    let client = ClientId([1; 16]);
    adopt(&store, client, 1..10_001).await;
    // The first one reads them, beside the writer; and no later one does.
    store.issue(with(&store, 20_000, client).await).await.unwrap();
    let rows = || store.figures().unwrap().0.rows.get();
    let before = rows();
    for number in 20_001..20_201 {
        let ended = store.issue(with(&store, number, client).await).await.unwrap().ended;
        assert_eq!(ended.len(), 1);
    }
    let rows = rows() - before;
    assert!(rows <= 200 * 8, "{rows} rows for 200 logins");
    let found = store.session(with(&store, 20_200, client).await.record.by(), NOW).await;
    assert_eq!(found.unwrap().map(|found| found.verdict), Some(Verdict::Alive));
}

#[tokio::test]
async fn more_than_a_user_may_have_is_refused_for_a_client() {
    let clocks = ManualClocks::new(Moment::from_secs(1_767_323_045));
    let store = Arc::new(exeunt::store::memory::MemoryStore::new(Incarnation([1; 16])));
    let app = App::open(Config::default(), Env::with_clocks(clocks), store, false).await.unwrap();
    let call = call(&app);
    let realm = app.authority.realm("main").unwrap().id;
    let client = Client::usual(&call, realm, NAME, "shop", Settings::default());
    let many = Client { sessions_max: USER_SESSIONS_MAX + 1, ..client.clone() };
    let error = app.authority.create_client(&call, many).await.err().unwrap();
    assert!(error.public().contains("max_sessions is 10001; expected at most 10000"), "{error}");
    app.authority.create_client(&call, client).await.unwrap();
}
