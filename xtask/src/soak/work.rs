//! The load: callers open sessions, use them and log them out, and leave some to expire.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::caller::Caller;
use super::server::KEY;
use super::{now, pause};

/// Callers of the native interface, each with its own connection.
const CALLERS: usize = 8;
/// How often a caller opens a session: one of the native interface, and one of Videntity, whose logins check a
/// password.
const NATIVE_MILLIS: u64 = 250;
const VIDENTITY_MILLIS: u64 = 1_000;
/// Checks per session.
const CHECKS: usize = 10;
/// One of this many sessions is left to expire.
const LEFT_ONE_OF: u64 = 4;
/// The lifetime of those sessions, in seconds.
const LEFT_SECS: u64 = 5;

/// The kinds of calls that are timed.
pub(super) const KINDS: [&str; 3] = ["login", "check", "logout"];
const LOGIN: usize = 0;
const CHECK: usize = 1;
const LOGOUT: usize = 2;

/// The times of calls since the last [`Tally::take`], and how many there were in all.
#[derive(Default)]
pub(super) struct Tally(Mutex<[(Vec<Duration>, u64); KINDS.len()]>);

impl Tally {
    fn time<T>(&self, kind: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let began = now();
        let done = work();
        let took = now() - began;
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds[kind].0.push(took);
        kinds[kind].1 += 1;
        done
    }

    /// The 99th percentile and the number of calls of each kind since the last time.
    pub(super) fn take(&self) -> [(Duration, usize); KINDS.len()] {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.each_mut().map(|(times, _)| {
            times.sort_unstable();
            let count = times.len();
            let p99 = times.get((count * 99 / 100).min(count.saturating_sub(1))).copied().unwrap_or_default();
            times.clear();
            (p99, count)
        })
    }

    pub(super) fn total(&self) -> String {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = KINDS.iter().zip(kinds.iter()).map(|(kind, (_, count))| format!("{count} of {kind}"));
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// Starts all callers. Each ends when `over` is set, or at the first wrong response.
pub(super) fn start(
    address: SocketAddr,
    tally: &Arc<Tally>,
    over: &Arc<AtomicBool>,
) -> Result<Vec<JoinHandle<Result<()>>>> {
    let mut caller = Caller::connect(address)?;
    let alice = r#"{"username":"alice","password":"correct horse","account_number":"000123"}"#;
    let user = member(&caller.ask("POST /v1/users", &json(), alice)?, "id")?;
    let mut workers = Vec::new();
    for number in 0..=CALLERS {
        let (tally, over, user) = (tally.clone(), over.clone(), user.clone());
        workers.push(thread::spawn(move || {
            let mut caller = Caller::connect(address)?;
            let millis = if number == CALLERS { VIDENTITY_MILLIS } else { NATIVE_MILLIS };
            let (mut due, mut round) = (now(), 0);
            while !over.load(Ordering::Relaxed) {
                if number == CALLERS {
                    videntity(&mut caller, &tally)?;
                } else {
                    native(&mut caller, &tally, &user, round % LEFT_ONE_OF == 0)?;
                }
                round += 1;
                due += Duration::from_millis(millis);
                pause(due.saturating_duration_since(now()));
            }
            Ok(())
        }));
    }
    Ok(workers)
}

fn native(caller: &mut Caller, tally: &Tally, user: &str, left: bool) -> Result<()> {
    let idle = if left { format!(",\"idle_secs\":{LEFT_SECS}") } else { String::new() };
    let body = format!("{{\"user\":\"{user}\"{idle}}}");
    let session = tally.time(LOGIN, || caller.ask("POST /v1/sessions", &json(), &body))?;
    let (id, token) = (member(&session, "session")?, member(&session, "token")?);
    let body = format!("{{\"token\":\"{token}\"}}");
    for _ in 0..CHECKS {
        let answer = tally.time(CHECK, || caller.ask("POST /v1/check", &json(), &body))?;
        ensure!(answer.contains("\"active\":true"), "a live session is not active: {answer}");
    }
    if left {
        return Ok(());
    }
    tally.time(LOGOUT, || caller.ask(&format!("DELETE /v1/sessions/{id}"), &json(), ""))?;
    let answer = tally.time(CHECK, || caller.ask("POST /v1/check", &json(), &body))?;
    ensure!(answer.contains("\"active\":false"), "a session outlived its logout: {answer}");
    Ok(())
}

fn videntity(caller: &mut Caller, tally: &Tally) -> Result<()> {
    const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
    let login = "username=alice&password=correct+horse&account_number=000123";
    let answer = tally.time(LOGIN, || caller.ask("POST /session/login", FORM, login))?;
    let key = answer.split("<session_key>").nth(1).and_then(|rest| rest.split('<').next());
    let form = format!("session_key={}", key.with_context(|| format!("no key in {answer}"))?);
    tally.time(CHECK, || caller.ask("POST /session/ping", FORM, &form))?;
    tally.time(LOGOUT, || caller.ask("POST /session/logout", FORM, &form))?;
    Ok(())
}

fn json() -> String {
    format!("Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n")
}

/// A string member of flat JSON.
fn member(json: &str, name: &str) -> Result<String> {
    let text = json.split(&format!("\"{name}\":\"")).nth(1).and_then(|rest| rest.split('"').next());
    Ok(text.with_context(|| format!("no {name} in {json}"))?.to_owned())
}
