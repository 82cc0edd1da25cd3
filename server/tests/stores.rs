//! Every promise of the contract, on every store.

use exeunt::store::memory::MemoryStore;
use exeunt::store::{Incarnation, contract};
use exeunt::with_promises;

const INCARNATION: Incarnation = Incarnation([1; 16]);

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
}
