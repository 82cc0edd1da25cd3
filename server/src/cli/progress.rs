//! A bar for what can take longer than a second: on a terminal, on the standard error, gone when it is done.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::env::Env;

/// What takes less is not shown.
const QUIET: Duration = Duration::from_secs(1);
/// Between two pictures.
const PAUSE: Duration = Duration::from_millis(100);
/// Characters of the bar.
const WIDTH: u64 = 30;

/// A bar that fills.
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

    /// So many bytes of so many are done.
    pub(super) fn show(&mut self, done: u64, total: u64) {
        let now = self.env.elapsed();
        let due = self.shown.map_or(self.began + QUIET, |shown| shown + PAUSE);
        if !self.terminal || now < due {
            return;
        }
        self.shown = Some(now);
        draw(&format!("\r{}", picture(self.what, done, total)));
    }

    /// Waits for something that does not tell how far it is, and says so if it takes longer.
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

    /// Wipes it away.
    pub(super) fn clear(&self) {
        if self.shown.is_some() {
            draw("\r\x1b[K");
        }
    }
}

/// A terminal that is gone needs no picture, and what is under way goes on.
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
