//! express-session in a real Redis: the sessions move, and the browser's cookie keeps working.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::binary::KEY;
use crate::support::command_line::{Stage, ran};

/// The secret of the application.
const SECRET: &str = "keyboard cat";
/// A session as connect-redis 9 keeps it, and the cookie of its browser, made by express-session 1.19 with [`SECRET`].
const KEPT: (&str, &str) = (
    "sess:sIlqBENEYv6WR15eczsweIjjGmjElRFE",
    r#"{"cookie":{"originalMaxAge":3600000,"expires":"2026-11-21T13:45:08.011Z","httpOnly":true,"path":"/"},"userId":"alice"}"#,
);
const COOKIE: &str =
    "connect.sid=s%3AsIlqBENEYv6WR15eczsweIjjGmjElRFE.zNzRG3n5iAhPJxucmS2F61T00byNjX4OV0EDf2nKUs8";

struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--daemonize", "no", "--port", &port.to_string()]);
        let mut child =
            command.arg("--dir").arg(folder).stdout(Stdio::piped()).spawn().expect("redis-server is there");
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("Ready to accept connections") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "redis-server did not start");
        }
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, port }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Says this and waits for `+OK`.
    fn set(&self, key: &str, value: &str, secs: u32) {
        let secs = secs.to_string();
        let words = ["SET", key, value, "EX", &secs];
        let mut text = format!("*{}\r\n", words.len());
        words.iter().for_each(|word| text += &format!("${}\r\n{word}\r\n", word.len()));
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/adoption")
}

/// Lets alice log in to the application, and returns the cookie of her browser: with `--long` the real packages from
/// npm, else what they wrote when they were looked at.
fn log_in(redis: &Redis, folder: &Path) -> String {
    if std::env::var_os("EXEUNT_LONG").is_none() {
        redis.set(KEPT.0, KEPT.1, 3_500);
        return COOKIE.to_owned();
    }
    let packages = ["express@5", "express-session@1", "connect-redis@9", "redis@6"];
    let npm = Command::new("npm").arg("install").args(packages).current_dir(folder).output().unwrap();
    assert!(npm.status.success(), "{}", String::from_utf8_lossy(&npm.stderr));
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adopt/app.js"), folder.join("app.js"))
        .unwrap();
    let app = Command::new("node")
        .arg("app.js")
        .env("REDIS_URL", redis.url())
        .env("SECRET", SECRET)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(app.status.success(), "{}", String::from_utf8_lossy(&app.stderr));
    let cookie = String::from_utf8(app.stdout).unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Whom the back end takes the browser with this cookie for.
fn user(stage: &Stage, cookie: &str) -> String {
    let module = recipes().join("express.mjs");
    let script = format!(
        "import {{ sessionId, userOf }} from '{}';\n\
         const id = sessionId(process.env.COOKIE, process.env.SECRET);\n\
         console.log(await userOf(id, {{ url: process.env.EXEUNT, key: process.env.KEY }}));",
        module.display()
    );
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-e", &script]).env("COOKIE", cookie).env("SECRET", SECRET);
    let output = node.env("EXEUNT", stage.url()).env("KEY", KEY).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_cookies_of_express_session_go_on_working() {
    let stage = Stage::new();
    let redis = Redis::start(stage.scratch.path());
    let alice = stage.user("alice");
    let cookie = log_in(&redis, stage.scratch.path());
    // Somebody who only looked around, somebody who logged in with Passport, and what is no session at all.
    redis.set("sess:nobody", r#"{"cookie":{"originalMaxAge":null,"expires":null}}"#, 86_000);
    redis.set("sess:passport", r#"{"cookie":{"originalMaxAge":null},"passport":{"user":"alice"}}"#, 86_000);
    redis.set("sess:broken", "{", 86_000);
    redis.set("other:key", "1", 60);
    assert_eq!(user(&stage, &cookie), "null");
    let mut recipe = Command::new(recipes().join("express-redis.sh"));
    let list = ran(recipe.env("REDIS_URL", redis.url()), "");
    assert_eq!(list.code, 0, "{}", list.err);
    let import = stage.given(&list.out, &["session", "import", "-"]);
    assert_eq!(
        (import.code, import.out.as_str()),
        (0, "1 sessions imported, 0 already existed, 0 refused\n"),
        "{}",
        import.err
    );
    assert_eq!(user(&stage, &cookie), alice);
    let mut forged = cookie.clone();
    forged.replace_range(20..21, if &cookie[20..21] == "x" { "y" } else { "x" });
    assert_eq!(user(&stage, &forged), "null");
    assert_eq!(stage.run(&["logout", "--user", "alice", "--yes"]).code, 0);
    assert_eq!(user(&stage, &cookie), "null");
    let mut passport = Command::new(recipes().join("express-redis.sh"));
    passport.env("REDIS_URL", redis.url()).env("USER_FIELD", "passport.user");
    let list = ran(&mut passport, "");
    assert_eq!(list.out.lines().count(), 1);
    assert!(list.out.contains("\"token\":\"passport\""));
}
