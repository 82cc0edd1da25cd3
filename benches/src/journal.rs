//! The references for the disk: appends to a plain file, one at a time or in groups.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::oneshot;

use crate::clock;

/// Bytes of one record: a mark with its length, its stamp and a checksum.
const RECORD_BYTES: usize = 100;

/// Times `count` appends, each with its own `fdatasync`.
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

/// A log that commits all queued records with one `fdatasync`: the least that a durable logout can cost.
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

    /// Appends a record, and returns when it is on disk.
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
        // The caller may have gone.
        for to in waiting {
            let _gone = to.send(());
        }
    }
    Ok(())
}
