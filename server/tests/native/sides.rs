//! An address of their own for administrators: what is served where.

use exeunt::serve;
use tokio::net::TcpListener;

use crate::native::live::{CachedSession, KEY, ask_at};

#[test]
fn administration_has_its_own_address() {
    let live = CachedSession::start();
    let (running, admin) = live.wait(async {
        let (public, admin) = (bind().await, bind().await);
        let address = admin.local_addr().unwrap();
        (serve::start_with(live.app.clone(), public, Some(admin), &[]).unwrap(), address)
    });
    let lines = format!("Authorization: Bearer {KEY}\r\n");
    let statuses = |method: &str, path: &str, body: &str| {
        [running.address, admin].map(|address| ask_at(address, &lines, method, path, body).status)
    };
    // The public side first.
    assert_eq!(statuses("POST", "/v1/check", r#"{"token":"x"}"#), [200, 200]);
    assert_eq!(statuses("GET", "/v1/gate", ""), [401, 401]);
    assert_eq!(statuses("GET", "/v1/gate/videntity/refusal", ""), [200, 200]);
    assert_eq!(statuses("GET", "/healthz", ""), [200, 200]);
    assert_eq!(statuses("GET", "/readyz", ""), [200, 200]);
    assert_eq!(statuses("GET", "/v1/users", ""), [404, 200]);
    assert_eq!(statuses("OPTIONS", "/v1/users", ""), [404, 204]);
    assert_eq!(statuses("DELETE", "/v1/realm/sessions", ""), [404, 200]);
    assert_eq!(statuses("GET", "/v1/nothing", ""), [404, 404]);
    assert_eq!(statuses("GET", "/metrics", ""), [404, 200]);
    assert_eq!(statuses("POST", "/session/ping", ""), [200, 404]);
    live.wait(running.stop()).unwrap();
}

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}
