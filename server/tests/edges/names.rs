//! Names of users and clients that look alike.

use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::edges::site::Site;
use crate::support::scratch::Scratch;

const KEY: &str = "d59eb2859c284168ac48aef65046d5dd";
const REGISTER: &str = "/api/1/ce/examples/auth?key=d59eb2859c284168ac48aef65046d5dd";
const PASSWORD: &str = "exit, pursued by a bear";

async fn site(folder: &Scratch) -> Site {
    Site::with_project(&folder.path().join("exeunt.db"), KEY).await
}

fn register(site: &Site, field: &str, name: &str) -> (u16, String) {
    let user = json!({ field: name, "password": PASSWORD }).to_string();
    let answer = site.ask("POST", REGISTER, &["Content-Type: application/json"], &user);
    (answer.status, answer.body)
}

fn log_in(site: &Site, field: &str, name: &str, password: &str) -> u16 {
    let user = json!({ field: name, "password": password }).to_string();
    site.ask("POST", &format!("{REGISTER}&login=true"), &["Content-Type: application/json"], &user).status
}

fn form(site: &Site, path: &str, fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let lines = ["Content-Type: application/x-www-form-urlencoded"];
    site.ask("POST", path, &lines, &form.finish()).body
}

fn videntity(site: &Site, username: &str, account: &str) -> bool {
    let fields = [("username", username), ("password", PASSWORD), ("account_number", account)];
    form(site, "/session/login", &fields).contains("<session_key>")
}

fn runsignup(site: &Site, email: &str) -> bool {
    let fields = [("email", email), ("password", PASSWORD)];
    form(site, "/rest/login?format=json", &fields).contains("tmp_key")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_however_its_letters_were_typed() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let (apart, composed) = ("Rene\u{301}e", "Ren\u{e9}e");
    let user = json!({
        "username": apart, "email": format!("{apart}@example.org"), "account_number": "e\u{301}1",
        "first_name": apart, "password": PASSWORD,
    });
    let user = site.done("POST", "/v1/users", &user);
    assert_eq!((&user["username"], &user["first_name"]), (&json!(composed), &json!(composed)));
    for form in [apart, composed] {
        let email = format!("{form}@example.org");
        assert_eq!(log_in(&site, "username", form, PASSWORD), 200);
        assert_eq!(log_in(&site, "email", &email.to_uppercase(), PASSWORD), 200);
        assert!(runsignup(&site, &email));
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("username", form).finish();
        let found = site.done("GET", &format!("/v1/users?{query}"), &Value::Null);
        assert_eq!(found["items"][0]["id"], user["id"]);
        let (status, told) = site.admin("POST", "/v1/users", &json!({ "username": form }));
        assert_eq!((status, &told["field"]), (409, &json!("username")));
        let import = json!({ "users": [{ "username": form }] });
        assert_eq!(site.done("POST", "/v1/users/import", &import)["results"][0]["outcome"], "refused");
    }
    for (form, account) in
        [(apart, "e\u{301}1"), (apart, "\u{e9}1"), (composed, "e\u{301}1"), (composed, "\u{e9}1")]
    {
        assert!(videntity(&site, form, account));
    }
    // Of clients as well.
    let client = site.done("POST", "/v1/clients", &json!({ "name": "cafe\u{301}" }));
    assert_eq!(client["name"], "caf\u{e9}");
    assert_eq!(site.admin("POST", "/v1/clients", &json!({ "name": "caf\u{e9}" })).0, 409);
    assert_eq!(site.run("", &["client", "show", "cafe\u{301}"]).code, 0);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_seen_is_in_no_name() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    for c in "\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{61c}\u{2060}\u{feff}\
              \u{180e}\u{3164}\u{115f}\u{2800}\u{fe0f}\u{e0061}\u{2028}\u{a0}\u{3000}\u{85}\u{e000}\u{378}"
        .chars()
    {
        let code = format!("U+{:04X}", u32::from(c));
        let odd = format!("al{c}ice");
        for (path, body) in [
            ("/v1/users", json!({ "username": odd })),
            ("/v1/users", json!({ "email": format!("{odd}@example.org") })),
            ("/v1/users", json!({ "account_number": odd })),
            ("/v1/clients", json!({ "name": odd })),
            ("/v1/keys", json!({ "name": odd, "role": "check" })),
        ] {
            let (status, told) = site.admin("POST", path, &body);
            let text = told["detail"].as_str().unwrap_or_default();
            assert!(status == 400 && text.contains(&code), "{path} {code}: {status} {told}");
        }
        let (status, body) = register(&site, "username", &odd);
        assert!(status == 400 && body.contains(&code), "{code}: {body}");
        let import = json!({ "users": [{ "username": odd }] });
        let told = site.done("POST", "/v1/users/import", &import);
        assert_eq!(told["results"][0]["outcome"], "refused", "{code}");
    }
    for c in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}'] {
        let (status, told) =
            site.admin("POST", "/v1/users", &json!({ "username": "ada", "first_name": format!("A{c}da") }));
        assert_eq!((status, &told["field"]), (400, &json!("first_name")), "{c:?}");
    }
    for name in [" alice", "alice ", "al  ice", "\u{301}alice"] {
        assert_eq!(register(&site, "username", name).0, 400, "{name}");
        assert_eq!(site.admin("POST", "/v1/clients", &json!({ "name": name })).0, 400, "{name}");
    }
    // All scripts are written as ever.
    for name in ["Алиса", "アリス", "أليس", "עליס", "தமிழ்", "alice smith", "o’hara"]
    {
        assert_eq!(register(&site, "username", name).0, 200, "{name}");
        assert_eq!(log_in(&site, "username", name, PASSWORD), 200, "{name}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_registers_gets_no_name_that_looks_like_another() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let alice = site.done("POST", "/v1/users", &json!({ "username": "alice", "email": "alice@example.org" }));
    for twin in ["\u{430}lice", "\u{410}lice", "ali\u{441}e", "al\u{131}ce", "\u{ff41}lice", "\u{1d41a}lice"]
    {
        let (status, body) = register(&site, "username", twin);
        assert!(status == 400 && body.contains("looks like one that is taken"), "{twin}: {body}");
    }
    let (status, body) = register(&site, "email", "\u{430}lice@example.org");
    assert!(status == 400 && body.contains("this email looks like"), "{body}");
    // Whichever of the two is not ASCII.
    site.done("POST", "/v1/users", &json!({ "username": "\u{440}\u{430}\u{443}\u{440}\u{430}l" }));
    assert_eq!(register(&site, "username", "paypal").0, 400);
    // Within ASCII nobody is kept from a name, and an administrator knows what they do.
    for other in ["a1ice", "aIice", "rnary", "mary", "alic\u{e9}", "\u{410}\u{43b}\u{438}\u{441}\u{430}"] {
        assert_eq!(register(&site, "username", other).0, 200, "{other}");
    }
    site.done("POST", "/v1/users", &json!({ "username": "\u{430}lice" }));
    let import = json!({ "users": [{ "username": "al\u{131}ce" }] });
    assert_eq!(site.done("POST", "/v1/users/import", &import)["results"][0]["outcome"], "made");
    // In another realm, and after they are gone, nobody is there to be taken for.
    let path = format!("/v1/users/{}", alice["id"].as_str().unwrap());
    assert_eq!(site.admin("DELETE", &path, &Value::Null).0, 204);
    site.close().await;
}

/// The path of the realm `main`.
fn main_realm(site: &Site) -> String {
    let realms = site.done("GET", "/v1/realms", &Value::Null);
    format!("/v1/realms/{}", realms["items"][0]["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_alice_is_alice_the_realm_says() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let realm = main_realm(&site);
    assert_eq!(site.done("GET", "/v1/realms", &Value::Null)["items"][0]["usernames"], "exact");
    let user = json!({ "username": "Alice", "account_number": "007", "password": PASSWORD });
    site.done("POST", "/v1/users", &user);
    let forms = ["Alice", "alice", "ALICE"];
    let logged_in = |site: &Site| {
        let rested = forms.map(|name| log_in(site, "username", name, PASSWORD) == 200);
        assert_eq!(rested, forms.map(|name| videntity(site, name, "007")));
        rested
    };
    assert_eq!(logged_in(&site), [true, false, false]);
    let (status, told) = site.admin("PATCH", &realm, &json!({ "usernames": "IGNORE" }));
    assert_eq!((status, &told["field"]), (400, &json!("usernames")));
    assert_eq!(
        site.done("PATCH", &realm, &json!({ "usernames": "ignore_case" }))["usernames"],
        "ignore_case"
    );
    assert_eq!(logged_in(&site), [true, true, true]);
    assert_eq!(register(&site, "username", "aLICE").0, 400);
    assert_eq!(site.admin("POST", "/v1/users", &json!({ "username": "aLICE" })).0, 409);
    let found = site.done("GET", "/v1/users?username=aLiCe", &Value::Null);
    assert_eq!(found["items"][0]["username"], "Alice");
    // In all scripts.
    site.done("POST", "/v1/users", &json!({ "username": "Stra\u{df}e", "password": PASSWORD }));
    assert_eq!(log_in(&site, "username", "STRASSE", PASSWORD), 200);
    // What failed under one spelling has failed under all.
    for name in ["Alice", "ALICE", "alice", "aLICE", "AlIcE"].iter().cycle().take(10) {
        assert_eq!(log_in(&site, "username", name, "not the password"), 401);
    }
    assert_eq!(log_in(&site, "username", "alicE", PASSWORD), 429);
    site.close().await;
    // It is in the store.
    let site = Site::open(&folder.path().join("exeunt.db")).await;
    assert_eq!(log_in(&site, "username", "aLiCe", PASSWORD), 200);
    site.done("PATCH", &realm, &json!({ "usernames": "exact" }));
    assert_eq!(logged_in(&site), [true, false, false]);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_is_not_ignored_while_two_names_differ_in_it_only() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let realm = main_realm(&site);
    for number in 1..=9 {
        for name in [format!("Name{number}x"), format!("nAME{number}x")] {
            site.done("POST", "/v1/users", &json!({ "username": name }));
        }
    }
    site.done("POST", "/v1/users", &json!({ "username": "alone" }));
    let (status, told) = site.admin("PATCH", &realm, &json!({ "usernames": "ignore_case" }));
    let text = told["detail"].as_str().unwrap_or_default();
    let numbers = 1..=9;
    let names = numbers.flat_map(|number| [format!("'Name{number}x'"), format!("'nAME{number}x'")]);
    assert_eq!((status, names.filter(|name| text.contains(name)).count()), (409, 10), "{told}");
    assert!(text.contains("and others") && !text.contains("alone"), "{text}");
    assert_eq!(site.done("GET", "/v1/realms", &Value::Null)["items"][0]["usernames"], "exact");
    let ran = site.run("", &["realm", "change", "main", "--usernames", "ignore_case"]);
    assert!(ran.code == 6 && ran.err.contains("differ only in case"), "{} {}", ran.code, ran.err);
    for number in 1..=9 {
        assert_eq!(site.run("", &["user", "remove", &format!("nAME{number}x"), "--yes"]).code, 0);
    }
    let ran = site.run("", &["realm", "change", "main", "--usernames", "ignore_case"]);
    assert!(ran.code == 0 && ran.out.contains("usernames: ignore_case"), "{}{}", ran.out, ran.err);
    assert!(site.run("", &["realm", "list"]).out.contains("ignore_case"));
    assert_eq!(site.run("", &["user", "show", "NAME1X"]).code, 0);
    site.close().await;
}

/// Users of the version before this one, who have names in any form.
#[tokio::test(flavor = "multi_thread")]
async fn users_who_are_there_log_in_as_before() {
    let folder = Scratch::new();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = folder.path().join("exeunt.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(include_str!("../fixtures/schema-0002.sql")).unwrap();
    // ann's password is the usual one. Two of them have one name in two forms; one has what no new name may have.
    let old = ["Jose\u{301}", "Rene\u{301}e", "Ren\u{e9}e", "in\u{200b}visible", "paypal"];
    for (number, name) in (10..).zip(old) {
        let sql = "INSERT INTO users SELECT ?, ?, realm, ?, ?, NULL, password, '', '', '{}', 0, 0, 0, 0, 1 \
                   FROM users WHERE username = 'ann'";
        let email = format!("{name}@Example.org");
        conn.execute(sql, (number, [number as u8; 16], name, &email)).unwrap();
        for (field, key) in [("username", name), ("email", &email.to_lowercase())] {
            let sql = "INSERT INTO identifiers SELECT realm, ?, ?, number FROM users WHERE number = ?";
            conn.execute(sql, (field, key, number)).unwrap();
        }
    }
    drop(conn);
    let site = site(&folder).await;
    let id = |number: u8| format!("{number:02x}").repeat(16);
    let found = |field: &str, name: &str| {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair(field, name).finish();
        let found = site.done("GET", &format!("/v1/users?{query}"), &Value::Null);
        found["items"][0]["id"].as_str().unwrap_or_default().to_owned()
    };
    for (name, number) in [
        ("Jose\u{301}", 10),
        ("Jos\u{e9}", 10),
        ("Rene\u{301}e", 11),
        ("Ren\u{e9}e", 12),
        ("in\u{200b}visible", 13),
    ] {
        assert_eq!(found("username", name), id(number), "{name}");
        assert_eq!(found("email", &format!("{name}@EXAMPLE.ORG")), id(number), "{name}");
        assert_eq!(log_in(&site, "username", name, PASSWORD), 200, "{name}");
        assert_eq!(log_in(&site, "email", &format!("{name}@example.org"), PASSWORD), 200, "{name}");
    }
    // They can be changed, disabled and removed, each by itself. Names that are sent back as they are change nothing.
    for number in 10..=14 {
        let path = format!("/v1/users/{}", id(number));
        let user = site.done("GET", &path, &Value::Null);
        let change = json!({ "username": user["username"], "email": user["email"], "first_name": "New" });
        let changed = site.done("PATCH", &path, &change);
        assert_eq!((&changed["username"], &changed["email"]), (&user["username"], &user["email"]));
        assert_eq!(changed["first_name"], "New");
        let other = json!({ "username": "in\u{200b}visible too" });
        assert_eq!(site.admin("PATCH", &path, &other).0, 400);
    }
    for (number, name) in [(11, "Rene\u{301}e"), (12, "Ren\u{e9}e")] {
        let path = format!("/v1/users/{}", id(number));
        site.done("PATCH", &path, &json!({ "password": "another bear pursues" }));
        assert_eq!(log_in(&site, "username", name, "another bear pursues"), 200, "{name}");
    }
    let (status, told) = site.admin("PATCH", &main_realm(&site), &json!({ "usernames": "ignore_case" }));
    assert!(
        status == 409 && told["detail"].as_str().is_some_and(|text| text.contains("Ren\u{e9}e")),
        "{told}"
    );
    assert_eq!(site.admin("DELETE", &format!("/v1/users/{}", id(11)), &Value::Null).0, 204);
    assert_eq!(found("username", "Rene\u{301}e"), id(12));
    site.done("PATCH", &main_realm(&site), &json!({ "usernames": "ignore_case" }));
    assert_eq!(log_in(&site, "username", "JOSE\u{301}", PASSWORD), 200);
    // Nobody registers as somebody who is there.
    assert_eq!(register(&site, "username", "\u{440}\u{430}\u{443}\u{440}\u{430}l").0, 400);
    site.close().await;
}
