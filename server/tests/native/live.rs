//! A server in this process, and the plainest of clients.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use exeunt::app::App;
use exeunt::authority::{Call, Role};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use exeunt::task::{self, BackgroundTask};
use exeunt_core::Token;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// An administrator's key.
pub(crate) const KEY: &str = "an-administrators-key-for-the-test";
/// Which life of its store the server is in.
pub(crate) const LIFE: &str = "01010101010101010101010101010101";
/// An answer that takes longer does not come: this only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server.
pub(crate) struct CachedSession {
    runtime: Runtime,
    pub(crate) app: App,
    running: Option<Running>,
    pub(crate) address: SocketAddr,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl CachedSession {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (app, running) = runtime.block_on(open(task::ALL));
        Self { runtime, app, address: running.address, running: Some(running) }
    }

    /// Makes a key.
    pub(crate) fn key(&self, role: Role, realm: Option<&str>) -> (String, Token) {
        let app = &self.app;
        let realm = realm.map(|name| app.authority.realm(name).unwrap().id);
        let (key, text) =
            self.runtime.block_on(app.authority.create_key(&call(app), "made", role, realm)).unwrap();
        (key.id.to_string(), text)
    }

    /// Asks with the administrator's key.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(&format!("Authorization: Bearer {KEY}\r\n"), method, path, body)
    }

    /// Asks with these header lines.
    pub(crate) fn ask_with(&self, lines: &str, method: &str, path: &str, body: &str) -> Answer {
        ask_at(self.address, lines, method, path, body)
    }

    /// A user of this name and a session of theirs: its id.
    pub(crate) fn session(&self, username: &str) -> String {
        let body = serde_json::json!({ "username": username }).to_string();
        let user = self.ask("POST", "/v1/users", &body).body["id"].clone();
        let body = serde_json::json!({ "user": user }).to_string();
        self.ask("POST", "/v1/sessions", &body).body["session"].as_str().unwrap().to_owned()
    }

    /// Ends the session of a new user: the mark.
    pub(crate) fn mark(&self, username: &str) -> Value {
        let session = self.session(username);
        self.ask("DELETE", &format!("/v1/sessions/{session}"), "").body["mark"].clone()
    }

    /// Does something that waits.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop()).unwrap();
        }
    }
}

/// A server on a free port with these tasks, in whatever runtime this is called.
pub(crate) async fn open(tasks: &[BackgroundTask]) -> (App, Running) {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let app = App::open(Config::default(), Env::system(), store, false).await.unwrap();
    app.authority.give_keys(Token::presented(KEY).as_slice(), app.env.now());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = serve::start_with(app.clone(), listener, None, tasks).unwrap();
    (app, running)
}

/// A call by the server itself.
pub(crate) fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Asks whoever listens at this address.
pub(crate) fn ask_at(address: SocketAddr, lines: &str, method: &str, path: &str, body: &str) -> Answer {
    let mut stream = connect(address);
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let request =
        format!("{method} {path} HTTP/1.0\r\n{lines}{kind}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    }
}
