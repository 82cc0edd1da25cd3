//! HAProxy with a file of `docs/gateways/`: its three addresses are replaced, as its readers replace them.

use std::fs;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::support::inherited::inherited;
use crate::support::scratch::Scratch;

/// A running gateway. Nothing is below it that would be left behind if it were killed.
pub(crate) struct Haproxy {
    process: Child,
    address: SocketAddr,
}

impl Haproxy {
    /// Starts it. It takes a socket that listens already, so that nobody can take its port away, and a client that comes
    /// early waits.
    pub(crate) async fn start(
        folder: &Scratch,
        dialect: &str,
        exeunt: SocketAddr,
        application: SocketAddr,
    ) -> Self {
        let listener = inherited("127.0.0.1");
        let address = listener.local_addr().unwrap();
        let documented = format!("{}/../docs/gateways", env!("CARGO_MANIFEST_DIR"));
        let mut config = fs::read_to_string(format!("{documented}/{dialect}.cfg")).unwrap();
        let socket = format!("fd@{}", listener.as_raw_fd());
        for (from, to) in
            [(":8000", socket), (":8080", exeunt.to_string()), (":3000", application.to_string())]
        {
            config = config.replace(&format!("127.0.0.1{from}"), &to);
        }
        fs::write(folder.path().join("haproxy.cfg"), config).unwrap();
        fs::copy(format!("{documented}/exeunt.lua"), folder.path().join("exeunt.lua")).unwrap();
        let process = Command::new("/usr/sbin/haproxy")
            .args(["-db", "-q", "-C"])
            .arg(folder.path())
            .args(["-f", "haproxy.cfg"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}
