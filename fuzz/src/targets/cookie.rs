//! Cookie headers of any bytes, one a line: no more values than there are pairs, each of them text.

use exeunt::http::cookie::{Cookie, SameSite};
use exeunt::http::headers::Headers;
use http::header::COOKIE;

const TOKEN: Cookie =
    Cookie { name: "token", path: "/", http_only: true, secure: true, same_site: SameSite::None };

pub(super) fn run(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n');
    let headers: Headers = lines.map(|line| (COOKIE, line)).collect();
    let read = TOKEN.read(&headers);
    let ends = bytes.iter().filter(|byte| b";\n".contains(byte)).count();
    assert!(read.len() <= ends + 1);
    assert!(read.iter().all(|value| !value.contains(';')));
}
