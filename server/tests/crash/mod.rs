//! The real binary under load, killed at seeded moments: every acknowledged logout is dead afterwards, and every
//! acknowledged login alive.
//!
//! A moment is a number of acknowledged calls, not a time: so the test waits for nothing, and a failing seed can be
//! run again.

mod caller;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::mpsc::channel;

use crate::support::binary::{Binary, Connection};
use caller::Caller;

/// How often the server is killed.
const KILLS: u64 = 50;
/// Callers at once, each with a user of its own.
const CALLERS: u64 = 6;
/// Between how many acknowledged calls the next moment lies.
const MOMENT: (u64, u64) = (20, 500);

#[test]
fn what_was_acknowledged_survives_fifty_kills() {
    let directory = std::env::temp_dir().join(format!("exeunt-crash-{}", std::process::id()));
    // An earlier process of the same number may have left it.
    let _stale = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    let first = Binary::start(&directory);
    let mut callers: Vec<_> = (0..CALLERS).map(|number| Caller::register(first.address, number)).collect();
    first.kill();
    let mut moments = Seeded(7);
    for _ in 0..KILLS {
        let server = Binary::start(&directory);
        callers.iter_mut().for_each(|caller| caller.verify(&mut Connection::open(server.address).unwrap()));
        let left = Arc::new(AtomicI64::new(moments.between(MOMENT).cast_signed()));
        let (now, moment) = channel();
        let at_work: Vec<_> = callers
            .drain(..)
            .map(|caller| {
                let (left, now, address) = (left.clone(), now.clone(), server.address);
                std::thread::spawn(move || caller.work(address, &left, &now))
            })
            .collect();
        moment.recv().unwrap();
        server.kill();
        callers = at_work.into_iter().map(|caller| caller.join().unwrap()).collect();
    }
    let last = Binary::start(&directory);
    callers.iter_mut().for_each(|caller| caller.verify(&mut Connection::open(last.address).unwrap()));
    let (dead, alive) =
        callers.iter().map(Caller::known).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(dead > 500 && alive > 100, "too little was tried: {dead} dead, {alive} alive");
    last.kill();
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Numbers that follow from a seed (xorshift64*).
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn between(&mut self, (least, most): (u64, u64)) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        least + (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % (most - least)
    }
}
