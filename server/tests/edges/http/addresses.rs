//! Where a trusted proxy says that a call comes from.

use exeunt::config::Config;
use serde_json::Value;

use crate::edges::dialogue::{Server, form, memory};

#[tokio::test]
async fn an_empty_element_says_nothing_and_a_zone_is_cut() {
    let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    let server = Server::start_on(memory(), Config { trusted_proxies, ..Config::default() }).await;
    for (lines, address) in [
        ("X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1"),
        ("X-Forwarded-For: 198.51.100.1,\r\n", "198.51.100.1"),
        ("X-Forwarded-For: ,198.51.100.1, ,10.0.0.7,,\r\n", "198.51.100.1"),
        ("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For:\r\n", "198.51.100.1"),
        ("X-Forwarded-For: 198.51.100.1, unknown, 10.0.0.7\r\n", "10.0.0.7"),
        ("X-Forwarded-For: fe80::1%eth0\r\n", "fe80::1"),
        ("X-Forwarded-For: [fe80::1%eth0]:4711\r\n", "fe80::1"),
        ("Forwarded: for=198.51.100.1,\r\n", "198.51.100.1"),
        ("Forwarded: , for=198.51.100.1;proto=https, , for=10.0.0.7\r\n", "198.51.100.1"),
        ("Forwarded: for=\"[fe80::1%25eth0]\"\r\n", "fe80::1"),
        ("Forwarded: for=\"[fe80::1%eth0]:4711\";proto=http\r\n", "fe80::1"),
        ("X-Forwarded-For: fe80::1%eth0\r\nForwarded: for=\"[fe80::1]\"\r\n", "fe80::1"),
    ] {
        let login = "username=alice&password=correct+horse&account_number=000123";
        let answer = server.ask(form("/session/login", lines, login)).await;
        assert!(answer.contains("<status>SUCCESS"), "{lines}: {answer}");
        let (_, sessions) = server.native("GET", "/v1/sessions", &Value::Null).await;
        assert_eq!(sessions["items"][0]["address"], address, "{lines}");
    }
    server.stop().await;
}
