//! Prints the output of commands: aligned text for people, JSON for programs. It escapes text that could control the
//! terminal, and does not panic when the reader has gone.

mod printable;
mod table;

use std::io::{BufWriter, ErrorKind, IsTerminal, Stdout, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

pub(super) use self::printable::printable;
pub(super) use self::table::{Column, Room, Table};
use super::exit::{Exit, Outcome};

/// Standard output of a command.
pub(super) struct Out {
    to: BufWriter<Stdout>,
    json: bool,
    colours: bool,
    width: Option<usize>,
}

impl Out {
    pub(super) fn new(json: bool) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let size = terminal.then(|| rustix::termios::tcgetwinsize(&stdout).ok()).flatten();
        let width = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        Self { to: BufWriter::new(stdout), json, colours: terminal && !plain, width }
    }

    /// Whether the output is JSON.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// The columns of the terminal; `None` for unlimited.
    const fn width(&self) -> Option<usize> {
        self.width
    }

    /// Prints a value as one line of JSON.
    ///
    /// # Errors
    /// The output's.
    pub(super) fn json(&mut self, value: &Value) -> Outcome<()> {
        writeln!(self.to, "{}", printable::json(value))?;
        Ok(())
    }

    /// Prints bytes unescaped; they must come from this program.
    ///
    /// # Errors
    /// The output's.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Outcome<()> {
        Ok(self.to.write_all(bytes)?)
    }

    /// Prints a line of text, escaped for a terminal.
    ///
    /// # Errors
    /// The output's.
    pub(super) fn line(&mut self, text: &str) -> Outcome<()> {
        writeln!(self.to, "{}", printable(text))?;
        Ok(())
    }

    /// Reports success of a command that has no other output: a sentence, or `value` as JSON.
    ///
    /// # Errors
    /// The output's.
    pub(super) fn done(&mut self, text: &str, value: &Value) -> Outcome {
        if self.json {
            self.json(value)?
        } else {
            self.line(text)?
        }
        Ok(Exit::Done)
    }

    /// Prints named values, one per line, aligned. Empty ones are left out.
    ///
    /// # Errors
    /// The output's.
    pub(super) fn record(&mut self, fields: &[(&str, String)]) -> Outcome<()> {
        let shown = || fields.iter().filter(|(_, value)| !value.is_empty());
        let width = shown().map(|(name, _)| name.len() + 1).max().unwrap_or_default();
        for (name, value) in shown() {
            let name = format!("{name}:");
            let (bold, plain) = self.weight();
            writeln!(self.to, "{bold}{name:width$}{plain} {}", printable(value))?;
        }
        Ok(())
    }

    /// # Errors
    /// The output's.
    pub(super) fn flush(&mut self) -> Outcome<()> {
        Ok(self.to.flush()?)
    }

    /// # Errors
    /// The output's, if its reader has gone: without this, a command with nothing to write would not notice.
    pub(super) fn look_for_reader(&self) -> Outcome<()> {
        let mut pipe = [PollFd::new(self.to.get_ref(), PollFlags::empty())];
        let at_once = Timespec::default();
        match poll(&mut pipe, Some(&at_once)) {
            Ok(1..) if pipe[0].revents().contains(PollFlags::ERR) => Err(ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        }
        .map_err(|error: std::io::Error| error.into())
    }

    fn heading(&mut self, text: &str) -> Outcome<()> {
        let (bold, plain) = self.weight();
        writeln!(self.to, "{bold}{text}{plain}")?;
        Ok(())
    }

    const fn weight(&self) -> (&'static str, &'static str) {
        if self.colours { ("\x1b[1m", "\x1b[0m") } else { ("", "") }
    }
}

/// A string from the server; empty for `null`.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A time from the server, to the second: `2026-11-21 09:27:48Z`.
pub(super) fn time(value: &Value) -> String {
    let text = text(value);
    let whole = text.split_once('.').map_or_else(|| text.trim_end_matches('Z'), |(whole, _)| whole);
    if whole.is_empty() { String::new() } else { format!("{}Z", whole.replacen('T', " ", 1)) }
}

/// Prints a line on standard error, for the user. Errors are ignored.
pub(super) fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "exeunt: {}", printable(text)));
}
