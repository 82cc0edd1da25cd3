//! One caller with a user of its own: it does one thing after the other, so it knows what must be true.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use super::Seeded;
use crate::support::binary::Connection;

/// Tokens in one check.
const CHECKED_AT_ONCE: usize = 1_000;

/// What the caller knows of one of its sessions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its issue was acknowledged, its end not asked for.
    Alive,
    /// Its end was acknowledged.
    Dead,
    /// Its end was asked for, and the server was killed before it answered.
    Unknown,
}

struct Known {
    session: String,
    token: String,
    state: State,
}

pub(crate) struct Caller {
    user: String,
    sessions: Vec<Known>,
    choices: Seeded,
}

impl Caller {
    pub(crate) fn register(address: SocketAddr, number: u64) -> Self {
        let body = json!({ "username": format!("caller-{number}") }).to_string();
        let (status, user) = Connection::open(address).unwrap().ask("POST", "/v1/users", &body).unwrap();
        assert_eq!(status, 201, "{user}");
        Self { user: text(&user, "id"), sessions: Vec::new(), choices: Seeded(number + 1) }
    }

    /// Calls until the server is gone. Whoever gets the last acknowledgement that is `left` says `now`.
    pub(crate) fn work(mut self, address: SocketAddr, left: &AtomicI64, now: &Sender<()>) -> Self {
        let Ok(mut connection) = Connection::open(address) else { return self };
        loop {
            let done = match self.choices.between((0, 1_000)) {
                0..3 => self.end_all(&mut connection),
                3..420 => self.end_one(&mut connection),
                _ => self.issue(&mut connection),
            };
            if done.is_err() {
                return self;
            }
            if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                // Nobody listens any more only if the test has failed already.
                let _ = now.send(());
            }
        }
    }

    /// Every session is as it must be. What was unknown is found out, and known from then on.
    pub(crate) fn verify(&mut self, connection: &mut Connection) {
        for part in self.sessions.chunks_mut(CHECKED_AT_ONCE) {
            let tokens: Vec<_> = part.iter().map(|known| known.token.as_str()).collect();
            let body = json!({ "tokens": tokens }).to_string();
            let (status, answer) = connection.ask("POST", "/v1/check?peek=1", &body).unwrap();
            assert_eq!(status, 200, "{answer}");
            for (known, result) in part.iter_mut().zip(answer["results"].as_array().unwrap()) {
                let found = if result["active"] == json!(true) { State::Alive } else { State::Dead };
                assert!(
                    known.state != State::Dead || found == State::Dead,
                    "an acknowledged logout was lost"
                );
                assert!(
                    known.state != State::Alive || found == State::Alive,
                    "an acknowledged login was lost"
                );
                known.state = found;
            }
        }
    }

    /// How many are dead and how many alive.
    pub(crate) fn known(&self) -> (usize, usize) {
        let dead = self.sessions.iter().filter(|known| known.state == State::Dead).count();
        (dead, self.sessions.len() - dead)
    }

    fn issue(&mut self, connection: &mut Connection) -> std::io::Result<()> {
        let (status, issued) =
            connection.ask("POST", "/v1/sessions", &json!({ "user": self.user }).to_string())?;
        assert_eq!(status, 201, "{issued}");
        let (session, token) = (text(&issued, "session"), text(&issued, "token"));
        self.sessions.push(Known { session, token, state: State::Alive });
        Ok(())
    }

    fn end_one(&mut self, connection: &mut Connection) -> std::io::Result<()> {
        let Some(known) = self.sessions.iter_mut().rev().find(|known| known.state == State::Alive) else {
            return self.issue(connection);
        };
        known.state = State::Unknown;
        let (status, answer) = connection.ask("DELETE", &format!("/v1/sessions/{}", known.session), "")?;
        assert_eq!((status, &answer["confirmed"]["durable"]), (200, &json!(true)), "{answer}");
        known.state = State::Dead;
        Ok(())
    }

    fn end_all(&mut self, connection: &mut Connection) -> std::io::Result<()> {
        let open = |known: &&mut Known| known.state == State::Alive;
        self.sessions.iter_mut().filter(open).for_each(|known| known.state = State::Unknown);
        let (status, answer) = connection.ask("DELETE", &format!("/v1/users/{}/sessions", self.user), "")?;
        assert_eq!(status, 200, "{answer}");
        let asked = self.sessions.iter_mut().filter(|known| known.state == State::Unknown);
        asked.for_each(|known| known.state = State::Dead);
        Ok(())
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}
