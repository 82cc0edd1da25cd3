//! The bounds that `openapi.json` tells are those that are enforced: what is just within is taken, and what is just
//! beyond is refused. And there is no member of a request without one.

use std::cell::Cell;

use exeunt::authority::feed::{PAGE_AUDIT, PAGE_MARKS_MAX, PAGE_SNAPSHOT};
use exeunt::authority::list::PAGE_SESSIONS;
use exeunt::config::Limits;
use exeunt_core::token::TOKEN_BYTES_MAX;
use serde_json::{Map, Value, json};

use crate::native::description::{document, operations};
use crate::native::live::{CachedSession, KEY};
use crate::native::schema::resolve;

/// Members that no length is refused of, and why.
const UNBOUNDED: &[(&str, &str)] = &[
    ("Question.token", "a text that is too long is a token that nobody has"),
    ("Question.tokens", "the same"),
    ("SessionImported.user", "names nobody, if it is too long"),
    ("SessionImported.username", "the same"),
    ("SessionImported.email", "the same"),
    ("SessionImported.account_number", "the same"),
    ("SessionImported.client", "names no client"),
    ("SessionImported.dialect", "names no dialect"),
    ("SessionImported.address", "what is no address is left out"),
    ("SessionImported.user_agent", "it is cut"),
    ("SessionImported.issued_at", "a time: tests/edges/times.rs"),
    ("SessionImported.last_seen_at", "the same"),
    ("SessionImported.expires_at", "the same"),
    ("SessionsGiven.since", "is no position, if it is too long"),
    ("SessionsGiven.client", "names no client"),
    ("SessionsGiven.dialect", "names no dialect"),
    ("UserImported.password_hash", "what is no form that is known is refused, and all forms have a length"),
];

/// A server, and the requests that a member is tried in.
struct Trial {
    live: CachedSession,
    user: String,
    client: String,
    count: Cell<u32>,
}

impl Trial {
    fn start() -> Self {
        let live = CachedSession::start();
        let id = |answer: Value| answer["id"].as_str().unwrap().to_owned();
        let user = id(live.ask("POST", "/v1/users", r#"{"username":"alice"}"#).body);
        let client = r#"{"name":"client","dialect":"rested"}"#;
        let client = id(live.ask("POST", "/v1/clients", client).body);
        Self { live, user, client, count: Cell::new(0) }
    }

    /// Whether a request with this member of this schema is refused; each way that it can be sent, one after the other.
    fn refused(&self, schema: &str, member: &str, value: &Value) -> Vec<bool> {
        let number = self.next();
        let of = |mut base: Value| {
            base[member] = value.clone();
            base
        };
        let ask = |method: &str, path: &str, body: Value| {
            let answer = self.live.ask(method, path, &body.to_string());
            // That a name is taken already is another matter.
            answer.status == 400 || answer.body["results"][0]["kind"] == "malformed"
        };
        let (users, clients) = (format!("/v1/users/{}", self.user), format!("/v1/clients/{}", self.client));
        let row = || json!({ "username": format!("row-{number}") });
        let session = || {
            let taken = member == "token" || member == "token_sha256";
            let token = (!taken).then(|| format!("a-token-of-the-row-{number}"));
            json!({ "user": self.user, "dialect": "native", "token": token })
        };
        let project = || json!({ "name": format!("project {number}"), "dialect": "rested" });
        match schema {
            "UserGiven" => vec![ask("POST", "/v1/users", of(row())), ask("PATCH", &users, of(json!({})))],
            "UserImported" => vec![ask("POST", "/v1/users/import", json!({ "users": [of(row())] }))],
            "UsersGiven" => vec![ask("POST", "/v1/users/import?dry_run=1", of(json!({})))],
            "ClientGiven" => {
                let mut changed = value.clone();
                // A name is given once.
                if member == "name" && changed.as_str().is_some_and(|text| !text.is_empty()) {
                    changed = self.text("name", changed.as_str().unwrap().len(), false);
                }
                vec![
                    ask("POST", "/v1/clients", of(project())),
                    ask("PATCH", &clients, json!({ member: changed })),
                ]
            }
            "Endpoint" => {
                let endpoint = of(json!({}));
                let mut project = project();
                project["endpoints"] = json!([endpoint]);
                vec![ask("POST", "/v1/clients", project)]
            }
            "SessionGiven" => vec![ask("POST", "/v1/sessions", of(json!({ "user": self.user })))],
            "SessionImported" => {
                vec![ask("POST", "/v1/sessions/import", json!({ "sessions": [of(session())] }))]
            }
            "SessionsGiven" => vec![ask("POST", "/v1/sessions/import?dry_run=1", of(json!({})))],
            "KeyGiven" => vec![ask("POST", "/v1/keys", of(json!({ "role": "check" })))],
            "RealmGiven" => vec![ask("POST", "/v1/realms", of(json!({})))],
            "Question" => vec![ask("POST", "/v1/check", of(json!({})))],
            other => panic!("{other} is sent nowhere here"),
        }
    }

    fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// A text of so many characters, or bytes if `wide`, that is right in all else and was not there before.
    fn text(&self, member: &str, length: usize, wide: bool) -> Value {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut number = self.next() as usize;
        let mut text = String::new();
        if member == "email" && length > 0 {
            text.push('@');
        }
        for _ in 0..4.min(length - text.len()) {
            text.push(char::from(LETTERS[number % 36]));
            number /= 36;
        }
        while text.len() < length {
            let is_wide = wide && text.len() + 2 <= length;
            text.push(if is_wide { 'é' } else { char::from(LETTERS[(text.len() * 7) % 36]) });
        }
        json!(text)
    }

    fn items(&self, schema: &str, member: &str, count: u64) -> Value {
        let item = |number: u64| match member {
            "allowed_origins" => json!(format!("https://{number}.example")),
            "endpoints" => json!({ "name": format!("point-{number}") }),
            "tokens" => json!("t"),
            "users" => json!({ "username": format!("{}-{number}", self.count.get()) }),
            "sessions" => {
                json!({ "user": self.user, "dialect": "native", "token": format!("a-token-{number:08}") })
            }
            other => panic!("{schema}.{other} is a list of what?"),
        };
        Value::Array((0..count).map(item).collect())
    }

    /// What is just within a bound, and just beyond it.
    fn around(&self, schema: &str, member: &str, keyword: &str, rule: u64) -> Option<[Value; 2]> {
        let length = usize::try_from(rule).unwrap();
        let object = |bytes: usize| json!({ "k": "x".repeat(bytes - r#"{"k":""}"#.len()) });
        Some(match keyword {
            "minLength" if member == "token_sha256" => return None,
            "maxLength" if member == "token_sha256" => {
                [json!("a".repeat(length)), json!("a".repeat(length + 1))]
            }
            "minLength" => [self.text(member, length, false), self.text(member, length - 1, false)],
            "maxLength" => [self.text(member, length, false), self.text(member, length + 1, false)],
            "x-maxBytes" if member == "data" => [object(length), object(length + 1)],
            "x-maxBytes" => [self.text(member, length, true), self.text(member, length + 1, true)],
            "maxItems" => [self.items(schema, member, rule), self.items(schema, member, rule + 1)],
            "minimum" => [json!(rule), json!(i64::try_from(rule).unwrap() - 1)],
            "maximum" => [json!(rule), json!(rule + 1)],
            _ => return None,
        })
    }
}

/// The schemas of requests, with those of their rows: their names and members.
fn given(document: &Value) -> Vec<(String, Map<String, Value>)> {
    let mut names: Vec<String> = Vec::new();
    for (_, _, operation) in operations(document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        names.extend(schema.as_str().map(|name| name.rsplit('/').next().unwrap().to_owned()));
    }
    names.extend(["UserImported", "SessionImported", "Endpoint"].map(str::to_owned));
    names.sort();
    names.dedup();
    let members =
        |name: &str| document["components"]["schemas"][name]["properties"].as_object().unwrap().clone();
    names.into_iter().map(|name| (name.clone(), members(&name))).collect()
}

#[test]
fn what_is_just_within_a_bound_is_taken_and_what_is_just_beyond_is_refused() {
    let (trial, document) = (Trial::start(), document());
    let mut tried = 0;
    for (schema, members) in given(&document) {
        for (member, rules) in &members {
            for (keyword, rule) in rules.as_object().unwrap() {
                let Some(rule) = rule.as_u64() else { continue };
                let Some([within, beyond]) = trial.around(&schema, member, keyword, rule) else { continue };
                tried += 1;
                let at = format!("{schema}.{member}: {keyword} {rule}");
                assert!(!trial.refused(&schema, member, &within).contains(&true), "refused within {at}");
                assert!(!trial.refused(&schema, member, &beyond).contains(&false), "taken beyond {at}");
            }
        }
    }
    assert!(tried > 40, "only {tried} bounds were tried");
}

#[test]
fn every_member_of_a_request_has_its_bounds() {
    let document = document();
    for (schema, members) in given(&document) {
        for (member, rules) in &members {
            let name = format!("{schema}.{member}");
            if UNBOUNDED.iter().any(|(unbounded, _)| *unbounded == name) {
                continue;
            }
            let rules = rules.get("$ref").map_or(rules, |reference| resolve(&document, reference).unwrap());
            let has = |keyword: &str| rules.get(keyword).is_some();
            let kind = &rules["type"];
            let is = |wanted: &str| {
                kind == wanted || kind.as_array().is_some_and(|all| all.contains(&json!(wanted)))
            };
            let bounded = match () {
                () if is("string") => has("enum") || has("pattern") || has("maxLength") && has("x-maxBytes"),
                () if is("integer") => has("minimum") && has("maximum"),
                () if is("array") => has("maxItems"),
                () if is("object") => has("x-maxBytes"),
                () => is("boolean") || has("oneOf"),
            };
            assert!(bounded, "{name} has no bounds: {rules}");
        }
    }
}

#[test]
fn the_sizes_of_pages_and_bodies_are_those_of_the_program() {
    let document = document();
    let items = |schema: &str| {
        document["components"]["schemas"][schema]["properties"]["items"]["maxItems"].as_u64().unwrap()
    };
    assert_eq!(items("Sessions"), u64::from(PAGE_SESSIONS));
    assert_eq!(items("Audit"), u64::from(PAGE_AUDIT));
    assert_eq!(items("Marks"), u64::from(PAGE_MARKS_MAX));
    assert_eq!(items("Snapshot"), u64::from(PAGE_SNAPSHOT));
    let question = document["components"]["schemas"]["Question"]["description"].as_str().unwrap();
    assert!(question.contains(&format!("more than {TOKEN_BYTES_MAX} bytes")), "{question}");
    let live = CachedSession::start();
    let mut described = 0;
    for (method, path, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else { continue };
        described += 1;
        let text = body["description"].as_str().unwrap();
        let usual = Limits::default().body_bytes;
        let most: usize = text.split(' ').nth(2).unwrap().parse().unwrap_or(usual);
        assert!(text.contains(&most.to_string()), "{path}: {text}");
        let path = path.replace("{user}", "x").replace("{client}", "x").replace("{realm}", "x");
        // A wrong body of the largest size is read, and of one byte more is not.
        let status = |bytes: usize| live.ask(&method, &path, &" ".repeat(bytes)).status;
        assert_ne!(status(most), 413, "{method} {path}");
        if !path.ends_with("/x") {
            assert_eq!(status(most + 1), 413, "{method} {path}");
        }
    }
    assert!(described > 8, "{described}");
}

#[test]
fn the_bounds_of_parameters_are_enforced() {
    let live = CachedSession::start();
    let status = |path: &str| live.ask("GET", path, "").status;
    for (limit, wanted) in [
        ("0", 200),
        ("1", 200),
        ("1000", 200),
        ("1001", 200),
        ("4294967295", 200),
        ("4294967296", 400),
        ("-1", 400),
    ] {
        assert_eq!(status(&format!("/v1/marks?limit={limit}")), wanted, "{limit}");
    }
    let realm = |name: &str| {
        let lines = format!("Authorization: Bearer {KEY}\r\nExeunt-Realm: {name}\r\n");
        live.ask_with(&lines, "GET", "/v1/realms", "").status
    };
    let longest = "r".repeat(64);
    assert_eq!(live.ask("POST", "/v1/realms", &json!({ "name": longest }).to_string()).status, 201);
    assert_eq!((realm(&longest), realm(&format!("{longest}r")), realm("Main")), (200, 404, 404));
    for (path, wanted) in [
        ("/v1/sessions?state=alive", 200),
        ("/v1/sessions?state=living", 400),
        ("/v1/sessions?user=x", 400),
        ("/v1/sessions?cursor=18446744073709551615", 200),
        ("/v1/sessions?cursor=18446744073709551616", 400),
        ("/v1/users?cursor=18446744073709551616", 400),
        ("/v1/audit?cursor=1", 400),
        ("/v1/audit.jsonl?after=1", 200),
        ("/v1/audit.jsonl?after=1767323045000", 400),
        ("/v1/marks?after=x", 400),
    ] {
        assert_eq!(status(path), wanted, "{path}");
    }
}
