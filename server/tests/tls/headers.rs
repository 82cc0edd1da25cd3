//! What answers over TLS say to browsers, and to callers that have finished sending.

use exeunt::config::{Config, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::pair::{CURVE, Pair};
use crate::support::scratch::Scratch;
use crate::tls::server::{config, connect, start};

/// Says this, closes the sending half, and hears the server out.
async fn ask(config: Config, pair: &Pair, request: &str) -> String {
    let (_, running) = start(config).await;
    let mut stream = connect(&running, &pair.cert).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    running.stop().await.unwrap();
    answer
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn a_browser_is_told_to_come_back_by_tls_only() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    for (secs, wanted) in [(None, "max-age=31536000"), (Some(60), "max-age=60"), (Some(0), "max-age=0")] {
        for (hot_front, path) in
            [(true, "/healthz"), (false, "/healthz"), (true, "/nowhere"), (true, "/v1/users")]
        {
            let usual = config(&pair, Limits::default());
            let hsts_secs = secs.unwrap_or(usual.hsts_secs);
            let answer = ask(Config { hot_front, hsts_secs, ..usual }, &pair, &get(path)).await;
            let line = format!("\r\nStrict-Transport-Security: {wanted}\r\n");
            assert_eq!(answer.matches(&line).count(), 1, "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_gateway_is_told_nothing_of_it_for_it_speaks_for_another_name() {
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    for path in ["/v1/gate", "/v1/gate/rested", "/v1/gate/videntity/refusal"] {
        let answer = ask(config(&pair, Limits::default()), &pair, &get(path)).await;
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.contains("Strict-Transport"), "{path}: {answer}");
    }
}
