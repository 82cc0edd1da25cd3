//! The server under load, and the resources that it uses.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::parts::root;

/// The administrators' key of the server.
pub(super) const KEY: &str = "an-administrators-key-for-the-soak";

/// A running server with a store of its own.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    pub(super) address: SocketAddr,
}

/// The resources of the server at one time.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) memory_kib: u64,
    pub(super) files: u64,
    pub(super) store_kib: u64,
}

impl Server {
    /// Starts the server. It deletes dead sessions at once, so that a steady load has a steady size.
    pub(super) fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("exeunt-soak-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let mut child = Command::new(root().join("target/debug/exeunt"))
            .args(["serve", "--listen", "127.0.0.1:0", "--store"])
            .arg(format!("sqlite:{}", folder.join("exeunt.db").display()))
            .env("EXEUNT_ADMIN_KEY", KEY)
            .env("EXEUNT_RETENTION__DEAD_HOURS", "0")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().context("its log")?);
        let (mut seen, mut line) = (String::new(), String::new());
        let address = loop {
            line.clear();
            ensure!(log.read_line(&mut line)? > 0, "the server did not start:\n{seen}");
            seen += &line;
            if let Some((_, rest)) = line.split_once("listening address=") {
                break rest.split_whitespace().next().unwrap_or_default().parse()?;
            }
        };
        // Reads the rest of the log, so that the pipe never fills, and prints only problems.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if line.contains(" WARN ") || line.contains(" ERROR ") {
                    println!("{line}");
                }
            }
        });
        Ok(Self { child, folder, address })
    }

    pub(super) fn sample(&self) -> Result<Sample> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(process.join("status")).context("the server has ended")?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("its memory")?;
        let files = fs::read_dir(process.join("fd"))?.count();
        let sizes = fs::read_dir(&self.folder)?.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
        Ok(Sample {
            memory_kib: memory.trim().trim_end_matches(" kB").parse()?,
            files: u64::try_from(files)?,
            store_kib: sizes.sum::<u64>() / 1024,
        })
    }

    /// Stops it in order.
    pub(super) fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(asked.success() && self.child.wait()?.success(), "the server did not stop in order");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Needed only after an error; otherwise the process has ended.
        let (_killed, _ended) = (self.child.kill(), self.child.wait());
        let _removed = fs::remove_dir_all(&self.folder);
    }
}
