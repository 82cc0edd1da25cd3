//! Users and sessions in tables of a real PostgreSQL: the recipes of `docs/adoption/` move them.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::binary::Connection;
use crate::support::command_line::{Stage, ran};
use crate::support::ordinary::NOBODY;
use crate::support::run::Ran;

/// Where Debian has its programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

const TABLES: &str = "\
CREATE TABLE users (id bigint PRIMARY KEY, email text, password text, first_name text, last_name text, is_active boolean);
CREATE TABLE sessions (id bigint PRIMARY KEY, key_sha256 bytea, user_id bigint, created_at timestamptz,
    last_seen_at timestamptz, expires_at timestamptz, ended_at timestamptz, user_agent text, address inet);
INSERT INTO users SELECT n, 'user' || n || '@example.org', '$2y$04$5y92yDgLQ6RRjOxF59YdXuEeZkRw8BoNicGq2XwhPkdjbsLiQkaVm',
    'Zoë, \"' || n || '\"', E'of\\nthe old system', n <> 2 FROM generate_series(1, 3) n;
INSERT INTO sessions SELECT n, sha256(('old key ' || n)::bytea), n, now() - interval '10 minutes',
    now() - interval '1 minute', now() + interval '1 hour', CASE n WHEN 3 THEN now() END, 'an old client', '192.0.2.7'
    FROM generate_series(1, 3) n;
";

struct Postgres {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts it; as nobody where the tests run as root, which it refuses.
    fn start(folder: &Path) -> Self {
        let data = folder.join("postgres");
        fs::create_dir(&data).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let made = tool("initdb")
            .args(["--auth=trust", "--username=app", "-E", "UTF8", "--pgdata"])
            .arg(&data)
            .output();
        let made = made.expect("PostgreSQL 15 is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut command = tool("postgres");
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses="])
            .arg("-k")
            .arg(&data);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, folder: data, port };
        while server.psql(&["-c", "SELECT 1"]).code != 0 {}
        server
    }

    fn psql(&self, arguments: &[&str]) -> Ran {
        let mut psql = Command::new("psql");
        psql.args(["-q", "-X", "-v", "ON_ERROR_STOP=1", "-U", "app", "-p", &self.port.to_string(), "-h"]);
        ran(psql.arg(&self.folder).args(arguments).arg("postgres"), "")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn tool(name: &str) -> Command {
    let mut command = Command::new(Path::new(PROGRAMS).join(name));
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/");
    command
}

fn recipe(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/adoption").join(name).display().to_string()
}

#[test]
fn users_and_sessions_of_a_table_move() {
    let stage = Stage::new();
    let postgres = Postgres::start(stage.scratch.path());
    let made = postgres.psql(&["-c", TABLES]);
    assert_eq!(made.code, 0, "{}", made.err);
    let users = postgres.psql(&["-f", &recipe("users.sql")]);
    assert_eq!(users.code, 0, "{}", users.err);
    let import = stage.given(&users.out, &["user", "import", "-"]);
    // A last name of two lines is not valid; each is reported with the line that it begins in.
    assert_eq!((import.code, import.out.as_str()), (9, "0 users imported, 0 already existed, 3 refused\n"));
    let lines: Vec<_> = import.err.lines().collect();
    let told =
        |line| format!("exeunt: line {line}: last_name contains a control character (U+000A); remove it");
    assert_eq!(lines, [told(2), told(4), told(6)]);
    postgres.psql(&["-c", "UPDATE users SET last_name = 'of the old system'"]);
    let users = postgres.psql(&["-f", &recipe("users.sql")]);
    let import = stage.given(&users.out, &["user", "import", "-"]);
    assert_eq!((import.code, import.err.as_str()), (0, ""));
    let shown = stage.run(&["user", "show", "user1@example.org", "--json"]).values().remove(0);
    assert_eq!(shown["first_name"], "Zoë, \"1\"");
    let list = postgres.psql(&["-f", &recipe("sessions.sql")]);
    assert_eq!(list.code, 0, "{}", list.err);
    let import = stage.given(&list.out, &["session", "import", "-"]);
    // The second user is disabled; the third session was ended there.
    assert_eq!((import.code, import.err.as_str()), (9, "exeunt: line 3: the user is disabled\n"));
    let mut connection = Connection::open(stage.server.address).unwrap();
    let (_, told) =
        connection.ask("POST", "/v1/check", r#"{"tokens":["old key 1","old key 2","old key 3"]}"#).unwrap();
    let active: Vec<_> = told["results"].as_array().unwrap().iter().map(|result| &result["active"]).collect();
    assert_eq!(active, [true, false, false]);
}
