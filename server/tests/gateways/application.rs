//! An application that knows nothing of sessions: it answers every call with what arrived of it, byte for byte. It is as
//! gullible as real ones: an address can hold any bytes, and a trailer is one more header.

use std::net::SocketAddr;

use httparse::{EMPTY_HEADER, Status};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running application.
pub(crate) struct Application {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Application {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A gateway that hangs up is not this application's business.
                tokio::spawn(async move { drop(serve(stream).await) });
            }
        });
        Self { address, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Answers the calls of one connection.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        while let Some((call, rest)) = call(&read) {
            read.drain(..rest);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", call.len());
            stream.write_all([head.as_bytes(), call.as_bytes()].concat().as_slice()).await?;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// What the first call says, and how many bytes it has; `None`: it is not all there.
fn call(bytes: &[u8]) -> Option<(String, usize)> {
    let line = bytes.windows(2).position(|end| end == b"\r\n")? + 2;
    let mut words = bytes[..line].split(|byte| *byte == b' ');
    let (method, address) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = [EMPTY_HEADER; 100];
    let Ok(Status::Complete((head, headers))) = httparse::parse_headers(&bytes[line..], &mut headers) else {
        return None;
    };
    let head = line + head;
    let mut headers: Vec<_> = headers.iter().map(|header| (header.name, text(header.value))).collect();
    let of = |name: &str| headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    let (body, length) = if of("transfer-encoding").is_some() {
        let (body, trailers, length) = chunked(&bytes[head..])?;
        headers.extend(trailers);
        (body, length)
    } else {
        let length = of("content-length").map_or(0, |(_, length)| length.parse().unwrap());
        (bytes.get(head..head + length)?.to_vec(), length)
    };
    let call =
        json!({ "method": text(method), "uri": text(address), "headers": headers, "body": text(&body) });
    Some((call.to_string(), head + length))
}

type Chunked<'a> = (Vec<u8>, Vec<(&'a str, String)>, usize);

/// A body in chunks, its trailers, and how many bytes all of it has.
fn chunked(bytes: &[u8]) -> Option<Chunked<'_>> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Ok(Status::Complete((head, length))) = httparse::parse_chunk_size(bytes.get(at..)?) else {
            return None;
        };
        at += head;
        if length == 0 {
            break;
        }
        let length = usize::try_from(length).unwrap();
        body.extend_from_slice(bytes.get(at..at + length)?);
        at += length + 2;
    }
    let mut trailers = [EMPTY_HEADER; 100];
    let Ok(Status::Complete((length, trailers))) = httparse::parse_headers(bytes.get(at..)?, &mut trailers)
    else {
        return None;
    };
    let trailers = trailers.iter().map(|trailer| (trailer.name, text(trailer.value))).collect();
    Some((body, trailers, at + length))
}

/// Text as it is, or each byte as the letter of its number.
fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().copied().map(char::from).collect())
}
