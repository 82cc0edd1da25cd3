//! Each call of the native interface that takes something away: after its success, what it took away works nowhere.

use serde_json::{Value, json};

use crate::edges::dialogue::{KEY, Server, form};

/// The token of Alice's native session, and the pair of her RunSignup session.
const TOKEN: &str = "a-native-token-of-alice";
const PAIR: &str = "tmp_key=key-of-alice&tmp_secret=secret-of-alice";

async fn server() -> (Server, String) {
    let server = Server::start(true).await;
    server.sessions("native", &[TOKEN]).await;
    server.sessions("runsignup", &["key-of-alice:secret-of-alice"]).await;
    let (_, found) = server.native("GET", "/v1/users?username=alice", &Value::Null).await;
    let alice = found["items"][0]["id"].as_str().unwrap().to_owned();
    (server, alice)
}

async fn works(server: &Server) -> [bool; 2] {
    let (_, checked) = server.native("POST", "/v1/check", &json!({ "token": TOKEN })).await;
    let user = server.ask(form("/rest/user?format=json", "", PAIR)).await;
    [checked["active"] == json!(true), user.contains("{\"user\":")]
}

#[tokio::test]
async fn whatever_ends_sessions_from_above_ends_them() {
    let null = Value::Null;
    for (method, path, body, left) in [
        ("DELETE", "/v1/sessions/{session}", &null, [false, true]),
        ("DELETE", "/v1/users/{user}/sessions", &null, [false, false]),
        ("DELETE", "/v1/users/{user}/sessions?except={session}", &null, [true, false]),
        ("DELETE", "/v1/users/{user}", &null, [false, false]),
        ("DELETE", "/v1/clients/{client}/sessions", &null, [false, true]),
        ("DELETE", "/v1/realm/sessions", &null, [false, false]),
        ("PATCH", "/v1/users/{user}", &json!({ "disabled": true }), [false, false]),
        ("PATCH", "/v1/users/{user}", &json!({ "password": "another one entirely" }), [false, false]),
        ("PATCH", "/v1/users/{user}", &json!({ "password": null }), [false, false]),
    ] {
        let (server, alice) = server().await;
        let (_, list) = server.native("GET", "/v1/sessions", &Value::Null).await;
        let native = list["items"].as_array().unwrap().iter().find(|row| row["dialect"] == "native").unwrap();
        let (session, client) = (native["id"].as_str().unwrap(), native["client"].as_str().unwrap());
        let path = path.replace("{session}", session).replace("{user}", &alice).replace("{client}", client);
        assert_eq!(works(&server).await, [true, true]);
        let (status, answer) = server.native(method, &path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        assert_eq!(works(&server).await, left, "{method} {path} {body}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_kept_session_that_is_dead_or_somebody_elses_is_refused_or_nothing_lives() {
    let (server, alice) = server().await;
    let (_, list) = server.native("GET", "/v1/sessions", &Value::Null).await;
    let native = list["items"].as_array().unwrap().iter().find(|row| row["dialect"] == "native").unwrap();
    let session = native["id"].as_str().unwrap();
    let (_, bob) = server.native("POST", "/v1/users", &json!({ "username": "bob" })).await;
    let bobs = format!("/v1/users/{}/sessions?except={session}", bob["id"].as_str().unwrap());
    assert_eq!(server.native("DELETE", &bobs, &Value::Null).await.0, 400);
    assert_eq!(works(&server).await, [true, true]);
    server.native("DELETE", &format!("/v1/sessions/{session}"), &Value::Null).await;
    let except = format!("/v1/users/{alice}/sessions?except={session}");
    let (status, _) = server.native("DELETE", &except, &Value::Null).await;
    assert!(status == 400 || works(&server).await == [false, false]);
    server.stop().await;
}

#[tokio::test]
async fn a_new_secret_is_given_or_refused_and_never_passed_over() {
    let server = Server::start(true).await;
    let rotate = json!({ "rotate_secret": true });
    for (client, rotates) in [
        (json!({ "name": "partner", "dialect": "runsignup" }), true),
        (json!({ "name": "plain", "dialect": "native" }), false),
        (json!({ "name": "project", "dialect": "rested" }), false),
    ] {
        let (_, made) = server.native("POST", "/v1/clients", &client).await;
        let path = format!("/v1/clients/{}", made["id"].as_str().unwrap());
        let (status, changed) = server.native("PATCH", &path, &rotate).await;
        assert_eq!(status, if rotates { 200 } else { 400 }, "{client}: {changed}");
        let pair = |client: &Value| {
            format!(
                "/rest/user?format=json&api_key={}&api_secret={}",
                client["api_key"].as_str().unwrap_or("none"),
                client["api_secret"].as_str().unwrap_or("none")
            )
        };
        if rotates {
            assert!(server.ask(form(&pair(&made), "", "")).await.contains("\"error_code\":6"));
            assert!(server.ask(form(&pair(&changed), "", "")).await.contains("\"error_code\":13"));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_removed_key_opens_nothing_also_where_the_environment_gives_it() {
    let server = Server::start(true).await;
    let (_, key) = server.native("POST", "/v1/keys", &json!({ "role": "read", "name": "reader" })).await;
    let (id, text) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let (path, null) = (format!("/v1/keys/{id}"), Value::Null);
    assert_eq!(server.native_by(text, "GET", "/v1/sessions", &null).await.0, 200);
    // It is set as EXEUNT_ADMIN_KEY as well: it would go on, and as an administrator's.
    let given = exeunt_core::Token::presented(text);
    server.app.authority.give_keys(given.as_slice(), server.app.env.now());
    let (status, answer) = server.native("DELETE", &path, &null).await;
    assert_eq!((status, answer["detail"].as_str().unwrap().contains("EXEUNT_ADMIN_KEY")), (409, true));
    let (_, other) = server.native("POST", "/v1/keys", &json!({ "role": "read", "name": "other" })).await;
    let path = format!("/v1/keys/{}", other["id"].as_str().unwrap());
    assert_eq!(server.native_by(KEY, "DELETE", &path, &null).await.0, 204);
    assert_eq!(server.native_by(other["key"].as_str().unwrap(), "GET", "/v1/sessions", &null).await.0, 401);
    server.stop().await;
}

#[tokio::test]
async fn an_import_revives_nothing_that_was_logged_out() {
    let (server, _) = server().await;
    let logout = server.ask(form("/rest/logout?format=json", "", PAIR)).await;
    assert!(logout.contains("{\"success\":\"T\"}"), "{logout}");
    let row = json!({ "token": "key-of-alice:secret-of-alice", "username": "alice", "client": "runsignup" });
    let batch = json!({ "sessions": [row, row] });
    let (_, answer) = server.native("POST", "/v1/sessions/import", &batch).await;
    let refused = |row: &Value| row["outcome"] == "refused";
    assert!(answer["results"].as_array().unwrap().iter().all(refused), "{answer}");
    assert_eq!(works(&server).await, [true, false]);
    // And of one that comes twice, a logout ends both.
    let twice = json!({ "token": "twice-in-one-batch", "username": "alice", "client": "videntity" });
    let (_, answer) =
        server.native("POST", "/v1/sessions/import", &json!({ "sessions": [twice, twice] })).await;
    assert_eq!(answer["results"][0]["outcome"], "made", "{answer}");
    let key = "session_key=twice-in-one-batch";
    assert!(server.ask(form("/session/logout", "", key)).await.contains("<status>SUCCESS"));
    assert!(!server.ask(form("/session/ping", "", key)).await.contains("<status>SUCCESS"));
    server.stop().await;
}
