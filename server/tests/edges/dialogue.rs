//! A server in this process with Alice, and a client that closes its sending half as soon as it has said everything.

use std::net::SocketAddr;
use std::sync::Arc;

use exeunt::app::App;
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::memory::MemoryStore;
use exeunt::store::{Incarnation, Store};
use exeunt_core::Token;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An administrator's key.
pub(crate) const KEY: &str = "an-administrators-key-for-the-edges";
/// Alice's password.
pub(crate) const PASSWORD: &str = "correct horse";

/// The server.
pub(crate) struct Server {
    pub(crate) app: App,
    running: Running,
}

impl Server {
    /// With the fast path or without.
    pub(crate) async fn start(hot_front: bool) -> Self {
        Self::start_on(memory(), Config { hot_front, ..Config::default() }).await
    }

    pub(crate) async fn start_on(store: Arc<dyn Store>, config: Config) -> Self {
        let app = App::open(config, Env::system(), store, false).await.unwrap();
        app.authority.give_keys(Token::presented(KEY).as_slice(), app.env.now());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Nothing is done in the background: a test says itself when the store is opened again.
        let running = serve::start_with(app.clone(), listener, None, &[]).unwrap();
        let server = Self { app, running };
        let alice = json!({ "username": "alice", "email": "alice@example.org", "account_number": "000123",
                            "password": PASSWORD });
        assert_eq!(server.native("POST", "/v1/users", &alice).await.0, 201);
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// Says all of this, closes the sending half, and hears the server out.
    pub(crate) async fn ask(&self, text: impl AsRef<[u8]>) -> String {
        self.ask_in_pieces(&[text.as_ref()]).await
    }

    pub(crate) async fn ask_in_pieces(&self, pieces: &[&[u8]]) -> String {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for piece in pieces {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A reset instead of an end is a closed connection too.
        let _end = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// A call of the native interface: its status, and its body if that is JSON.
    pub(crate) async fn native(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.native_by(KEY, method, path, body).await
    }

    pub(crate) async fn native_by(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n{kind}");
        let answer = self.ask(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
        (status(&answer), serde_json::from_str(body_of(&answer)).unwrap_or(Value::Null))
    }

    /// Makes live sessions of Alice, with these tokens, for this client.
    pub(crate) async fn sessions(&self, client: &str, tokens: &[&str]) {
        let rows: Vec<_> = tokens
            .iter()
            .map(|token| json!({ "token": token, "username": "alice", "client": client }))
            .collect();
        let (status, answer) = self.native("POST", "/v1/sessions/import", &json!({ "sessions": rows })).await;
        let made = |row: &Value| row["outcome"] == "made";
        assert!(status == 200 && answer["results"].as_array().unwrap().iter().all(made), "{answer}");
    }

    /// A project of rested with the endpoint `users/all`.
    pub(crate) async fn project(&self, name: &str, key: &str, origin: &str, require_origin: bool) -> String {
        let project = json!({ "name": name, "dialect": "rested", "key": key, "allowed_origins": [origin],
                              "require_origin": require_origin, "endpoints": [{ "name": "users/all" }] });
        let (status, client) = self.native("POST", "/v1/clients", &project).await;
        assert_eq!(status, 201, "{client}");
        client["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

/// A store in memory.
pub(crate) fn memory() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Incarnation([1; 16])))
}

/// A form as it is posted.
pub(crate) fn form(path: &str, lines: &str, body: &str) -> String {
    post(path, &format!("{lines}Content-Type: application/x-www-form-urlencoded\r\n"), body)
}

/// A request with a body.
pub(crate) fn post(path: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: a\r\n{lines}Content-Length: {length}\r\n\r\n{body}")
}

/// The status of the first answer, 0 if there is none.
pub(crate) fn status(answer: &str) -> u16 {
    let word = answer.strip_prefix("HTTP/1.1 ").or_else(|| answer.strip_prefix("HTTP/1.0 "));
    word.and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or_default()
}

pub(crate) fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
