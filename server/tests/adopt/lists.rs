//! What is no list, or would not be one any more, and what all of its rows share: told once, before anything is done.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command_line::{Stage, ran};

const LIST: &str = "username\nada\ngrace\n";

#[test]
fn the_list_is_never_written_over() {
    let stage = Stage::new();
    let path = |name: &str| stage.scratch.path().join(name);
    fs::write(path("users.csv"), LIST).unwrap();
    symlink("users.csv", path("link")).unwrap();
    fs::hard_link(path("users.csv"), path("hard")).unwrap();
    for refused in ["users.csv", "./users.csv", "link", "hard"] {
        for more in [&["--dry-run"][..], &[]] {
            let arguments = ["user", "import", "users.csv", "--refused", refused];
            let ran = stage.run(&[&arguments, more].concat());
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{refused}: {}", ran.err);
            assert!(ran.err.contains("is the input itself"), "{}", ran.err);
        }
    }
    let mut given = stage.command(&["user", "import", "-", "--refused", "hard"]);
    let given = given.stdin(File::open(path("users.csv")).unwrap()).output().unwrap();
    assert_eq!(given.status.code(), Some(2));
    assert_eq!(fs::read_to_string(path("users.csv")).unwrap(), LIST);
    assert_eq!(stage.run(&["user", "import", "users.csv", "--refused", "new"]).code, 0);
    assert_eq!(stage.run(&["user", "import", "users.csv", "--refused", "new", "--skip-existing"]).code, 0);
    let mut nothing = stage.command(&["user", "import", "users.csv", "--refused", "/dev/null"]);
    assert_eq!(ran(nothing.arg("--skip-existing"), "").code, 0);
}

#[test]
fn an_empty_input_is_no_list() {
    let stage = Stage::new();
    for what in ["user", "session"] {
        let ran = stage.given("", &[what, "import", "-", "--skip-existing"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
        assert!(ran.err.contains("the input is empty"), "{}", ran.err);
        let header = stage.given("username\n", &[what, "import", "-"]);
        assert_eq!(header.code, 0, "a list may have no rows: {}", header.err);
    }
}

#[test]
fn what_all_rows_share_is_told_once_and_before_any_is_read() {
    let stage = Stage::new();
    stage.user("ada");
    let list = "token,username\nthe-first-old-token,ada\nthe-second-old-token,ada\n";
    for (arguments, code, says) in [
        (&["--client", "nowhere"][..], 3, "no such client"),
        (&["--client", "00000000000000000000000000000000"], 3, "no such client"),
        (&["--dialect", "klingon"], 2, "there is no such dialect"),
        (&["--since", "bogus"], 2, "this is not a position; expected one that this server returned"),
        (&["--realm", "nowhere"], 3, "no such realm"),
    ] {
        for input in [list, ""] {
            let import = ["session", "import", "-", "--refused", "refused.txt"];
            let ran = stage.given(input, &[&import, arguments].concat());
            assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{arguments:?}: {}", ran.err);
            assert_eq!(ran.err, format!("exeunt: {says}\n"));
            assert!(!stage.scratch.path().join("refused.txt").exists());
        }
    }
}

/// The list never ends, and its first batch is done.
#[test]
fn ctrl_c_says_how_to_go_on() {
    let stage = Stage::new();
    stage.user("last");
    let mut import = stage.command(&["user", "import", "-"]);
    let mut child =
        import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let rows: String = (1..1_000).map(|number| format!("user{number}\n")).collect();
    let mut list = child.stdin.take().unwrap();
    list.write_all(format!("username\n{rows}last\n").as_bytes()).unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("exeunt: line 1001: it exists already"), "{line}");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(
        rest,
        "exeunt: interrupted. The file is processed up to line 1001; to continue, run the same command \
         with --skip-existing.\n"
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(list);
}
