//! A minimal HTTP client with one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// The timeout for a response.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest response, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Caller(TcpStream);

impl Caller {
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// Sends a request with these header lines, and returns the body of a successful response.
    pub(super) fn ask(&mut self, line: &str, headers: &str, body: &str) -> Result<String> {
        let length = body.len();
        let request =
            format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        self.0.write_all(request.as_bytes())?;
        let mut bytes = vec![0; ANSWER_BYTES_MAX];
        let mut filled = 0;
        loop {
            let read =
                self.0.read(&mut bytes[filled..]).with_context(|| format!("{line}: no answer in time"))?;
            ensure!(read > 0, "{line}: the server closed the connection");
            filled += read;
            if let Some(answer) = whole(&bytes[..filled]) {
                ensure!(answer.0.starts_with("HTTP/1.1 2"), "{line}: {}{}", answer.0, answer.1);
                return Ok(answer.1);
            }
        }
    }
}

/// The head and the body, if they are complete.
fn whole(bytes: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let length = length.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}
