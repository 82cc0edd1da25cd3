//! At a real terminal: tables, questions, passwords that are not shown, and Ctrl-C.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::support::command_line::{PASSWORD, Stage};

/// A command at a terminal, as a person sees it.
struct Typed {
    child: Child,
    terminal: std::fs::File,
    side: OwnedFd,
    seen: String,
}

impl Typed {
    fn start(stage: &Stage, columns: u16, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let side = ioctl_tiocgptpeer(&terminal, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let asked = stage.command(arguments);
        // It makes the terminal the one that Ctrl-C comes from, and then becomes the command.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(asked.get_program()).args(arguments).env_clear();
        command.envs(asked.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.envs(variables.iter().copied()).env("TERM", "xterm");
        let to = || Stdio::from(side.try_clone().unwrap());
        let child = command.stdin(to()).stdout(to()).stderr(to()).spawn().unwrap();
        drop(command);
        Self { child, terminal: terminal.into(), side, seen: String::new() }
    }

    /// Reads until this is seen.
    fn await_text(&mut self, text: &str) {
        let mut piece = [0; 1024];
        while !self.seen.contains(text) {
            let count = self.terminal.read(&mut piece).unwrap();
            self.seen += std::str::from_utf8(&piece[..count]).unwrap();
        }
    }

    fn types(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    /// Whether the terminal shows what is typed.
    fn echoes(&self) -> bool {
        tcgetattr(&self.side).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for its end: the exit code, and all that was seen.
    fn ends(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().expect("it ends by itself");
        assert!(self.echoes(), "the terminal is as it was before");
        // With the last other side of it closed, what is left can be read to its end.
        drop(self.side);
        let mut piece = [0; 1024];
        while let Ok(count @ 1..) = self.terminal.read(&mut piece) {
            self.seen += std::str::from_utf8(&piece[..count]).unwrap();
        }
        (code, self.seen)
    }
}

#[test]
fn a_logout_tells_how_many_and_asks() {
    let stage = Stage::new();
    let alice = stage.user("alice");
    let tokens = [stage.session(&alice).1, stage.session(&alice).1];
    for (answer, code, says, alive) in [
        ("n", 1, "nothing was changed", true),
        ("", 1, "nothing was changed", true),
        ("y", 0, "mark 1", false),
    ] {
        let mut typed = Typed::start(&stage, 80, &["logout", "--user", "alice"], &[]);
        typed.await_text("This ends 2 sessions: everything of user alice. Continue? [y/N] ");
        typed.types(&format!("{answer}\n"));
        let (ended, seen) = typed.ends();
        assert_eq!(ended, code, "{seen}");
        assert!(seen.contains(says), "{seen}");
        assert!(tokens.iter().all(|token| stage.accepts(token) == alive));
    }
}

#[test]
fn ctrl_c_at_a_question_changes_nothing() {
    let stage = Stage::new();
    let alice = stage.user("alice");
    let (_, token) = stage.session(&alice);
    let mut typed = Typed::start(&stage, 80, &["logout", "--everybody"], &[]);
    typed.await_text("[y/N] ");
    typed.types("y\x03");
    assert_eq!(typed.ends().0, 130);
    assert!(stage.accepts(&token));
}

#[test]
fn ctrl_c_is_heard_after_a_question_too() {
    let stage = Stage::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut typed = Typed::start(&stage, 80, &["user", "add", "alice", "--url", &url], &[]);
    for question in ["Password: ", "Repeat the password: "] {
        typed.await_text(question);
        typed.types(&format!("{PASSWORD}\n"));
    }
    let _asked = silent.accept().unwrap();
    typed.types("\x03");
    assert_eq!(typed.ends().0, 130);
}

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let stage = Stage::new();
    let mut typed = Typed::start(&stage, 80, &["user", "add", "alice"], &[]);
    typed.await_text("Password: ");
    assert!(!typed.echoes());
    typed.types(&format!("{PASSWORD}\n"));
    typed.await_text("Repeat the password: ");
    assert!(!typed.echoes());
    typed.types(&format!("{PASSWORD}\n"));
    let (code, seen) = typed.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("bear"), "{seen}");

    let mut typed = Typed::start(&stage, 80, &["user", "passwd", "alice"], &[]);
    typed.await_text("Password: ");
    typed.types("one password\n");
    typed.await_text("Repeat the password: ");
    typed.types("another password\n");
    let (code, seen) = typed.ends();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.contains("the two passwords differ"));

    let mut typed = Typed::start(&stage, 80, &["user", "passwd", "alice"], &[]);
    typed.await_text("Password: ");
    typed.types("\x03");
    assert_eq!(typed.ends().0, 130);
}

#[test]
fn a_table_fits_the_terminal_and_its_heading_is_bold() {
    let stage = Stage::new();
    let long = "a-name-that-is-far-longer-than-what-is-left-of-the-line".repeat(2);
    stage.run(&["user", "add", &long, "--no-password"]);
    let (code, seen) = Typed::start(&stage, 110, &["user", "list"], &[]).ends();
    assert_eq!(code, 0);
    assert!(seen.starts_with("\x1b[1mID") && seen.contains("CREATED\x1b[0m\r\n"), "{seen:?}");
    let widest =
        seen.replace("\x1b[1m", "").replace("\x1b[0m", "").lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(110) && seen.contains('…'), "{seen:?}");
    let (_, seen) = Typed::start(&stage, 110, &["user", "list"], &[("NO_COLOR", "1")]).ends();
    assert!(seen.starts_with("ID") && !seen.contains('\x1b'), "{seen:?}");
    let (_, seen) = Typed::start(&stage, 110, &["user", "list", "--json"], &[]).ends();
    assert!(seen.starts_with('{') && seen.contains(&long) && !seen.contains('\x1b'), "{seen:?}");
}

#[test]
fn ctrl_c_ends_following() {
    let stage = Stage::new();
    let mut typed = Typed::start(&stage, 200, &["marks", "--follow", "--after", "0"], &[]);
    stage.run(&["logout", "--everybody", "--yes"]);
    typed.await_text("admin");
    typed.types("\x03");
    let (code, seen) = typed.ends();
    assert_eq!(code, 130, "{seen}");
    assert!(seen.contains("to continue from here: --after"), "{seen}");
}
