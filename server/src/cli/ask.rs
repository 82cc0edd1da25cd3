//! Prompts: for a password or a token without echo, or for confirmation. Scripts pass secrets on standard input, never
//! as an argument, which every user of the machine can read.

use std::io::{BufRead, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure, Outcome};
use super::print::printable;

/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Asks for confirmation.
///
/// # Errors
/// `Usage` without a terminal; `Interrupted`.
pub(super) async fn confirm(question: &str) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "{question} Standard input is not a terminal, so nobody can answer; add --yes to go ahead"
        )));
    }
    let mut interrupt = interrupts()?;
    prompt(&format!("{} [y/N] ", printable(question)))?;
    let answer = read(&mut interrupt, || line(std::io::stdin().lock())).await?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Reads a new password: twice from a terminal, or the one line of standard input.
///
/// # Errors
/// `Usage` if there is neither a terminal nor `from_stdin`, or if the two entries differ; `Interrupted`.
pub(super) async fn new_password(from_stdin: bool) -> Outcome<String> {
    if from_stdin {
        return only_line("a password").await;
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "standard input is not a terminal, so no password can be typed; use --password-stdin",
        ));
    }
    let password = hidden("Password: ").await?;
    if hidden("Repeat the password: ").await? != password {
        return Err(Failure::usage("the two passwords differ; try again"));
    }
    Ok(password)
}

/// Reads a secret: from a terminal, or the one line of standard input.
///
/// # Errors
/// `Usage` if standard input is not one line; `Interrupted`.
pub(super) async fn secret(what: &str) -> Outcome<String> {
    if std::io::stdin().is_terminal() {
        return hidden(&format!("{what}: ")).await;
    }
    only_line(what).await
}

/// Reads standard input, which must be one line.
async fn only_line(what: &str) -> Outcome<String> {
    let said = what.to_owned();
    read(&mut interrupts()?, move || {
        let mut all = String::new();
        std::io::stdin().lock().take(LINE_BYTES_MAX).read_to_string(&mut all)?;
        let text = all.strip_suffix('\n').unwrap_or(&all);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() || text.contains('\n') || all.len() as u64 == LINE_BYTES_MAX {
            let what = format!("standard input does not have exactly one line; expected {said}");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, what));
        }
        Ok(text.to_owned())
    })
    .await
}

/// Reads a line from the terminal without echo.
async fn hidden(text: &str) -> Outcome<String> {
    // Both come before the prompt, so that a quick answer is not shown and a quick Ctrl-C is not missed.
    let mut interrupt = interrupts()?;
    let silence = Silence::begin()?;
    prompt(text)?;
    let answer = read(&mut interrupt, || line(std::io::stdin().lock())).await;
    drop(silence);
    // The line break was not echoed either.
    prompt("\n")?;
    answer
}

fn prompt(text: &str) -> Outcome<()> {
    let mut to = std::io::stderr();
    to.write_all(text.as_bytes()).and_then(|()| to.flush())?;
    Ok(())
}

fn line(from: impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    from.take(LINE_BYTES_MAX).read_line(&mut line)?;
    if line.is_empty() {
        return Err(std::io::Error::new(
            std::io::ErrorKind::UnexpectedEof,
            "standard input ended without an answer",
        ));
    }
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}

/// Reads in a separate thread, which is abandoned on Ctrl-C, so that the caller can turn the echo on again.
async fn read(
    interrupt: &mut Signal,
    reading: impl FnOnce() -> std::io::Result<String> + Send + 'static,
) -> Outcome<String> {
    let (sender, answer) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(sender.send(reading())));
    let answer = tokio::select! {
        answer = answer => answer,
        _ = interrupt.recv() => return Err(Failure::interrupted()),
    };
    match answer {
        Ok(Ok(line)) => Ok(line),
        Ok(Err(error)) => Err(Failure::usage(error.to_string())),
        Err(_) => Err(Failure::new(Exit::Failed, "cannot read standard input")),
    }
}

/// Listens for Ctrl-C, which from now on no longer ends the program by itself.
pub(super) fn interrupts() -> Outcome<Signal> {
    let failed = |error| Failure::new(Exit::Failed, format!("cannot listen for signals: {error}"));
    signal(SignalKind::interrupt()).map_err(failed)
}

/// Turns the echo of the terminal off until it is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> Outcome<Self> {
        let failed =
            |error| Failure::new(Exit::Failed, format!("cannot turn off the terminal's echo: {error}"));
        let before = tcgetattr(std::io::stdin()).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO;
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // This fails only if the terminal is gone.
        let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
