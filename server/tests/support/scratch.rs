//! A directory of one test, gone when the test is over. In memory where the machine has such a place: for thousands
//! of small stores whose fsyncs prove nothing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("exeunt-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = folder.join(name);
        // An earlier process of the same number may have been killed before it could tidy up.
        let _stale = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind does no harm.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
