//! Two servers never have one store, whatever is done to its files; and a server whose store is taken away answers no
//! check. What it has acknowledged is not lost by that.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, IssueRequest, Presented, Touch, UserChange};
use exeunt::config::Config;
use exeunt::dialect::ADMIN;
use exeunt::env::Env;
use exeunt::error::{Kind, Unavailability};
use exeunt::store::Incarnation;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt_core::{RealmId, SessionId, Token};

use crate::support::binary::{Binary, KEY};
use crate::support::run::{run, run_apart, run_without_key};
use crate::support::scratch::Scratch;

const EXEUNT: &str = env!("CARGO_BIN_EXE_exeunt");
const UNKNOWN: Kind = Kind::Unavailable(Unavailability::Unknown);

fn beside(path: &Path, suffix: &str) -> PathBuf {
    path.with_file_name(format!("{}{suffix}", path.file_name().unwrap().to_str().unwrap()))
}

/// A server in this process, without what happens in the background, and Alice's sessions.
struct Open {
    app: App,
    realm: RealmId,
    path: PathBuf,
    tokens: Vec<Token>,
    sessions: Vec<SessionId>,
}

impl Open {
    async fn on(path: &Path) -> Self {
        let store = SqliteStore::open(SqliteOptions::new(path.to_owned(), Incarnation([1; 16]))).unwrap();
        let app = App::open(Config::default(), Env::system(), Arc::new(store), false).await.unwrap();
        let realm = app.authority.realm(MAIN).unwrap().id;
        let alice = UserChange { username: Some(Some("alice".to_owned())), ..UserChange::default() };
        let alice = app.authority.create_user(&call(&app), realm, alice).await.unwrap();
        let (mut tokens, mut sessions) = (Vec::new(), Vec::new());
        for number in 0..3 {
            let token = Token::presented(&format!("a-token-of-alice-{number}")).unwrap();
            let issue_request = IssueRequest {
                dialect: ADMIN,
                user: alice.id,
                client: None,
                idle_secs: None,
                absolute_secs: None,
                parent: None,
            };
            let standing = app.authority.vouch(&call(&app), realm, &issue_request, &token).await.unwrap();
            tokens.push(token);
            sessions.push(standing.session);
        }
        Self { app, realm, path: path.to_owned(), tokens, sessions }
    }

    fn check(&self, number: usize) -> Result<(), Kind> {
        let Self { app, realm, .. } = self;
        let presented =
            Presented { dialect: ADMIN, realm: *realm, client: None, token: &self.tokens[number] };
        app.authority.check(&presented, app.env.now(), Touch::Peek).map(drop).map_err(|error| error.kind())
    }

    async fn log_out(&self, number: usize) -> Result<(), Kind> {
        let Self { app, realm, .. } = self;
        let ended = app.authority.end_session(&call(app), *realm, self.sessions[number]).await;
        ended.map(drop).map_err(|error| error.kind())
    }

    async fn recover(&self) -> Result<(), Kind> {
        self.app.authority.recover(self.app.env.now()).await.map_err(|error| error.kind())
    }

    /// A logout is no success, and no check is answered, now or after trying again.
    async fn answers_nothing(&self) {
        assert_eq!(self.log_out(0).await, Err(UNKNOWN));
        assert_eq!(self.check(1), Err(UNKNOWN));
        assert_eq!(self.recover().await, Err(UNKNOWN));
        assert_eq!(self.check(1), Err(UNKNOWN));
        let ready = self.app.authority.position().await.unwrap_err();
        assert!(
            ready
                .public()
                .starts_with("the files of the store were moved or changed while the server was running"),
            "{ready}"
        );
    }
}

fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

/// What somebody else finds who opens a copy of the files: for each session, whether it lives.
async fn found_in(database: &Path, log: &Path, open: &Open) -> Vec<bool> {
    let folder = Scratch::new();
    let copy = folder.path().join("copy.db");
    fs::copy(database, &copy).unwrap();
    if log.exists() {
        fs::copy(log, beside(&copy, "-wal")).unwrap();
    }
    let store = SqliteStore::open(SqliteOptions::new(copy, Incarnation([1; 16]))).unwrap();
    let now = open.app.env.now();
    let mut found = Vec::new();
    for id in &open.sessions {
        let session = exeunt::store::Ledger::session(&store, exeunt::store::SessionBy::Id(*id), now).await;
        found.push(session.unwrap().unwrap().verdict == exeunt_core::Verdict::Alive);
    }
    found
}

#[test]
fn a_second_server_is_kept_out_when_the_lock_file_was_removed() {
    let folder = Scratch::new();
    let _server = Binary::start(folder.path());
    fs::remove_file(folder.path().join("exeunt.db.lock")).unwrap();
    let store = format!("sqlite:{}", folder.path().join("exeunt.db").display());
    for _ in 0..2 {
        // The first of them has made another lock file.
        let second = run(&["serve", "--listen", "127.0.0.1:0", "--store", &store]);
        assert!(second.code != 0 && second.err.contains("in use by another process"), "{}", second.err);
    }
}

#[test]
fn whichever_path_leads_to_the_database_it_is_one_store() {
    let (folder, other) = (Scratch::new(), Scratch::new());
    let _server = Binary::start(folder.path());
    let (path, link) = (folder.path().join("exeunt.db"), other.path().join("link.db"));
    fs::remove_file(beside(&path, ".lock")).unwrap();
    symlink(&path, &link).unwrap();
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--store", &format!("sqlite:{}", link.display())]);
    assert!(second.code != 0 && second.err.contains("in use by another process"), "{}", second.err);
    // A bind mount of the file alone, as into a container: nothing beside it is the same.
    let (path, mounted) = (path.display(), other.path().join("mounted.db"));
    let mounted = mounted.display();
    let ran = run_apart(&format!(
        "touch {mounted} && mount --bind {path} {mounted} || exit 99
         {EXEUNT} serve --listen 127.0.0.1:0 --store sqlite:{mounted}"
    ));
    assert!(ran.code != 99 && ran.err.contains("in use by another process"), "{}", ran.err);
    // A second name, made while the server runs.
    let hard = other.path().join("hard.db");
    if fs::hard_link(folder.path().join("exeunt.db"), &hard).is_ok() {
        let second =
            run(&["serve", "--listen", "127.0.0.1:0", "--store", &format!("sqlite:{}", hard.display())]);
        assert!(second.code != 0 && second.err.contains("has a second name"), "{}", second.err);
    }
}

#[test]
fn the_other_commands_see_a_server_without_its_lock_file() {
    let folder = Scratch::new();
    let server = Binary::start(folder.path());
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (url, store) = (format!("http://{}", server.address), format!("sqlite:{}", path.display()));
    assert_eq!(run(&["backup", &backup.display().to_string(), "--url", &url]).code, 0);
    for command in [
        vec!["restore", backup.to_str().unwrap(), "--store", &store, "--replace", "--yes"],
        vec!["restore", "--in-place", "--store", &store, "--yes"],
    ] {
        fs::remove_file(beside(&path, ".lock")).unwrap();
        let ran = run_without_key(&command);
        assert!(ran.code == 1 && ran.err.contains("in use by another process"), "{}", ran.err);
    }
    fs::remove_file(beside(&path, ".lock")).unwrap();
    let ran = run(&["backup", path.to_str().unwrap(), "--url", &url]);
    assert!(
        ran.code == 2 && ran.err.contains("is a store, not a backup; choose another name"),
        "{}",
        ran.err
    );
    let ran = run(&["doctor", "--store", &store, "--url", &url]);
    assert!(ran.out.contains("is in use, so its server is asked"), "{}", ran.out);
    drop(server);
    // The file makes no store, and neither does its absence make none.
    let ran = run(&["doctor", "--store", &store]);
    assert!(ran.out.contains("is intact (schema"), "{}{}", ran.out, ran.err);
}

/// It went nowhere: what was acknowledged is in the file, and when that is back, checks are answered again.
#[tokio::test]
async fn a_database_that_was_moved_away_is_noticed_and_found_again() {
    let folder = Scratch::new();
    let open = Open::on(&folder.path().join("exeunt.db")).await;
    open.log_out(2).await.unwrap();
    let away = folder.path().join("away.db");
    fs::rename(&open.path, &away).unwrap();
    open.answers_nothing().await;
    // Whole by itself: the log was left behind.
    assert!(!found_in(&away, Path::new("none"), &open).await[2]);
    // Somebody else's is at its place now.
    fs::write(&open.path, "").unwrap();
    open.answers_nothing().await;
    fs::rename(&away, &open.path).unwrap();
    open.recover().await.unwrap();
    assert_eq!(open.check(1), Ok(()));
    open.log_out(1).await.unwrap();
    assert!(matches!(open.check(1), Err(Kind::Dead(_))));
}

#[tokio::test]
async fn a_database_that_was_replaced_is_noticed_before_anything_is_acknowledged() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let open = Open::on(&path).await;
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::rename(&copy, &path).unwrap();
    open.answers_nothing().await;
}

/// Copied over: the file is the same, what is in it is not.
#[tokio::test]
async fn a_database_that_was_written_over_is_noticed_before_anything_is_acknowledged() {
    let (folder, other) = (Scratch::new(), Scratch::new());
    let path = folder.path().join("exeunt.db");
    let open = Open::on(&path).await;
    drop(Open::on(&other.path().join("other.db")).await);
    fs::write(&path, fs::read(other.path().join("other.db")).unwrap()).unwrap();
    open.answers_nothing().await;
}

#[tokio::test]
async fn a_directory_that_was_renamed_is_noticed() {
    let folder = Scratch::new();
    fs::create_dir(folder.path().join("data")).unwrap();
    let open = Open::on(&folder.path().join("data/exeunt.db")).await;
    fs::rename(folder.path().join("data"), folder.path().join("moved")).unwrap();
    open.answers_nothing().await;
    fs::rename(folder.path().join("moved"), folder.path().join("data")).unwrap();
    open.recover().await.unwrap();
    assert_eq!(open.check(1), Ok(()));
}

/// What was acknowledged before is in no file that has a name any more: it is saved at once.
#[tokio::test]
async fn a_log_that_was_removed_takes_no_acknowledged_logout_with_it() {
    let folder = Scratch::new();
    let open = Open::on(&folder.path().join("exeunt.db")).await;
    open.log_out(2).await.unwrap();
    fs::remove_file(beside(&open.path, "-wal")).unwrap();
    // Committed, but to a WAL that is gone: no client gets a success.
    assert_eq!(open.log_out(0).await, Err(UNKNOWN));
    open.recover().await.unwrap();
    assert!(matches!(open.check(0), Err(Kind::Dead(_))));
    assert_eq!(open.check(1), Ok(()));
    open.log_out(1).await.unwrap();
    assert_eq!(found_in(&open.path, &beside(&open.path, "-wal"), &open).await, [false, false, false]);
}

#[tokio::test]
async fn a_log_that_was_replaced_is_noticed() {
    let folder = Scratch::new();
    let open = Open::on(&folder.path().join("exeunt.db")).await;
    open.log_out(2).await.unwrap();
    let log = beside(&open.path, "-wal");
    let copy = beside(&open.path, ".copy");
    fs::copy(&log, &copy).unwrap();
    fs::rename(&copy, &log).unwrap();
    open.answers_nothing().await;
    fs::remove_file(&log).unwrap();
    open.recover().await.unwrap();
    assert_eq!((open.check(1), open.check(0).is_err()), (Ok(()), true));
}

/// What damages a write-ahead log: its path, and its bytes before the last logout.
type Spoil = fn(&Path, &[u8]);

/// Cut off, or with an earlier copy written over it: what was acknowledged is not in it any more, and what comes after that
/// is read by nobody who opens the files later.
#[tokio::test]
async fn a_log_that_was_cut_off_or_written_over_is_noticed_before_anything_is_acknowledged() {
    let spoils: [(&str, Spoil); 5] = [
        ("emptied", |log, _| fs::write(log, "").unwrap()),
        ("halved", |log, _| {
            let bytes = fs::metadata(log).unwrap().len();
            fs::OpenOptions::new().write(true).open(log).unwrap().set_len(bytes / 2).unwrap();
        }),
        ("an earlier copy", |log, earlier| fs::write(log, earlier).unwrap()),
        ("zeros in its head", |log, _| {
            let mut bytes = fs::read(log).unwrap();
            bytes[..32].fill(0);
            fs::write(log, bytes).unwrap();
        }),
        ("zeros at its end", |log, _| {
            let mut bytes = fs::read(log).unwrap();
            let end = bytes.len();
            bytes[end - 8192..].fill(0);
            fs::write(log, bytes).unwrap();
        }),
    ];
    for (name, spoil) in spoils {
        for look in [false, true] {
            let folder = Scratch::new();
            let open = Open::on(&folder.path().join("exeunt.db")).await;
            let log = beside(&open.path, "-wal");
            let before = fs::read(&log).unwrap();
            open.log_out(2).await.unwrap();
            open.app.authority.look().await.unwrap();
            spoil(&log, &before);
            if look {
                assert!(open.app.authority.look().await.is_err(), "{name}");
                assert_eq!(open.check(1), Err(UNKNOWN), "{name}");
            }
            open.answers_nothing().await;
        }
    }
}

/// Without a commit, checks go on until somebody looks; a task of the server does so every second.
#[tokio::test]
async fn checks_are_answered_no_longer_than_until_the_next_look() {
    let folder = Scratch::new();
    let open = Open::on(&folder.path().join("exeunt.db")).await;
    let app = &open.app;
    let look = exeunt::task::ALL.iter().find(|task| task.name == "look").unwrap();
    let now = app.env.now();
    assert_eq!((look.step)(app.clone(), now).await, Some(now.plus_secs(1)));
    assert_eq!(open.check(1), Ok(()));
    fs::rename(&open.path, folder.path().join("away.db")).unwrap();
    (look.step)(app.clone(), now).await;
    assert_eq!(open.check(1), Err(UNKNOWN));
}

/// A lock file that is left over, or that somebody else made, keeps nobody out.
#[test]
fn a_lock_file_that_is_left_over_is_harmless() {
    let folder = Scratch::new();
    Binary::start(folder.path()).kill();
    assert!(folder.path().join("exeunt.db.lock").exists());
    Binary::start(folder.path()).kill();
    fs::write(folder.path().join("exeunt.db.lock"), KEY).unwrap();
    drop(Binary::start(folder.path()));
}
