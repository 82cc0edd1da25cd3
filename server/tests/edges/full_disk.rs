//! When the store cannot write: checks are answered as ever, what is refused was not done, and nothing is forgotten when
//! nobody knows.

use std::fs::{self, OpenOptions};
use std::io::{BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use exeunt::app::App;
use exeunt::authority::migrate::sessions::Elsewhere;
use exeunt::authority::migrate::users::Run;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, IssueRequest, Password, Presented, Touch, UserChange};
use exeunt::config::Config;
use exeunt::dialect::ADMIN;
use exeunt::env::Env;
use exeunt::error::{Kind, Unavailability};
use exeunt::store::faulty::{Fault, Faulty};
use exeunt::store::memory::MemoryStore;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Identifier, Incarnation, Ledger, NewSession, Record, Store};
use exeunt_core::{Anchor, Moment, RealmId, Session, SessionId, Stamp, Token, UserId};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::binary::{Binary, Connection, KEY, listening};
use crate::support::run::apart;
use crate::support::scratch::Scratch;

const EXEUNT: &str = env!("CARGO_BIN_EXE_exeunt");
const UNKNOWN: Kind = Kind::Unavailable(Unavailability::Unknown);
/// Sessions that are written at once.
const WRITTEN_AT_ONCE: usize = 500;
/// Sessions beside the full disk.
const SESSIONS: usize = 20_000;
/// For how long they may be unseen: each use of one is written, since the last was longer ago than a sixtieth of it.
const IDLE_SECS: u32 = 3_600;
const LAST_SEEN_SECS_AGO: u64 = 600;
/// Bytes left on the disk when the server has started.
const ROOM: u64 = 8 << 20;

fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

async fn alice(app: &App, realm: RealmId) -> UserId {
    let alice = UserChange {
        username: Some(Some("alice".to_owned())),
        account_number: Some(Some("000123".to_owned())),
        password: Some(Some(Password::new("correct horse"))),
        ..UserChange::default()
    };
    app.authority.create_user(&call(app), realm, alice).await.unwrap().id
}

/// A store with many sessions; their tokens and ids.
async fn sow(file: &Path) -> Vec<(String, SessionId)> {
    let store =
        Arc::new(SqliteStore::open(SqliteOptions::new(file.to_owned(), Incarnation([1; 16]))).unwrap());
    let app = App::open(Config::default(), Env::system(), store.clone(), false).await.unwrap();
    let realm = app.authority.realm(MAIN).unwrap().id;
    alice(&app, realm).await;
    let client = app.authority.builtin_client(realm, ADMIN).unwrap().id;
    let call = call(&app);
    let issued_at = call.now.minus_secs(LAST_SEEN_SECS_AGO);
    let (mut all, mut writing) = (Vec::new(), JoinSet::<exeunt::error::Result<()>>::new());
    for number in 0..SESSIONS {
        let user = UserId(u128::try_from(number / 10).unwrap().to_be_bytes());
        let (id, token) = (call.mint.session_id(issued_at), call.mint.session_token());
        let anchors = [Anchor::Realm(realm), Anchor::Client(client), Anchor::User(user), Anchor::Session(id)];
        let session = Session {
            id,
            stamp: Stamp::ZERO,
            anchors: anchors.into(),
            issued_at,
            idle_secs: IDLE_SECS,
            absolute_secs: 0,
        };
        let token_text = token.expose().to_owned();
        let record = Record {
            session,
            dialect: ADMIN,
            token: Some(token.fingerprint()),
            grant: None,
            from: None,
            user_agent: None,
        };
        // The queue of the store is bounded.
        if writing.len() == WRITTEN_AT_ONCE {
            writing.join_next().await.unwrap().unwrap().unwrap();
        }
        let (new, store) =
            (NewSession { record, sessions_max: u32::MAX, left_secs: 0, audit: None }, store.clone());
        writing.spawn(async move { store.issue(new).await.map(drop) });
        all.push((token_text, id));
    }
    writing.join_all().await.into_iter().for_each(|written| written.unwrap());
    app.authority.close().await.unwrap();
    all
}

/// A server whose disk is a small one of its own, in memory, with a copy of this store.
struct OnSmallDisk {
    child: Child,
    /// Its disk, as it sees it.
    disk: PathBuf,
    address: SocketAddr,
}

impl OnSmallDisk {
    fn start(seed: &Path, disk: &Scratch) -> Self {
        let path = disk.path().display();
        let bytes = fs::metadata(seed).unwrap().len() + ROOM;
        let script = format!(
            "mount -t tmpfs -o size={bytes} small {path} && cp {} {path}/exeunt.db && \
             exec {EXEUNT} serve --listen 127.0.0.1:0 --store sqlite:{path}/exeunt.db",
            seed.display()
        );
        let mut command = apart();
        command.args(["sh", "-c", &script]).env("EXEUNT_ADMIN_KEY", KEY).stderr(Stdio::piped());
        Self::ready(command.spawn().unwrap(), |child| {
            PathBuf::from(format!("/proc/{}/root{path}", child.id()))
        })
    }

    /// Waits until it listens.
    fn ready(mut child: Child, disk: impl Fn(&Child) -> PathBuf) -> Self {
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (address, _) = listening(&mut log);
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let disk = disk(&child);
        Self { child, disk, address }
    }

    fn connection(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// Takes all the room there is, to the last page.
    fn fill(&self) {
        let mut filling =
            OpenOptions::new().create(true).append(true).open(self.disk.join("filling")).unwrap();
        for bytes in [1 << 20, 4096, 1] {
            let piece = vec![0; bytes];
            while filling.write_all(&piece).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.disk.join("filling")).unwrap();
    }
}

impl Drop for OnSmallDisk {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_active(server: &mut Connection, token: &str) -> bool {
    let (status, answer) = server.ask("POST", "/v1/check", &json!({ "token": token }).to_string()).unwrap();
    assert_eq!(status, 200, "a check was not answered: {answer}");
    answer["active"].as_bool().unwrap()
}

fn log_out(server: &mut Connection, id: SessionId) -> (u16, Value) {
    server.ask("DELETE", &format!("/v1/sessions/{id}"), "").unwrap()
}

fn warnings(server: &mut Connection) -> String {
    let (status, answer) = server.ask("GET", "/readyz", "").unwrap();
    assert_eq!(status, 200, "{answer}");
    answer["warnings"].to_string()
}

fn metric(server: &mut Connection, name: &str) -> u64 {
    let (_, page) = server.ask("GET", "/metrics", "").unwrap();
    let line = page
        .as_str()
        .unwrap()
        .lines()
        .find(|line| line.starts_with(&format!("exeunt_{name} ")))
        .unwrap()
        .to_owned();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn videntity(server: &mut Connection, call: &str, form: &str) -> String {
    let (_, answer) = server
        .ask_as("application/x-www-form-urlencoded", "POST", &format!("/session/{call}"), form)
        .unwrap();
    answer.as_str().unwrap().to_owned()
}

/// A file system that takes nothing, with logins, logouts and uses tried all the time.
#[tokio::test(flavor = "multi_thread")]
async fn checks_are_answered_beside_a_full_disk_and_the_first_logout_after_it_succeeds() {
    let (folder, disk) = (Scratch::new(), Scratch::new());
    let seed = folder.path().join("seed.db");
    let all = sow(&seed).await;
    let server = OnSmallDisk::start(&seed, &disk);
    let (trying, mut trier, mut checker) =
        (Arc::new(AtomicBool::new(true)), server.connection(), server.connection());
    let login = "username=alice&password=correct+horse&account_number=000123";
    let answer = videntity(&mut checker, "login", login);
    let key = answer.split("<session_key>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(warnings(&mut checker).contains("MiB are free on the disk of the store"));
    assert!(metric(&mut checker, "store_free_bytes") < ROOM);
    server.fill();
    let victims: Vec<SessionId> = all.iter().take(100).map(|(_, id)| *id).collect();
    let tries = thread::spawn({
        let trying = trying.clone();
        move || {
            let mut tried = 0_u64;
            while trying.load(Ordering::SeqCst) || tried < 10 {
                for id in &victims {
                    let (status, answer) = log_out(&mut trier, *id);
                    assert_eq!(status, 503, "{answer}");
                    assert!(answer.to_string().contains("nothing was changed"), "{answer}");
                    tried += 1;
                }
            }
            tried
        }
    });
    for (token, _) in &all {
        assert!(is_active(&mut checker, token));
    }
    // A legacy dialect says so in its own words, and the session lives on.
    let ours = format!("session_key={key}");
    for (call, form) in [("login", login), ("logout", &ours)] {
        let answer = videntity(&mut checker, call, form);
        assert!(answer.contains("<error_number>11<"), "{answer}");
    }
    assert!(videntity(&mut checker, "ping", &ours).contains("SUCCESS"));
    assert!(warnings(&mut checker).contains("the disk of the store is full"));
    trying.store(false, Ordering::SeqCst);
    assert!(tries.join().unwrap() >= 10);
    assert_eq!(metric(&mut checker, "store_unknown_total"), 0);
    assert!(metric(&mut checker, "store_refused_total") >= 10);
    assert_eq!(metric(&mut checker, "store_refusing"), 1);

    server.make_room();
    let (status, answer) = log_out(&mut checker, all[0].1);
    assert_eq!(status, 200, "the first logout after room was made: {answer}");
    assert!(!is_active(&mut checker, &all[0].0));
    assert!(all[1..200].iter().all(|(token, _)| is_active(&mut checker, token)));
    assert!(videntity(&mut checker, "logout", &ours).contains("SUCCESS"));
    assert!(videntity(&mut checker, "ping", &ours).contains("<error_number>2<"));
    assert_eq!(metric(&mut checker, "store_refusing"), 0);
}

/// As `ulimit -f` or `LimitFSIZE` set it: without a handler, the system would end the process.
#[test]
fn a_limit_on_the_size_of_files_is_a_full_disk() {
    let folder = Scratch::new();
    drop(Binary::start(folder.path()));
    let path = folder.path().join("exeunt.db");
    let script =
        format!("ulimit -f 2048; exec {EXEUNT} serve --listen 127.0.0.1:0 --store sqlite:{}", path.display());
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).env("EXEUNT_ADMIN_KEY", KEY).stderr(Stdio::piped());
    let server = OnSmallDisk::ready(command.spawn().unwrap(), |_| PathBuf::new());
    let server = &mut server.connection();
    let (_, user) = server.ask("POST", "/v1/users", &json!({ "username": "ann" }).to_string()).unwrap();
    let session = json!({ "user": user["id"] }).to_string();
    let mut tokens = Vec::new();
    let refused = loop {
        let (status, answer) = server.ask("POST", "/v1/sessions", &session).unwrap();
        if status != 201 {
            break status;
        }
        tokens.push(answer["token"].as_str().unwrap().to_owned());
    };
    assert_eq!(refused, 503);
    assert!(tokens.iter().all(|token| is_active(server, token)));
    assert_eq!(metric(server, "store_unknown_total"), 0);
    assert!(tokens.len() > 10, "only {} sessions went into the limit", tokens.len());
}

/// A server in this process on a store that fails on request.
struct Staged {
    app: App,
    store: Arc<Faulty<MemoryStore>>,
    env: Env,
    realm: RealmId,
    alice: UserId,
}

impl Staged {
    async fn open() -> Self {
        let env = Env::seeded(1, Moment::from_secs(1_000_000_000));
        let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
        let app =
            App::open(Config::default(), env.clone(), store.clone() as Arc<dyn Store>, false).await.unwrap();
        let realm = app.authority.realm(MAIN).unwrap().id;
        let alice = alice(&app, realm).await;
        Self { app, store, env, realm, alice }
    }

    async fn vouch(&self, token: &Token) -> Result<SessionId, Kind> {
        let issue_request = IssueRequest {
            dialect: ADMIN,
            user: self.alice,
            client: None,
            idle_secs: Some(IDLE_SECS),
            absolute_secs: None,
            parent: None,
        };
        let vouched = self.app.authority.vouch(&call(&self.app), self.realm, &issue_request, token).await;
        vouched.map(|standing| standing.session).map_err(|error| error.kind())
    }

    fn check(&self, token: &Token, touch: Touch) -> Result<Option<Moment>, Kind> {
        let presented = Presented { dialect: ADMIN, realm: self.realm, client: None, token };
        let found = self.app.authority.check(&presented, self.env.now(), touch);
        found.map(|standing| standing.expires_at).map_err(|error| error.kind())
    }

    async fn adopt(&self, token: &Token) -> Result<(), Kind> {
        let elsewhere = Elsewhere {
            token: token.fingerprint(),
            user: Identifier::Username("alice".to_owned()),
            client: None,
            dialect: Some(ADMIN),
            issued_at: Some(self.env.now()),
            seen_at: None,
            expires_at: None,
            idle_secs: None,
            absolute_secs: None,
            user_agent: None,
            from: None,
        };
        let since = self.app.authority.position().await.unwrap().stamp;
        let (call, all) = (call(&self.app), vec![Ok(elsewhere)]);
        let adopted = self.app.authority.adopt(&call, self.realm, since, all, Run::Real).await;
        adopted.map(|adopted| assert!(adopted[0].is_ok())).map_err(|error| error.kind())
    }
}

fn token(text: &str) -> Token {
    Token::presented(text).unwrap()
}

/// When it was last used is only in memory: if memory were emptied and read again, that would be lost.
#[tokio::test]
async fn an_unknown_outcome_drops_nothing_from_memory() {
    let staged = Staged::open().await;
    let (used, other) = (token("a-token-that-is-used"), token("another-token"));
    staged.vouch(&used).await.unwrap();
    staged.env.advance_millis(30_000);
    let expires = staged.check(&used, Touch::Extend).unwrap();
    staged.store.fail(2, Fault::After);
    assert_eq!(staged.vouch(&other).await, Err(UNKNOWN));
    assert_eq!(staged.check(&used, Touch::Peek), Err(UNKNOWN));
    staged.app.authority.recover(staged.env.now()).await.unwrap();
    assert_eq!(staged.check(&used, Touch::Peek), Ok(expires));
}

/// A login, and a session of another system: in flight when the store failed in the middle.
#[tokio::test]
async fn what_was_in_flight_is_alive_if_it_was_recorded_and_gone_if_not() {
    for (fault, recorded) in [(Fault::After, true), (Fault::Lost, false)] {
        let staged = Staged::open().await;
        let tokens = [token("a-token-of-a-login"), token("a-token-of-another-system")];
        // The user is read first.
        staged.store.fail(2, fault);
        assert_eq!(staged.vouch(&tokens[0]).await, Err(UNKNOWN));
        staged.app.authority.recover(staged.env.now()).await.unwrap();
        staged.store.fail(3, fault);
        assert_eq!(staged.adopt(&tokens[1]).await, Err(UNKNOWN));
        staged.app.authority.recover(staged.env.now()).await.unwrap();
        for token in &tokens {
            let found = staged.check(token, Touch::Peek);
            assert!(
                if recorded { found.is_ok() } else { matches!(found, Err(Kind::Dead(_))) },
                "{fault:?}: {found:?}"
            );
        }
        let stored = staged.store.inner().unended(0, 10, staged.env.now()).await.unwrap().len();
        assert_eq!(staged.app.authority.sessions_in_memory(), stored, "{fault:?}");
    }
}

#[tokio::test]
async fn a_logout_of_which_nobody_knew_is_in_force_after_catching_up() {
    for (fault, ended) in [(Fault::After, true), (Fault::Lost, false)] {
        let staged = Staged::open().await;
        let token = token("a-token");
        let id = staged.vouch(&token).await.unwrap();
        staged.store.fail(1, fault);
        let logout = staged.app.authority.end_session(&call(&staged.app), staged.realm, id).await;
        assert_eq!(logout.unwrap_err().kind(), UNKNOWN);
        staged.app.authority.recover(staged.env.now()).await.unwrap();
        assert_eq!(staged.check(&token, Touch::Peek).is_err(), ended, "{fault:?}");
    }
}

/// Uses of sessions, expiry and sweeping: background work that is refused keeps nobody waiting and loses nothing.
#[tokio::test]
async fn background_work_that_is_refused_disturbs_no_check_and_is_done_later() {
    let staged = Staged::open().await;
    let (authority, used) = (&staged.app.authority, token("a-token"));
    let id = staged.vouch(&used).await.unwrap();
    staged.env.advance_millis(u64::from(IDLE_SECS) * 900);
    let expires = staged.check(&used, Touch::Extend).unwrap();
    staged.store.fail(1, Fault::Before);
    assert!(authority.flush().await.is_err());
    assert_eq!(authority.touches_waiting(), 1);
    assert_eq!(staged.check(&used, Touch::Peek), Ok(expires));
    // What asks when sessions were seen writes first what the store does not know yet.
    staged.env.advance_millis(u64::from(IDLE_SECS) * 900);
    authority.sweep(staged.env.now()).await.unwrap();
    assert_eq!(authority.touches_waiting(), 0);
    let by = exeunt::store::SessionBy::Id(id);
    let stored = staged.store.inner().session(by, staged.env.now()).await.unwrap().unwrap();
    assert_eq!(stored.verdict, exeunt_core::Verdict::Alive);
}
