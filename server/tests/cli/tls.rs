//! HTTPS: the server has to prove who it is before the key is sent.

use crate::cli::forwarder::Forwarder;
use crate::support::command_line::Stage;
use crate::support::tls_proxy::Proxy;

#[test]
fn the_key_goes_to_a_server_that_an_authority_vouches_for() {
    let stage = Stage::new();
    stage.user("alice");
    let proxy = Proxy::start(stage.scratch.path(), stage.server.address);
    let unknown = stage.run(&["user", "list", "--url", &proxy.url()]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("UnknownIssuer") && unknown.err.contains("--ca-file"), "{}", unknown.err);
    let known = stage.run(&["user", "list", "--url", &proxy.url(), "--ca-file", &proxy.authority()]);
    assert!(known.code == 0 && known.out.contains("alice"), "{}", known.err);
    let wire = Forwarder::to(proxy.url().trim_start_matches("https://").parse().unwrap());
    let other = format!("https://{}", wire.address);
    let other = stage.run(&["user", "list", "--url", &other, "--ca-file", &proxy.authority()]);
    assert_eq!(other.code, 1);
    assert!(
        other.err.contains("not valid for name"),
        "the certificate is for another address: {}",
        other.err
    );
    for (file, says) in [("nothing.pem", "nothing.pem"), ("key.pem", "no certificate")] {
        let file = stage.scratch.path().join(file);
        let refused =
            stage.run(&["user", "list", "--url", &proxy.url(), "--ca-file", file.to_str().unwrap()]);
        assert_eq!(refused.code, 2, "{}", refused.err);
        assert!(refused.err.contains(says), "{}", refused.err);
    }
    assert_eq!(
        stage.run(&["user", "list", "--url", &proxy.plain_url()]).code,
        0,
        "127.0.0.2 is this machine too"
    );
}
