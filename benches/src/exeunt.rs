//! The real server, as an operator starts it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::clock;
use crate::http::{Form, Line};
use crate::program::{Program, free_port, on_core};

/// The administrator's key.
const KEY: &str = "bench-0123456789-0123456789-0123456789";

/// A running server.
pub(crate) struct Exeunt {
    pub(crate) address: SocketAddr,
    pub(crate) program: Program,
    /// How long it took to become ready.
    pub(crate) start: Duration,
}

impl Exeunt {
    /// Starts a server on a store, and waits until it is ready. Its log goes into a file, as in production.
    pub(crate) fn start(store: &Path, core: Option<usize>, settings: &[(&str, &str)]) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = on_core(&binary()?, core);
        command.arg("serve").arg("--listen").arg(address.to_string());
        command.arg("--store").arg(format!("sqlite:{}", store.display()));
        command.env("EXEUNT_ADMIN_KEY", KEY).envs(settings.iter().copied());
        let ready = Form::new("GET /readyz", "", "", 0, "\"ready\"");
        let began = clock::now();
        let mut program = Program::start("exeunt", &mut command, &store.with_extension("log"), Signal::TERM)?;
        program.wait(|| Line::open(address).and_then(|mut line| line.ask(&ready, "")).is_ok())?;
        Ok(Self { address, program, start: clock::now() - began })
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.program.stop()
    }
}

/// The header with the administrator's key.
pub(crate) fn bearer() -> String {
    format!("Authorization: Bearer {KEY}\r\n")
}

/// Removes a store and the files beside it.
pub(crate) fn remove(store: &Path) -> Result<()> {
    for ending in ["db", "db-wal", "db-shm", "db.lock", "log"] {
        let file = store.with_extension(ending);
        if file.exists() {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// The release build of the server, beside this program.
fn binary() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let binary = here.parent().context("a program lies in a directory")?.join("exeunt");
    ensure!(binary.exists(), "{} is missing: cargo build --release", binary.display());
    Ok(binary)
}
