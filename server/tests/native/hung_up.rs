//! Callers that hang up before they are answered.

use std::io::Write;

use exeunt_core::Stamp;
use serde_json::json;

use crate::native::live::{CachedSession, KEY, connect};

#[test]
fn what_was_begun_is_done_although_its_caller_hung_up() {
    let live = CachedSession::start();
    let user = live.ask("POST", "/v1/users", r#"{"username":"alice"}"#).body["id"].clone();
    let token = live.ask("POST", "/v1/sessions", &json!({ "user": user }).to_string()).body["token"].clone();
    let held = live.app.authority.hold_passwords();
    let (path, body) = (format!("/v1/users/{}", user.as_str().unwrap()), r#"{"password":"correct horse"}"#);
    let mut caller = connect(live.address);
    let request = format!(
        "PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    caller.write_all(request.as_bytes()).unwrap();
    live.wait(held.reached());
    drop(caller);
    drop(held);
    let mut marked = live.app.authority.watch();
    live.wait(marked.wait_for(|place| *place > Stamp::ZERO)).unwrap();
    let checked = live.ask("POST", "/v1/check?why=1", &json!({ "token": token }).to_string()).body;
    assert_eq!(checked["ended_by"]["why"], "credential_changed");
}
