//! Real clients, unmodified: Python's standard library, requests and curl speak each of the three documented APIs to
//! the real server, on a store of its own. `speak.py` holds the clients, and a script a dialect what they say.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use exeunt::authority::{Client, UserChange};
use exeunt::dialect::rested::{Endpoint, Project};
use exeunt::store::Incarnation;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt_core::DialectName;
use tokio::process::Command;

use crate::support::scratch::Scratch;
use crate::support::server::{Server, call};
use crate::support::tls_proxy::Proxy;

/// The key of the project that the scripts call.
const PROJECT: &str = "d59eb2859c284168ac48aef65046d5dd";
/// A script that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// One test for each client with each API.
macro_rules! plainly {
    ($($name:ident: $script:literal by $speaker:literal;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let folder = Scratch::new();
                let server = serve(&folder).await;
                run($script, &[$speaker, &format!("http://{}", server.address())]).await;
                server.stop().await;
            }
        )*
    };
}

plainly! {
    videntity_by_urllib: "videntity.py" by "urllib";
    videntity_by_requests: "videntity.py" by "requests";
    videntity_by_curl: "videntity.py" by "curl";
    runsignup_by_urllib: "runsignup.py" by "urllib";
    runsignup_by_requests: "runsignup.py" by "requests";
    runsignup_by_curl: "runsignup.py" by "curl";
    rested_by_urllib: "rested.py" by "urllib";
    rested_by_requests: "rested.py" by "requests";
    rested_by_curl: "rested.py" by "curl";
}

/// Clients keep a `__Secure-` cookie from TLS only, so these go through a proxy, as they do in earnest.
#[tokio::test(flavor = "multi_thread")]
async fn rested_by_cookie_through_tls() {
    let folder = Scratch::new();
    let server = serve(&folder).await;
    let proxy = Proxy::start(folder.path(), server.address());
    for speaker in ["urllib", "requests", "curl"] {
        run("rested_cookie.py", &[speaker, &proxy.url(), &proxy.authority(), &proxy.plain_url()]).await;
    }
    drop(proxy);
    server.stop().await;
}

/// The server on the embedded store, with Alice and a project of rested.
async fn serve(folder: &Scratch) -> Server {
    let options = SqliteOptions::new(folder.path().join("exeunt.db"), Incarnation([1; 16]));
    let server = Server::start(Arc::new(SqliteStore::open(options).unwrap())).await;
    let (app, realm) = (&server.app, server.realm);
    let name = UserChange { first_name: Some("Al \"Ice\" & <Co>, É".to_owned()), ..UserChange::default() };
    app.authority.change_user(&call(app), realm, server.alice, name).await.unwrap();
    let call = call(app);
    let project = Project {
        key: PROJECT.to_owned(),
        allowed_origins: vec!["https://shop.example".to_owned()],
        any_origin: false,
        require_origin: false,
        endpoints: vec![Endpoint { name: "examples/auth".to_owned(), secure: true, registration: true }],
    };
    let project =
        Client::usual(&call, realm, DialectName::new("rested"), "shop", project.settings().unwrap());
    app.authority.create_client(&call, project).await.unwrap();
    server
}

/// Runs a script to its end; what it prints is shown if it fails.
async fn run(script: &str, arguments: &[&str]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/").to_owned() + script;
    let mut python = Command::new("python3");
    python.arg("-B").arg(path).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, python.output()).await;
    let output = ended.unwrap_or_else(|_| panic!("{script} {arguments:?} hangs")).unwrap();
    assert!(
        output.status.success(),
        "{script} {arguments:?}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
