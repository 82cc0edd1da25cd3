//! `exeunt user import`.

use std::fs;

use crate::support::binary::Connection;
use crate::support::command_line::Stage;
use crate::support::run::Ran;

/// "correct horse é", as Django 5.2, PHP 8.2 and Werkzeug 3.1 hash it.
const HASHES: [(&str, &str); 4] = [
    ("django", "pbkdf2_sha256$1000$saltsaltsaltsalt$vziugTYXn+vq18wXgJqgh9qsyB3sQnHKAWx1PZZ1kkA="),
    ("django2", "bcrypt_sha256$$2b$04$8KFWzLBgAllvJKs5/NkryOd/WhfBnJsrY1Xoj//yo8Et0RuqwonSO"),
    ("php", "$2y$04$5y92yDgLQ6RRjOxF59YdXuEeZkRw8BoNicGq2XwhPkdjbsLiQkaVm"),
    (
        "flask",
        "pbkdf2:sha256:1000$cOuoqoouq1JCMVQa$90adcac8bef36bdb698fe0ff3fd9665080a0cb417b58934ba0de753d1c7562ff",
    ),
];

fn write(stage: &Stage, name: &str, text: impl AsRef<[u8]>) {
    fs::write(stage.scratch.path().join(name), text).unwrap();
}

fn sum(ran: &Ran) -> (u64, u64, u64) {
    let sum: serde_json::Value = serde_json::from_str(ran.out.trim()).unwrap();
    let count = |name: &str| sum[name].as_u64().unwrap();
    (count("made"), count("there"), count("refused"))
}

/// Whether this user can log in with the password of the other system.
fn logs_in(stage: &Stage, user: &str) -> bool {
    let body = format!("email={user}%40example.org&password=correct+horse+%C3%A9");
    let mut connection = Connection::open(stage.server.address).unwrap();
    let form = "application/x-www-form-urlencoded";
    let (_, answer) = connection.ask_as(form, "POST", "/rest/login?format=json", &body).unwrap();
    answer["tmp_key"].is_string()
}

#[test]
fn users_log_in_with_the_passwords_that_they_have() {
    let stage = Stage::new();
    let mut file = "email,password_hash,data\n".to_owned();
    for (name, hash) in HASHES {
        file += &format!("{name}@example.org,{hash},\"{{\"\"from\"\":\"\"old\"\"}}\"\n");
    }
    write(&stage, "users.csv", &file);
    let dry = stage.run(&["user", "import", "users.csv", "--dry-run"]);
    assert_eq!(
        (dry.code, dry.out.as_str()),
        (0, "4 users would be imported, 0 already existed, 0 refused\n")
    );
    assert_eq!(stage.run(&["user", "list"]).out, "");
    let real = stage.given(&file, &["user", "import", "-"]);
    assert_eq!(
        (real.code, real.out.as_str()),
        (0, "4 users imported, 0 already existed, 0 refused\n"),
        "{}",
        real.err
    );
    for (name, _) in HASHES {
        assert!(logs_in(&stage, name), "{name}");
        // The hash was renewed by the first login.
        assert!(logs_in(&stage, name), "{name}");
    }
}

#[test]
fn each_row_that_is_refused_is_told_by_its_line() {
    let stage = Stage::new();
    stage.user("there");
    let rows: [&[u8]; 12] = [
        b"username,email,password_hash",
        b"one,one@example.org,",
        b"two,not an address,",
        b"\xff\xfe,,",
        b"there,other@example.org,",
        b"one,again@example.org,",
        b"three,three@example.org",
        b",,$2y$04$5y92yDgLQ6RRjOxF59YdXuEeZkRw8BoNicGq2XwhPkdjbsLiQkaVm",
        b"four,,$1$md5crypt$of.a.secret",
        b"there,,",
        b"five,,",
        b"\"six,,",
    ];
    write(&stage, "users.csv", rows.join(&b'\n'));
    let refused = [
        "line 3: email has no @; expected an address such as alice@example.org",
        "line 4: the row is not UTF-8",
        "line 5: this username is taken",
        "line 6: this username is taken",
        "line 7: the row has 2 fields, but the header has 3",
        "line 8: the user would have no name; give a username, an email or an account_number",
        "line 9: password_hash: its format is not known",
        "line 10: it exists already (--skip-existing skips it)",
        "line 12: a quote is not closed; nothing after it was read",
    ];
    let dry = stage.run(&["user", "import", "users.csv", "--dry-run", "--json"]);
    // What is wrong with the text of a row is known before the batch is sent.
    let lines = |text: &str| {
        let mut lines: Vec<_> =
            text.lines().map(|line| line.trim_start_matches("exeunt: ").to_owned()).collect();
        lines.sort_by_key(|line| line[5..].split(':').next().unwrap().parse::<u32>().unwrap());
        lines
    };
    assert_eq!((dry.code, sum(&dry)), (9, (3, 1, 7)));
    assert_eq!(lines(&dry.err).len(), 8, "a dry run does not compare the rows of a batch with each other");
    let real = stage.run(&["user", "import", "users.csv", "--json", "--refused", "refused.txt"]);
    assert_eq!((real.code, sum(&real)), (9, (2, 1, 8)));
    assert_eq!(lines(&real.err), refused);
    assert_eq!(lines(&fs::read_to_string(stage.scratch.path().join("refused.txt")).unwrap()), refused);
    assert!(!real.err.contains("md5crypt"), "no hash is repeated");
}

#[test]
fn an_import_that_was_interrupted_goes_on_and_doubles_nobody() {
    let stage = Stage::new();
    let rows = |count| -> String {
        (0..count)
            .map(|number| format!("{{\"username\":\"user{number}\",\"account_number\":\"{number:06}\"}}\n"))
            .collect()
    };
    // Half a line: whoever wrote it was interrupted.
    let half = rows(1_500) + "{\"username\":\"user1500\",\"acc";
    let first = stage.given(&half, &["user", "import", "-", "--json"]);
    assert_eq!((first.code, sum(&first)), (9, (1_500, 0, 1)));
    assert_eq!(first.err, "exeunt: line 1501: the line ends in the middle of a JSON value\n");
    let again = stage.given(&rows(2_500), &["user", "import", "-", "--json", "--skip-existing"]);
    assert_eq!((again.code, sum(&again)), (0, (1_000, 1_500, 0)));
    assert_eq!(stage.run(&["user", "list", "--json"]).out.lines().count(), 2_500);
}

#[test]
fn a_file_that_makes_no_sense_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    write(&stage, "users.csv", "name,hash\nada,x\n");
    let ran = stage.run(&["user", "import", "users.csv"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("line 1: the first line is not a header"), "{}", ran.err);
    assert_eq!(stage.run(&["user", "import", "nowhere.csv"]).code, 1);
}
