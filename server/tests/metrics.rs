//! `docs/metrics.md` against the page, and what is counted against what was done.

use std::collections::BTreeSet;
use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::realm::MAIN;
use exeunt::authority::session::{Presented, Touch};
use exeunt::authority::{Call, IssueRequest, Password, UserChange};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::store::Incarnation;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt_core::{Anchor, DialectName, Token, Why};

use crate::support::pair::{CURVE, Pair};
use crate::support::scratch::Scratch;

const DOCUMENT: &str = include_str!("../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../docs/grafana.json");

#[tokio::test]
async fn every_metric_is_documented_with_its_type_and_labels() {
    let folder = Scratch::new();
    assert_eq!(documented(), shown(&labelled(&folder).await.metrics_page()));
}

#[tokio::test]
async fn the_dashboard_asks_for_what_there_is() {
    let folder = Scratch::new();
    let page = labelled(&folder).await.metrics_page();
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
        let expression = target["expr"].as_str().unwrap();
        let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let name = words.clone().find(|word| word.starts_with("exeunt_")).expect(expression);
        let samples = page.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        let samples: String = samples.collect();
        assert!(!samples.is_empty(), "{expression}: there is no such sample");
        let by = expression.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
        for label in by.flat_map(|(labels, _)| labels.split(", ")) {
            assert!(samples.contains(&format!("{label}=\"")), "{expression}: it has no {label}");
        }
    }
}

#[tokio::test]
async fn what_was_done_is_counted() {
    let folder = Scratch::new();
    let app = open(&folder).await;
    let before = app.metrics_page();
    assert_eq!(value(&before, "exeunt_checks_total{verdict=\"active\"}"), 0.0);
    log_in_and_out(&app).await;
    let page = app.metrics_page();
    for (name, expected) in [
        ("exeunt_checks_total{verdict=\"active\"}", 1.0),
        ("exeunt_checks_total{verdict=\"expired\"}", 1.0),
        ("exeunt_checks_total{verdict=\"not_active\"}", 1.0),
        ("exeunt_checks_total{verdict=\"unavailable\"}", 0.0),
        ("exeunt_check_causes_total{verdict=\"ended\"}", 1.0),
        ("exeunt_marks_raised_total{dialect=\"server\",why=\"logged_out\"}", 1.0),
        ("exeunt_marks_raised_total{dialect=\"server\",why=\"everywhere\"}", 1.0),
        ("exeunt_logout_durable_seconds_count", 2.0),
        ("exeunt_logout_confirmed_seconds_count", 2.0),
        ("exeunt_login_durable_seconds_count", 1.0),
        ("exeunt_password_seconds_count", 1.0),
        ("exeunt_store_refused_total", 0.0),
        ("exeunt_store_unknown_total", 0.0),
        ("exeunt_store_marks_waiting", 0.0),
    ] {
        assert_eq!(value(&page, name), expected, "{name}");
    }
    let commits = |page| value(page, "exeunt_store_commit_seconds_count");
    // The user, the session, two logouts: each waited for the one before.
    assert_eq!(commits(&page) - commits(&before), 4.0);
    assert!(value(&page, "exeunt_tls_valid_until_seconds") > app.env.now().secs() as f64);
}

/// A server with everything to show: labels are seen once there is something to label.
async fn labelled(folder: &Scratch) -> App {
    let app = open(folder).await;
    log_in_and_out(&app).await;
    app.metrics.request("native", "check", http::StatusCode::OK);
    app.metrics.deprecated("rested", "login", None);
    let realm = app.authority.realm(MAIN).unwrap().id;
    app.authority.used((realm, DialectName::new("rested"), None), "login", app.env.now());
    app
}

async fn open(folder: &Scratch) -> App {
    let pair = Pair::make(folder.path(), "shown", CURVE);
    let config = Config { tls_cert: Some(pair.cert), tls_key: Some(pair.key), ..Config::default() };
    let options = SqliteOptions::new(folder.path().join("exeunt.db"), Incarnation([1; 16]));
    App::open(config, Env::system(), Arc::new(SqliteStore::open(options).unwrap()), false).await.unwrap()
}

/// A user logs in, is checked while alive, when it would be expired and when it is logged out, and then logs out
/// everywhere.
async fn log_in_and_out(app: &App) {
    let (authority, call, realm) = (&app.authority, call(app), app.authority.realm(MAIN).unwrap().id);
    let alice = UserChange {
        username: Some(Some("alice".to_owned())),
        password: Some(Some(Password::new("correct horse"))),
        ..UserChange::default()
    };
    let user = authority.create_user(&call, realm, alice).await.unwrap().id;
    let dialect = DialectName::new("native");
    let token = Token::plain("exs_of_this_test".to_owned());
    let issue_request =
        IssueRequest { dialect, user, client: None, idle_secs: Some(60), absolute_secs: None, parent: None };
    authority.vouch(&call, realm, &issue_request, &token).await.unwrap();
    let presented = Presented { dialect, realm, client: None, token: &token };
    authority.check(&presented, call.now, Touch::Peek).unwrap();
    authority.check(&presented, call.now.plus_secs(61), Touch::Peek).unwrap_err();
    authority.end(&call, &presented).await.unwrap();
    authority.check_exact(&presented, call.now, Touch::Peek).await.unwrap_err();
    authority.end_all(&call, realm, Anchor::User(user), Why::Everywhere).await.unwrap();
}

fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

/// Name, type and labels, as the document has them.
fn documented() -> BTreeSet<String> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `exeunt_"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let labels: BTreeSet<_> = cells[2].split(", ").map(|label| label.trim_matches('`')).collect();
        let labels: Vec<_> = labels.into_iter().filter(|label| !label.is_empty()).collect();
        format!("{} {} {}", cells[0].trim_matches('`'), cells[1], labels.join(","))
    })
    .collect()
}

/// The same, as the page has them.
fn shown(page: &str) -> BTreeSet<String> {
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .map(|(name, kind)| {
            let mut labels = BTreeSet::new();
            for line in page.lines().filter(|line| line.starts_with(name)) {
                let Some((own, rest)) = line.split_once('{') else { continue };
                let suffix = own.trim_start_matches(name);
                if !["", "_total", "_info", "_bucket"].contains(&suffix) {
                    continue;
                }
                let (pairs, _) = rest.split_once('}').unwrap();
                labels.extend(pairs.split("\",").filter_map(|pair| Some(pair.split_once('=')?.0)));
            }
            labels.remove("le");
            format!("{name} {kind} {}", labels.into_iter().collect::<Vec<_>>().join(","))
        })
        .collect()
}

fn value(page: &str, name: &str) -> f64 {
    let line = page.lines().find(|line| line.split_once(' ').is_some_and(|(own, _)| own == name));
    line.unwrap_or_else(|| panic!("{name} is not there:\n{page}"))
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}
