//! Junk never crowds failed logins and logouts out of the log.

use exeunt::config::Config;
use exeunt::task;

use super::callers::{Log, PASSWORD, PROJECT, World, answer, ask_with, post, send};

/// Requests of each sort of junk: more than any quota of junk.
const JUNK: usize = 150;
/// Logouts that end nothing in one second.
const KEPT: usize = 1_000;
/// Failed logins, and logouts.
const TOLD: usize = 20;

#[tokio::test]
async fn failed_logins_and_logouts_have_a_line_each_however_much_junk_there_is_in_their_second() {
    let world = World::open().await;
    let running = world.listen().await;
    let address = running.address;
    let mut keys = Vec::new();
    for _ in 0..TOLD {
        let form = format!("username=alice&password={PASSWORD}&account_number=000123").replace(' ', "+");
        let opened = post(address, "/session/login", &form).await;
        let key = opened.split_once("<session_key>").unwrap().1.split_once('<').unwrap().0.to_owned();
        keys.push(key);
    }
    let mut log = Log::open();
    for _ in 0..JUNK {
        for (path, form) in [
            ("/nothing", ""),
            ("/session/login", "username=alice"),
            ("/rest/nothing", ""),
            ("/session/ping", "session_key=unknown"),
            ("/v1/gate/videntity", "session_key=unknown"),
            ("/v1/nothing", ""),
            ("/v1/check", ""),
        ] {
            post(address, path, form).await;
        }
        let preflight = format!("/api/1/ce/examples/auth?key={PROJECT}&login=true");
        answer(send(address, &preflight, "text/plain", "").await).await;
    }
    for number in 0..TOLD {
        let form = format!("email=nobody{number}%40example.org&password=wrong");
        assert!(post(address, "/rest/login?format=json", &form).await.contains("102"));
    }
    for key in &keys {
        assert!(post(address, "/session/logout", &format!("session_key={key}")).await.contains("SUCCESS"));
        let again = post(address, "/session/logout", &format!("session_key={key}")).await;
        assert!(again.contains("SESSION_DOES_NOT_EXIST"));
    }
    let lines = log.taken();
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count(r#"call="login" method="POST" status=200 outcome="unauthenticated""#), TOLD);
    assert_eq!(count(r#"call="logout" method="POST" status=200 outcome="ok""#), TOLD);
    assert_eq!(count(r#"call="logout" method="POST" status=200 outcome="ended""#), TOLD);
    assert_eq!(count(r#"call="none" method="POST" status=404"#) + count(r#"call="unknown" method="#), 100);
    assert_eq!(count(r#"call="login" method="POST" status=200 outcome="malformed""#), 50);
    assert_eq!(count(r#"call="login" method="POST" status=400 outcome="malformed""#), 50);

    // At the end of the second it is said what was left out, without waiting for another request.
    world.env.advance_millis(1_000);
    for task in task::ALL.iter().filter(|task| task.name == "log") {
        (task.step)(world.app.clone(), world.env.now()).await;
    }
    let said = log.taken();
    for (kind, unlogged) in [("other", 2 * JUNK - 100), ("login", 2 * JUNK - 100), ("gate", JUNK - 100)] {
        let text = format!("kind=\"{kind}\" unlogged={unlogged} ");
        assert!(said.iter().any(|line| line.contains(&text)), "{text} is not in {said:?}");
        let sample = format!("exeunt_refusals_unlogged_total{{kind=\"{kind}\"}}");
        assert_eq!(world.counted(&sample), u64::try_from(unlogged).unwrap());
    }
    assert!(!said.iter().any(|line| line.contains("failed_login") || line.contains("\"logout\"")));
    running.stop().await.unwrap();
}

/// rested answers 204 to a logout whose token is not known. That is no logout, and anybody can ask for it.
#[tokio::test]
async fn logouts_that_end_nothing_have_a_quota_and_those_that_do_have_none() {
    let world = World::open().await;
    let running = world.listen().await;
    let login = format!("/api/1/ce/examples/auth?key={PROJECT}&noATCookie=true&login=true");
    let body = format!(r#"{{"username":"alice","password":"{PASSWORD}"}}"#);
    let opened = answer(send(running.address, &login, "application/json", &body).await).await;
    let token = opened.split_once("Authorization: ").unwrap().1.split_once('\r').unwrap().0;
    let logout = format!("/api/1/ce/examples/auth?key={PROJECT}&logout=true");
    let mut log = Log::open();
    for _ in 0..KEPT + 10 {
        let answer = ask_with(running.address, &logout, "Authorization: unknown\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 204"));
    }
    let answer = ask_with(running.address, &logout, &format!("Authorization: {token}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 204"));
    let lines = log.taken();
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count(r#"call="logout" method="POST" status=204 outcome="unknown""#), KEPT);
    assert_eq!(count(r#"call="logout" method="POST" status=204 outcome="ok""#), 1);
    running.stop().await.unwrap();
}

/// Whoever is throttled asks as often as it likes: that is no failed login of anybody.
#[tokio::test]
async fn throttled_logins_do_not_crowd_out_failed_ones() {
    let mut config = Config::default();
    config.throttle.address_failures = 0;
    let world = World::open_with(config).await;
    let running = world.listen().await;
    let mut log = Log::open();
    let login = async |name: &str| {
        let form = format!("username={name}&password=wrong&account_number=000123");
        post(running.address, "/session/login", &form).await
    };
    for _ in 0..300 {
        login("nobody").await;
    }
    for number in 0..TOLD {
        login(&format!("somebody{number}")).await;
    }
    let lines = log.taken();
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("outcome=\"unauthenticated\""), 10 + TOLD);
    assert_eq!(count("outcome=\"too_many\""), 100);
    running.stop().await.unwrap();
}
