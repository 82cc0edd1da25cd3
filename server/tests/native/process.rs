//! The real binary as a child process, with all that it writes.

use std::io::{BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::binary::listening;
use crate::support::scratch::Scratch;

/// A running `exeunt serve`.
pub(crate) struct Process {
    child: Child,
    folder: Scratch,
    pub(crate) address: SocketAddr,
    log: Option<JoinHandle<String>>,
    seen: String,
}

/// What it has left behind.
pub(crate) struct Over {
    /// Everything that it wrote to its standard output and error.
    pub(crate) output: String,
    /// Every file of its store, by name.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// The variable by which it believes what this machine says of somebody else's calls.
pub(crate) const TRUSTING: (&str, &str) = ("EXEUNT_TRUSTED_PROXIES", r#"["127.0.0.1/32"]"#);

impl Process {
    /// Starts it with this key of its environment, and these settings of its log.
    pub(crate) fn start(key: Option<&str>, format: &str, checks: &str) -> Self {
        Self::start_with(key, format, checks, &[])
    }

    /// Starts it with further variables.
    pub(crate) fn start_with(
        key: Option<&str>,
        format: &str,
        checks: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = Scratch::new();
        let store = format!("sqlite:{}", folder.path().join("exeunt.db").display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--store", &store])
            .env_remove("EXEUNT_ADMIN_KEY")
            .env("EXEUNT_LOG__CHECKS", checks)
            .env("EXEUNT_LOG__FORMAT", format)
            .env("EXEUNT_LIMITS__BODY_BYTES", "4096")
            .envs(variables.iter().copied());
        key.map(|key| command.env("EXEUNT_ADMIN_KEY", key));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (address, seen) = listening(&mut log);
        let log = std::thread::spawn(move || {
            let mut rest = String::new();
            log.read_to_string(&mut rest).unwrap();
            rest
        });
        Self { child, folder, address, log: Some(log), seen }
    }

    /// The key that it made for lack of another, kept for the one who runs it alone.
    pub(crate) fn made_key(&self) -> String {
        let path = self.folder.path().join("admin.key");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::read_to_string(path).unwrap().trim().to_owned()
    }

    /// SIGTERM, and what is left when it has ended.
    pub(crate) fn stop(mut self) -> Over {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut output = std::mem::take(&mut self.seen) + &self.log.take().unwrap().join().unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap);
        let files: Vec<_> = entries
            .map(|entry| {
                (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())
            })
            .collect();
        assert!(files.iter().any(|(_, bytes)| bytes.starts_with(b"SQLite format 3")), "there is a database");
        Over { output, files }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
