//! What a person is asked: a password or a token without echo, or whether to go on. Scripts give secrets on standard
//! input; never in an argument, which everybody on the machine can read.

use std::io::{BufRead, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure, Outcome};
use super::print::printable;

/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Asks whether to go on.
///
/// # Errors
/// `Usage` where nobody can be asked; `Interrupted`.
pub(super) async fn confirm(question: &str) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{question} There is nobody here to ask: say --yes")));
    }
    let mut interrupt = interrupts()?;
    prompt(&format!("{} [y/N] ", printable(question)))?;
    let answer = read(&mut interrupt, || line(std::io::stdin().lock())).await?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// A new password: asked for twice on a terminal, else the one line of standard input.
///
/// # Errors
/// `Usage` if there is neither a terminal nor `from_stdin`, or the two are not the same; `Interrupted`.
pub(super) async fn new_password(from_stdin: bool) -> Outcome<String> {
    if from_stdin {
        return only_line("a password").await;
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is nobody to ask for a password here: say --password-stdin"));
    }
    let password = hidden("Password: ").await?;
    if hidden("Once more: ").await? != password {
        return Err(Failure::usage("these are two different passwords"));
    }
    Ok(password)
}

/// A secret: asked for on a terminal, else the one line of standard input.
///
/// # Errors
/// `Usage` if standard input is not one line; `Interrupted`.
pub(super) async fn secret(what: &str) -> Outcome<String> {
    if std::io::stdin().is_terminal() {
        return hidden(&format!("{what}: ")).await;
    }
    only_line(what).await
}

/// The one line of standard input.
async fn only_line(what: &str) -> Outcome<String> {
    let said = what.to_owned();
    read(&mut interrupts()?, move || {
        let mut all = String::new();
        std::io::stdin().lock().take(LINE_BYTES_MAX).read_to_string(&mut all)?;
        let text = all.strip_suffix('\n').unwrap_or(&all);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() || text.contains('\n') || all.len() as u64 == LINE_BYTES_MAX {
            let what = format!("standard input is not one line with {said}");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, what));
        }
        Ok(text.to_owned())
    })
    .await
}

/// A line that is not shown while it is typed.
async fn hidden(text: &str) -> Outcome<String> {
    // Both before the question, so that no answer, and no Ctrl-C, is too quick for them.
    let mut interrupt = interrupts()?;
    let silence = Silence::begin()?;
    prompt(text)?;
    let answer = read(&mut interrupt, || line(std::io::stdin().lock())).await;
    drop(silence);
    // The end of the line was not shown either.
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
        return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "there was no answer"));
    }
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(line)
}

/// Reads in a thread of its own, which is left behind on Ctrl-C: a terminal that was silenced must speak again.
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
        Err(_) => Err(Failure::new(Exit::Failed, "standard input cannot be read")),
    }
}

/// From now on Ctrl-C is told here, and ends nothing by itself.
pub(super) fn interrupts() -> Outcome<Signal> {
    let failed = |error| Failure::new(Exit::Failed, format!("signals cannot be heard: {error}"));
    signal(SignalKind::interrupt()).map_err(failed)
}

/// The terminal does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> Outcome<Self> {
        let failed = |error| Failure::new(Exit::Failed, format!("the terminal cannot be silenced: {error}"));
        let before = tcgetattr(std::io::stdin()).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO;
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs no voice.
        let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
