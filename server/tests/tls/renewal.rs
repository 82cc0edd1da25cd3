//! Another certificate takes the place of the one that is shown, without a word to who is connected.

use exeunt::config::Limits;
use exeunt::env::Env;

use crate::pair::{CURVE, Pair};
use crate::scratch::Scratch;
use crate::server::{answers, config, connect, start};

#[tokio::test]
async fn changed_files_are_taken_over_when_they_have_settled() {
    let folder = Scratch::new();
    let [shown, next] = ["shown", "next"].map(|name| Pair::make(folder.path(), name, CURVE));
    let first = folder.path().join("first.pem");
    std::fs::copy(&shown.cert, &first).unwrap();
    let (app, running) = start(config(&shown, Limits::default())).await;
    let (tls, now) = (app.tls.as_ref().unwrap(), Env::system().now());
    let mut kept = connect(&running, &first).await.unwrap();
    assert!(answers(&mut kept).await);
    assert!(!tls.renew_if_changed(now).unwrap(), "nothing has changed");

    std::fs::copy(&next.cert, &shown.cert).unwrap();
    assert!(!tls.renew_if_changed(now).unwrap(), "it may be changing still");
    std::fs::copy(&next.key, &shown.key).unwrap();
    assert!(!tls.renew_if_changed(now).unwrap());
    assert!(tls.renew_if_changed(now).unwrap());
    assert!(!tls.renew_if_changed(now).unwrap(), "it was taken over");

    assert!(answers(&mut kept).await, "the connection was dropped");
    assert!(answers(&mut connect(&running, &next.cert).await.unwrap()).await);
    assert!(connect(&running, &first).await.is_err(), "the old certificate is still shown");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_change_for_the_worse_is_told_once() {
    let folder = Scratch::new();
    let [shown, other] = ["shown", "other"].map(|name| Pair::make(folder.path(), name, CURVE));
    let (app, running) = start(config(&shown, Limits::default())).await;
    let (tls, now) = (app.tls.as_ref().unwrap(), Env::system().now());
    std::fs::copy(&other.key, &shown.key).unwrap();
    assert!(!tls.renew_if_changed(now).unwrap());
    assert!(tls.renew_if_changed(now).is_err());
    assert!(!tls.renew_if_changed(now).unwrap(), "it was told");
    std::fs::remove_file(&shown.key).unwrap();
    assert!(!tls.renew_if_changed(now).unwrap());
    assert!(tls.renew_if_changed(now).is_err());
    assert_eq!(tls.renewals_failed(), 2);
    assert!(answers(&mut connect(&running, &shown.cert).await.unwrap()).await);
    running.stop().await.unwrap();
}
