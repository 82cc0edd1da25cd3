//! Cookie headers of any bytes, one a line: no more values than there are pairs, each of them text.

use exeunt::dialect::cookie::{Cookie, SameSite};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

const TOKEN: Cookie =
    Cookie { name: "token", path: "/", http_only: true, secure: true, same_site: SameSite::None };

pub(super) fn run(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    let headers: HeaderMap = values.map(|value| (COOKIE, value)).collect();
    let read = TOKEN.read(&headers);
    let ends = bytes.iter().filter(|byte| b";\n".contains(byte)).count();
    assert!(read.len() <= ends + 1);
    assert!(read.iter().all(|value| !value.contains(';')));
}
