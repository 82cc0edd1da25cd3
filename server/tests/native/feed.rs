//! The stream of marks over a real socket: what arrives, where it goes on, and when it ends.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use exeunt::app::FEEDS_MAX;
use exeunt::authority::Role;
use exeunt_core::Moment;
use serde_json::{Value, json};

use crate::native::live::{CachedSession, KEY, LIFE, call, connect};

/// An open stream.
pub(crate) struct Feed(BufReader<TcpStream>);

/// One event.
#[derive(Debug, PartialEq, Eq)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Feed {
    /// Opens a stream with these header lines.
    pub(crate) fn open(address: std::net::SocketAddr, lines: &str) -> Self {
        let mut stream = connect(address);
        let request = format!("GET /v1/feed HTTP/1.0\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut feed = Self(BufReader::new(stream));
        assert!(feed.line().unwrap().contains(" 200 "), "the stream was not opened");
        while !feed.line().unwrap().is_empty() {}
        feed
    }

    fn of(live: &CachedSession, lines: &str) -> Self {
        Self::open(live.address, &format!("Authorization: Bearer {KEY}\r\n{lines}"))
    }

    /// The next event; `None`: the stream has ended.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event { name: String::new(), id: None, data: Value::Null };
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = Some(id.to_owned()),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                _ if line.is_empty() => return Some(event),
                _ => panic!("{line}"),
            }
        }
    }

    /// The next mark, past positions.
    fn mark(&mut self) -> Event {
        loop {
            let event = self.next().unwrap();
            if event.name != "position" {
                return event;
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).unwrap() > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

fn position(stamp: u64) -> Event {
    let id = format!("{LIFE}.{stamp}");
    Event { name: "position".to_owned(), data: json!({ "position": id }), id: Some(id) }
}

fn mark(stamp: u64, data: Value) -> Event {
    Event { name: "mark".to_owned(), id: Some(format!("{LIFE}.{stamp}")), data }
}

#[test]
fn marks_arrive_and_the_position_follows_them() {
    let live = CachedSession::start();
    let before = live.mark("alice");
    let mut feed = Feed::of(&live, "");
    assert_eq!(feed.next(), Some(position(1)), "a new reader starts from now");
    let raised = live.mark("bob");
    assert_eq!(feed.mark(), mark(2, raised.clone()));
    assert_eq!(feed.next(), Some(position(2)));
    assert_eq!(feed.next(), Some(position(2)), "a heartbeat");
    let mut resumed = Feed::of(&live, &format!("Last-Event-ID: {LIFE}.0\r\n"));
    let events = [resumed.next(), resumed.next(), resumed.next()];
    assert_eq!(events, [Some(mark(1, before)), Some(mark(2, raised)), Some(position(2))]);
}

#[test]
fn a_reader_goes_on_where_it_was() {
    let live = CachedSession::start();
    let mut feed = Feed::of(&live, "");
    live.mark("alice");
    let last = feed.mark().id.unwrap();
    drop(feed);
    let missed = [live.mark("bob"), live.mark("carol")];
    let mut feed = Feed::of(&live, &format!("Last-Event-ID: {last}\r\n"));
    for (stamp, raised) in (2..).zip(missed) {
        assert_eq!(feed.next(), Some(mark(stamp, raised)));
    }
    assert_eq!(feed.next(), Some(position(3)));
}

#[test]
fn a_backlog_of_many_pages_comes_at_once() {
    let live = CachedSession::start();
    let (realm, app) = (live.app.authority.realm("main").unwrap().id, &live.app);
    let anchor = exeunt_core::Anchor::Realm(realm);
    for _ in 0..2_500 {
        live.wait(app.authority.end_all(&call(app), realm, anchor, exeunt_core::Why::Admin)).unwrap();
    }
    let mut feed = Feed::of(&live, &format!("Last-Event-ID: {LIFE}.0\r\n"));
    let events: Vec<_> = std::iter::from_fn(|| feed.next()).take(2_503).collect();
    let pages = events.iter().filter(|event| event.name == "position").count();
    assert_eq!((pages, events.last()), (3, Some(&position(2_500))));
}

#[test]
fn another_life_of_the_store_and_a_log_that_was_cut_are_a_reset() {
    let live = CachedSession::start();
    live.mark("alice");
    let other = "02020202020202020202020202020202.1";
    let mut feed = Feed::of(&live, &format!("Last-Event-ID: {other}\r\n"));
    assert_eq!(feed.next().map(|event| event.name), Some("reset".to_owned()));
    assert_eq!(feed.next(), None);
    assert_eq!(live.ask("GET", &format!("/v1/marks?after={other}"), "").status, 410);
    let late = Moment::from_secs(u64::from(u32::MAX));
    while live.wait(live.app.authority.sweep(late)).unwrap().more {}
    let start = format!("{LIFE}.0");
    let mut feed = Feed::of(&live, &format!("Last-Event-ID: {start}\r\n"));
    assert_eq!(feed.next().map(|event| event.name), Some("reset".to_owned()));
    assert_eq!(feed.next(), None);
    assert_eq!(live.ask("GET", &format!("/v1/marks?after={start}"), "").status, 410);
}

#[test]
fn a_position_that_was_never_reached_tells_of_a_store_that_was_turned_back() {
    let live = CachedSession::start();
    let lines = format!("Authorization: Bearer {KEY}\r\nLast-Event-ID: {LIFE}.7\r\n");
    let answer = live.ask_with(&lines, "GET", "/v1/feed", "");
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("\r\nRetry-After: "), "HTTP-08");
    assert_eq!(live.ask("GET", &format!("/v1/marks?after={LIFE}.7"), "").status, 503);
}

#[test]
fn a_place_that_cannot_be_read_is_never_taken_for_now() {
    let live = CachedSession::start();
    let lines = [
        "Last-Event-ID: x\r\n".to_owned(),
        "Last-Event-ID: \r\n".to_owned(),
        format!("Last-Event-ID: {LIFE}.0\r\nLast-Event-ID: {LIFE}.0\r\n"),
    ];
    for lines in lines {
        let lines = format!("Authorization: Bearer {KEY}\r\n{lines}");
        assert_eq!(live.ask_with(&lines, "GET", "/v1/feed", "").status, 400);
    }
}

#[test]
fn a_removed_key_ends_its_stream_before_the_next_mark() {
    let live = CachedSession::start();
    let (id, key) = live.key(Role::Read, None);
    let mut feed = Feed::open(live.address, &format!("Authorization: Bearer {}\r\n", key.expose()));
    assert_eq!(feed.next(), Some(position(0)));
    assert_eq!(live.ask("DELETE", &format!("/v1/keys/{id}"), "").status, 204);
    live.mark("alice");
    while let Some(event) = feed.next() {
        assert_eq!(event, position(0), "sent before the key was removed");
    }
}

#[test]
fn a_view_of_one_realm_tells_positions_of_the_whole() {
    let live = CachedSession::start();
    assert_eq!(live.ask("POST", "/v1/realms", r#"{"name":"other"}"#).status, 201);
    let (_, key) = live.key(Role::Read, Some("other"));
    let mut feed = Feed::open(live.address, &format!("Authorization: Bearer {}\r\n", key.expose()));
    assert_eq!(feed.next(), Some(position(0)));
    live.mark("alice");
    let lines = format!("Authorization: Bearer {KEY}\r\nExeunt-Realm: other\r\n");
    let ended = live.ask_with(&lines, "DELETE", "/v1/realm/sessions", "").body["mark"].clone();
    assert_eq!(feed.mark(), mark(2, ended));
    assert_eq!(feed.next(), Some(position(2)));
}

#[test]
fn streams_end_when_the_server_stops() {
    let mut live = CachedSession::start();
    let mut feed = Feed::of(&live, "");
    assert_eq!(feed.next(), Some(position(0)));
    live.stop();
    while let Some(event) = feed.next() {
        assert_eq!(event, position(0));
    }
}

#[test]
fn there_is_room_for_so_many_streams_and_no_more() {
    let live = CachedSession::start();
    let room = live.app.feeds.clone().try_acquire_many_owned(u32::try_from(FEEDS_MAX).unwrap()).unwrap();
    assert_eq!(live.ask("GET", "/v1/feed", "").status, 503);
    drop(room);
    assert_eq!(Feed::of(&live, "").next(), Some(position(0)));
}
