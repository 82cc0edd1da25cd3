//! A form in parts is read as PHP and Django read it; one that cannot be read is answered as that, and is no failed login.

use exeunt::config::{Config, ThrottleConfig};

use crate::edges::dialogue::{PASSWORD, Server, memory, post};

const FIELDS: [(&str, &str); 4] = [
    ("username", "alice"),
    ("email", "alice@example.org"),
    ("password", PASSWORD),
    ("account_number", "000123"),
];

/// Where one failed login locks.
async fn server() -> Server {
    let throttle = ThrottleConfig { pair_failures: 1, ..ThrottleConfig::default() };
    Server::start_on(memory(), Config { throttle, ..Config::default() }).await
}

fn body(boundary: &str, password: &str) -> String {
    let part = |(name, value): (&str, &str)| {
        let value = if name == "password" { password } else { value };
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    FIELDS.into_iter().map(part).collect::<String>() + &format!("--{boundary}--\r\n")
}

async fn log_in(server: &Server, parameters: &str, body: &str) -> [String; 3] {
    let kind = format!("Content-Type: multipart/form-data{parameters}\r\n");
    [
        server.ask(post("/session/login", &kind, body)).await,
        server.ask(post("/rest/login?format=json", &kind, body)).await,
        server.ask(post("/API/login?format=json", &kind, body)).await,
    ]
}

fn is_right(answers: &[String; 3]) -> bool {
    let [videntity, rest, api] = answers;
    videntity.contains("<status>SUCCESS") && rest.contains("tmp_secret") && api.contains("tmp_secret")
}

fn is_unreadable(answers: &[String; 3]) -> bool {
    let [videntity, rest, api] = answers;
    videntity.contains("Mandatory field username is missing")
        && rest.contains("\"error_code\":3")
        && api.starts_with("HTTP/1.1 400")
        && api.contains("Invalid parameters")
}

#[tokio::test]
async fn a_boundary_is_read_as_php_and_django_read_it() {
    let server = server().await;
    for (parameters, boundary) in [
        ("; boundary=B", "B"),
        ("; boundary=a=b", "a=b"),
        ("; boundary=a/b", "a/b"),
        ("; boundary=a?b", "a?b"),
        ("; boundary==/?", "=/?"),
        ("; boundary=a:b(c)d+e_f.g'h-i", "a:b(c)d+e_f.g'h-i"),
        ("; boundary=a=b;", "a=b"),
        ("; charset=utf-8; boundary=a=b", "a=b"),
        ("; boundary=a=b; charset=utf-8", "a=b"),
        (";\t boundary=a/b", "a/b"),
        (";boundary=a/b", "a/b"),
        ("; BOUNDARY=a/b", "a/b"),
        ("; boundary=\"a=b/c?d:e,f\"", "a=b/c?d:e,f"),
        ("; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"),
    ] {
        let answers = log_in(&server, parameters, &body(boundary, PASSWORD)).await;
        assert!(is_right(&answers), "{parameters}: {answers:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_as_that_and_is_no_failed_login() {
    let server = server().await;
    let wrong = body("B", "wrong password");
    let mut unreadable: Vec<(&str, String)> = vec![
        ("", wrong.clone()),
        ("; boundary=", wrong.clone()),
        ("; boundary=C", wrong.clone()),
        ("; boundary=b", wrong.clone()),
        ("; boundary=B,C", body("B,C", "wrong password")),
        ("; boundary=B; boundary=B", wrong.clone()),
        ("; boundary=\"B", wrong.clone()),
        ("; boundary=\"a\\=b\"", body("a=b", "wrong password")),
        ("; boundary=B", "username=alice&password=wrong".to_owned()),
        ("; boundary=B", wrong.replace("\r\n\r\n", "\r\n")),
    ];
    // Cut off anywhere before its end.
    let end = wrong.rfind("--").unwrap();
    unreadable.extend((0..end).step_by(17).map(|cut| ("; boundary=B", wrong[..cut].to_owned())));
    unreadable.push(("; boundary=B", wrong[..end].to_owned()));
    for (parameters, body) in &unreadable {
        let answers = log_in(&server, parameters, body).await;
        assert!(is_unreadable(&answers), "{parameters}\n{body}\n{answers:?}");
    }
    let answers = log_in(&server, "; boundary=B", &body("B", PASSWORD)).await;
    assert!(is_right(&answers), "nobody is locked: {answers:?}");
    // A readable one with a wrong password is a failed login, and locks.
    log_in(&server, "; boundary=B", &wrong).await;
    assert!(!is_right(&log_in(&server, "; boundary=B", &body("B", PASSWORD)).await));
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_or_does_not_come_whole_is_no_failed_login_either() {
    let server = server().await;
    let large = body("B", &"wrong".repeat(20_000));
    let form = format!("username=alice&email=alice%40example.org&account_number=000123&password={large}");
    for path in ["/session/login", "/rest/login", "/API/login"] {
        for (kind, text) in
            [("multipart/form-data; boundary=B", &large), ("application/x-www-form-urlencoded", &form)]
        {
            let kind = format!("Content-Type: {kind}\r\n");
            let answer = server.ask(post(path, &kind, text)).await;
            assert!(answer.starts_with("HTTP/1.1 413"), "{path} {kind}: {answer}");
            let short = post(path, &kind, &text[..200]);
            let answer = server.ask(&short[..short.len() - 20]).await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{path} {kind}: {answer}");
        }
    }
    let answers = log_in(&server, "; boundary=B", &body("B", PASSWORD)).await;
    assert!(is_right(&answers), "nobody is locked: {answers:?}");
    server.stop().await;
}
