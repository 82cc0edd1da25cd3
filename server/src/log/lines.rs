//! Buffers log lines in memory; a separate thread writes them to standard error, many at a time. So a request does not
//! wait for the reader of the log, and a busy second costs a few writes instead of thousands.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::lock;
use crate::lock::Exclusive as _;

/// The most bytes that may wait to be written. Further lines are dropped and counted: a blocked log must not block the
/// server.
const WAITING_BYTES_MAX: usize = 4 << 20;
/// Additional bytes for warnings and for lines with the target [`KEPT`](super::KEPT).
const KEPT_BYTES_MAX: usize = 4 << 20;
/// Seconds for which the program waits at its end until the last lines are written.
const LAST_SECS: u64 = 2;
/// Milliseconds for which lines are gathered between two writes.
const GATHER_MILLIS: u64 = 5;

/// Receives lines from `tracing`.
#[derive(Clone)]
pub(super) struct Lines(Arc<Waiting>);

/// The writing thread. Dropping this writes the last lines and ends it.
pub struct Writing {
    waiting: Arc<Waiting>,
    /// Disconnected when everything is written.
    written: Receiver<()>,
}

#[derive(Default)]
struct Waiting {
    text: Mutex<Text>,
    something: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    over: bool,
}

/// Starts a thread that writes lines to `out`.
///
/// # Errors
/// The system's, if it cannot start the thread.
pub(super) fn to(out: impl Write + Send + 'static) -> io::Result<(Lines, Writing)> {
    let waiting = Arc::new(Waiting::default());
    let writer = waiting.clone();
    let (end, written) = mpsc::channel::<()>();
    std::thread::Builder::new().name("log".to_owned()).spawn(move || {
        writer.write_to(out);
        drop(end);
    })?;
    Ok((Lines(waiting.clone()), Writing { waiting, written }))
}

impl Waiting {
    fn take(&self, line: &[u8], bytes_max: usize) {
        let mut text = self.text.hold();
        if text.bytes.len() + line.len() > bytes_max {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        text.bytes.extend_from_slice(line);
        if text.bytes.len() == line.len() {
            self.something.notify_one();
        }
    }

    fn write_to(&self, mut out: impl Write) {
        let mut bytes = Vec::new();
        loop {
            let over = {
                let text = self.text.hold();
                let nothing = |text: &mut Text| text.bytes.is_empty() && !text.over;
                let mut text = lock::wait_while(&self.something, text, nothing);
                std::mem::swap(&mut text.bytes, &mut bytes);
                text.over
            };
            // A failure to write the log cannot be reported anywhere.
            drop(out.write_all(&bytes).and_then(|()| out.flush()));
            bytes.clear();
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                drop(writeln!(
                    out,
                    "{dropped} log lines were dropped, since standard error was not read fast enough"
                ));
            }
            let text = self.text.hold();
            if over && text.bytes.is_empty() {
                return;
            }
            let gather = Duration::from_millis(GATHER_MILLIS);
            drop(self.something.wait_timeout_while(text, gather, |text| !text.over));
        }
    }
}

/// Buffers one line, if there is room for it.
pub(super) struct Taker<'a> {
    waiting: &'a Waiting,
    bytes_max: usize,
}

impl Write for Taker<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.waiting.take(line, self.bytes_max);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Taker<'a>;

    fn make_writer(&'a self) -> Taker<'a> {
        Taker { waiting: &self.0, bytes_max: WAITING_BYTES_MAX }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Taker<'a> {
        let kept = line.target() == super::KEPT || *line.level() <= Level::WARN;
        let more = if kept { KEPT_BYTES_MAX } else { 0 };
        Taker { waiting: &self.0, bytes_max: WAITING_BYTES_MAX + more }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.waiting.text.hold().over = true;
        self.waiting.something.notify_one();
        // A blocked reader of the log does not keep the program from ending.
        let _ended = self.written.recv_timeout(Duration::from_secs(LAST_SECS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports what is written, and can block the writer.
    struct Out(mpsc::SyncSender<Vec<u8>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map(|()| bytes.len()).map_err(io::Error::other)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_taken_is_written_in_order_before_the_end() {
        let (told, written) = mpsc::sync_channel(10_000);
        let (lines, writing) = to(Out(told)).unwrap();
        for number in 0..1_000 {
            lines.make_writer().write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        drop(writing);
        let all = written.iter().collect::<Vec<_>>().concat();
        assert_eq!(String::from_utf8(all).unwrap(), (0..1_000).map(|n| format!("{n}\n")).collect::<String>());
    }

    #[test]
    fn a_log_that_nobody_reads_holds_up_nothing_and_tells_what_is_missing() {
        let (told, written) = mpsc::sync_channel(0);
        let (lines, writing) = to(Out(told)).unwrap();
        let line = [b'x'; 1024];
        for _ in 0..3 * WAITING_BYTES_MAX / line.len() {
            lines.make_writer().write_all(&line).unwrap();
        }
        let reader = std::thread::spawn(move || written.iter().collect::<Vec<_>>().concat());
        drop(writing);
        let all = reader.join().unwrap();
        assert!(all.len() <= 2 * WAITING_BYTES_MAX + 100, "{}", all.len());
        assert!(String::from_utf8(all).unwrap().contains("log lines were dropped"));
    }

    #[test]
    fn where_there_is_no_room_for_junk_there_is_for_what_is_kept() {
        let (told, written) = mpsc::sync_channel(0);
        let (lines, writing) = to(Out(told)).unwrap();
        let subscriber = tracing_subscriber::fmt().with_writer(lines).finish();
        tracing::subscriber::with_default(subscriber, || {
            let junk = "x".repeat(1024);
            for _ in 0..3 * WAITING_BYTES_MAX / junk.len() {
                tracing::info!(junk);
            }
            tracing::info!(target: super::super::KEPT, "kept");
            tracing::warn!("left out");
            tracing::info!(last = "y".repeat(junk.len()));
        });
        let reader = std::thread::spawn(move || written.iter().collect::<Vec<_>>().concat());
        drop(writing);
        let all = String::from_utf8(reader.join().unwrap()).unwrap();
        assert!(all.contains("kept") && all.contains("left out"));
        assert!(!all.contains('y'), "one more of the others");
    }
}
