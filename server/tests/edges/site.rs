//! A server on a store of its own, asked by programs, by pages and by the command line.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use exeunt::app::App;
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, Store};
use exeunt_core::Token;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::run::{Ran, ended};

/// The key of an administrator.
const KEY: &str = "an-administrators-key-for-the-edges";

pub(crate) struct Site {
    running: Running,
}

/// An answer: its head in lower case.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Site {
    /// A server on the store in this file, which is made or brought up to date.
    pub(crate) async fn open(path: &Path) -> Self {
        let options = SqliteOptions::new(path.to_owned(), Incarnation([1; 16]));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).unwrap());
        let env = Env::system();
        // As a gateway on this machine asks.
        let mut config =
            Config { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Config::default() };
        config.throttle.registrations_per_hour = 0;
        let app = App::open(config, env, store, false).await.unwrap();
        app.authority.give_keys(Token::presented(KEY).as_slice(), app.env.now());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { running: serve::start(app, listener, None).unwrap() }
    }

    /// The same, with a project of rested.dev of this key.
    pub(crate) async fn with_project(path: &Path, key: &str) -> Self {
        let site = Self::open(path).await;
        let endpoints = json!([{ "name": "examples/auth" }]);
        let project = json!({ "name": "shop", "dialect": "rested", "key": key, "endpoints": endpoints });
        site.done("POST", "/v1/clients", &project);
        site
    }

    pub(crate) async fn close(self) {
        self.running.stop().await.unwrap();
    }

    /// Asks for something with these lines in the head.
    pub(crate) fn ask(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.running.address).unwrap();
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: exeunt\r\nConnection: close\r\n{lines}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// Asks with an administrator's key and JSON; what it tells.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let key = format!("Authorization: Bearer {KEY}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.ask(method, path, &[&key, "Content-Type: application/json"], &body);
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    /// The same, where it must succeed.
    pub(crate) fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, told) = self.admin(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {told}");
        told
    }

    /// Runs a command that asks this server, with this on standard input.
    pub(crate) fn run(&self, input: &str, arguments: &[&str]) -> Ran {
        self.with_variables(|variables| command(variables, input, arguments))
    }

    /// Does something with the variables by which a command finds this server.
    pub(crate) fn with_variables<T>(&self, work: impl FnOnce(&[(&str, &str)]) -> T) -> T {
        let url = format!("http://{}", self.running.address);
        work(&[("EXEUNT_URL", &url), ("EXEUNT_ADMIN_KEY", KEY)])
    }
}

/// Runs a command to its end.
pub(crate) fn command(variables: &[(&str, &str)], input: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    ended(&mut command, input)
}
