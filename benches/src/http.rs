//! HTTP requests and responses as bytes: no more than the measurements need.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::load::Script;

/// The timeout for a single call.
const PATIENCE: Duration = Duration::from_secs(30);

/// A template of a request with one variable text, and what its response must contain.
pub(crate) struct Form {
    before: String,
    after: String,
    expect: &'static str,
}

/// A script that fills a form with one text after the other.
pub(crate) struct Filled<'a, I> {
    form: &'a Form,
    texts: I,
}

impl Form {
    /// Makes a form. `line` is the method and the path; `{}` in it or in the body stands for the text. In the body,
    /// `Content-Length` assumes a text of `text_bytes`.
    pub(crate) fn new(
        line: &str,
        headers: &str,
        body: &str,
        text_bytes: usize,
        expect: &'static str,
    ) -> Self {
        let in_body = body.matches("{}").count();
        let length = body.len() - 2 * in_body + text_bytes * in_body;
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {length}\r\n") };
        let whole = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}");
        let (before, after) = whole.split_once("{}").unwrap_or((&whole, ""));
        Self { before: before.to_owned(), after: after.to_owned(), expect }
    }

    /// A script with these texts.
    pub(crate) fn with<'a, 't, I: Iterator<Item = &'t str>>(&'a self, texts: I) -> Filled<'a, I> {
        Filled { form: self, texts }
    }

    /// Appends one request.
    pub(crate) fn fill(&self, text: &str, request: &mut Vec<u8>) {
        request.extend_from_slice(self.before.as_bytes());
        request.extend_from_slice(text.as_bytes());
        request.extend_from_slice(self.after.as_bytes());
    }

    /// The length of the response in bytes, if it is complete.
    ///
    /// # Errors
    /// It is neither `200` nor `201`, or does not contain the expected text.
    pub(crate) fn answer(&self, bytes: &[u8]) -> Result<Option<usize>> {
        let Some(length) = length(bytes) else { return Ok(None) };
        if bytes.len() < length {
            return Ok(None);
        }
        let fit = [&b"HTTP/1.1 200 "[..], b"HTTP/1.1 201 "].iter().any(|status| bytes.starts_with(status))
            && find(bytes, self.expect.as_bytes()).is_some();
        ensure!(fit, "not the answer that was expected: {}", String::from_utf8_lossy(bytes));
        Ok(Some(length))
    }
}

impl<'t, I: Iterator<Item = &'t str>> Script for Filled<'_, I> {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let Some(text) = self.texts.next() else { return false };
        self.form.fill(text, request);
        true
    }

    fn answer(&self, bytes: &[u8]) -> Result<Option<usize>> {
        self.form.answer(bytes)
    }
}

/// A script that fills a form with one text after the other; each response must be 503.
pub(crate) struct Refused<'a, I> {
    pub(crate) form: &'a Form,
    pub(crate) texts: I,
}

impl<'t, I: Iterator<Item = &'t str>> Script for Refused<'_, I> {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let Some(text) = self.texts.next() else { return false };
        self.form.fill(text, request);
        true
    }

    fn answer(&self, bytes: &[u8]) -> Result<Option<usize>> {
        let Some(length) = length(bytes).filter(|length| bytes.len() >= *length) else { return Ok(None) };
        let fit = bytes.starts_with(b"HTTP/1.1 503 ") && find(bytes, b"nothing was changed").is_some();
        ensure!(fit, "not refused: {}", String::from_utf8_lossy(bytes));
        Ok(Some(length))
    }
}

/// A connection for one request at a time.
pub(crate) struct Line(TcpStream);

impl Line {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// Sends a request, and waits for the whole response.
    pub(crate) fn ask(&mut self, form: &Form, text: &str) -> Result<()> {
        let mut request = Vec::with_capacity(512);
        form.fill(text, &mut request);
        self.0.write_all(&request)?;
        let mut answer = [0; 4096];
        let mut answered = 0;
        loop {
            let read = self.0.read(&mut answer[answered..]).context("no answer in time")?;
            ensure!(read > 0, "the server closed the connection, or its answer has no end");
            answered += read;
            if form.answer(&answer[..answered])?.is_some() {
                return Ok(());
            }
        }
    }
}

/// The length of head and body together, once the head is complete.
fn length(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length: ";
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let named = |window: &[u8]| window.eq_ignore_ascii_case(NAME);
    let at = bytes[..head].windows(NAME.len()).position(named)? + NAME.len();
    let digits = bytes[at..head].iter().take_while(|byte| byte.is_ascii_digit());
    let body = digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    Some(head + body)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_filled_in() {
        let form = Form::new("POST /x", "A: b\r\n", "{\"t\":\"{}\"}", 3, "ok");
        let mut request = Vec::new();
        form.fill("abc", &mut request);
        let wanted =
            "POST /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\nContent-Length: 11\r\n\r\n{\"t\":\"abc\"}";
        assert_eq!(String::from_utf8(request).unwrap(), wanted);
    }

    #[test]
    fn an_answer_is_whole_when_its_length_is_there() {
        let form = Form::new("GET /", "", "", 0, "ok");
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        for cut in 0..whole.len() {
            assert_eq!(form.answer(&whole[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(form.answer(whole).unwrap(), Some(whole.len()));
        assert!(form.answer(b"HTTP/1.1 503 X\r\nContent-Length: 2\r\n\r\nok").is_err());
        assert!(form.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno").is_err());
    }
}
