//! A proxy with TLS before the server, as a user would run it: nginx, with a certificate that is thrown away.

use std::fs;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::inherited::inherited;

/// A loopback address that no client takes for its own machine, as curl does with `localhost` and 127.0.0.1: there it
/// would send a `Secure` cookie without TLS.
const HOST: &str = "127.0.0.2";

/// A running proxy.
pub(crate) struct Proxy {
    nginx: Child,
    tls: SocketAddr,
    plain: SocketAddr,
    certificate: PathBuf,
}

impl Proxy {
    /// Starts a proxy that keeps what it needs in this folder. It takes sockets that listen already, so that nobody
    /// can take its ports away, and a client that comes early waits.
    pub(crate) fn start(folder: &Path, server: SocketAddr) -> Self {
        let certificate = certify(folder);
        let sockets = [inherited(HOST), inherited(HOST)];
        let [tls, plain] = sockets.each_ref().map(|socket| socket.local_addr().unwrap());
        let inherited: String = sockets.iter().map(|socket| format!("{};", socket.as_raw_fd())).collect();
        let config = folder.join("nginx.conf");
        fs::write(&config, configuration(folder, tls, plain, server)).unwrap();
        let nginx = Command::new("/usr/sbin/nginx")
            .args(["-e", "stderr", "-p"])
            .arg(folder)
            .arg("-c")
            .arg(&config)
            .env("NGINX", inherited)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { nginx, tls, plain, certificate }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.tls)
    }

    /// Where it listens without TLS.
    pub(crate) fn plain_url(&self) -> String {
        format!("http://{}", self.plain)
    }

    /// The certificate that its clients trust.
    pub(crate) fn authority(&self) -> String {
        self.certificate.to_string_lossy().into_owned()
    }
}

impl Drop for Proxy {
    /// Asks it to end, since it has a process below it that would be left behind if it were killed.
    fn drop(&mut self) {
        let asked = kill_process(Pid::from_child(&self.nginx), Signal::TERM);
        let _ended = asked.map(|()| self.nginx.wait());
    }
}

fn certify(folder: &Path) -> PathBuf {
    let certificate = folder.join("certificate.pem");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "1",
        ])
        .args(["-subj", "/CN=exeunt.test", "-addext", &format!("subjectAltName=IP:{HOST}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    certificate
}

fn configuration(folder: &Path, tls: SocketAddr, plain: SocketAddr, server: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
         user root;
         worker_processes 1;
         pid {folder}/nginx.pid;
         error_log stderr warn;
         events {{ worker_connections 64; }}
         http {{
             access_log off;
             client_body_temp_path {folder}/bodies;
             proxy_temp_path {folder}/answers;
             fastcgi_temp_path {folder}/fastcgi;
             uwsgi_temp_path {folder}/uwsgi;
             scgi_temp_path {folder}/scgi;
             server {{
                 listen {tls} ssl;
                 listen {plain};
                 ssl_certificate {folder}/certificate.pem;
                 ssl_certificate_key {folder}/key.pem;
                 location / {{
                     proxy_pass http://{server};
                     proxy_http_version 1.1;
                     proxy_set_header Host $http_host;
                     proxy_set_header X-Forwarded-For $remote_addr;
                 }}
             }}
         }}\n"
    )
}
