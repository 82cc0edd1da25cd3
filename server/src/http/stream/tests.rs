use exeunt_core::By;
use futures_util::FutureExt;
use http::{Method, StatusCode, Uri};

use super::*;
use crate::authority::{Call, Role};
use crate::config::Config;
use crate::env::Env;
use crate::http::headers::Headers;
use crate::http::{CallKind, RequestBody, RequestHead, RequestParts, Route, UnreadInput, answer};
use crate::store::Incarnation;
use crate::store::memory::MemoryStore;

/// A request by the holder of a new key.
async fn stage() -> (Request, Arc<Key>, Call) {
    let store = Arc::new(MemoryStore::new(Incarnation([1; 16])));
    let app = App::open(Config::default(), Env::system(), store, false).await.unwrap();
    let head =
        RequestHead { method: Method::GET, uri: Uri::from_static("/v1/feed"), headers: Headers::new() };
    let route =
        Route::new("feed", CallKind::Admin, &|_: Request| async { answer(StatusCode::OK, "text/plain", "") });
    let (dialect, body) = (app.dialects[0].clone(), RequestBody::whole(Bytes::new(), UnreadInput::default()));
    let arrival = RequestParts { head, body, dialect, matched: route.into() };
    let now = app.env.now();
    let mut request = Request::new(app, now, std::net::Ipv4Addr::LOCALHOST.into(), arrival);
    let call = request.call(By::System);
    let (_, text) = request.app.authority.create_key(&call, "", Role::Read, None).await.unwrap();
    let key = request.app.authority.key(text.expose()).unwrap();
    (request, key, call)
}

#[tokio::test]
async fn a_reader_that_reads_nothing_makes_so_many_bytes_wait_and_no_more() {
    const TEXT_BYTES: usize = 300;
    let (request, key, _) = stage().await;
    let Opened { mut stream, body } = Opened::new(&request, &key).unwrap();
    let mut made = 0;
    let texts = std::iter::from_fn(|| {
        made += TEXT_BYTES;
        Some("x".repeat(TEXT_BYTES))
    });
    assert!(stream.send_all(texts).now_or_never().is_none(), "it waits for its reader");
    // The queued pieces, and the one that waits for room in the queue.
    let most = (PIECES_MAX + 1) * PIECE_BYTES + TEXT_BYTES;
    assert!((PIECES_MAX * PIECE_BYTES..=most + PIECE_BYTES).contains(&made), "{made} bytes, at most {most}");
    drop(body);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_stuck_loses_its_stream_also_if_it_is_one_large_text() {
    let (request, key, _) = stage().await;
    let Opened { mut stream, body } = Opened::new(&request, &key).unwrap();
    assert!(!stream.send("x".repeat(10 << 20)).await);
    drop(body);
    let Opened { mut stream, body } = Opened::new(&request, &key).unwrap();
    drop(body);
    assert!(!stream.send("x").await, "its reader has gone");
}

#[tokio::test]
async fn a_large_answer_ends_with_its_key_and_a_small_one_is_left_as_it_is() {
    let (request, key, call) = stage().await;
    let large = || answer(StatusCode::OK, "text/plain", vec![b'x'; 2 * UNWATCHED_BYTES_MAX]);
    let Body::Stream(body) = watched(large(), &request.app, &key).body else { panic!("it is not watched") };
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), 2 * UNWATCHED_BYTES_MAX);
    let Body::Stream(mut body) = watched(large(), &request.app, &key).body else {
        panic!("it is not watched")
    };
    assert_eq!(body.size_hint().exact(), Some(2 * UNWATCHED_BYTES_MAX as u64));
    assert!(body.frame().await.unwrap().is_ok());
    request.app.authority.remove_key(&call, key.id).await.unwrap();
    assert_eq!(body.frame().await.unwrap().err(), Some(Cut));
    let small = watched(answer(StatusCode::OK, "text/plain", "x"), &request.app, &key);
    assert!(matches!(small.body, Body::Whole(_)));
}
