//! The newest marks of the log as text. One writer asks the store and renders each mark once, for all readers of the
//! feed. A reader that is further behind than the tail asks the store itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, RwLock};

use exeunt_core::{RealmId, Stamp};
use tokio::sync::watch;

use crate::lock::{Exclusive as _, Shared as _};

/// The most marks in the tail: some 1.5 MiB of text.
pub const TAIL_MARKS_MAX: usize = 4_000;

/// The tail, and who uses it.
#[derive(Default)]
pub struct Tail {
    log: RwLock<Log>,
    /// Wakes the readers after each answer of the store.
    published: watch::Sender<()>,
    users: Mutex<Users>,
}

/// Every mark after `begins` and up to `ends`.
#[derive(Default)]
struct Log {
    marks: VecDeque<Rendered>,
    begins: Stamp,
    ends: Stamp,
    /// The text that follows the last mark.
    end_text: String,
}

/// A mark as text.
pub struct Rendered {
    pub stamp: Stamp,
    pub realm: RealmId,
    pub text: String,
}

#[derive(Default)]
struct Users {
    readers: usize,
    has_writer: bool,
}

/// A reader; it counts as one until it is dropped.
pub struct Reader {
    tail: Arc<Tail>,
    published: watch::Receiver<()>,
}

/// The one writer. While there is one, no other begins.
pub struct Writer {
    tail: Arc<Tail>,
    has_ended: bool,
}

/// What a reader receives.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text, and the position that it reaches.
    Text { text: String, upto: Stamp, is_last: bool },
    /// The tail begins after the reader's position.
    TooFarBehind,
}

impl Tail {
    /// Adds a reader. A caller that also receives the writer must start it.
    pub fn join(self: &Arc<Self>) -> (Reader, Option<Writer>) {
        let mut users = self.users.hold();
        users.readers += 1;
        let begins = !std::mem::replace(&mut users.has_writer, true);
        let writer = begins.then(|| Writer { tail: self.clone(), has_ended: false });
        (Reader { tail: self.clone(), published: self.published.subscribe() }, writer)
    }
}

impl Reader {
    /// Returns after the next answer of the store.
    pub async fn published(&mut self) {
        // It fails only without a sender, and the tail holds the sender.
        drop(self.published.changed().await);
    }

    /// The marks of this realm, or of all realms, after a position: as many as fit into `bytes_max`, but at least one.
    pub fn read(&self, view: Option<RealmId>, after: Stamp, bytes_max: usize) -> Piece {
        let log = self.tail.log.reading();
        if after < log.begins {
            return Piece::TooFarBehind;
        }
        let mut text = String::new();
        if after > log.ends {
            // The reader had an answer of the store that the writer does not have yet.
            return Piece::Text { text, upto: after, is_last: true };
        }
        let mut upto = after;
        let first = log.marks.partition_point(|mark| mark.stamp <= after);
        for mark in log.marks.range(first..) {
            if view.is_none_or(|realm| realm == mark.realm) {
                if !text.is_empty() && text.len() + mark.text.len() > bytes_max {
                    return Piece::Text { text, upto, is_last: false };
                }
                text.push_str(&mark.text);
            }
            upto = mark.stamp;
        }
        text.push_str(&log.end_text);
        Piece::Text { text, upto: log.ends, is_last: true }
    }
}

impl Writer {
    /// Whether any reader is left. If none is, this writer has ended, and the next reader gets another one.
    pub fn is_needed(&mut self) -> bool {
        let mut users = self.tail.users.hold();
        self.has_ended = users.readers == 0;
        users.has_writer = !self.has_ended;
        !self.has_ended
    }

    /// Starts again at a position, without marks.
    pub fn begin(&self, at: Stamp) {
        *self.tail.log.writing() = Log { begins: at, ends: at, ..Log::default() };
    }

    /// Adds the marks that follow, up to a position.
    pub fn append(&self, marks: impl Iterator<Item = Rendered>, ends: Stamp, end_text: String) {
        let mut log = self.tail.log.writing();
        log.marks.extend(marks);
        while log.marks.len() > TAIL_MARKS_MAX {
            log.begins = log.marks.pop_front().map_or(log.begins, |mark| mark.stamp);
        }
        (log.ends, log.end_text) = (ends, end_text);
    }

    /// Wakes the readers.
    pub fn publish(&self) {
        self.tail.published.send_replace(());
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.tail.users.hold().readers -= 1;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.has_ended {
            self.tail.users.hold().has_writer = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: RealmId = RealmId([1; 16]);
    const OTHER: RealmId = RealmId([2; 16]);

    fn at(number: u64) -> Stamp {
        Stamp::from_number(number)
    }

    fn mark(number: u64) -> Rendered {
        let realm = if number.is_multiple_of(2) { OTHER } else { ONE };
        Rendered { stamp: at(number), realm, text: format!("{number};") }
    }

    fn text(text: &str, upto: u64, is_last: bool) -> Piece {
        Piece::Text { text: text.to_owned(), upto: at(upto), is_last }
    }

    #[test]
    fn a_reader_gets_what_follows_its_position_in_pieces_of_its_realm() {
        let tail = Arc::new(Tail::default());
        let (reader, writer) = tail.join();
        let writer = writer.unwrap();
        writer.begin(at(3));
        writer.append((4..=7).map(mark), at(7), "end 7".to_owned());
        assert_eq!(reader.read(None, at(2), 100), Piece::TooFarBehind);
        assert_eq!(reader.read(None, at(3), 100), text("4;5;6;7;end 7", 7, true));
        assert_eq!(reader.read(Some(ONE), at(3), 100), text("5;7;end 7", 7, true));
        assert_eq!(reader.read(None, at(3), 5), text("4;5;", 5, false));
        assert_eq!(reader.read(None, at(5), 1), text("6;", 6, false));
        assert_eq!(reader.read(Some(ONE), at(5), 1), text("7;end 7", 7, true));
        assert_eq!(reader.read(None, at(7), 100), text("end 7", 7, true), "a heartbeat");
        assert_eq!(reader.read(None, at(9), 100), text("", 9, true), "the writer is behind the reader");
    }

    #[test]
    fn marks_that_do_not_fit_are_left_to_the_store() {
        let tail = Arc::new(Tail::default());
        let (reader, writer) = tail.join();
        let many = TAIL_MARKS_MAX as u64 + 5;
        writer.unwrap().append((1..=many).map(mark), at(many), String::new());
        assert_eq!(reader.read(None, at(4), 1), Piece::TooFarBehind);
        assert_eq!(reader.read(None, at(5), 1), text("6;", 6, false));
    }

    #[test]
    fn there_is_one_writer_while_there_are_readers() {
        let tail = Arc::new(Tail::default());
        let (first, writer) = tail.join();
        let (second, none) = tail.join();
        let mut writer = writer.unwrap();
        assert!(none.is_none());
        drop(first);
        assert!(writer.is_needed());
        drop(second);
        assert!(!writer.is_needed());
        let (reader, next) = tail.join();
        drop(writer);
        assert!(next.is_some() && tail.join().1.is_none(), "a writer that had ended takes no place");
        drop(next);
        assert!(tail.join().1.is_some(), "one that broke off makes room");
        drop(reader);
    }
}
