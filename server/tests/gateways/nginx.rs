//! nginx with a file of `docs/gateways/`: its three addresses are replaced, as its readers replace them.

use std::fs;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::support::inherited::inherited;
use crate::support::scratch::Scratch;

/// A running gateway.
pub(crate) struct Nginx {
    process: Child,
    address: SocketAddr,
}

impl Nginx {
    /// Starts it.
    pub(crate) async fn start(
        folder: &Scratch,
        dialect: &str,
        exeunt: SocketAddr,
        application: SocketAddr,
    ) -> Self {
        Self::start_changed(folder, dialect, exeunt, application, ("", "")).await
    }

    /// Starts it with a file in which something stands in the place of something else. It takes a socket that listens
    /// already, so that nobody can take its port away, and a client that comes early waits.
    pub(crate) async fn start_changed(
        folder: &Scratch,
        dialect: &str,
        exeunt: SocketAddr,
        application: SocketAddr,
        (old, new): (&str, &str),
    ) -> Self {
        let listener = inherited("127.0.0.1");
        let address = listener.local_addr().unwrap();
        let path = format!("{}/../docs/gateways/{dialect}.conf", env!("CARGO_MANIFEST_DIR"));
        let mut documented = fs::read_to_string(path).unwrap();
        for (from, to) in [(":8000", address), (":8080", exeunt), (":3000", application)] {
            documented = documented.replace(&format!("127.0.0.1{from}"), &to.to_string());
        }
        if !old.is_empty() {
            assert!(documented.contains(old), "{dialect}.conf has no {old}");
            documented = documented.replace(old, new);
        }
        let config = folder.path().join("nginx.conf");
        fs::write(folder.path().join("gateway.conf"), documented).unwrap();
        fs::write(&config, around(folder)).unwrap();
        let process = Command::new("/usr/sbin/nginx")
            // Modules are found from there; all else is written in full.
            .args(["-e", "stderr", "-p", "/usr/share/nginx", "-c"])
            .arg(&config)
            .env("NGINX", format!("{};", listener.as_raw_fd()))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn stop(mut self) {
        self.ask_to_end();
        self.process.wait().await.unwrap();
    }

    /// It has a process below it that would be left behind if it were killed.
    fn ask_to_end(&self) {
        let pid = self.process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // What has ended already needs no asking.
        let _asked = pid.map(|pid| kill_process(pid, Signal::TERM));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.ask_to_end();
    }
}

/// What Debian's own configuration puts around such a file, without what needs a place on the machine.
fn around(folder: &Scratch) -> String {
    let folder = folder.path().display();
    format!(
        "daemon off;
         user root;
         worker_processes 1;
         pid {folder}/nginx.pid;
         error_log stderr crit;
         include /etc/nginx/modules-enabled/*.conf;
         events {{ worker_connections 64; }}
         http {{
             access_log off;
             client_body_temp_path {folder}/bodies;
             proxy_temp_path {folder}/answers;
             fastcgi_temp_path {folder}/fastcgi;
             uwsgi_temp_path {folder}/uwsgi;
             scgi_temp_path {folder}/scgi;
             include {folder}/gateway.conf;
         }}\n"
    )
}
