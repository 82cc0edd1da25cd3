//! ingress-nginx, as it asks about calls to an application of the native dialect.

use super::behind_ingress_nginx;

#[tokio::test(flavor = "multi_thread")]
async fn ingress_nginx_asks_and_tells() {
    behind_ingress_nginx("ingress_nginx").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_dead_credential_passes_beside_a_live_one_behind_ingress_nginx() {
    behind_ingress_nginx("credentials").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_caller_removes_adds_or_doubles_a_header_behind_ingress_nginx() {
    behind_ingress_nginx("headers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_application_serves_passes_behind_ingress_nginx() {
    behind_ingress_nginx("addresses").await;
}
