//! The wall clock is set: what that may do, and what it may not.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use exeunt::app::App;
use exeunt::authority::{Password, UserChange};
use exeunt::config::Config;
use exeunt::env::clock::{Clock, News, TRIAL_MILLIS};
use exeunt::env::{Env, ManualClocks};
use exeunt::serve::{self, Running};
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::task;
use exeunt_core::{Moment, Token};
use tokio::net::TcpListener;

use crate::support::binary::{Connection, KEY};
use crate::support::scratch::Scratch;
use crate::support::server::{self, ACCOUNT, PASSWORD, between};

/// 2026-01-02 03:04:05 UTC.
const START: Moment = Moment::from_secs(1_767_323_045);
const SEC: u64 = 1_000;
const MINUTE: u64 = 60 * SEC;
const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;
/// The idle life of a session of Videntity.
const IDLE: u64 = 30 * MINUTE;

/// A real server whose clocks are set by the test, and Alice.
struct Clocked {
    clocks: Arc<ManualClocks>,
    app: App,
    running: Running,
}

impl Clocked {
    async fn start() -> Self {
        Self::start_on(Arc::new(MemoryStore::new(Incarnation([1; 16]))), ManualClocks::new(START), false)
            .await
    }

    async fn start_on(
        store: Arc<dyn exeunt::store::Store>,
        clocks: Arc<ManualClocks>,
        accept_clock: bool,
    ) -> Self {
        let env = Env::with_clocks(clocks.clone());
        let app = App::open(Config::default(), env, store, accept_clock).await.unwrap();
        app.authority.give_keys(Token::presented(KEY).as_slice(), START);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = serve::start_with(app.clone(), listener, None, &[]).unwrap();
        Self { clocks, app, running }
    }

    async fn add_alice(&self) {
        let realm = self.app.authority.realm("main").unwrap().id;
        let alice = UserChange {
            username: Some(Some("alice".to_owned())),
            account_number: Some(Some(ACCOUNT.to_owned())),
            password: Some(Some(Password::new(PASSWORD))),
            ..UserChange::default()
        };
        self.app.authority.create_user(&server::call(&self.app), realm, alice).await.unwrap();
    }

    async fn log_in_with(&self, password: &str) -> (String, String) {
        let form = format!("username=alice&password={password}&account_number={ACCOUNT}").replace(' ', "+");
        server::Server::videntity(self.running.address, "login", &form).await
    }

    async fn log_in(&self) -> String {
        let (outcome, answer) = self.log_in_with(PASSWORD).await;
        assert_eq!(outcome, "SUCCESS", "{answer}");
        between(&answer, "<session_key>", "</session_key>").unwrap().to_owned()
    }

    /// What a ping comes to.
    async fn ping(&self, key: &str) -> String {
        server::Server::videntity(self.running.address, "ping", &format!("session_key={key}")).await.0
    }

    /// The time that the server writes into its answers, and the `Date` of the same answer.
    async fn told(&self) -> (String, String) {
        let (_, answer) = server::Server::videntity(self.running.address, "ping", "session_key=x").await;
        let date =
            answer.lines().find_map(|line| line.to_lowercase().strip_prefix("date: ").map(str::to_owned));
        (between(&answer, "<timestamp>", "</timestamp>").unwrap().to_owned(), date.unwrap())
    }

    /// Both clocks go on, and the server looks at them each second as its tasks do.
    async fn pass(&self, millis: u64) {
        for _ in 0..millis / SEC {
            self.clocks.pass_millis(SEC);
            self.app.env.now();
        }
        self.clocks.pass_millis(millis % SEC);
        for task in task::ALL {
            (task.step)(self.app.clone(), self.app.env.now()).await;
        }
    }

    async fn get(&self, path: &'static str) -> String {
        let address = self.running.address;
        tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            write!(stream, "GET {path} HTTP/1.0\r\nAuthorization: Bearer {KEY}\r\n\r\n").unwrap();
            std::io::read_to_string(stream).unwrap()
        })
        .await
        .unwrap()
    }
}

/// Reads a clock as the wall clock is set, each second of a span: the last time.
fn each_second(clock: &Clock, wall: &mut u64, boot: &mut u64, secs: u64) -> u64 {
    let mut last = 0;
    for _ in 0..secs {
        (*wall, *boot) = (*wall + SEC, *boot + SEC);
        let now = clock.read(*wall, *boot).0.millis();
        assert!(now >= last, "time went back from {last} to {now}");
        last = now;
    }
    last
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_an_instant_and_comes_back_stops_no_expiry() {
    let server = Clocked::start().await;
    server.add_alice().await;
    let key = server.log_in().await;
    server.clocks.step_millis(YEAR);
    // Nothing has expired meanwhile, whoever looks.
    server.pass(SEC).await;
    assert_eq!(server.ping(&key).await, "SUCCESS");
    server.clocks.step_millis(-YEAR);
    server.pass(IDLE - SEC).await;
    assert_eq!(server.ping(&key).await, "SUCCESS");
    server.pass(IDLE).await;
    assert_eq!(server.ping(&key).await, "SESSION_EXPIRED");
}

#[tokio::test]
async fn a_clock_that_is_ahead_for_an_instant_lifts_no_lock_out_and_prolongs_none() {
    let server = Clocked::start().await;
    server.add_alice().await;
    for _ in 0..10 {
        assert_eq!(server.log_in_with("wrong").await.0, "AUTHENTICATION_ERROR");
    }
    assert_eq!(server.log_in_with(PASSWORD).await.0, "AUTHENTICATION_ERROR");
    server.clocks.step_millis(YEAR);
    server.pass(SEC).await;
    assert_eq!(server.log_in_with(PASSWORD).await.0, "AUTHENTICATION_ERROR");
    server.clocks.step_millis(-YEAR);
    server.pass(14 * MINUTE).await;
    assert_eq!(server.log_in_with(PASSWORD).await.0, "AUTHENTICATION_ERROR");
    server.pass(MINUTE).await;
    server.log_in().await;
}

#[test]
fn a_step_of_more_than_a_second_is_accepted_once_it_has_lasted_ten() {
    for ahead in [1_001, HOUR.cast_unsigned(), YEAR.cast_unsigned()] {
        let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
        assert_eq!(clock.read(wall, boot).0, START);
        (wall, boot) = (wall + ahead + 1, boot + 1);
        let first = (Moment::from_millis(START.millis() + 1), Some(News::Stepped(ahead.cast_signed())));
        assert_eq!(clock.read(wall, boot), first);
        // For ten seconds time goes on by the other clock.
        let last = each_second(&clock, &mut wall, &mut boot, TRIAL_MILLIS / SEC - 1);
        assert_eq!(last, START.millis() + 1 + TRIAL_MILLIS - SEC);
        // Then it has gone on to the wall clock at once.
        let last = each_second(&clock, &mut wall, &mut boot, 1);
        assert_eq!(last, wall);
        assert!(!clock.difference().is_any());
        assert_eq!(each_second(&clock, &mut wall, &mut boot, 100), wall);
    }
}

#[test]
fn a_step_back_that_is_accepted_is_made_up_by_running_a_tenth_slower() {
    let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
    each_second(&clock, &mut wall, &mut boot, 60);
    let before = wall;
    wall -= 100 * SEC;
    // The first reading and ten seconds more.
    let last = each_second(&clock, &mut wall, &mut boot, 11);
    assert_eq!(last, before + 11 * SEC);
    assert_eq!(clock.difference().ahead_millis, -100 * 1_000);
    let last = each_second(&clock, &mut wall, &mut boot, 100);
    assert_eq!(last, before + 11 * SEC + 90 * SEC);
    assert_eq!(clock.difference().ahead_millis, -90 * 1_000);
    // A hundred seconds are waited for in a thousand.
    let last = each_second(&clock, &mut wall, &mut boot, 899);
    assert!(last > wall);
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 1), wall);
    assert!(!clock.difference().is_any());
}

#[test]
fn a_second_or_less_is_no_step_and_is_followed() {
    let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
    each_second(&clock, &mut wall, &mut boot, 20);
    wall += 1_000;
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 1), wall);
    // Back by a leap second: in ten seconds it is made up for.
    each_second(&clock, &mut wall, &mut boot, 20);
    let before = wall;
    wall -= 1_000;
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 1), before + SEC);
    assert!(each_second(&clock, &mut wall, &mut boot, 9) > wall);
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 1), wall);
    assert_eq!(clock.difference().steps, 0);
}

#[test]
fn many_small_steps_are_a_large_one() {
    let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
    each_second(&clock, &mut wall, &mut boot, 20);
    let before = wall;
    for _ in 0..9 {
        wall += 900;
        each_second(&clock, &mut wall, &mut boot, 1);
    }
    let last = each_second(&clock, &mut wall, &mut boot, 1);
    assert!(last <= before + 10 * SEC + 1_000, "{}", last - before);
    assert!(clock.difference().steps > 0);
}

#[test]
fn a_wall_clock_that_jumps_back_and_forth_is_never_accepted() {
    let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
    each_second(&clock, &mut wall, &mut boot, 20);
    let mut told = 0;
    for round in 0..100 {
        let there = round % 2 == 0;
        wall = if there { wall + 3_600_000 } else { wall - 3_600_000 };
        let steady = wall - if there { 3_600_000 } else { 0 };
        for _ in 0..9 {
            (wall, boot) = (wall + SEC, boot + SEC);
            let (now, news) = clock.read(wall, boot);
            told += u32::from(news.is_some());
            let gone = wall - if there { 3_600_000 } else { 0 };
            assert_eq!(now.millis(), gone, "{}", gone - steady);
        }
    }
    // It is in the log, and does not fill it.
    assert!((20..=40).contains(&told), "{told}");
    assert_eq!(clock.difference().steps, 50);
}

#[test]
fn a_step_that_changes_its_size_is_on_trial_anew() {
    let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
    each_second(&clock, &mut wall, &mut boot, 20);
    let before = wall;
    wall += 3_600_000;
    each_second(&clock, &mut wall, &mut boot, 9);
    wall += 5_000;
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 10), before + 19 * SEC);
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 1), wall);
    // A little more or less is the same step.
    wall -= 50_000;
    each_second(&clock, &mut wall, &mut boot, 5);
    wall += 500;
    each_second(&clock, &mut wall, &mut boot, 6);
    assert!(clock.difference().ahead_millis < 0);
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 500), wall);
}

/// While a machine is suspended the other clock goes on too: that is no step, however long it takes.
#[test]
fn a_machine_that_was_suspended_has_no_step() {
    let (clock, mut wall, mut boot) = (Clock::default(), START.millis(), 5_000);
    each_second(&clock, &mut wall, &mut boot, 20);
    let night = 8 * HOUR.cast_unsigned();
    (wall, boot) = (wall + night, boot + night);
    assert_eq!(clock.read(wall, boot), (Moment::from_millis(wall), None));
    assert_eq!(clock.difference().steps, 0);
}

#[test]
fn many_that_ask_at_once_are_told_times_that_never_go_back() {
    let clock = Arc::new(Clock::default());
    let clocks = Arc::new(Mutex::new((START.millis(), 5_000_u64, 0_u32)));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (clock, clocks) = (clock.clone(), clocks.clone());
            scope.spawn(move || {
                let mut last = 0;
                for _ in 0..20_000 {
                    let (wall, boot) = {
                        let mut it = clocks.lock().unwrap();
                        (it.0, it.1, it.2) = (it.0 + 5, it.1 + 5, it.2 + 1);
                        match it.2 % 7_000 {
                            0 => it.0 += 90_000,
                            3_000 => it.0 -= 60_000,
                            3_100 => it.0 += 60_000,
                            _ => {}
                        }
                        (it.0, it.1)
                    };
                    let now = clock.read(wall, boot).0.millis();
                    assert!(now >= last, "from {last} to {now}");
                    last = now;
                }
            });
        }
    });
    let (mut wall, mut boot, _) = *clocks.lock().unwrap();
    assert_eq!(each_second(&clock, &mut wall, &mut boot, 1_000), wall);
}

#[tokio::test]
async fn dates_and_the_times_in_answers_are_of_the_same_clock() {
    let server = Clocked::start().await;
    assert_eq!(server.told().await, ("2026-01-02 03:04:05".into(), "fri, 02 jan 2026 03:04:05 gmt".into()));
    server.clocks.step_millis(YEAR);
    server.clocks.pass_millis(SEC);
    assert_eq!(server.told().await, ("2026-01-02 03:04:06".into(), "fri, 02 jan 2026 03:04:06 gmt".into()));
    server.pass(10 * SEC).await;
    assert_eq!(server.told().await, ("2027-01-02 03:04:16".into(), "sat, 02 jan 2027 03:04:16 gmt".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_in_readyz_in_a_metric_and_in_doctor() {
    let server = Clocked::start().await;
    let (well, metric) = (server.get("/readyz").await, server.get("/metrics").await);
    assert!(well.contains("\"warnings\":[]"), "{well}");
    assert!(metric.contains("\nexeunt_clock_difference_seconds 0.0\n"), "{metric}");
    server.clocks.step_millis(HOUR);
    server.clocks.pass_millis(SEC);
    let ready = server.get("/readyz").await;
    let says = "the wall clock is 3600.0 s ahead of the server's clock";
    assert!(ready.starts_with("HTTP/1.0 200 ") && ready.contains(says), "{ready}");
    let metric = server.get("/metrics").await;
    assert!(metric.contains("\nexeunt_clock_difference_seconds 3600.0\n"), "{metric}");
    assert!(metric.contains("\nexeunt_clock_steps_total 1\n"), "{metric}");
    let url = format!("http://{}", server.running.address);
    let doctor = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
        command.args(["doctor", "--store", "memory:", "--url", &url]).env("EXEUNT_ADMIN_KEY", KEY);
        String::from_utf8(command.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
    });
    let doctor = doctor.await.unwrap();
    assert!(doctor.contains(says) && doctor.contains("docs/operation.md"), "{doctor}");
    server.pass(20 * SEC).await;
    let ready = server.get("/readyz").await;
    assert!(ready.contains("\"warnings\":[]"), "{ready}");
    // Set back, it is behind until time has waited for it.
    server.clocks.step_millis(-60_000);
    server.pass(20 * SEC).await;
    let ready = server.get("/readyz").await;
    assert!(ready.contains(" s behind the server's clock"), "{ready}");
}

#[test]
fn each_step_is_in_the_log_and_how_it_ended() {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (lines, clocks) = (Lines::default(), ManualClocks::new(START));
    let (env, writer) = (Env::with_clocks(clocks.clone()), lines.clone());
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let pass = |secs| {
        for _ in 0..secs {
            clocks.pass_millis(SEC);
            env.now();
        }
    };
    tracing::subscriber::with_default(log, || {
        pass(5);
        clocks.step_millis(HOUR);
        pass(5);
        clocks.step_millis(-HOUR);
        pass(5);
        clocks.step_millis(HOUR);
        pass(15);
        clocks.step_millis(-2_000);
        pass(40);
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let said = [
        "WARN exeunt::env: the wall clock stepped by +3600.0 s",
        "INFO exeunt::env: the wall clock came back",
        "WARN exeunt::env: the wall clock stepped by +3600.0 s",
        "WARN exeunt::env: the step of the wall clock by +3600.0 s was accepted; the server's clock has \
         followed it",
        "WARN exeunt::env: the wall clock stepped by -2.0 s",
        "WARN exeunt::env: the step of the wall clock by -2.0 s was accepted; the server's clock runs a tenth slower",
        "INFO exeunt::env: the wall clock and the server's clock agree again",
    ];
    let told: Vec<_> = text.lines().collect();
    assert_eq!(told.len(), said.len(), "{text}");
    for (line, said) in told.iter().zip(said) {
        assert!(line.contains(said), "{line}\ndoes not say\n{said}");
    }
}

/// The log writes the time into its lines, and asks the same clock for it.
#[test]
fn telling_of_a_step_may_ask_for_the_time() {
    struct Asking(Env);
    impl tracing_subscriber::fmt::time::FormatTime for Asking {
        fn format_time(&self, writer: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
            write!(writer, "{}", self.0.now().millis())
        }
    }
    let clocks = ManualClocks::new(START);
    let env = Env::with_clocks(clocks.clone());
    let log = tracing_subscriber::fmt().with_timer(Asking(env.clone())).with_writer(std::io::sink).finish();
    tracing::subscriber::with_default(log, || {
        env.now();
        clocks.step_millis(HOUR);
        clocks.pass_millis(SEC);
        assert_eq!(env.now(), START.plus_secs(1));
    });
}

#[tokio::test]
async fn a_session_that_lies_ahead_at_the_start_is_judged_as_seen_at_the_start() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let open = || {
        let options = SqliteOptions::new(path.clone(), Incarnation([1; 16]));
        Arc::new(SqliteStore::open(options).unwrap())
    };
    // A clock that is a year ahead, for as long as this server runs.
    let server = Clocked::start_on(open(), ManualClocks::new(START.plus_secs(31_536_000)), false).await;
    server.add_alice().await;
    let key = server.log_in().await;
    server.pass(5 * MINUTE).await;
    assert_eq!(server.ping(&key).await, "SUCCESS");
    server.pass(SEC).await;
    server.running.stop().await.unwrap();
    let mut now = START;
    for (idle, said) in [(IDLE - SEC, "SUCCESS"), (IDLE, "SESSION_EXPIRED"), (SEC, "SESSION_EXPIRED")] {
        let server = Clocked::start_on(open(), ManualClocks::new(now), false).await;
        server.pass(idle).await;
        assert_eq!(server.ping(&key).await, said, "after {idle} ms");
        // Nor does it live again when it is read once more.
        server.pass(MINUTE).await;
        now = server.app.env.now();
        server.running.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_mark_that_lies_ahead_holds_up_neither_the_next_start_nor_forgetting() {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let ahead = START.plus_secs(31_536_000);
    let server = Clocked::start_on(store.clone(), ManualClocks::new(ahead), false).await;
    server.add_alice().await;
    let key = server.log_in().await;
    let out =
        server::Server::videntity(server.running.address, "logout", &format!("session_key={key}")).await;
    assert_eq!(out.0, "SUCCESS");
    server.running.stop().await.unwrap();
    store.reopen();
    let env = Env::with_clocks(ManualClocks::new(START));
    let refused = App::open(Config::default(), env, store.clone(), false).await.err().unwrap();
    assert!(refused.public().contains("--accept-clock"), "{refused}");
    let server = Clocked::start_on(store.clone(), ManualClocks::new(START), true).await;
    assert_eq!(server.ping(&key).await, "SESSION_DOES_NOT_EXIST");
    // After a day it is forgotten, and not after a year and a day.
    server.clocks.pass_millis(25 * HOUR.cast_unsigned());
    let now = server.app.env.now();
    while server.app.authority.sweep(now).await.unwrap().more {}
    let mut connection = {
        let address = server.running.address;
        tokio::task::spawn_blocking(move || Connection::open(address).unwrap()).await.unwrap()
    };
    let asked = tokio::task::spawn_blocking(move || connection.ask("GET", "/v1/sessions", "").unwrap());
    let (_, listed) = asked.await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 0, "{listed}");
    server.running.stop().await.unwrap();
}
