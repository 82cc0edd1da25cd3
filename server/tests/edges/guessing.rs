//! Every guess counts, once, for the person it is about.

use exeunt::error::{Kind, Unavailability};
use exeunt::store::faulty::Fault;
use futures_util::FutureExt;

use super::callers::{Log, PASSWORD, PROJECT, World, answer, email, is_locked, kind, post, send, username};

/// Guesses at once.
const GUESSES: usize = 300;
/// Tries of one person from one address.
const TRIES: usize = 10;
/// Callers that may wait for the one thread that checks passwords.
const QUEUE: usize = 64;

#[tokio::test]
async fn ten_failures_of_a_person_are_ten_by_whatever_identifier_and_on_whichever_door() {
    let world = World::open().await;
    let running = world.listen().await;
    let address = running.address;
    let videntity = async |password: &str| {
        let form = format!("username=alice&password={password}&account_number=000123");
        post(address, "/session/login", &form).await
    };
    let runsignup = async |email: &str, password: &str| {
        post(address, "/rest/login?format=json", &format!("email={email}&password={password}")).await
    };
    let rested = async |field: &str, name: &str, password: &str| {
        let path = format!("/api/1/ce/examples/auth?key={PROJECT}&login=true");
        let body = format!(r#"{{"{field}":"{name}","password":"{password}"}}"#);
        answer(send(address, &path, "application/json", &body).await).await
    };
    for (user, wrong) in [("alice", "000999"), ("alice", "000123")] {
        let form = format!("username={user}&password=wrong&account_number={wrong}");
        assert!(post(address, "/session/login", &form).await.contains("AUTHENTICATION_ERROR"));
    }
    for address in ["alice@example.org", "ALICE@example.org", "Alice@Example.ORG"] {
        assert!(runsignup(address, "wrong").await.contains("102"));
        assert!(rested("email", address, "wrong").await.starts_with("HTTP/1.1 401"));
    }
    assert!(rested("username", "alice", "wrong").await.starts_with("HTTP/1.1 401"));
    // After nine, the right one is right.
    let form = "username=alice&password=correct+horse&account_number=000999";
    assert!(post(address, "/session/login", form).await.contains("AUTHENTICATION_ERROR"), "the tenth");
    assert!(videntity("correct+horse").await.contains("AUTHENTICATION_ERROR"));
    assert!(runsignup("alice@example.org", "correct+horse").await.contains("103"));
    assert!(rested("username", "alice", PASSWORD).await.starts_with("HTTP/1.1 429"));
    assert!(rested("email", "alice@example.org", PASSWORD).await.starts_with("HTTP/1.1 429"));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_identifier_that_nobody_has_counts_by_itself_however_it_is_written() {
    let world = World::open().await;
    for number in 0..TRIES {
        let written = ["Nobody@example.org", "nobody@EXAMPLE.org"][number % 2];
        assert_eq!(kind(world.log_in(email(written), "wrong").await), Some(Kind::Unauthenticated));
    }
    assert!(is_locked(world.log_in(email("nobody@example.org"), "wrong").await));
    assert_eq!(
        kind(world.log_in(username("nobody@example.org"), "wrong").await),
        Some(Kind::Unauthenticated)
    );
    assert!(world.log_in(username("alice"), PASSWORD).await.is_ok());
}

#[tokio::test]
async fn of_300_guesses_at_once_ten_are_checked_and_the_rest_waits_or_is_told_to_ask_again() {
    for known in [true, false] {
        let world = World::open().await;
        let (name, held) = (if known { "alice" } else { "nobody" }, world.app.authority.hold_passwords());
        let guess = || Box::pin(world.log_in(username(name), "wrong"));
        let mut guesses = vec![guess()];
        assert!(guesses[0].as_mut().now_or_never().is_none());
        held.reached().await;
        let mut refused = Vec::new();
        for _ in 1..GUESSES {
            let mut next = guess();
            match next.as_mut().now_or_never() {
                None => guesses.push(next),
                Some(outcome) => refused.push(kind(outcome).unwrap()),
            }
        }
        // One stands before its answer.
        assert_eq!(world.app.authority.passwords_waiting(), TRIES - 1, "{name}");
        assert_eq!((guesses.len(), refused.len()), (TRIES + QUEUE, GUESSES - TRIES - QUEUE), "{name}");
        assert!(refused.iter().all(|kind| *kind == Kind::Unavailable(Unavailability::Busy)), "{refused:?}");
        drop(held);
        let outcomes = in_order(guesses).await;
        let wrong = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert_eq!(wrong.filter(|error| error.kind() == Kind::Unauthenticated).count(), TRIES, "{name}");
        assert_eq!(outcomes.iter().filter(was_locked).count(), QUEUE, "{name}");
        assert!(is_locked(world.log_in(username(name), PASSWORD).await), "{name}");
    }
}

#[tokio::test]
async fn right_passwords_at_once_are_all_right_also_beside_nine_wrong_ones() {
    let world = World::open().await;
    let held = world.app.authority.hold_passwords();
    let mut all = Vec::new();
    for number in 0..60 {
        let password = if number < TRIES - 1 { "wrong" } else { PASSWORD };
        let mut next = Box::pin(world.log_in(username("alice"), password));
        assert!(next.as_mut().now_or_never().is_none());
        all.push(next);
    }
    drop(held);
    let outcomes = in_order(all).await;
    assert!(outcomes.iter().take(TRIES - 1).all(|outcome| !is_right(outcome)));
    assert!(outcomes.iter().skip(TRIES - 1).all(is_right));
}

#[tokio::test]
async fn guesses_whose_callers_hang_up_count_and_are_in_the_log_and_in_the_metrics() {
    let world = World::open().await;
    let running = world.listen().await;
    let mut log = Log::open();
    let measured = world.counted("exeunt_password_seconds_count");
    let held = world.app.authority.hold_passwords();
    let mut callers = Vec::new();
    for _ in 0..TRIES {
        let form = "username=alice&password=wrong&account_number=000123";
        let sent = send(running.address, "/session/login", "application/x-www-form-urlencoded", form);
        callers.push(sent.await);
        // By the time that a later caller has its answer, this one's request was begun.
        post(running.address, "/nothing", "").await;
    }
    held.reached().await;
    drop(callers);
    drop(held);
    log.wait_for(TRIES, r#"dialect="videntity" call="login" method="#).await;
    let requests = world.counted(r#"exeunt_requests_total{dialect="videntity",call="login",status="200"}"#);
    assert_eq!(requests, u64::try_from(TRIES).unwrap());
    let measured = world.counted("exeunt_password_seconds_count") - measured;
    assert_eq!(measured, u64::try_from(TRIES).unwrap());
    let form = "email=alice%40example.org&password=correct+horse";
    assert!(post(running.address, "/rest/login?format=json", form).await.contains("103"));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_login_that_is_given_up_has_failed_and_one_that_waits_has_not_tried() {
    let world = World::open().await;
    let measured = world.counted("exeunt_password_seconds_count");
    let held = world.app.authority.hold_passwords();
    let mut waiting = Vec::new();
    for _ in 0..TRIES + QUEUE {
        let mut next = Box::pin(world.log_in(username("alice"), "wrong"));
        assert!(next.as_mut().now_or_never().is_none());
        waiting.push(next);
    }
    // Last come, first gone: they all wait for the first ten.
    while waiting.len() > TRIES - 1 {
        waiting.pop();
    }
    drop(waiting);
    drop(held);
    let measured = world.counted("exeunt_password_seconds_count") - measured;
    assert_eq!(measured, u64::try_from(TRIES).unwrap());
    assert!(is_locked(world.log_in(email("alice@example.org"), PASSWORD).await));
    world.env.advance_millis(900_000);
    assert!(world.log_in(email("alice@example.org"), PASSWORD).await.is_ok());
}

#[tokio::test]
async fn while_the_store_is_away_nobody_fails_and_nobody_is_told_who_is_there() {
    let world = World::open().await;
    for _ in 0..2 * TRIES {
        for name in ["alice", "nobody"] {
            world.store.fail(1, Fault::Before);
            let refused = world.log_in(username(name), PASSWORD).await;
            assert_eq!(kind(refused), Some(Kind::Unavailable(Unavailability::Refused)), "{name}");
        }
    }
    assert!(world.log_in(username("alice"), PASSWORD).await.is_ok());
}

/// What each came to; those that wait do so for earlier ones.
async fn in_order<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut outcomes = Vec::new();
    for one in all {
        outcomes.push(one.await);
    }
    outcomes
}

fn is_right<T>(outcome: &Result<T, exeunt::error::Error>) -> bool {
    outcome.is_ok()
}

fn was_locked<T>(outcome: &&Result<T, exeunt::error::Error>) -> bool {
    outcome.as_ref().is_err_and(|error| matches!(error.kind(), Kind::TooMany(_)))
}
