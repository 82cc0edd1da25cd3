//! Preflights: refused as they stand, or answered by the application where the gateway asks at `/preflights`.

use crate::gateways::application::Application;
use crate::gateways::nginx::Nginx;
use crate::gateways::{Caller, serve};
use crate::support::scratch::Scratch;

/// The gate of a dialect as its file names it, and as it lets preflights pass.
async fn play(dialect: &str, gate: &str, open: &str) {
    let (server, application) = (serve().await, Application::start().await);
    for (changed, what) in [(("", ""), "as they stand"), ((gate, open), "open")] {
        let folder = Scratch::new();
        let (exeunt, address) = (server.address(), application.address());
        let gateway = Nginx::start_changed(&folder, dialect, exeunt, address, changed).await;
        let caller = Caller::of(&server, gateway.address()).with(what);
        caller.play("edges/preflights", dialect).await;
        gateway.stop().await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_of_native_pass_where_the_gateway_says_so() {
    play("native", "/v1/gate/native", "/v1/gate/native/preflights").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_of_videntity_pass_where_the_gateway_says_so() {
    play("videntity", "/v1/gate/videntity/form", "/v1/gate/videntity/form/preflights").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_of_runsignup_pass_where_the_gateway_says_so() {
    play("runsignup", "/v1/gate/runsignup/form", "/v1/gate/runsignup/preflights/form").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_of_rested_pass_where_the_gateway_says_so() {
    play("rested", "/v1/gate/rested", "/v1/gate/rested/preflights").await;
}
