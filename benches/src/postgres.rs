//! PostgreSQL 15 with its default configuration, and its load generator pgbench.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use rustix::process::{Signal, geteuid};

use crate::program::{Program, free_port};

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// Rows in the table of sessions.
const ROWS: usize = 1_000_000;
/// A durable logout as applications write it.
const UPDATE: &str = "\\set id random(1, 1000000)\nUPDATE sessions SET ended_at = now() WHERE id = :id;\n";

/// A separate server with its own directory.
pub(crate) struct Postgres {
    folder: PathBuf,
    port: u16,
    program: Program,
}

impl Postgres {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let data = folder.join("postgres");
        fs::create_dir(&data)?;
        if let Some((user, group)) = other_user()? {
            chown(&data, Some(user), Some(group))?;
        }
        quiet(tool("initdb")?.args(["--auth=trust", "--username=bench", "--pgdata"]).arg(&data))?;
        let port = free_port()?;
        let mut command = tool("postgres")?;
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.arg("-c").arg(format!("unix_socket_directories={}", data.display()));
        command.args(["-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "shared_buffers=512MB"]);
        let mut program =
            Program::start("postgres", &mut command, &folder.join("postgres.log"), Signal::INT)?;
        let ready = || quiet(client("pg_isready", port).arg("-q")).is_ok();
        program.wait(ready)?;
        let server = Self { folder: folder.to_owned(), port, program };
        server.fill()?;
        Ok(server)
    }

    /// Runs prepared durable updates of random rows by `clients` clients. Returns updates a second, and the generator's
    /// share of one core.
    pub(crate) fn updates(&self, clients: usize, secs: u64) -> Result<(f64, f64)> {
        let script = self.folder.join("update.sql");
        fs::write(&script, UPDATE)?;
        let mut command = client("pgbench", self.port);
        command.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-T", &secs.to_string()]);
        let before = children_cpu_secs()?;
        let output = command.arg("-f").arg(&script).arg("postgres").output()?;
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        let share = (children_cpu_secs()? - before) / secs as f64;
        let text = String::from_utf8_lossy(&output.stdout);
        let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench told no tps")?;
        Ok((tps.split(' ').next().unwrap_or_default().parse()?, share))
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.program.stop()
    }

    fn fill(&self) -> Result<()> {
        let sql = format!(
            "CREATE TABLE sessions (id bigint PRIMARY KEY, token bytea NOT NULL UNIQUE, account bigint NOT NULL, \
             issued_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz); \
             INSERT INTO sessions (id, token, account) \
             SELECT n, sha256(n::text::bytea), n / 10 FROM generate_series(1, {ROWS}) n; \
             VACUUM ANALYZE sessions; CHECKPOINT"
        );
        sql.split("; ")
            .try_for_each(|sql| quiet(client("psql", self.port).args(["-q", "-c", sql, "postgres"])))
    }
}

/// A program that refuses to run as root: as root, we run it as the user of its package.
fn tool(name: &str) -> Result<Command> {
    let mut command = Command::new(Path::new(PROGRAMS).join(name));
    command.current_dir("/");
    if let Some((user, group)) = other_user()? {
        command.uid(user).gid(group);
    }
    Ok(command)
}

fn client(name: &str, port: u16) -> Command {
    let mut command = Command::new(Path::new(PROGRAMS).join(name));
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "bench"]);
    if name == "pg_isready" {
        command.args(["-d", "postgres"]);
    }
    command
}

/// The user and group ids of `postgres`, if we are root.
fn other_user() -> Result<Option<(u32, u32)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find_map(|line| line.strip_prefix("postgres:"));
    let mut fields = line.context("there is no user postgres")?.split(':').skip(1);
    let mut number = || fields.next().unwrap_or_default().parse::<u32>();
    Ok(Some((number()?, number()?)))
}

fn quiet(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The processor time of all child processes that have ended.
fn children_cpu_secs() -> Result<f64> {
    const TICKS_PER_SEC: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat")?;
    let after = text.rsplit_once(") ").context("stat of a process")?.1;
    let fields: Vec<&str> = after.split(' ').collect();
    let ticks = |at: usize| fields.get(at).unwrap_or(&"0").parse::<f64>();
    Ok((ticks(13)? + ticks(14)?) / TICKS_PER_SEC)
}
