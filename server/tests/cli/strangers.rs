//! What answers is not the server, or does not answer: nothing is taken for an answer that is none.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

use crate::support::command_line::Stage;
use crate::support::run::Ran;

#[test]
fn a_server_that_has_gone_is_no_answer() {
    let stage = Stage::new();
    let alice = stage.user("alice");
    let (_, token) = stage.session(&alice);
    let url = stage.url();
    let Stage { server, scratch } = stage;
    server.kill();
    let stage = Stage { server: crate::support::binary::Binary::start(scratch.path()), scratch };
    let away = stage.given(&token, &["check", "--url", &url]);
    assert_eq!(away.code, 5, "not 7, which would be an answer");
    assert!(away.err.contains("Is the server running"), "{}", away.err);
    assert!(stage.accepts(&token));
}

#[test]
fn an_answer_has_its_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let stage = Stage::new();
    let waited = asked(&stage, silent.local_addr().unwrap(), &["user", "list", "--timeout", "1"]);
    assert_eq!(waited.code, 5);
    assert!(waited.err.contains("no answer within 1 seconds (--timeout)"), "{}", waited.err);
    let changing = ["logout", "--everybody", "--yes", "--timeout", "1"];
    let waited = asked(&stage, silent.local_addr().unwrap(), &changing);
    assert!(waited.code == 5 && waited.err.contains("The change may have been made"), "{}", waited.err);
}

#[test]
fn what_is_not_exeunt_is_called_so() {
    let stage = Stage::new();
    let cases = [
        ("200 OK", "<html>hello</html>", 1, "is not Exeunt"),
        ("200 OK", "{}", 1, "is not Exeunt"),
        ("302 Found\r\nLocation: http://192.0.2.7/", "", 1, "302 Found"),
        ("404 Not Found", "no", 1, "404 Not Found"),
        ("502 Bad Gateway", "no", 5, "502 Bad Gateway"),
        ("503 Service Unavailable", "{\"detail\":\"the store is away\"}", 5, "it is safe to try again"),
    ];
    for (status, body, code, says) in cases {
        let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = stranger.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = stranger.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while !lines.next().unwrap().unwrap().is_empty() {}
            let length = body.len();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        });
        let ran = asked(&stage, address, &["user", "list"]);
        answering.join().unwrap();
        assert_eq!(ran.code, code, "{status}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{status}: {}", ran.err);
    }
}

fn asked(stage: &Stage, address: SocketAddr, arguments: &[&str]) -> Ran {
    stage.run(&[arguments, &["--url", &format!("http://{address}")]].concat())
}
