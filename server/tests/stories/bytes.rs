//! Bytes as lines: requests and answers are shown as they are, and still say every byte.
//!
//! The lines of a head end in CR LF, which is not shown; an empty line ends the head; the lines of a body are parted
//! by LF. What cannot be seen is escaped: `\r`, `\n`, `\t`, `\\`, `\xNN`, and a space at the end of a line as `\x20`.

use std::collections::BTreeMap;

/// What a story has captured, by name.
pub(crate) type Values = BTreeMap<String, String>;

/// The end of a head.
pub(crate) const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A message of this head and body, as bytes.
pub(crate) fn join(head: &[Vec<u8>], body: &[u8]) -> Vec<u8> {
    let mut bytes = head.join(b"\r\n".as_slice());
    bytes.extend(END_OF_HEAD);
    bytes.extend(body);
    bytes
}

/// The head, line by line, and the body that are shown in these lines.
pub(crate) fn read(lines: &[String], values: &Values) -> Result<(Vec<Vec<u8>>, Vec<u8>), String> {
    let read = |line: &String| unescape(&fill_in(line, values)?);
    let end = lines.iter().position(String::is_empty).unwrap_or(lines.len());
    let head = lines[..end].iter().map(read).collect::<Result<_, _>>()?;
    let body: Vec<Vec<u8>> = lines[end..].iter().skip(1).map(read).collect::<Result<_, _>>()?;
    Ok((head, body.join(b"\n".as_slice())))
}

/// The lines that show a message.
pub(crate) fn show(bytes: &[u8]) -> Vec<String> {
    let end = find(bytes, END_OF_HEAD).unwrap_or(bytes.len());
    let (mut head, body) = bytes.split_at(end);
    let mut lines = Vec::new();
    while let Some(at) = find(head, b"\r\n") {
        lines.push(escape(&head[..at]));
        head = &head[at + 2..];
    }
    lines.push(escape(head));
    let body = body.strip_prefix(END_OF_HEAD).unwrap_or_default();
    if !body.is_empty() {
        lines.push(String::new());
        lines.extend(body.split(|byte| *byte == b'\n').map(escape));
    }
    lines
}

/// Puts captured values in the place of their names: `{{key}}`.
pub(crate) fn fill_in(line: &str, values: &Values) -> Result<String, String> {
    let mut pieces = line.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").ok_or_else(|| format!("`{{{{` without its end: {line}"))?;
        filled += values.get(name).ok_or_else(|| format!("nothing was captured as {name}"))?;
        filled += rest;
    }
    Ok(filled)
}

/// Puts the names of captured values in their place, for a record that survives other values.
pub(crate) fn take_out(line: &str, values: &Values) -> String {
    values
        .iter()
        .fold(line.to_owned(), |line, (name, value)| line.replace(value.as_str(), &format!("{{{{{name}}}}}")))
}

/// Captures by a pattern such as `<session_key>{{key}}</session_key>` from shown lines: the name and the value, which
/// ends before what follows the hole, or with its line.
pub(crate) fn capture(pattern: &str, lines: &[String]) -> Result<(String, String), String> {
    let parts = pattern.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?)));
    let (before, (name, after)) = parts.ok_or("a capture holds one {{name}}")?;
    let found = lines.iter().find_map(|line| {
        let (_, rest) = line.split_once(before)?;
        if after.is_empty() { Some(rest) } else { rest.split_once(after).map(|(value, _)| value) }
    });
    let value =
        found.filter(|value| !value.is_empty()).ok_or_else(|| format!("the last answer has no {pattern}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The bytes of a line.
pub(crate) fn unescape(line: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let hex = escape.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, length) = match (escape.chars().next(), hex) {
            (Some('r'), _) => (b'\r', 1),
            (Some('n'), _) => (b'\n', 1),
            (Some('t'), _) => (b'\t', 1),
            (Some('\\'), _) => (b'\\', 1),
            (Some('x'), Some(byte)) => (byte, 3),
            _ => return Err(format!("no such escape: \\{escape}")),
        };
        bytes.push(byte);
        rest = &escape[length..];
    }
    bytes.extend(rest.bytes());
    Ok(bytes)
}

fn escape(bytes: &[u8]) -> String {
    let mut line = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\r' => line += "\\r",
                '\n' => line += "\\n",
                '\t' => line += "\\t",
                '\\' => line += "\\\\",
                c if c.is_control() || c == '\u{feff}' => {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| line += &format!("\\x{byte:02x}"));
                }
                c => line.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| line += &format!("\\x{byte:02x}"));
    }
    match line.strip_suffix(' ') {
        Some(seen) => format!("{seen}\\x20"),
        None => line,
    }
}

/// Where a pattern begins.
pub(crate) fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
