//! Attacks on real gateways: what a caller writes so that the gate reads one thing and the application another, and what
//! the gate must pass because the application serves it. Each script plays one kind of them behind each gateway.

mod addresses;
mod credentials;
mod headers;
mod ingress_nginx;
mod own_locations;
mod preflights;

use crate::gateways::application::Application;
use crate::gateways::{Caller, serve};
use crate::support::scratch::Scratch;

/// One test for each gateway with each dialect: a script of this folder.
macro_rules! attacked {
    ($script:literal; $($name:ident: $dialect:literal by $gateway:path;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let folder = $crate::support::scratch::Scratch::new();
                let (server, application) =
                    ($crate::gateways::serve().await, $crate::gateways::application::Application::start().await);
                let gateway =
                    <$gateway>::start(&folder, $dialect, server.address(), application.address()).await;
                let caller = $crate::gateways::Caller::of(&server, gateway.address());
                caller.play(concat!("edges/", $script), $dialect).await;
                gateway.stop().await;
                server.stop().await;
            }
        )*
    };
}
use attacked;

/// ingress-nginx is nginx with a file of its own, for the native dialect.
async fn behind_ingress_nginx(script: &str) {
    let folder = Scratch::new();
    let (server, application) = (serve().await, Application::start().await);
    let gateway = crate::gateways::nginx::Nginx::start(
        &folder,
        "ingress-nginx",
        server.address(),
        application.address(),
    )
    .await;
    let caller = Caller::of(&server, gateway.address());
    caller.play(&format!("edges/{script}"), "native").await;
    gateway.stop().await;
    server.stop().await;
}
