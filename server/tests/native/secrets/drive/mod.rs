//! Every call with secrets in it, in the right places and in the wrong ones.

mod gates;
mod legacy;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};

use serde_json::{Value, json};

use crate::native::live::connect;

/// A caller that remembers each secret that it sent or was given.
pub(super) struct Drive {
    address: SocketAddr,
    key: String,
    secrets: BTreeSet<String>,
    asked: usize,
    /// Two secrets of each dialect, for its gate.
    presented: Vec<(&'static str, String, String)>,
}

/// Whether the caller says that no more comes from it: the rest of a request that is not whole is not waited for then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HangUp {
    Yes,
    No,
}

/// Characters that are written in another way in a URL, in a form, in JSON and in XML.
const ODD: &str = " &=%+\"\\<é";

impl Drive {
    pub(super) fn new(address: SocketAddr, key: &str) -> Self {
        let (key, secrets) = (key.to_owned(), BTreeSet::from([key.to_owned()]));
        Self { address, key, secrets, asked: 0, presented: Vec::new() }
    }

    /// The secrets, and how many requests must have left a line: all that were whole, but for those beyond a
    /// quota.
    pub(super) fn over(mut self) -> (BTreeSet<String>, usize) {
        let counted = self.ask("GET", "/metrics", &[], "");
        let counts = counted.lines().filter(|line| line.starts_with("exeunt_refusals_unlogged_total{"));
        let unlogged = counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap());
        (self.secrets, self.asked - unlogged.sum::<usize>())
    }

    pub(super) fn everything(&mut self) {
        self.native();
        self.wrong_places();
        self.no_http();
        self.legacy();
        // The last: refusals beyond a quota leave no line.
        self.gates();
    }

    /// Every native call.
    pub(super) fn native(&mut self) {
        let password = self.secret("password", ODD);
        let body = json!({ "username": "alice", "email": "alice@example.org", "account_number": "0001", "password": password });
        let alice = text(&self.native_call("POST", "/v1/users", &body), "id");
        let other = self.secret("another-password", ODD);
        for (method, path, body) in [
            ("GET", "/v1/users".to_owned(), Value::Null),
            ("GET", format!("/v1/users/{alice}"), Value::Null),
            ("PATCH", format!("/v1/users/{alice}"), json!({ "password": other })),
            ("PATCH", format!("/v1/users/{alice}"), json!({ "password": password })),
            ("POST", "/v1/users".to_owned(), json!({ "username": "alice", "password": other })),
        ] {
            self.native_call(method, &path, &body);
        }
        let key = self.native_call("POST", "/v1/keys", &json!({ "name": "made", "role": "check" }));
        let (made, id) = (self.keep(&key, "key"), text(&key, "id"));
        let issued = self.native_call("POST", "/v1/sessions", &json!({ "user": alice }));
        let (token, session) = (self.keep(&issued, "token"), text(&issued, "session"));
        let typo = format!("{}x", &token[..token.len() - 1]);
        self.secrets.insert(typo.clone());
        for (key, question) in [(&made, &token), (&made, &typo), (&token, &token), (&typo, &made)] {
            let body = json!({ "token": question }).to_string();
            let authorization = format!("Authorization: Bearer {key}");
            self.ask("POST", "/v1/check?peek=1", &[&authorization, "Content-Type: application/json"], &body);
        }
        self.native_call("POST", "/v1/check?why=1", &json!({ "tokens": [token, typo, made] }));
        for path in ["/v1/gate", "/v1/gate/refusal"] {
            self.ask("GET", path, &[&format!("Authorization: Bearer {token}")], "");
        }
        self.presented("native", &token, &typo);
        self.imports();
        self.clients();
        self.looks();
        self.native_call("GET", &format!("/v1/sessions/{session}"), &Value::Null);
        let realm = text(&self.native_call("POST", "/v1/realms", &json!({ "name": "other" })), "id");
        self.native_call("PATCH", &format!("/v1/realms/{realm}"), &json!({ "usernames": "ignore_case" }));
        for path in [
            format!("/v1/sessions/{session}"),
            format!("/v1/users/{alice}/sessions"),
            "/v1/realm/sessions".to_owned(),
            format!("/v1/keys/{id}"),
        ] {
            self.native_call("DELETE", &path, &Value::Null);
        }
        self.native_call("POST", "/v1/check?why=1", &json!({ "token": token }));
        let bob = text(&self.native_call("POST", "/v1/users", &json!({ "username": "bob" })), "id");
        self.native_call("DELETE", &format!("/v1/users/{bob}"), &Value::Null);
    }

    fn imports(&mut self) {
        let tokens = [self.secret("an-old-token", ""), self.secret("a-refused-token", "")];
        let rows = json!([
            { "token": tokens[0], "username": "alice", "dialect": "native" },
            { "token": tokens[1], "username": "nobody", "dialect": "native" },
            { "tokens": tokens[1] },
            { tokens[1].as_str(): 1 },
        ]);
        self.native_call("POST", "/v1/sessions/import", &json!({ "sessions": rows }));
        self.native_call("POST", "/v1/sessions/import", &json!({ "sessions": [], "since": tokens[1] }));
        let hash = self.secret("an-unknown-hash", "");
        let rows =
            json!([{ "username": "old", "password_hash": hash }, { "username": "old", "password": hash }]);
        self.native_call("POST", "/v1/users/import", &json!({ "users": rows }));
    }

    fn looks(&mut self) {
        for path in [
            "/v1/sessions",
            "/v1/marks",
            "/v1/snapshot",
            "/v1/keys",
            "/v1/realms",
            "/v1/audit",
            "/v1/dialects/usage",
        ] {
            self.native_call("GET", path, &Value::Null);
        }
        for path in ["/v1/openapi.json", "/metrics", "/healthz", "/readyz", "/docs/moving-on"] {
            self.native_call("GET", path, &Value::Null);
        }
        for path in ["/v1/feed", "/v1/audit.jsonl", "/v1/backup"] {
            self.native_call("HEAD", path, &Value::Null);
        }
    }

    fn clients(&mut self) {
        let made =
            self.native_call("POST", "/v1/clients", &json!({ "name": "timer", "dialect": "runsignup" }));
        let path = format!("/v1/clients/{}", text(&made, "id"));
        let again = self.native_call("PATCH", &path, &json!({ "rotate_secret": true }));
        for shown in [&made, &again] {
            self.keep(shown, "api_key");
            self.keep(shown, "api_secret");
        }
        self.native_call("GET", "/v1/clients", &Value::Null);
        self.native_call("GET", &path, &Value::Null);
        self.native_call("DELETE", &format!("{path}/sessions"), &Value::Null);
        self.native_call("DELETE", &path, &Value::Null);
    }

    /// Secrets where none belongs: in paths, queries, headers, methods, and bodies that are not as documented.
    fn wrong_places(&mut self) {
        let authorization = format!("Authorization: Bearer {}", self.key);
        let plain: Vec<_> = (0..20).map(|number| self.secret(&format!("misplaced-{number}"), "")).collect();
        let admin = self.key.clone();
        for (method, path, header, body) in [
            ("GET", format!("/v1/users?key={admin}"), String::new(), String::new()),
            ("DELETE", format!("/v1/realm/sessions?{}=1", plain[0]), authorization.clone(), String::new()),
            ("GET", format!("/v1/users/{}", plain[1]), authorization.clone(), String::new()),
            ("GET", format!("/{}", plain[2]), String::new(), String::new()),
            ("GET", format!("/v1/marks?after={}", plain[3]), authorization.clone(), String::new()),
            (
                "GET",
                "/v1/users".to_owned(),
                format!("{authorization}\r\nExeunt-Realm: {}", plain[4]),
                String::new(),
            ),
            (
                "GET",
                "/v1/feed".to_owned(),
                format!("{authorization}\r\nLast-Event-ID: {}", plain[5]),
                String::new(),
            ),
            ("GET", "/v1/users".to_owned(), format!("Authorization: Basic {}", plain[6]), String::new()),
            ("GET", "/v1/users".to_owned(), format!("Cookie: session={}", plain[7]), String::new()),
            ("GET", "/v1/users".to_owned(), format!("{}: x", plain[8]), String::new()),
            (&plain[9], "/v1/users".to_owned(), authorization.clone(), String::new()),
            ("POST", "/v1/users".to_owned(), authorization.clone(), format!("{{\"{}\":1}}", plain[10])),
            (
                "POST",
                "/v1/users".to_owned(),
                authorization.clone(),
                format!("{{\"data\":\"{}\"}}", plain[11]),
            ),
            ("POST", "/v1/users".to_owned(), authorization.clone(), plain[12].clone()),
            (
                "POST",
                "/v1/check".to_owned(),
                authorization.clone(),
                format!("{{\"tokens\":\"{}\"}}", plain[13]),
            ),
            ("POST", "/v1/keys".to_owned(), authorization.clone(), json!({ "role": plain[14] }).to_string()),
            (
                "POST",
                "/v1/sessions".to_owned(),
                authorization.clone(),
                json!({ "user": plain[15] }).to_string(),
            ),
            ("POST", "/v1/check".to_owned(), authorization, plain[16].repeat(200)),
            ("GET", format!("http://alice:{}@localhost/v1/users", plain[17]), String::new(), String::new()),
            ("GET", "/v1/users".to_owned(), format!("X-Forwarded-For: {}", plain[18]), String::new()),
            ("GET", "/v1/users".to_owned(), format!("Forwarded: for={}", plain[19]), String::new()),
        ] {
            self.ask(method, &path, &[&header, "Content-Type: application/json"], &body);
        }
    }

    /// What is not HTTP, or too much of it.
    fn no_http(&mut self) {
        let secret = self.secret("no-http", "");
        for request in [
            format!("{secret}\r\n\r\n"),
            format!("GET /{secret} HTTP/9.9\r\n\r\n"),
            format!("GET / HTTP/1.1\r\n{secret}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nAuthorization: {}\r\n\r\n", secret.repeat(2_000)),
            format!("POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{secret}"),
            format!(
                "POST /v1/check HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{secret}\r\n\r\n"
            ),
        ] {
            self.send(&request, HangUp::Yes);
        }
    }

    fn native_call(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let authorization = format!("Authorization: Bearer {}", self.key);
        let answer = self.ask(method, path, &[&authorization, "Content-Type: application/json"], &body);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// The answer. Every request has a connection of its own.
    fn ask(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let headers: String =
            headers.iter().filter(|line| !line.is_empty()).map(|line| format!("{line}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.send(&request, HangUp::No);
        assert!(answer.starts_with("HTTP/1.1 "), "{method} {path} was not answered: {answer}");
        self.asked += 1;
        answer
    }

    fn send(&self, request: &str, hang_up: HangUp) -> String {
        let mut stream = connect(self.address);
        // The server may answer and close before all is sent, and may close without an answer.
        drop(stream.write_all(request.as_bytes()));
        if hang_up == HangUp::Yes {
            drop(stream.shutdown(Shutdown::Write));
        }
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A new secret of our own.
    fn secret(&mut self, name: &str, odd: &str) -> String {
        let secret = format!("{name}{odd}-7Qx2vB9mKs4Tz8Lw1Ry6");
        self.secrets.insert(secret.clone());
        secret
    }

    /// A secret that the server gave.
    fn keep(&mut self, shown: &Value, member: &str) -> String {
        let secret = text(shown, member);
        assert!(!secret.is_empty(), "{shown} has no {member}");
        self.secrets.insert(secret.clone());
        secret
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}
