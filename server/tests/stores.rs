//! Every promise of the contract, on every store.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod scratch;

use std::sync::Arc;

use exeunt::error::{Kind, Unavailability};
use exeunt::store::faulty::Fault;
use exeunt::store::memory::MemoryStore;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Incarnation, Ledger, List, Store, Upkeep, contract};
use exeunt::with_promises;
use exeunt_core::{Anchor, RealmId, Stamp};

use self::scratch::Scratch;

const INCARNATION: Incarnation = Incarnation([1; 16]);

/// The history of `contract::history_with_fault`, with every call of it failing in every way.
async fn every_fault(open: impl Fn() -> Arc<dyn Store>) {
    for fault in [Fault::Before, Fault::After, Fault::Lost] {
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

mod sqlite {
    use super::*;

    fn open(folder: &Scratch) -> SqliteStore {
        SqliteStore::open(SqliteOptions::new(folder.path().join("exeunt.db"), INCARNATION)).unwrap()
    }

    fn fresh() -> (SqliteStore, Scratch) {
        let folder = Scratch::new();
        (open(&folder), folder)
    }

    with_promises!(tests fresh =>);

    #[tokio::test]
    async fn every_call_may_fail() {
        let folder = Scratch::new();
        let number = std::cell::Cell::new(0);
        every_fault(|| {
            number.set(number.get() + 1);
            let path = folder.path().join(format!("{}.db", number.get()));
            Arc::new(SqliteStore::open(SqliteOptions::new(path, INCARNATION)).unwrap())
        })
        .await;
    }

    /// However many sessions of other realms there are, a page of a list looks at so many and tells how far it came.
    #[tokio::test]
    async fn a_list_looks_only_so_far_at_once() {
        let folder = Scratch::new();
        let store = Arc::new(open(&folder));
        contract::issue(&*store, 1, 1).await.unwrap();
        let mut issuing = Vec::new();
        for number in 2..=2_101 {
            let mut new = contract::fresh(&*store, number, number).await.unwrap();
            new.record.session.anchors[0] = Anchor::Realm(RealmId([9; 16]));
            let store = store.clone();
            issuing.push(tokio::spawn(async move { store.issue(new).await }));
        }
        for issued in issuing {
            issued.await.unwrap().unwrap();
        }
        let (realm, under, floor) = (contract::REALM, Vec::new(), Stamp::ZERO);
        let list = List { realm, under, before: u64::MAX, floor, limit: 10, now: contract::NOW };
        let page = store.sessions(list.clone()).await.unwrap();
        assert_eq!((page.found.len(), page.next), (0, Some(102)));
        let page = store.sessions(List { before: 102, ..list }).await.unwrap();
        assert_eq!((page.found.len(), page.next), (1, None));
    }

    /// Whatever waits behind it was refused and did not happen, and closed is what the store stays.
    #[tokio::test]
    async fn closing_refuses_what_waits_behind_it() {
        let folder = Scratch::new();
        let store = Arc::new(open(&folder));
        let closing = tokio::spawn({
            let store = store.clone();
            async move { store.close().await }
        });
        // More than the writer takes at once.
        let waiting: Vec<_> = (0..1_000)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.reserve(1).await })
            })
            .collect();
        closing.await.unwrap().unwrap();
        let refused = Kind::Unavailable(Unavailability::Refused);
        let mut refusals = 0;
        for call in waiting {
            if let Err(error) = call.await.unwrap() {
                assert_eq!(error.kind(), refused);
                refusals += 1;
            }
        }
        assert!(refusals > 0, "nothing waited behind the closing");
        assert_eq!(store.position().await.unwrap_err().kind(), refused);
    }

    #[tokio::test]
    async fn nothing_acknowledged_is_lost_on_reopen() {
        let folder = Scratch::new();
        let store = open(&folder);
        contract::write_everything(&store).await.unwrap();
        let before = contract::everything(&store).await.unwrap();
        let reserved = store.reserve(1).await.unwrap();
        store.close().await.unwrap();
        assert!(store.position().await.is_err());

        let store = open(&folder);
        assert_eq!(contract::everything(&store).await.unwrap(), before);
        // Without a word of goodbye.
        drop(store);
        let store = open(&folder);
        assert_eq!(contract::everything(&store).await.unwrap(), before);
        assert_eq!(store.reserve(1).await.unwrap(), reserved + 1);
    }
}
