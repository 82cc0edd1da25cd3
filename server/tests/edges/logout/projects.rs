//! All projects of a host share one cookie, so a logout at any of them ends what it carries.

use std::sync::Arc;

use exeunt::config::Config;
use exeunt::store::faulty::{Fault, Faulty};
use exeunt::store::memory::MemoryStore;
use serde_json::{Value, json};

use crate::edges::dialogue::{Server, memory, post, status};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ORIGIN_A: &str = "https://a.example";
const ORIGIN_B: &str = "https://b.example";
const COOKIE: &str = "__Secure-rested-access-token";
const TOKEN_A: &str = "token-of-project-a";
const TOKEN_B: &str = "token-of-project-b";
const DELETION: &str =
    "\r\nSet-Cookie: __Secure-rested-access-token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None\r\n";

struct Two {
    server: Server,
    store: Arc<Faulty<MemoryStore>>,
    a: String,
}

/// Projects A and B, and a session of Alice in each; `a_insists`: A wants calls from a page only.
async fn two(hot_front: bool, a_insists: bool) -> Two {
    let store = Arc::new(Faulty::new(memory()));
    let server = Server::start_on(store.clone(), Config { hot_front, ..Config::default() }).await;
    let a = server.project("a", A, ORIGIN_A, a_insists).await;
    server.project("b", B, ORIGIN_B, false).await;
    server.sessions("a", &[TOKEN_A]).await;
    server.sessions("b", &[TOKEN_B]).await;
    Two { server, store, a }
}

impl Two {
    async fn log_out(&self, key: &str, lines: &str) -> String {
        self.server.ask(post(&format!("/api/1/ce/users/all?key={key}&logout=true"), lines, "")).await
    }

    /// Which of the two sessions are alive.
    async fn alive(&self) -> [bool; 2] {
        let mut alive = [false; 2];
        for (alive, (key, origin, token)) in
            alive.iter_mut().zip([(A, ORIGIN_A, TOKEN_A), (B, ORIGIN_B, TOKEN_B)])
        {
            let who = format!(
                "GET /api/1/ce/users/all?key={key} HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\nAuthorization: {token}\r\n\r\n"
            );
            *alive = status(&self.server.ask(who).await) == 200;
        }
        alive
    }
}

fn cookie(token: &str) -> String {
    format!("Cookie: {COOKIE}={token}\r\n")
}

#[tokio::test]
async fn a_logout_at_one_project_ends_the_session_of_another() {
    for hot_front in [true, false] {
        for (lines, left) in [
            (cookie(TOKEN_A), [false, true]),
            (format!("Authorization: {TOKEN_A}\r\n"), [false, true]),
            (format!("Authorization: Bearer {TOKEN_A}\r\nOrigin: {ORIGIN_B}\r\n"), [false, true]),
            (format!("{}Authorization: {TOKEN_B}\r\n", cookie(TOKEN_A)), [false, false]),
            (format!("{}Authorization: bearer {TOKEN_A}\r\n", cookie(TOKEN_B)), [false, false]),
            (format!("Cookie: {COOKIE}={TOKEN_B}; {COOKIE}={TOKEN_A}\r\n"), [false, false]),
            (cookie(TOKEN_B) + &cookie(TOKEN_A), [false, false]),
        ] {
            let two = two(hot_front, false).await;
            assert_eq!(two.alive().await, [true, true]);
            let answer = two.log_out(B, &lines).await;
            assert_eq!(status(&answer), 204, "{lines}: {answer}");
            assert_eq!(answer.contains(DELETION), lines.contains("Cookie"), "{lines}: {answer}");
            assert_eq!(two.alive().await, left, "{lines}");
            two.server.stop().await;
        }
    }
}

#[tokio::test]
async fn a_cookie_ends_nothing_from_a_page_that_the_sessions_own_project_does_not_allow() {
    for hot_front in [true, false] {
        let two = two(hot_front, false).await;
        let from_b = format!("Origin: {ORIGIN_B}\r\n{}", cookie(TOKEN_A));
        let answer = two.log_out(B, &from_b).await;
        assert_eq!(status(&answer), 403, "{answer}");
        assert!(!answer.contains("Set-Cookie"), "the cookie is kept: {answer}");
        assert!(answer.contains(&format!("Access-Control-Allow-Origin: {ORIGIN_B}")), "a page can read why");
        assert_eq!(two.alive().await, [true, true]);
        // What the page may end is ended, and the caller is still told of the rest.
        let answer = two.log_out(B, &format!("{from_b}Authorization: {TOKEN_B}\r\n")).await;
        assert_eq!((status(&answer), answer.contains("Set-Cookie")), (403, false), "{answer}");
        assert_eq!(two.alive().await, [true, false]);
        // Whoever writes the token into a header holds it.
        let answer = two.log_out(B, &format!("{from_b}Authorization: {TOKEN_A}\r\n")).await;
        assert_eq!((status(&answer), answer.contains(DELETION)), (204, true), "{answer}");
        assert_eq!(two.alive().await, [false, false]);
        // And now the cookie of a dead session is no more than that.
        let answer = two.log_out(B, &from_b).await;
        assert_eq!((status(&answer), answer.contains(DELETION)), (204, true), "{answer}");
        two.server.stop().await;
    }
}

#[tokio::test]
async fn a_cookie_without_an_origin_ends_nothing_of_a_project_that_requires_one() {
    let two = two(true, true).await;
    let answer = two.log_out(B, &cookie(TOKEN_A)).await;
    assert_eq!((status(&answer), answer.contains("Set-Cookie")), (403, false), "{answer}");
    assert_eq!(two.alive().await, [true, true]);
    assert_eq!(status(&two.log_out(B, &format!("Authorization: {TOKEN_A}\r\n")).await), 204);
    assert_eq!(two.alive().await, [false, true]);
    two.server.stop().await;
}

#[tokio::test]
async fn any_number_of_tossed_cookies_hides_no_session_and_costs_no_look_at_the_store() {
    for hot_front in [true, false] {
        let two = two(hot_front, false).await;
        let tossed: String = (0..250).map(|number| format!("{COOKIE}=tossed-{number}; ")).collect();
        let calls = two.store.calls();
        let answer = two.log_out(B, &format!("Cookie: {tossed}x=y\r\n")).await;
        assert_eq!(status(&answer), 204, "{answer}");
        assert_eq!(two.store.calls(), calls, "what nobody has is known from memory");
        let answer = two.log_out(B, &format!("Cookie: {tossed}{COOKIE}={TOKEN_A}; {COOKIE}=last\r\n")).await;
        assert_eq!((status(&answer), answer.contains(DELETION)), (204, true), "{answer}");
        assert_eq!(two.alive().await, [false, true]);
        two.server.stop().await;
    }
}

#[tokio::test]
async fn whatever_the_store_fails_at_the_cookie_stays_until_all_is_over() {
    for fault in [Fault::Before, Fault::After] {
        for nth in [1, 2] {
            let two = two(true, false).await;
            let lines = format!("{}Authorization: {TOKEN_B}\r\n", cookie(TOKEN_A));
            two.store.fail(nth, fault);
            let answer = two.log_out(B, &lines).await;
            assert_eq!((status(&answer), answer.contains("Set-Cookie")), (503, false), "{answer}");
            two.server.app.authority.recover(two.server.app.env.now()).await.unwrap();
            let answer = two.log_out(B, &lines).await;
            assert_eq!((status(&answer), answer.contains(DELETION)), (204, true), "{answer}");
            assert_eq!(two.alive().await, [false, false]);
            two.server.stop().await;
        }
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_while_memory_is_not_complete() {
    let two = two(true, false).await;
    two.store.fail(1, Fault::After);
    assert_eq!(status(&two.log_out(A, &format!("Authorization: {TOKEN_A}\r\n")).await), 503);
    // Nobody knows now whether these open something.
    for token in [TOKEN_A, TOKEN_B, "never-heard-of-it"] {
        let answer = two.log_out(B, &cookie(token)).await;
        assert_eq!((status(&answer), answer.contains("Set-Cookie")), (503, false), "{answer}");
    }
    two.server.app.authority.recover(two.server.app.env.now()).await.unwrap();
    assert_eq!(status(&two.log_out(B, &cookie(TOKEN_B)).await), 204);
    assert_eq!(two.alive().await, [false, false]);
    two.server.stop().await;
}

#[tokio::test]
async fn a_session_whose_project_was_deleted_is_over_for_everybody() {
    let two = two(true, false).await;
    let (deleted, _) = two.server.native("DELETE", &format!("/v1/clients/{}", two.a), &Value::Null).await;
    assert_eq!(deleted, 204);
    let answer = two.log_out(B, &format!("Origin: {ORIGIN_B}\r\n{}", cookie(TOKEN_A))).await;
    assert_eq!((status(&answer), answer.contains(DELETION)), (204, true), "{answer}");
    assert_eq!(two.alive().await, [false, true]);
    two.server.stop().await;
}

#[tokio::test]
async fn the_mark_says_whose_session_it_was_and_the_usage_who_was_called() {
    let two = two(true, false).await;
    assert_eq!(status(&two.log_out(B, &cookie(TOKEN_A)).await), 204);
    let (_, marks) = two.server.native("GET", "/v1/marks", &Value::Null).await;
    let mark = &marks["items"][0];
    assert_eq!((&mark["anchor"]["kind"], &mark["why"]), (&json!("session"), &json!("logged_out")), "{mark}");
    assert_eq!((&mark["by"]["kind"], &mark["via"]), (&json!("user"), &json!("rested")), "{mark}");
    let (_, sessions) = two.server.native("GET", "/v1/sessions?state=dead", &Value::Null).await;
    assert_eq!(sessions["items"][0]["client"], json!(two.a), "{sessions}");
    let (_, usage) = two.server.native("GET", "/v1/dialects/usage", &Value::Null).await;
    let logout = usage["items"].as_array().unwrap().iter().find(|row| row["call"] == "logout").unwrap();
    assert_eq!(logout["client_name"], json!("b"), "{usage}");
    two.server.stop().await;
}
