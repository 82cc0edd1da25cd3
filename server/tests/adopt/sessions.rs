//! `exeunt session import`.

use std::fs;

use exeunt::env::Env;

use crate::support::binary::{Binary, Connection};
use crate::support::command_line::Stage;
use crate::support::run::Ran;

/// Seconds since 1970, so many ago.
fn ago(secs: u64) -> u64 {
    Env::system().now().secs() - secs
}

fn tokens(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("a-token-of-the-old-system-{number:04}")).collect()
}

/// A list of the sessions that these tokens open.
fn list(tokens: &[String]) -> String {
    let issued = ago(600);
    let rows = tokens.iter().map(|token| format!("{token},alice,{issued}\n"));
    std::iter::once("token,username,issued_at\n".to_owned()).chain(rows).collect()
}

fn alive(stage: &Stage, tokens: &[String]) -> usize {
    let mut connection = Connection::open(stage.server.address).unwrap();
    let mut count = 0;
    for some in tokens.chunks(1_000) {
        let body = serde_json::json!({ "tokens": some }).to_string();
        let (status, told) = connection.ask("POST", "/v1/check?peek=1", &body).unwrap();
        assert_eq!(status, 200);
        count += told["results"].as_array().unwrap().iter().filter(|result| result["active"] == true).count();
    }
    count
}

fn says_no_token(ran: &Ran) {
    assert!(!format!("{}{}", ran.out, ran.err).contains("a-token-of-the-old-system"));
}

#[test]
fn old_tokens_work_are_logged_out_and_never_come_back() {
    let mut stage = Stage::new();
    stage.user("alice");
    let tokens = tokens(2_500);
    let file = list(&tokens);
    let dry = stage.given(&file, &["session", "import", "-", "--dry-run"]);
    assert_eq!(
        (dry.code, dry.out.as_str()),
        (0, "2500 sessions would be imported, 0 already existed, 0 refused\n")
    );
    assert_eq!(alive(&stage, &tokens), 0);
    let real = stage.given(&file, &["session", "import", "-"]);
    assert_eq!((real.code, real.out.as_str()), (0, "2500 sessions imported, 0 already existed, 0 refused\n"));
    says_no_token(&real);
    assert_eq!(alive(&stage, &tokens), 2_500);
    // Also after a restart that nobody was told of.
    let Stage { server, scratch } = stage;
    server.kill();
    stage = Stage { server: Binary::start(scratch.path()), scratch };
    assert_eq!(alive(&stage, &tokens), 2_500);
    assert_eq!(stage.run(&["logout", "--user", "alice", "--yes"]).code, 0);
    assert_eq!(alive(&stage, &tokens), 0);
    let again = stage.given(&file, &["session", "import", "-", "--skip-existing", "--json"]);
    // They were issued before alice was logged out, so they are refused before anybody asks for their tokens.
    assert_eq!(again.code, 9);
    says_no_token(&again);
    assert_eq!(alive(&stage, &tokens), 0);
}

#[test]
fn rows_that_are_refused_are_told_without_their_tokens() {
    let stage = Stage::new();
    stage.user("alice");
    let tokens = tokens(6);
    let file = [
        "{\"token\":\"TOKEN0\",\"username\":\"alice\"}",
        "{\"token\":\"TOKEN1\",\"username\":\"bob\"}",
        "{\"token\":\"TOKEN2\",\"username\":\"alice\",\"expires_at\":\"2001-01-01T00:00:00Z\"}",
        "{\"token\":\"TOKEN0\",\"username\":\"alice\"}",
        "{\"tokens\":\"TOKEN3\",\"username\":\"alice\"}",
        "{\"token\":\"TOKEN4\",\"username\":\"ali",
    ]
    .join("\n");
    let file = (0..6).fold(file, |file, at| file.replace(&format!("TOKEN{at}"), &tokens[at]));
    fs::write(stage.scratch.path().join("sessions.jsonl"), file).unwrap();
    let ran = stage.run(&["session", "import", "sessions.jsonl", "--refused", "refused.txt"]);
    assert_eq!((ran.code, ran.out.as_str()), (9, "1 sessions imported, 1 already existed, 4 refused\n"));
    says_no_token(&ran);
    let mut told: Vec<_> = ran.err.lines().collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "exeunt: line 2: no such user",
            "exeunt: line 3: the session has expired: its expires_at is not after its issued_at (else last_seen_at, \
             else now)",
            "exeunt: line 4: it exists already (--skip-existing skips it)",
            "exeunt: line 5: the row is not valid: unknown field, expected one of `token`, `token_sha256`, \
             `user`, `username`, `email`, `account_number`, `dialect`, `client`, `issued_at`, \
             `last_seen_at`, `expires_at`, `idle_secs`, `absolute_secs`, `user_agent`, `address`",
            "exeunt: line 6: the line ends in the middle of a JSON value",
        ]
    );
    assert_eq!(alive(&stage, &tokens), 1);
}
