//! One client over a real socket: what it sends and reads, to the byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::bytes::{END_OF_HEAD, find};

/// An answer that takes longer does not come: this only ends a story that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stands for the answer where the server closed the connection instead.
const CLOSED: &[u8] = b"(closed)";

/// A client with at most one connection.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a request and reads its answer, no more and no less. Connects first where there is no connection.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address).map_err(|error| format!("cannot connect: {error}"))?,
        };
        // The server may answer and close before all is sent: then the answer counts, not that sending failed.
        let sent = stream.write_all(request);
        let answer = read_answer(&mut stream, request.starts_with(b"HEAD "))
            .map_err(|error| format!("{error}; sent: {sent:?}"))?;
        if answer == CLOSED {
            return Ok(answer);
        }
        if closes(request) || closes(&answer) {
            nothing_more(&mut stream)?;
        } else {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// Ends the connection, and makes sure that nothing was left on it.
    pub(crate) fn close(&mut self) -> Result<(), String> {
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        drop(stream.shutdown(Shutdown::Write));
        nothing_more(&mut stream)
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn nothing_more(stream: &mut TcpStream) -> Result<(), String> {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(0) => Ok(()),
        // Closed with something of the request unread: an end, too.
        Err(error) if rest.is_empty() && error.kind() == ErrorKind::ConnectionReset => Ok(()),
        Ok(_) => Err(format!("after the answer came: {:?}", String::from_utf8_lossy(&rest))),
        Err(error) => Err(format!("the connection stayed open: {error}")),
    }
}

/// Reads until the answer is whole.
fn read_answer(stream: &mut TcpStream, no_body: bool) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut block = [0; 16 * 1024];
    loop {
        if let Some(end) = end_of_answer(&bytes, no_body)? {
            return match bytes.len() - end {
                0 => Ok(bytes),
                more => Err(format!(
                    "{more} bytes more than the answer says: {:?}",
                    String::from_utf8_lossy(&bytes[end..])
                )),
            };
        }
        match stream.read(&mut block) {
            Ok(0) if bytes.is_empty() => return Ok(CLOSED.to_vec()),
            Ok(0) if length(&bytes) == Some(Length::UntilClosed) => return Ok(bytes),
            Ok(0) => return Err(format!("closed within the answer: {:?}", String::from_utf8_lossy(&bytes))),
            Ok(count) => bytes.extend(&block[..count]),
            Err(error) => {
                return Err(format!("no whole answer: {error}: {:?}", String::from_utf8_lossy(&bytes)));
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Length {
    Bytes(usize),
    Chunked,
    UntilClosed,
}

/// Where the answer ends, as far as is known.
fn end_of_answer(bytes: &[u8], no_body: bool) -> Result<Option<usize>, String> {
    let Some(head) = find(bytes, END_OF_HEAD).map(|at| at + END_OF_HEAD.len()) else { return Ok(None) };
    let status = bytes.get(9..12).unwrap_or_default();
    if no_body || status == b"204" || status == b"304" {
        return Ok(Some(head));
    }
    match length(bytes) {
        Some(Length::Bytes(count)) => Ok((bytes.len() >= head + count).then_some(head + count)),
        Some(Length::Chunked) => end_of_chunks(bytes, head),
        Some(Length::UntilClosed) => Ok(None),
        None => Err("the answer's Content-Length is no number".to_owned()),
    }
}

fn length(bytes: &[u8]) -> Option<Length> {
    if header(bytes, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return Some(Length::Chunked);
    }
    match header(bytes, "content-length") {
        Some(text) => text.parse().ok().map(Length::Bytes),
        None => Some(Length::UntilClosed),
    }
}

fn end_of_chunks(bytes: &[u8], mut at: usize) -> Result<Option<usize>, String> {
    while let Some(line) = find(&bytes[at.min(bytes.len())..], b"\r\n") {
        let size = std::str::from_utf8(&bytes[at..at + line])
            .ok()
            .and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.ok_or("the size of a chunk is no number")?;
        at += line + 2 + size + 2;
        if size == 0 {
            return Ok((bytes.len() >= at).then_some(at));
        }
    }
    Ok(None)
}

/// Whether a message says that its connection ends with it.
fn closes(message: &[u8]) -> bool {
    let first = message.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let connection = header(message, "connection").unwrap_or_default().to_ascii_lowercase();
    connection == "close" || first.ends_with(b"HTTP/1.0") && connection != "keep-alive"
}

/// The value of the first header of this name (in lower case).
fn header(message: &[u8], name: &str) -> Option<String> {
    let head = &message[..find(message, END_OF_HEAD)?];
    String::from_utf8_lossy(head).split("\r\n").skip(1).find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
