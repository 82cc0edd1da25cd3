//! A reader that does not read: its stream and its connection are cut, in time that goes by without being waited for.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc;

use exeunt::app::FEEDS_MAX;
use tokio::sync::oneshot;
use tokio::time::{Duration, pause, sleep};

use crate::native::live::{KEY, connect, open};

#[test]
fn a_reader_that_is_stuck_loses_its_stream_and_its_connection() {
    let (tell, told) = mpsc::channel();
    let (opened, is_open) = oneshot::channel();
    let (read, is_read) = oneshot::channel();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (app, running) = open(&[]).await;
            tell.send(running.address).unwrap();
            is_open.await.unwrap();
            assert_eq!(app.feeds.available_permits(), FEEDS_MAX - 1);
            // From here on, time goes by as soon as nobody has anything to do.
            pause();
            let all = u32::try_from(FEEDS_MAX).unwrap();
            drop(app.feeds.acquire_many(all).await.unwrap());
            sleep(Duration::from_secs(app.config.limits.answer_secs)).await;
            tell.send(running.address).unwrap();
            is_read.await.unwrap();
        });
    });
    let mut stream = connect(told.recv().unwrap());
    let request = format!("GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = BufReader::new(stream);
    let mut first = String::new();
    answer.read_line(&mut first).unwrap();
    assert_eq!(first, "HTTP/1.1 200 OK\r\n");
    opened.send(()).unwrap();
    told.recv().unwrap();
    let mut rest = Vec::new();
    // Cut off: what was under way comes, without the end that chunks have. An error is an end, too.
    drop(answer.read_to_end(&mut rest));
    assert!(!rest.windows(7).any(|bytes| bytes == b"\r\n0\r\n\r\n"), "the connection was still there");
    read.send(()).unwrap();
    server.join().unwrap();
}
