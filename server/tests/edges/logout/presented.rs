//! Each way to present credentials to each dialect, several at once and in several places: either it is no success, or
//! none of what was presented works afterwards.

use crate::edges::dialogue::{Server, form, post, status};

const PROJECT: &str = "cccccccccccccccccccccccccccccccc";
const COOKIE: &str = "__Secure-rested-access-token";

/// A dialect as far as it matters here.
struct Dialect {
    name: &'static str,
    /// The client of its sessions.
    client: &'static str,
    /// Two credentials, as they are imported.
    credentials: [&'static str; 2],
    /// The ways: a name, whether it is right and must succeed, and what is sent.
    ways: Vec<(&'static str, bool, String)>,
    /// Whether an answer says that somebody was logged out.
    succeeded: fn(&str) -> bool,
    /// The call that tells whether a credential works, and how its success looks.
    check: fn(&str) -> String,
    works: fn(&str) -> bool,
}

#[tokio::test]
async fn none_of_what_was_presented_survives_an_acknowledgement() {
    for dialect in [videntity(), runsignup("/rest/"), runsignup("/API/"), rested()] {
        for hot_front in [true, false] {
            for (way, must_succeed, request) in &dialect.ways {
                let server = Server::start(hot_front).await;
                server.project("project", PROJECT, "https://shop.example", false).await;
                server.sessions(dialect.client, &dialect.credentials).await;
                let answer = server.ask(request).await;
                let said = request.replace("%2D", "-");
                let succeeded = (dialect.succeeded)(&answer);
                let at = format!("{} {way}, fast path {hot_front}:\n{request}\n{answer}", dialect.name);
                assert!(succeeded || !must_succeed, "it is right: {at}");
                for credential in dialect.credentials {
                    let check = server.ask((dialect.check)(credential)).await;
                    let presented = credential.split(':').all(|half| said.contains(half));
                    assert!(!(succeeded && presented && (dialect.works)(&check)), "{credential} works: {at}");
                    assert!(presented || (dialect.works)(&check), "{credential} was not presented: {at}");
                }
                server.stop().await;
            }
        }
    }
}

fn part(name: &str, value: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=B\r\n";

fn videntity() -> Dialect {
    let (one, two) = ("videntity-key-number-one", "videntity-key-number-two");
    let path = "/session/logout";
    let query = format!("{path}?session_key={two}");
    let (first, second) = (format!("session_key={one}"), format!("session_key={two}"));
    let ways = vec![
        ("in the body", true, form(path, "", &first)),
        ("without a type", true, post(path, "", &first)),
        ("escaped", true, form(path, "", &first.replace('-', "%2D"))),
        ("twice the same", false, form(path, "", &format!("{first}&{first}"))),
        ("twice", false, form(path, "", &format!("{first}&{second}"))),
        ("twice, once by an escaped name", false, form(path, "", &format!("{first}&session%5Fkey={two}"))),
        ("and an empty one", false, form(path, "", &format!("session_key=&{first}"))),
        ("in the query alone", false, form(&query, "", "")),
        ("the same in query and body", true, form(&query, "", &second)),
        ("query and body", false, form(&query, "", &first)),
        ("twice in the query", false, form(&format!("{query}&{first}"), "", &first)),
        ("escaped in the query", false, form(&format!("{path}?session%5Fkey={two}"), "", &first)),
        (
            "in JSON",
            false,
            post(path, "Content-Type: application/json\r\n", &format!("{{\"session_key\":\"{one}\"}}")),
        ),
        ("in parts", true, post(path, MULTIPART, &(part("session_key", one) + "--B--\r\n"))),
        (
            "in two parts",
            false,
            post(path, MULTIPART, &(part("session_key", one) + &part("session_key", two) + "--B--\r\n")),
        ),
        ("in parts that break off", false, post(path, MULTIPART, &part("session_key", one))),
        ("query and parts", false, post(&query, MULTIPART, &(part("session_key", one) + "--B--\r\n"))),
        ("by GET", false, format!("GET {query} HTTP/1.1\r\nHost: a\r\n\r\n")),
    ];
    Dialect {
        name: "videntity",
        client: "videntity",
        credentials: [one, two],
        ways,
        succeeded: |answer| answer.contains("<status>SUCCESS</status>"),
        check: |key| form("/session/ping", "", &format!("session_key={key}")),
        works: |answer| answer.contains("<status>SUCCESS</status>"),
    }
}

/// The calls under this path.
fn runsignup(prefix: &'static str) -> Dialect {
    let credentials = ["key-number-one:secret-number-one", "key-number-two:secret-number-two"];
    let [one, two] = credentials.map(|pair| {
        let (key, secret) = pair.split_once(':').unwrap();
        (format!("tmp_key={key}"), format!("tmp_secret={secret}"))
    });
    let [first, second] = [&one, &two].map(|(key, secret)| format!("{key}&{secret}"));
    let path = format!("{prefix}logout?format=json");
    let query = format!("{path}&{first}");
    let bearer = "Authorization: Bearer something\r\n";
    let permanent = "&api_key=some-key&api_secret=some-secret";
    let parts = part("tmp_key", "key-number-two") + &part("tmp_secret", "secret-number-two");
    let whole = format!("{parts}--B--\r\n");
    let ways = vec![
        ("in the query", true, form(&query, "", "")),
        ("in the body", true, form(&path, "", &second)),
        ("in parts", true, post(&path, MULTIPART, &whole)),
        ("the same in query and body", true, form(&query, "", &first)),
        ("beside another program's name", true, form(&format!("{query}&rsu_api_reg=1.x"), "", "")),
        ("query and body", false, form(&query, "", &second)),
        ("query and parts", false, post(&query, MULTIPART, &whole)),
        ("query and parts that break off", false, post(&query, MULTIPART, &parts)),
        ("query and an empty multipart body", true, post(&query, MULTIPART, "")),
        ("query and untyped body", false, post(&query, "", &second)),
        ("query and body that repeats", false, form(&query, "", &format!("tmp_key=a&{second}&tmp_secret=b"))),
        ("twice in the query", false, form(&format!("{query}&{second}"), "", "")),
        ("twice in the body", false, form(&path, "", &format!("{first}&{second}"))),
        ("half here, half there", false, form(&format!("{path}&{}", one.0), "", &one.1)),
        ("halves of two", false, form(&format!("{path}&{}&{}", one.0, two.1), "", "")),
        (
            "halves of two, and the rest in the body",
            false,
            form(&format!("{path}&{}&{}", one.0, two.1), "", &format!("{}&{}", two.0, one.1)),
        ),
        ("with a bearer", false, form(&query, bearer, "")),
        ("with a bearer, in the body", false, form(&path, bearer, &second)),
        ("with a permanent pair", false, form(&format!("{query}{permanent}"), "", "")),
        ("with a permanent pair in the body", false, form(&query, "", &permanent[1..])),
        ("in an empty query and the body", true, form(&format!("{path}&tmp_key=&tmp_secret="), "", &second)),
        ("by GET", false, format!("GET {query} HTTP/1.1\r\nHost: a\r\n\r\n")),
    ];
    Dialect {
        name: prefix,
        client: "runsignup",
        credentials,
        ways,
        succeeded: |answer| answer.contains("{\"success\":\"T\"}"),
        check: |pair| {
            let (key, secret) = pair.split_once(':').unwrap();
            format!(
                "GET /rest/user?format=json&tmp_key={key}&tmp_secret={secret} HTTP/1.1\r\nHost: a\r\n\r\n"
            )
        },
        works: |answer| answer.contains("{\"user\":"),
    }
}

fn rested() -> Dialect {
    let (one, two) = ("rested-token-number-one", "rested-token-number-two");
    let path = format!("/api/1/ce/users/all?key={PROJECT}&logout=true");
    let header = |token: &str| format!("Authorization: {token}\r\n");
    let cookie = |token: &str| format!("Cookie: {COOKIE}={token}\r\n");
    let out = |lines: &str| post(&path, lines, "");
    let ways = vec![
        ("in the header", true, out(&header(one))),
        ("in the header, as a bearer", true, out(&header(&format!("bearer  {one} ")))),
        ("in the cookie", true, out(&cookie(one))),
        ("in the cookie, quoted", true, out(&cookie(&format!("\"{one}\"")))),
        ("header and cookie", true, out(&(header(one) + &cookie(two)))),
        ("the same in header and cookie", true, out(&(header(one) + &cookie(one)))),
        ("two headers", true, out(&(header(one) + &header(two)))),
        ("two headers, one of another scheme", true, out(&(header("Basic YTpi") + &header(two)))),
        ("two headers, joined on the way", true, out(&header(&format!("Bearer {one}, Bearer {two}")))),
        (
            "a header joined to one of another scheme",
            true,
            out(&header(&format!("Basic YTpi, Bearer {two}"))),
        ),
        ("two cookies", true, out(&cookie(&format!("{one}; {COOKIE}={two}")))),
        ("two lines of cookies", true, out(&(cookie(one) + &cookie(two)))),
        ("two lines of cookies, joined on the way", true, out(&cookie(&format!("{one}, {COOKIE}={two}")))),
        ("behind other words", true, out(&header(&format!("x;bearer {one}")))),
        ("in quotes", true, out(&header(&format!("\"Bearer {one}\"")))),
        ("behind a tab", true, out(&header(&format!("Bearer\t{one}")))),
        ("in a cookie in small letters", true, out(&cookie(&format!("x; {}={one}", COOKIE.to_lowercase())))),
        ("in a cookie behind a space", true, out(&cookie(&format!("x; a=b {COOKIE}={one}")))),
        (
            "in a cookie with an escaped name",
            true,
            out(&cookie(&format!("x; {}={one}", COOKIE.replace('-', "%2D")))),
        ),
        ("behind a dead one", true, out(&(header("dead") + &cookie(&format!("dead; {COOKIE}={one}"))))),
        ("with a body", true, post(&path, &header(one), "{\"withCredentials\":true}")),
        ("logging in at once", false, post(&format!("{path}&login=true"), &header(one), "")),
        ("by GET", false, format!("GET {path} HTTP/1.1\r\nHost: a\r\n{}\r\n", header(one))),
    ];
    Dialect {
        name: "rested",
        client: "project",
        credentials: [one, two],
        ways,
        succeeded: |answer| status(answer) == 204,
        check: |token| {
            format!(
                "GET /api/1/ce/users/all?key={PROJECT} HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n\r\n"
            )
        },
        works: |answer| status(answer) == 200,
    }
}
