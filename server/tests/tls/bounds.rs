//! Bounds on connections hold under TLS too.

use std::sync::Arc;
use std::time::Duration;

use exeunt::config::Limits;
use exeunt::env::Env;
use exeunt::serve::fast;
use exeunt::serve::lingering_close::LingeringClose;
use exeunt::serve::router::{Inbound, Listener};
use exeunt::serve::write_timeout::WriteTimeout;
use exeunt::tls::Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::{TlsConnector, rustls};

use crate::pair::{CURVE, Pair};
use crate::scratch::Scratch;
use crate::server::{answers, config, connect, connector, secure, start};

#[tokio::test]
async fn whoever_does_not_agree_on_keys_in_time_is_cut_off() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let (app, running) = start(config(&pair, Limits { header_secs: 1, ..Limits::default() })).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(app.tls.as_ref().unwrap().handshakes_failed(), 1);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_agrees_on_keys_late_has_no_more_time_for_a_request() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let (_, running) = start(config(&pair, Limits { header_secs: 2, ..Limits::default() })).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let began = Instant::now();
    sleep(Duration::from_millis(1500)).await;
    let mut stream = secure(stream, &pair.cert).await.unwrap();
    // Silent from here on. Without the bound over both it would be cut off after 3.5 seconds.
    let _cut = stream.read(&mut [0]).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    running.stop().await.unwrap();
}

#[tokio::test]
async fn who_agrees_on_keys_has_a_place_like_everybody() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let limits = Limits { connections: 1, header_secs: 2, ..Limits::default() };
    let (app, running) = start(config(&pair, limits)).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    // A connection without a place waits for `header_secs` too. The second one begins later, so that its time is not over
    // when the first one loses its place.
    sleep(Duration::from_secs(1)).await;
    let mut second = connect(&running, &pair.cert).await.unwrap();
    assert!(answers(&mut second).await);
    let failed = app.tls.as_ref().unwrap().handshakes_failed();
    assert_eq!(failed, 1, "the second one got an answer before the first one had lost the only place");
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_who_agrees_on_keys() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let limits = Limits { header_secs: 3600, grace_secs: 3600, ..Limits::default() };
    let (_, running) = start(config(&pair, limits)).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut idle = connect(&running, &pair.cert).await.unwrap();
    assert!(answers(&mut idle).await);
    running.stop().await.unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0, "the end is said, as TLS says it");
}

/// A body that nobody reads to its end, in bytes: over the limit, and more than fits into buffers on the way.
const LONG: usize = 300_000;

#[tokio::test]
async fn an_answer_to_a_body_over_the_limit_arrives_whole() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let (_, running) = start(config(&pair, Limits::default())).await;
    let mut stream = connect(&running, &pair.cert).await.unwrap();
    let head = format!(
        "POST /session/logout HTTP/1.1\r\nHost: exeunt\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {LONG}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; LONG]).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\npayload too large\n"), "{answer}");
    drop(stream);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_any_more_is_cut_off() {
    const LIMIT: Duration = Duration::from_secs(30);
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let tls = Tls::open(&config(&pair, Limits::default()), Env::system().now()).unwrap().unwrap();
    let (here, there) = duplex(16 * 1024);
    let (served, client) =
        tokio::join!(tls.handshake(WriteTimeout::new(here, LIMIT), LIMIT), secure(there, &pair.cert));
    let (mut served, mut client) = (served.unwrap(), client.unwrap());
    let began = Instant::now();
    let block = vec![b'x'; 200_000];
    let answer = async {
        served.write_all(&block).await?;
        served.flush().await
    };
    let reader = async {
        // It takes one byte before its time is over, and then no more.
        sleep(LIMIT / 2).await;
        client.read_exact(&mut [0]).await.unwrap();
    };
    let (answered, ()) = tokio::join!(answer, reader);
    assert_eq!(answered.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(began.elapsed().as_secs(), (LIMIT / 2 + LIMIT).as_secs());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_fit_goes_out_whole() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let (app, running) = start(config(&pair, Limits::default())).await;
    // It holds what TLS sends unasked after the keys, and not the answer.
    let (here, there) = duplex(256);
    let patience = Duration::from_secs(60);
    let tls = app.tls.as_ref().unwrap();
    let (served, client) = tokio::join!(tls.handshake(here, patience), secure(there, &pair.cert));
    let (mut served, mut client) = (LingeringClose::new(served.unwrap()), client.unwrap());
    let peer = std::net::Ipv4Addr::LOCALHOST.into();
    let inbound = Inbound::new(app.clone(), peer, Listener::Only);
    let caller = async {
        let body = "{\"token\":\"unknown\"}";
        let head = "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        client.write_all(request.as_bytes()).await.unwrap();
        client.flush().await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert!(client.read_buf(&mut answer).await.unwrap() > 0);
        }
        drop(client);
        answer
    };
    let both = async { tokio::join!(fast::serve(&inbound, &mut served), caller).1 };
    let answer = tokio::time::timeout(patience, both).await.expect("the rest of the answer was kept");
    assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
    assert!(answer.len() > 200, "it would have fitted");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn no_other_protocol_is_agreed_on() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let (_, running) = start(config(&pair, Limits::default())).await;
    for (offered, agreed) in [(&["h2", "http/1.1"][..], true), (&["h2"][..], false), (&[][..], true)] {
        let mut config: ClientConfig = connector(&pair.cert).config().as_ref().clone();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(running.address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let outcome = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        assert_eq!(outcome.is_ok(), agreed, "{offered:?}");
    }
    running.stop().await.unwrap();
}
