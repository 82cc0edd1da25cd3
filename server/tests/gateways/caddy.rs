//! Caddy with a file of `docs/gateways/`, as it stands: it takes its addresses from the environment.

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

use crate::support::scratch::Scratch;

/// How the page starts it, up to the name of the file.
const COMMAND: [&str; 4] = ["run", "--adapter", "caddyfile", "--config"];
const PAGE: &str = include_str!("../../../docs/gateways/caddy.md");

#[test]
fn the_page_starts_it_as_the_tests_do() {
    assert!(PAGE.contains(&format!("caddy {} docs/gateways/", COMMAND.join(" "))));
}

/// A running gateway. Nothing is below it that would be left behind if it were killed.
pub(crate) struct Caddy {
    process: Child,
    address: SocketAddr,
}

impl Caddy {
    /// Starts it, and waits until it says that it listens, as a service manager does.
    pub(crate) async fn start(
        folder: &Scratch,
        dialect: &str,
        exeunt: SocketAddr,
        application: SocketAddr,
    ) -> Self {
        let address = free();
        let socket = folder.path().join("notify");
        let notified = UnixDatagram::bind(&socket).unwrap();
        let config = format!("{}/../docs/gateways/{dialect}.Caddyfile", env!("CARGO_MANIFEST_DIR"));
        let said = folder.path().join("caddy.log");
        let mut process = Command::new("caddy")
            .args(COMMAND)
            .arg(&config)
            .env("GATEWAY", address.to_string())
            .env("EXEUNT", exeunt.to_string())
            .env("APPLICATION", application.to_string())
            .env("NOTIFY_SOCKET", &socket)
            .env("HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(&said).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        tokio::select! {
            () = ready(&notified) => {}
            ended = process.wait() => {
                panic!("caddy run {config}: {ended:?}\n{}", std::fs::read_to_string(&said).unwrap())
            }
        }
        Self { process, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// A port for this process alone. Caddy listens on every address, so it must be free on all of them, and below those that
/// the system gives to the servers and clients of other tests.
fn free() -> SocketAddr {
    let first = 10_000 + std::process::id() * 7 % 20_000;
    let ports = (first..first + 7).filter_map(|port| u16::try_from(port).ok());
    let free = ports.into_iter().find(|port| std::net::TcpListener::bind(("0.0.0.0", *port)).is_ok());
    SocketAddr::from(([127, 0, 0, 1], free.expect("one of seven ports is free")))
}

async fn ready(notified: &UnixDatagram) {
    let mut said = [0; 4096];
    loop {
        let length = notified.recv(&mut said).await.unwrap();
        if said[..length].starts_with(b"READY=1") {
            return;
        }
    }
}
