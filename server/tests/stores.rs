//! Every promise of the contract, on every store.

use std::sync::Arc;

use exeunt::store::faulty::Fault;
use exeunt::store::memory::MemoryStore;
use exeunt::store::{Incarnation, Store, contract};
use exeunt::with_promises;

const INCARNATION: Incarnation = Incarnation([1; 16]);

/// The history of `contract::history_with_fault`, with every call of it failing in every way.
async fn every_fault(open: impl Fn() -> Arc<dyn Store>) {
    for fault in [Fault::Before, Fault::After] {
        let mut nth = 1;
        while contract::history_with_fault(open(), nth, fault).await.unwrap() {
            nth += 1;
        }
        assert!(nth > 12, "the history has only {nth} calls");
    }
}

/// One test a promise, on a fresh store each.
macro_rules! tests {
    ($open:path => $($promise:ident)*) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let (store, _kept) = $open();
                contract::$promise(&store).await.unwrap();
            }
        )*
    };
}

mod memory {
    use super::*;

    fn fresh() -> (MemoryStore, ()) {
        (MemoryStore::new(INCARNATION), ())
    }

    with_promises!(tests fresh =>);

    #[tokio::test]
    async fn every_call_may_fail() {
        every_fault(|| Arc::new(MemoryStore::new(INCARNATION))).await;
    }
}
