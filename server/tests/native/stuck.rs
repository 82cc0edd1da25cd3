//! A reader that does not read: its stream is cut, in time that goes by without being waited for.

use std::sync::mpsc;

use exeunt::app::FEEDS_MAX;
use tokio::sync::oneshot;

use crate::feed::Feed;
use crate::live::{KEY, open};

#[test]
fn a_reader_that_is_stuck_loses_its_stream() {
    let (tell, told) = mpsc::channel();
    let (opened, is_open) = oneshot::channel();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (app, running) = open(&[]).await;
            tell.send(running.address).unwrap();
            is_open.await.unwrap();
            assert_eq!(app.feeds.available_permits(), FEEDS_MAX - 1);
            // From here on, time goes by as soon as nobody has anything to do.
            tokio::time::pause();
            let all = u32::try_from(FEEDS_MAX).unwrap();
            drop(app.feeds.acquire_many(all).await.unwrap());
        });
    });
    let unread = Feed::open(told.recv().unwrap(), &format!("Authorization: Bearer {KEY}\r\n"));
    opened.send(()).unwrap();
    server.join().unwrap();
    drop(unread);
}
