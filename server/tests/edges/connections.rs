//! How many connections one peer may hold, and for how long.

use std::net::SocketAddr;

use exeunt::authority::Role;
use exeunt::config::{Config, Limits};
use exeunt::serve::slots::WAITING_MAX;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep, timeout};

use super::served::{HEALTH, KEY, Served, ask_at, is_served, request, to_the_end, up_to};

/// Longer than any test.
const FOREVER_SECS: u64 = 3600;
/// In which what waits for nobody is answered, on whatever machine.
const AT_ONCE: Duration = Duration::from_secs(10);
/// Ends every session of the realm.
const EVERYBODY_OUT: (&str, &str) = ("DELETE", "/v1/realm/sessions");

#[tokio::test]
async fn a_peer_has_1024_connections_and_the_next_is_closed_at_once() {
    let server = Served::limited(Limits { header_secs: FOREVER_SECS, ..Limits::default() }, true).await;
    let mut held = Vec::new();
    for _ in 0..1024 {
        held.push(server.connect_from(2).await);
    }
    assert!(is_served(held.last_mut().unwrap()).await, "the last one within the bound");
    assert!(!is_served(&mut server.connect_from(2).await).await, "one more");
    assert!(is_served(&mut server.connect_from(3).await).await, "another peer");
    // One that ends makes room for one more.
    let mut last = held.pop().unwrap();
    last.write_all(request(KEY, "GET", "/v1/realms", "").as_bytes()).await.unwrap();
    assert!(to_the_end(&mut last).await.contains(" 200 OK"));
    assert!(is_served(&mut server.connect_from(2).await).await);
    let metrics = ask_at(server.address, KEY, "GET", "/metrics", "").await;
    assert!(metrics.contains("exeunt_connections_refused_total{why=\"peer\"} 1\n"), "{metrics}");
    drop(held);
    server.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_it_needs() {
    let limits = Limits { connections_per_peer: 1, ..Limits::default() };
    let trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
    let server = Served::start(Config { limits, trusted_proxies, ..Config::default() }).await;
    let mut proxy = [server.connect_from(2).await, server.connect_from(2).await];
    assert!(is_served(&mut proxy[0]).await && is_served(&mut proxy[1]).await);
    let mut other = [server.connect_from(3).await, server.connect_from(3).await];
    assert!(is_served(&mut other[0]).await && !is_served(&mut other[1]).await);
    server.stop().await;
}

#[tokio::test]
async fn an_administrator_ends_every_session_while_strangers_fill_the_server() {
    for hot_front in [true, false] {
        let limits = Limits { connections: 8, header_secs: FOREVER_SECS, ..limits_of_one_machine() };
        let server = Served::limited(limits, hot_front).await;
        // Silent ones, half of a request, and requests that wait for a place: more than may wait.
        let crowd = crowd(server.address, 8 + WAITING_MAX + 100).await;
        let (_, end) = server.key(Role::End).await;
        for key in [KEY, &end] {
            let asked = server.ask(key, EVERYBODY_OUT.0, EVERYBODY_OUT.1, "");
            let answer = timeout(AT_ONCE, asked).await.expect("whoever may end sessions waits for nobody");
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
        drop(crowd);
        server.stop().await;
    }
}

#[tokio::test]
async fn an_administrators_own_address_is_not_filled_from_the_public_one() {
    let limits = Limits { connections: 8, header_secs: FOREVER_SECS, ..limits_of_one_machine() };
    let admin_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = Served::start(Config { limits, admin_listen, ..Config::default() }).await;
    let crowd = crowd(server.address, 100).await;
    let answer = ask_at(server.admin.unwrap(), KEY, EVERYBODY_OUT.0, EVERYBODY_OUT.1, "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    drop(crowd);
    server.stop().await;
}

#[tokio::test]
async fn who_finds_no_place_in_time_is_told_to_ask_again() {
    for hot_front in [true, false] {
        let limits = Limits { connections: 1, header_secs: 1, ..limits_of_one_machine() };
        let server = Served::limited(limits, hot_front).await;
        let (_, check) = server.key(Role::Check).await;
        // A stream keeps its place for as long as it likes.
        let mut only = server.connect().await;
        only.write_all(request(KEY, "GET", "/v1/feed", "").as_bytes()).await.unwrap();
        up_to(&mut only, "\r\n\r\n").await;
        for key in ["no-key-of-this-server-whatever-it-says", &check] {
            let answer = server.ask(key, EVERYBODY_OUT.0, EVERYBODY_OUT.1, "").await;
            assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
            assert!(answer.contains("\r\nRetry-After: 1\r\n"), "{answer}");
        }
        let metrics = server.ask(KEY, "GET", "/metrics", "").await;
        assert!(metrics.contains("exeunt_connections_refused_total{why=\"no_place\"} 2\n"), "{metrics}");
        drop(only);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_request_begins_within_header_secs_however_it_is_sent() {
    let head = HEALTH.len() - 4;
    for hot_front in [true, false] {
        for (name, first, pause_secs) in [
            ("silence", 0, 100),
            ("a piece", 9, 100),
            ("all but the end", head, 100),
            ("a byte now and then", 1, 1),
            ("a piece at the last moment", 0, 9),
        ] {
            let server = Served::limited(Limits::default(), hot_front).await;
            let began = Instant::now();
            let stream = server.connect_in_memory();
            let answer = drip(stream, &HEALTH.as_bytes()[..head], first, pause_secs).await;
            assert_eq!((answer.as_str(), began.elapsed().as_secs()), ("", 10), "{name}, {hot_front}");
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_large_or_comes_in_many_pieces_has_no_more_time() {
    // More than the fast path reads, so that the HTTP library takes over in the middle.
    let head = format!("GET /healthz HTTP/1.1\r\nHost: exeunt\r\nX: {}", "x".repeat(8000));
    for hot_front in [true, false] {
        let server = Served::limited(Limits::default(), hot_front).await;
        let began = Instant::now();
        let stream = server.connect_in_memory();
        let answer = drip(stream, head.as_bytes(), 7000, 1).await;
        assert_eq!((answer.as_str(), began.elapsed().as_secs()), ("", 10), "{hot_front}");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_request_has_as_long_from_its_first_byte() {
    for hot_front in [true, false] {
        let server = Served::limited(Limits::default(), hot_front).await;
        let mut stream = server.connect_in_memory();
        assert!(is_served(&mut stream).await);
        sleep(Duration::from_secs(8)).await;
        let began = Instant::now();
        let answer = drip(stream, HEALTH.as_bytes(), 1, 1).await;
        let secs = began.elapsed().as_secs();
        // The library counts from the end of the request before.
        let allowed = if hot_front { 10..=10 } else { 2..=10 };
        assert!(answer.is_empty() && allowed.contains(&secs), "{hot_front}: {secs} s: {answer}");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed_after_header_secs_and_at_most_twice_that() {
    for hot_front in [true, false] {
        let server = Served::limited(Limits::default(), hot_front).await;
        let mut stream = server.connect_in_memory();
        assert!(is_served(&mut stream).await);
        let began = Instant::now();
        assert_eq!(to_the_end(&mut stream).await, "");
        let secs = began.elapsed().as_secs();
        assert!((10..=20).contains(&secs), "{hot_front}: {secs} s");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_late_is_answered_so() {
    let head = "POST /session/logout HTTP/1.1\r\nHost: exeunt\r\nContent-Length: 100\r\n\r\n";
    for hot_front in [true, false] {
        let server = Served::limited(Limits::default(), hot_front).await;
        let began = Instant::now();
        let mut stream = server.connect_in_memory();
        // The head comes at the last moment: it is in time, and its body has a time of its own.
        sleep(Duration::from_secs(9)).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = to_the_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        let secs = began.elapsed().as_secs();
        assert!((19..=20).contains(&secs), "{hot_front}: {secs} s");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_in_two_pieces_is_answered() {
    for hot_front in [true, false] {
        let server = Served::limited(Limits::default(), hot_front).await;
        let mut stream = server.connect_in_memory();
        for _ in 0..2 {
            let (first, second) = HEALTH.split_at(20);
            stream.write_all(first.as_bytes()).await.unwrap();
            sleep(Duration::from_secs(9)).await;
            stream.write_all(second.as_bytes()).await.unwrap();
            let answer = up_to(&mut stream, "}").await;
            eprintln!("{hot_front} {answer}");
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
        server.stop().await;
    }
}

/// Limits under which this machine may fill the server alone.
fn limits_of_one_machine() -> Limits {
    Limits { connections_per_peer: 1_000_000, ..Limits::default() }
}

/// So many connections that say nothing, half of a request, or a whole one.
async fn crowd(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for number in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let said = match number % 3 {
            0 => "",
            1 => &HEALTH[..HEALTH.len() / 2],
            _ => HEALTH,
        };
        // It may have been closed already, to make room for another.
        let _closed = stream.write_all(said.as_bytes()).await;
        crowd.push(stream);
    }
    crowd
}

/// Sends so many bytes, and then one after each pause, until the server closes the connection: all that it said.
async fn drip(stream: DuplexStream, bytes: &[u8], first: usize, pause_secs: u64) -> String {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let send = async {
        // The server may have closed it.
        let _closed = writing.write_all(&bytes[..first]).await;
        for byte in bytes[first..].chunks(1) {
            sleep(Duration::from_secs(pause_secs)).await;
            if writing.write_all(byte).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        _ = tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut answer) => {}
        () = send => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}
