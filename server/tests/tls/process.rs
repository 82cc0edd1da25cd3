//! The real binary with TLS, and what it says in its log.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::pair::Pair;

/// The administrators' key of the child.
pub(crate) const KEY: &str = "an-administrators-key-for-the-child";

/// A running `exeunt serve`.
pub(crate) struct Process {
    child: Child,
    log: Receiver<String>,
    /// What it said before it listened, and was not waited for.
    early: Vec<String>,
    pub(crate) address: SocketAddr,
}

/// The command that serves on a store in this folder with this certificate.
pub(crate) fn command(folder: &Path, pair: &Pair) -> Command {
    let mut command = plain(folder);
    command.arg("--tls-cert").arg(&pair.cert).arg("--tls-key").arg(&pair.key);
    command
}

/// The command that serves on a store in this folder without TLS.
pub(crate) fn plain(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--store"])
        .arg(format!("sqlite:{}", folder.join("exeunt.db").display()))
        .env("EXEUNT_ADMIN_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, log) = channel();
        // Ends with the child, whose last line it reads.
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut early = Vec::new();
        let line = wait(&log, "listening address=", &mut early);
        let (_, rest) = line.split_once("listening address=").unwrap();
        let address = rest.split_whitespace().next().unwrap().parse().unwrap();
        Self { child, log, early, address }
    }

    /// Waits for a line in the log that holds this; it may have come before the server listened.
    pub(crate) fn wait(&self, words: &str) -> String {
        let early = self.early.iter().find(|line| line.contains(words)).cloned();
        early.unwrap_or_else(|| wait(&self.log, words, &mut Vec::new()))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether it ended well.
    pub(crate) fn ended(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn wait(log: &Receiver<String>, words: &str, passed_over: &mut Vec<String>) -> String {
    for line in log {
        if line.contains(words) {
            return line;
        }
        passed_over.push(line);
    }
    panic!("the server ended without a word of {words:?}:\n{}", passed_over.join("\n"));
}
