//! Another certificate takes the place of the one that is shown, without a word to who is connected.

use exeunt::config::Limits;
use exeunt::env::Env;
use exeunt::tls::{Expiry, Tls};

use crate::support::pair::{CURVE, Pair};
use crate::support::scratch::Scratch;
use crate::tls::process::{Process, command};
use crate::tls::server::{answers, config, connect, start};

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

/// These certificates are valid for a day.
#[test]
fn a_certificate_that_nobody_renews_is_spoken_of_once_a_day() {
    const HOUR_SECS: u64 = 3600;
    let folder = Scratch::new();
    let pair = Pair::make(folder.path(), "a", CURVE);
    let now = Env::system().now();
    let tls = Tls::open(&config(&pair, Limits::default()), now).unwrap().unwrap();
    let told: Vec<_> = [0, 23, 25, 48, 49].map(|hour| tls.ending(now.plus_secs(hour * HOUR_SECS))).into();
    assert_eq!(told, [Some(Expiry::Soon), None, Some(Expiry::Past), None, Some(Expiry::Past)]);
}

#[test]
fn a_running_server_says_that_its_certificate_ends_soon() {
    let folder = Scratch::new();
    let process = Process::start(command(folder.path(), &Pair::make(folder.path(), "a", CURVE)));
    let line = process.wait("the certificate expires soon; replace it with a renewed one");
    assert!(line.contains("WARN") && line.contains("until="), "{line}");
}
