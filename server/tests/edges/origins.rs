//! Which web pages may call a project of rested.dev.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::edges::site::{Site, command};
use crate::support::scratch::Scratch;

const KEY: &str = "d59eb2859c284168ac48aef65046d5dd";
const PAGE: &str = "Origin: https://evil.example";

async fn site(folder: &Scratch) -> Site {
    Site::open(&folder.path().join("exeunt.db")).await
}

/// A project with this key and more: its path.
fn project(site: &Site, key: &str, more: &Value) -> String {
    let mut project =
        json!({ "name": key, "dialect": "rested", "key": key, "endpoints": [{ "name": "examples/auth" }] });
    let members = project.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let made = site.done("POST", "/v1/clients", &project);
    format!("/v1/clients/{}", made["id"].as_str().unwrap())
}

/// Whether a page of this origin may call the project, and read what it is answered: in every call there is.
fn may_call(site: &Site, key: &str, origin: &str) -> bool {
    let path = format!("/api/1/ce/examples/auth?key={key}");
    let (login, logout) = (format!("{path}&login=true"), format!("{path}&logout=true"));
    let original = format!("X-Forwarded-Uri: /orders?key={key}");
    let called: [(&str, &str, &[&str]); 6] = [
        ("GET", &path, &[origin]),
        ("POST", &path, &[origin, "Content-Type: application/json"]),
        ("POST", &login, &[origin, "Content-Type: application/json"]),
        ("POST", &logout, &[origin]),
        ("OPTIONS", &path, &[origin, "Access-Control-Request-Method: POST"]),
        ("GET", "/v1/gate/rested", &[origin, &original, "X-Forwarded-Method: GET"]),
    ];
    let mut answers = called.iter().map(|(method, path, lines)| {
        let answer = site.ask(method, path, lines, "");
        let readable = answer.head.contains("access-control-allow-origin");
        assert_eq!(readable, answer.status != 403, "{method} {path}: {} {}", answer.status, answer.head);
        readable
    });
    let first = answers.next().unwrap();
    assert!(answers.all(|other| other == first), "all calls agree");
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_origins_lets_no_page_call() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    project(&site, KEY, &json!({}));
    for origin in [PAGE, "Origin: null", "Origin: http://localhost:3000", "Origin: capacitor://localhost"] {
        assert!(!may_call(&site, KEY, origin), "{origin}");
    }
    // Programs name no origin, and are let in as before.
    let register = format!("/api/1/ce/examples/auth?key={KEY}");
    let user = json!({ "username": "alice", "password": "exit, pursued by a bear" }).to_string();
    let answer = site.ask("POST", &register, &["Content-Type: application/json"], &user);
    assert_eq!(answer.status, 200, "{}", answer.body);
    // A page is refused before anything is done.
    let other = json!({ "username": "bob", "password": "exit, pursued by a bear" }).to_string();
    assert_eq!(site.ask("POST", &register, &[PAGE, "Content-Type: application/json"], &other).status, 403);
    assert_eq!(site.done("GET", "/v1/users?username=bob", &Value::Null)["items"], json!([]));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_origin_is_said_on_purpose_and_null_is_none() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let path = project(&site, KEY, &json!({ "any_origin": true }));
    assert_eq!(site.done("GET", &path, &Value::Null)["any_origin"], true);
    assert!(may_call(&site, KEY, PAGE));
    assert!(!may_call(&site, KEY, "Origin: null"));
    let both = json!({ "any_origin": true, "allowed_origins": ["https://shop.example"] });
    let (status, told) = site.admin("PATCH", &path, &both);
    assert_eq!((status, &told["field"]), (400, &json!("any_origin")), "{told}");
    let native = json!({ "name": "x", "any_origin": true });
    assert_eq!(site.admin("POST", "/v1/clients", &native).0, 400);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_any_origin_take_each_others_place() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let path = project(&site, KEY, &json!({ "any_origin": true }));
    // Whoever names origins narrows it, and need not know of the other.
    for (change, any, list) in [
        (json!({ "require_origin": false }), true, json!([])),
        (json!({ "allowed_origins": ["https://shop.example"] }), false, json!(["https://shop.example"])),
        (json!({ "name": "other" }), false, json!(["https://shop.example"])),
        (json!({ "any_origin": true }), true, json!([])),
        (json!({ "allowed_origins": [] }), false, json!([])),
        (json!({ "any_origin": true }), true, json!([])),
        (json!({ "any_origin": false }), false, json!([])),
    ] {
        let told = site.done("PATCH", &path, &change);
        assert_eq!((&told["any_origin"], &told["allowed_origins"]), (&json!(any), &list), "{change}");
        assert_eq!(may_call(&site, KEY, PAGE), any, "{change}");
        assert_eq!(
            may_call(&site, KEY, "Origin: https://shop.example"),
            any || list != json!([]),
            "{change}"
        );
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_it_on_purpose() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let add = ["client", "add", "blog", "--dialect", "rested", "--endpoint", "blog/auth"];
    let ran = site.run("", &add);
    assert!(ran.code == 0 && ran.out.contains("origins:         none\n"), "{}{}", ran.out, ran.err);
    for (option, shown) in [
        (["--any-origin", "--require-origin"], "any"),
        (["--allowed-origin", "https://blog.example"], "https://blog.example"),
        (["--any-origin", "--require-origin"], "any"),
    ] {
        let ran = site.run("", &[&["client", "change", "blog"], &option[..]].concat());
        assert!(ran.out.contains(&format!("origins:         {shown}\n")), "{}{}", ran.out, ran.err);
    }
    site.close().await;
}

/// The store that the version before this one left, with three projects.
fn earlier(folder: &Scratch) -> PathBuf {
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = folder.path().join("exeunt.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(include_str!("../fixtures/schema-0002.sql")).unwrap();
    for (number, name, origins) in
        [(0xa, "open", ""), (0xb, "closed", "\"https://shop.example\""), (0xc, "gone", "")]
    {
        let key = format!("{number:032x}");
        let settings = format!(
            "{{\"kind\":\"project\",\"key\":\"{key}\",\"allowed_origins\":[{origins}],\"require_origin\":false,\
             \"endpoints\":[{{\"name\":\"examples/auth\",\"secure\":true,\"registration\":true}}]}}"
        );
        let sql = "INSERT INTO clients SELECT NULL, ?, realm, ?, 'rested', 0, 3600, 86400, 10, ?, ?, ?, 0, 0, 1 \
                   FROM clients WHERE name = 'timer'";
        conn.execute(sql, ([number; 16], name, settings, key, name == "gone")).unwrap();
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn existing_stores_keep_what_they_have() {
    let folder = Scratch::new();
    let site = Site::open(&earlier(&folder)).await;
    assert!(may_call(&site, &format!("{:032x}", 0xa), PAGE));
    assert!(!may_call(&site, &format!("{:032x}", 0xb), PAGE));
    assert!(may_call(&site, &format!("{:032x}", 0xb), "Origin: https://shop.example"));
    let told = site.done("GET", "/v1/clients?name=open", &Value::Null);
    assert_eq!(told["items"][0]["any_origin"], true);
    site.close().await;
}

/// What `doctor` finds about origins: each state, with what it says and advises.
fn findings(path: &Path, variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let store = format!("sqlite:{}", path.display());
    let ran = command(variables, "", &["doctor", "--json", "--store", &store]);
    let lines = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = lines.filter(|line| line["check"] == "origins");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found
        .map(|line| (text(&line["state"]), format!("{} {}", text(&line["says"]), text(&line["do"]))))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_projects_that_any_page_may_call() {
    let folder = Scratch::new();
    let path = earlier(&folder);
    let names_the_one = |found: Vec<(String, String)>| {
        let [(state, text)] = &found[..] else { panic!("one finding: {found:?}") };
        assert_eq!(state, "warning");
        assert!(text.contains("project open of realm main") && text.contains("read their data"), "{text}");
        assert!(text.contains("exeunt client change 'open'") && text.contains("--allowed-origin"), "{text}");
    };
    // Before the upgrade, after it, and of the running server.
    names_the_one(findings(&path, &[]));
    Site::open(&path).await.close().await;
    names_the_one(findings(&path, &[]));
    let site = Site::open(&path).await;
    names_the_one(site.with_variables(|variables| findings(&path, variables)));
    let ran = site.run("", &["client", "change", "open", "--allowed-origin", "https://shop.example"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let found = site.with_variables(|variables| findings(&path, variables));
    assert_eq!(found.iter().map(|(state, _)| &**state).collect::<Vec<_>>(), ["ok"], "{found:?}");
    site.close().await;
    let found = findings(&path, &[]);
    assert_eq!(found.iter().map(|(state, _)| &**state).collect::<Vec<_>>(), ["ok"], "{found:?}");
}
