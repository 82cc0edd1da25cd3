//! The log: where lines are written, how many of each kind are allowed, and their time.

mod lines;
mod quota;

use std::fmt;

use exeunt_core::ClientId;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::config::{Log, LogFormat};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::time::text;

pub use lines::Writing;
pub use quota::{FAILED_LOGINS_PER_SEC, LINES_PER_SEC, LineKind, Quotas};

/// The target of lines that are written even when the log is read too slowly for the others: what happened to sessions,
/// and who tried to log in.
pub const KEPT: &str = "exeunt::kept";
/// The status that is logged for a request whose client hung up before the response, as in nginx.
pub const HUNG_UP: u16 = 499;

/// Starts logging to standard error. Keep the result until the end of the program: dropping it writes the last lines.
///
/// # Errors
/// `Internal`, if the system cannot start the thread.
pub fn start(log: &Log, env: &Env) -> Result<Writing> {
    let (lines, writing) = lines::to(std::io::stderr())
        .map_err(|error| Error::internal(format!("cannot start the log: {error}")))?;
    let builder =
        tracing_subscriber::fmt().with_writer(lines).with_target(false).with_timer(Clock(env.clone()));
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // A second start means a second server in one process, as in tests: both use the first one's log.
    drop(started);
    Ok(writing)
}

/// DEP-08: logs that a client still uses a legacy dialect, once an hour and client; the counters have the rest.
pub fn legacy(dialect: &'static str, call: &'static str, client: Option<ClientId>) {
    let client = client.map(tracing::field::display);
    tracing::info!(dialect, call, client, "a client still uses a legacy dialect; see `exeunt dialect usage`");
}

/// The time of a line, from the server's clock: RFC 3339 in UTC, with milliseconds.
struct Clock(Env);

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{:.3}", text::utc_or_last(self.0.now()))
    }
}
