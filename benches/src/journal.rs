//! The references on the disk: a plain file that is appended to, by one or by many at once.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::oneshot;

use crate::clock;

/// Bytes of one record: a mark with its length, its place and a checksum.
const RECORD_BYTES: usize = 100;

/// How long each of so many appends took, each with its own `fdatasync`.
pub(crate) fn appends(file: &Path, count: usize) -> Result<Vec<Duration>> {
    let mut log = File::create(file)?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let began = clock::now();
        log.write_all(&[7; RECORD_BYTES])?;
        log.sync_data()?;
        times.push(clock::now() - began);
    }
    Ok(times)
}

/// A log that commits whatever has queued up with one `fdatasync`: the least that a durable logout can cost.
pub(crate) struct Journal {
    records: Sender<oneshot::Sender<()>>,
    thread: JoinHandle<Result<()>>,
}

impl Journal {
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let file = File::create(file)?;
        let (records, queue) = channel();
        Ok(Self { records, thread: thread::spawn(move || commit(file, &queue)) })
    }

    /// Appends a record, and returns when it is on the disk.
    pub(crate) async fn append(&self) -> Result<()> {
        let (to, done) = oneshot::channel();
        self.records.send(to).map_err(|_| anyhow!("the log has ended"))?;
        Ok(done.await?)
    }

    pub(crate) fn close(self) -> Result<()> {
        drop(self.records);
        self.thread.join().map_err(|_| anyhow!("the log panicked"))?
    }
}

fn commit(mut file: File, queue: &Receiver<oneshot::Sender<()>>) -> Result<()> {
    while let Ok(first) = queue.recv() {
        let waiting: Vec<_> = std::iter::once(first).chain(queue.try_iter()).collect();
        file.write_all(&vec![7; RECORD_BYTES * waiting.len()])?;
        file.sync_data()?;
        // Whoever asked may have gone.
        for to in waiting {
            let _gone = to.send(());
        }
    }
    Ok(())
}
