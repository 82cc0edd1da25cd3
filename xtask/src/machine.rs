//! Checks for the programs that the tests need, and installs missing ones.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::parts::Parts;

/// A program, a command that succeeds if it is installed, and its Debian packages.
pub(crate) struct Need {
    pub(crate) what: &'static str,
    pub(crate) probe: &'static [&'static str],
    pub(crate) packages: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        what: "a C compiler, for the embedded database",
        probe: &["cc", "--version"],
        packages: &["gcc", "libc6-dev"],
    },
    Need { what: "curl, a real client", probe: &["curl", "--version"], packages: &["curl"] },
    Need { what: "jq, for the dialogues of the README", probe: &["jq", "--version"], packages: &["jq"] },
    Need {
        what: "Python's requests, a real client",
        probe: &["python3", "-c", "import requests"],
        packages: &["python3", "python3-requests"],
    },
    Need { what: "nginx, a proxy with TLS", probe: &["/usr/sbin/nginx", "-v"], packages: &["nginx-light"] },
    Need {
        what: "nginx's Lua, for a gateway that reads forms",
        probe: &["test", "-e", "/etc/nginx/modules-enabled/50-mod-http-lua.conf"],
        packages: &["libnginx-mod-http-lua"],
    },
    Need { what: "Caddy, a gateway", probe: &["caddy", "version"], packages: &["caddy"] },
    Need { what: "HAProxy, a gateway", probe: &["/usr/sbin/haproxy", "-v"], packages: &["haproxy"] },
    Need {
        what: "Redis, out of which sessions are moved",
        probe: &["redis-cli", "--version"],
        packages: &["redis-server", "redis-tools"],
    },
    Need {
        what: "PostgreSQL 15, out of which users and sessions are moved",
        probe: &["/usr/lib/postgresql/15/bin/postgres", "--version"],
        packages: &["postgresql-15"],
    },
    Need { what: "Node.js, for sessions of express", probe: &["node", "--version"], packages: &["nodejs"] },
    Need { what: "openssl, for its certificate", probe: &["openssl", "version"], packages: &["openssl"] },
];

/// Provides everything that the tests need.
pub(crate) fn set_up(parts: &mut Parts) -> Result<()> {
    provide(NEEDS, parts)
}

/// Checks for all of these programs. As root on Debian it installs missing ones; otherwise it prints the command for
/// that.
pub(crate) fn provide(needs: &[Need], parts: &mut Parts) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !answers(need.probe)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        println!("missing: {}", need.what);
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if !(answers(&["apt-get", "--version"]) && is_root()) {
        bail!("type this, then try again:\n\n  sudo apt-get install -y {}\n", packages.join(" "));
    }
    parts.run("apt-get update", apt(&["update"]).arg("-qq"))?;
    parts
        .run("apt-get install", apt(&["install", "-y", "-qq", "--no-install-recommends"]).args(&packages))?;
    match needs.iter().find(|need| !answers(need.probe)) {
        Some(need) => bail!("installed {}, but {:?} still fails", packages.join(" "), need.probe),
        None => Ok(()),
    }
}

/// Whether this command succeeds.
pub(crate) fn answers(command: &[&str]) -> bool {
    let (program, arguments) = command.split_first().unwrap_or((&"false", &[]));
    let quiet = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
