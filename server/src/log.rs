//! The log: one line a request, except for successful checks, which are counted. No line holds a secret: neither
//! query nor body nor credential ever comes here.

mod lines;

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use exeunt_core::{ClientId, Moment};
use http::{Method, StatusCode};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::app::App;
use crate::config::{Log, LogChecks, LogFormat};
use crate::dialect::{Route, Sort};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::exchange::Noted;

pub use lines::Writing;

/// Refused requests logged in one second; further ones are only counted.
pub const REFUSALS_LOGGED_PER_SEC: u64 = 100;

/// What is known of a request before it is answered.
pub struct Line {
    /// The dialect that answers, or `none`.
    pub dialect: &'static str,
    /// Which of its calls.
    pub route: Route,
    /// The method, as [`known`] says it.
    pub method: &'static str,
    /// The caller's address.
    pub from: IpAddr,
}

/// Counts the refusals of one second.
#[derive(Default)]
pub struct Sampler {
    second: AtomicU64,
    count: AtomicU64,
    unlogged: AtomicU64,
}

/// The name of a method, `other` for one that HTTP does not have: that is any text from outside.
pub fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}

/// Starts logging to standard error. What it returns is kept until the end of the program: then the last lines are
/// written.
///
/// # Errors
/// `Internal`, if the system gives no thread.
pub fn start(log: &Log, env: &Env) -> Result<Writing> {
    let (lines, writing) = lines::to(std::io::stderr())
        .map_err(|error| Error::internal(format!("the log could not be started: {error}")))?;
    let builder =
        tracing_subscriber::fmt().with_writer(lines).with_target(false).with_timer(Clock(env.clone()));
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // A second start is a second server in one process, as in tests: the first one's log serves both.
    drop(started);
    Ok(writing)
}

/// DEP-08: a client still speaks a dialect of old. Said once an hour and client; the counts tell the rest.
pub fn legacy(dialect: &'static str, call: &'static str, client: Option<ClientId>) {
    let client = client.map(tracing::field::display);
    tracing::info!(
        dialect,
        call,
        client,
        "a client still speaks a legacy dialect: see `exeunt dialect usage`"
    );
}

impl Line {
    /// Writes the line, if this sort of answer is logged; `began` is the time when the request came, as
    /// [`Env::elapsed`] tells it.
    pub fn write(&self, app: &App, status: StatusCode, noted: &Noted, now: Moment, began: Duration) {
        let kind = noted.kind;
        let refused = kind.is_some() || status.is_client_error();
        let check = matches!(self.route.sort, Sort::Check | Sort::Gate);
        if check && !refused && app.config.log.checks == LogChecks::Failed {
            return;
        }
        if refused && !app.metrics.refusals.admits(now) {
            return;
        }
        let took = app.env.elapsed().saturating_sub(began);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let outcome = kind.map_or(if refused { "refused" } else { "ok" }, crate::error::Kind::word);
        tracing::info!(
            dialect = self.dialect,
            call = self.route.call,
            method = self.method,
            status = status.as_u16(),
            outcome,
            from = %self.from,
            micros,
            key = noted.key.map(tracing::field::display),
            private = noted.private.as_deref(),
            "request"
        );
    }
}

impl Sampler {
    /// Whether one more refusal is logged. The first of a second tells how many of an earlier one were not.
    fn admits(&self, now: Moment) -> bool {
        // A slow request of an earlier second does not begin that second anew.
        if self.second.fetch_max(now.secs(), Ordering::Relaxed) < now.secs() {
            let before = self.count.swap(0, Ordering::Relaxed);
            if let Some(unlogged) = before.checked_sub(REFUSALS_LOGGED_PER_SEC).filter(|more| *more > 0) {
                tracing::warn!(unlogged, "refused requests beyond {REFUSALS_LOGGED_PER_SEC} in one second");
            }
        }
        let admitted = self.count.fetch_add(1, Ordering::Relaxed) < REFUSALS_LOGGED_PER_SEC;
        if !admitted {
            self.unlogged.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// Refusals that were only counted, since the start.
    pub fn unlogged(&self) -> u64 {
        self.unlogged.load(Ordering::Relaxed)
    }
}

/// The time of a line, from the one clock: RFC 3339 in UTC, with milliseconds.
struct Clock(Env);

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0.now().millis()).unwrap_or_default();
        match jiff::Timestamp::from_millisecond(millis) {
            Ok(time) => write!(writer, "{time:.3}"),
            // Beyond the year 9999.
            Err(_) => write!(writer, "{millis}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_beyond_the_bound_are_only_counted() {
        let sampler = Sampler::default();
        let admitted = |second| (0..150).filter(|_| sampler.admits(Moment::from_secs(second))).count();
        assert_eq!((admitted(1), admitted(2)), (100, 100));
        assert_eq!(sampler.unlogged(), 100);
    }

    #[test]
    fn a_method_from_outside_is_not_repeated() {
        assert_eq!(known(&Method::from_bytes(b"HUNTER2").unwrap()), "other");
        assert_eq!(known(&Method::DELETE), "DELETE");
    }
}
