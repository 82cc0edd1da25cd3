//! A server of its own for a test, and the command line in front of it.

use std::process::Command;

use serde_json::Value;

use crate::support::binary::{Binary, Connection, KEY};
use crate::support::run::{Ran, ended};
use crate::support::scratch::Scratch;

/// The password of every user here.
pub(crate) const PASSWORD: &str = "exit, pursued by a bear";

pub(crate) struct Stage {
    pub(crate) server: Binary,
    pub(crate) scratch: Scratch,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        Self { server: Binary::start(scratch.path()), scratch }
    }

    /// The address of the server.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// A command that asks this server, in an empty directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        assert!(!arguments.iter().any(|argument| argument.contains(KEY)), "no key is an argument");
        let mut command = bare(arguments);
        command.current_dir(self.scratch.path()).env("EXEUNT_URL", self.url()).env("EXEUNT_ADMIN_KEY", KEY);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments), "")
    }

    /// Runs a command that is given this on standard input.
    pub(crate) fn given(&self, input: &str, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments), input)
    }

    /// A user with the usual password: its id.
    pub(crate) fn user(&self, name: &str) -> String {
        let made = self.given(PASSWORD, &["user", "add", name, "--password-stdin", "--json"]);
        text(&made.values()[0]["id"])
    }

    /// A session of this user: its id and its token.
    pub(crate) fn session(&self, user: &str) -> (String, String) {
        let mut connection = Connection::open(self.server.address).unwrap();
        let (status, told) =
            connection.ask("POST", "/v1/sessions", &format!("{{\"user\":\"{user}\"}}")).unwrap();
        assert_eq!(status, 201);
        (text(&told["session"]), text(&told["token"]))
    }

    /// Whether this token is accepted.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        let checked = self.given(token, &["check", "--peek"]);
        match checked.code {
            0 => true,
            7 => false,
            code => panic!("{code}: {}", checked.err),
        }
    }
}

impl Ran {
    /// Of output in JSON: its lines.
    pub(crate) fn values(&self) -> Vec<Value> {
        assert_eq!(
            (self.code, self.err.lines().find(|line| line.contains("panicked"))),
            (0, None),
            "{}",
            self.err
        );
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A command that knows nothing of any server.
pub(crate) fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs it to its end; no key is in what it prints.
pub(crate) fn ran(command: &mut Command, input: &str) -> Ran {
    let ran = ended(command, input);
    assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "the key was printed");
    assert!(input.is_empty() || !ran.err.contains(input.trim()), "what was given was repeated");
    ran
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
