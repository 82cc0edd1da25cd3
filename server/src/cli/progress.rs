//! A progress bar for work that takes longer than a second. It is drawn on standard error if that is a terminal, and
//! removed at the end.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::env::Env;

/// The bar appears after this time.
const QUIET: Duration = Duration::from_secs(1);
/// The time between two updates.
const PAUSE: Duration = Duration::from_millis(100);
/// The width of the bar in characters.
const WIDTH: u64 = 30;

/// A progress bar.
pub(super) struct Bar<'a> {
    env: &'a Env,
    what: &'static str,
    began: Duration,
    shown: Option<Duration>,
    terminal: bool,
}

impl<'a> Bar<'a> {
    pub(super) fn new(env: &'a Env, what: &'static str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { env, what, began: env.elapsed(), shown: None, terminal }
    }

    /// Shows that `done` of `total` bytes are done.
    pub(super) fn show(&mut self, done: u64, total: u64) {
        let now = self.env.elapsed();
        let due = self.shown.map_or(self.began + QUIET, |shown| shown + PAUSE);
        if !self.terminal || now < due {
            return;
        }
        self.shown = Some(now);
        draw(&format!("\r{}", picture(self.what, done, total)));
    }

    /// Waits for work that reports no progress, and shows its name if it takes long.
    pub(super) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(QUIET) => {}
        }
        if self.terminal {
            self.shown = Some(self.env.elapsed());
            draw(&format!("\r{} …", self.what));
        }
        work.await
    }

    /// Removes the bar from the terminal.
    pub(super) fn clear(&self) {
        if self.shown.is_some() {
            draw("\r\x1b[K");
        }
    }
}

/// Writes to the terminal. Errors are ignored: the work continues if the terminal is gone.
fn draw(picture: &str) {
    let mut to = std::io::stderr();
    drop(to.write_all(picture.as_bytes()).and_then(|()| to.flush()));
}

fn picture(what: &str, done: u64, total: u64) -> String {
    let total = total.max(1);
    let filled = done.min(total).saturating_mul(WIDTH) / total;
    let bar: String = (0..WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
    let mebibytes = |bytes: u64| bytes >> 20;
    format!("{what} [{bar}] {} of {} MiB", mebibytes(done), mebibytes(total))
}

#[cfg(test)]
mod tests {
    use super::picture;

    #[test]
    fn a_bar_is_empty_full_and_never_more() {
        let (none, all) = (".".repeat(30), "#".repeat(30));
        assert_eq!(picture("copying", 0, 4 << 20), format!("copying [{none}] 0 of 4 MiB"));
        assert_eq!(picture("copying", 8 << 20, 4 << 20), format!("copying [{all}] 8 of 4 MiB"));
        assert_eq!(picture("copying", 0, 0), format!("copying [{none}] 0 of 0 MiB"));
    }
}
