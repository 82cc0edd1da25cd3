//! Real gateways with the very configurations of `docs/gateways/`: nginx, Caddy and HAProxy, as Debian packages them, stand
//! before a small application that knows nothing of Exeunt, and real clients call it. For each dialect: who is logged
//! in gets through and the application learns who it is; after the logout the answer is the dialect's own; nobody gets
//! in a header by which the application would take them for somebody else.

mod application;
mod caddy;
mod edges;
mod haproxy;
mod nginx;

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use exeunt::config::Config;
use exeunt::store::Incarnation;
use exeunt::store::memory::MemoryStore;
use exeunt_core::Token;
use tokio::process::Command;

use self::application::Application;
use crate::support::scratch::Scratch;
use crate::support::server::Server;

/// The key of the project that the scripts call.
const PROJECT: &str = "d59eb2859c284168ac48aef65046d5dd";
/// An administrator's key: native sessions are opened and ended by a trusted back end.
const ADMIN_KEY: &str = "an-administrators-key-for-gateways";
/// A script that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// One test for each gateway with each dialect, for all clients.
macro_rules! guarded {
    ($($name:ident: $dialect:literal by $gateway:path;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let folder = Scratch::new();
                let (server, application) = (serve().await, Application::start().await);
                let gateway = <$gateway>::start(&folder, $dialect, server.address(), application.address()).await;
                let caller = Caller::of(&server, gateway.address());
                for speaker in ["urllib", "requests", "curl"] {
                    caller.play($dialect, speaker).await;
                }
                server.stop().await;
                caller.play("away", "curl").await;
                gateway.stop().await;
            }
        )*
    };
}

guarded! {
    native_behind_nginx: "native" by nginx::Nginx;
    runsignup_behind_nginx: "runsignup" by nginx::Nginx;
    rested_behind_nginx: "rested" by nginx::Nginx;
    videntity_behind_nginx: "videntity" by nginx::Nginx;
    native_behind_haproxy: "native" by haproxy::Haproxy;
    runsignup_behind_haproxy: "runsignup" by haproxy::Haproxy;
    rested_behind_haproxy: "rested" by haproxy::Haproxy;
    videntity_behind_haproxy: "videntity" by haproxy::Haproxy;
    native_behind_caddy: "native" by caddy::Caddy;
    runsignup_behind_caddy: "runsignup" by caddy::Caddy;
    rested_behind_caddy: "rested" by caddy::Caddy;
}

/// The server, with Alice and a project of rested; it believes what this machine says of calls.
async fn serve() -> Server {
    let config = Config { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Config::default() };
    let server = Server::start_with(Arc::new(MemoryStore::new(Incarnation([1; 16]))), config).await;
    server.app.authority.give_keys(Token::presented(ADMIN_KEY).as_slice(), server.app.env.now());
    server.add_project(PROJECT, "examples/auth").await;
    server
}

/// Who calls, and whom.
struct Caller {
    /// Gateway, Exeunt, Alice's id, an administrator's key: the arguments of each script; and those of one of them
    /// besides.
    told: Vec<String>,
}

impl Caller {
    fn of(server: &Server, gateway: SocketAddr) -> Self {
        let [gateway, exeunt] = [gateway, server.address()].map(|address| format!("http://{address}"));
        Self { told: vec![gateway, exeunt, server.alice.to_string(), ADMIN_KEY.to_owned()] }
    }

    fn with(mut self, more: &str) -> Self {
        self.told.push(more.to_owned());
        self
    }

    /// Runs a script to its end; what it prints is shown if it fails.
    async fn play(&self, script: &str, speaker: &str) {
        let path = format!("{}/tests/gateways/{script}.py", env!("CARGO_MANIFEST_DIR"));
        let mut python = Command::new("python3");
        python.args(["-B", &path, speaker]).args(&self.told).stdin(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(PATIENCE, python.output()).await;
        let output = ended.unwrap_or_else(|_| panic!("{script} {speaker} hangs")).unwrap();
        assert!(
            output.status.success(),
            "{script} {speaker}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
