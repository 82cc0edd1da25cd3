//! The log: where lines go, how many of a kind there is room for, and what time they carry.

mod lines;
mod quota;

use std::fmt;

use exeunt_core::ClientId;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::config::{Log, LogFormat};
use crate::env::Env;
use crate::error::{Error, Result};

pub use lines::Writing;
pub use quota::{FAILED_LOGINS_PER_SEC, LINES_PER_SEC, LineKind, Quotas};

/// The target of lines that are written also when the log is not read fast enough for the others: what has happened to
/// sessions and who tried to log in.
pub const KEPT: &str = "exeunt::kept";
/// The status of a request whose caller hung up, as nginx has it: nobody was answered.
pub const HUNG_UP: u16 = 499;

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
