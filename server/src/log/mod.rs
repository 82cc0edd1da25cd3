//! The log: one line a request, except for successful checks, which are counted. No line holds a secret: neither
//! query nor body nor credential ever comes here.

mod lines;
mod quota;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use exeunt_core::{ClientId, Moment};
use http::{Method, StatusCode};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::app::App;
use crate::config::{Log, LogChecks, LogFormat};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::Noted;
use crate::http::{Route, Sort};

pub use lines::Writing;
pub use quota::{FAILED_LOGINS_PER_SEC, LINES_PER_SEC, Quotas};
use quota::{LineKind, Outcome};

/// The target of lines that are written also when the log is not read fast enough for the others: what has happened to
/// sessions and who tried to log in.
const KEPT: &str = "exeunt::kept";
/// The status of a request whose caller hung up, as nginx has it: nobody was answered.
pub const HUNG_UP: u16 = 499;

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
        let refused = noted.kind.is_some() || status.is_client_error();
        let check = matches!(self.route.sort, Sort::Check | Sort::Gate);
        if check && !refused && app.config.log.checks == LogChecks::Failed {
            return;
        }
        let outcome = if refused { Outcome::Refused(noted.kind) } else { Outcome::Done };
        self.put(app, status.as_u16(), outcome, noted, now, began);
    }

    /// Writes that the caller hung up before it was answered.
    pub fn hung_up(&self, app: &App, now: Moment, began: Duration) {
        self.put(app, HUNG_UP, Outcome::HungUp, &Noted::default(), now, began);
    }

    fn put(&self, app: &App, status: u16, outcome: Outcome, noted: &Noted, now: Moment, began: Duration) {
        let kind = LineKind::of(self.route, outcome, noted.key.is_some());
        if kind.is_some_and(|kind| !app.metrics.quotas.admits(kind, now)) {
            return;
        }
        let took = app.env.elapsed().saturating_sub(began);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($target:expr) => {
                tracing::info!(
                    target: $target,
                    dialect = self.dialect,
                    call = self.route.call,
                    method = self.method,
                    status,
                    outcome = outcome.word(),
                    from = %self.from,
                    micros,
                    key = noted.key.map(tracing::field::display),
                    private = noted.private.as_deref(),
                    "request"
                )
            };
        }
        if kind.is_none_or(LineKind::is_kept) {
            line!(KEPT);
        } else {
            line!("exeunt::request");
        }
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
    fn a_method_from_outside_is_not_repeated() {
        assert_eq!(known(&Method::from_bytes(b"HUNTER2").unwrap()), "other");
        assert_eq!(known(&Method::DELETE), "DELETE");
    }
}
