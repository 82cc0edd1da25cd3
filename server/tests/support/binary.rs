//! The real binary as a child process, and the plainest of clients for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The administrators' key of the child.
pub(crate) const KEY: &str = "an-administrators-key-for-the-child";
/// Seconds that an answer may take.
const ANSWER_SECS: u64 = 20;

/// A running `exeunt serve`.
pub(crate) struct Binary {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Binary {
    /// Starts it on a store in this directory, on a free port, and waits until it listens.
    pub(crate) fn start(directory: &Path) -> Self {
        let store = format!("sqlite:{}", directory.join("exeunt.db").display());
        let mut child = Command::new(env!("CARGO_BIN_EXE_exeunt"))
            .args(["serve", "--listen", "127.0.0.1:0", "--store", &store])
            .env("EXEUNT_ADMIN_KEY", KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (address, _) = listening(&mut log);
        // The rest of the log is read away, so that the child never waits for us.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address }
    }

    /// SIGKILL: nothing is put in order.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads a log, as text or JSON, until it says that a server listens on this machine: where, and what was read.
pub(crate) fn listening(log: &mut impl BufRead) -> (SocketAddr, String) {
    let mut seen = String::new();
    loop {
        let before = seen.len();
        assert!(log.read_line(&mut seen).unwrap() > 0, "the server did not start:\n{seen}");
        let line = &seen[before..];
        if let Some((_, address)) = line.split_once("127.0.0.1:").filter(|_| line.contains("listening")) {
            let port = address.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
            return (SocketAddr::from(([127, 0, 0, 1], port)), seen);
        }
    }
}

/// A connection with an administrator's key.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(ANSWER_SECS)))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Status and body of the answer, which is a text if it is no JSON; an error if the server went away before it was whole.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, Value)> {
        self.ask_as("application/json", method, path, body)
    }

    /// The same with a body of this type.
    pub(crate) fn ask_as(
        &mut self,
        content_type: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> std::io::Result<(u16, Value)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: exeunt\r\nAuthorization: Bearer {KEY}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes())?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let text = |body: &[u8]| match String::from_utf8_lossy(body) {
            text if text.is_empty() => Value::Null,
            text => Value::String(text.into_owned()),
        };
        Ok((status, serde_json::from_slice(&body).unwrap_or_else(|_| text(&body))))
    }
}
