//! The key that comes from the environment tells nothing of itself.

use std::path::Path;

use exeunt::app::App;
use exeunt::authority::feed::AuditLine;
use exeunt::authority::{AuditPlace, Call};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::store::Incarnation;
use exeunt::store::open::{StoreUrl, open};
use exeunt::store::sqlite::restore::{Beginning, Restoring, SessionsAfterReset};
use exeunt_core::{By, Fingerprint, KeyId, Token};

use crate::support::scratch::Scratch;
use crate::support::server::call;

const KEYS: [&str; 2] = ["the-key-of-the-environment-number-one", "the-key-of-the-environment-number-two"];

/// A server on a store of this name, and the ids of both keys.
async fn start(folder: &Path, name: &str) -> (App, [KeyId; 2]) {
    let store = open(&StoreUrl::Sqlite(folder.join(name)), Incarnation([1; 16])).unwrap();
    let app = App::open(Config::default(), Env::system(), store, false).await.unwrap();
    let texts = KEYS.map(|key| Token::presented(key).unwrap());
    app.authority.give_keys(&texts, app.env.now());
    let ids = KEYS.map(|key| app.authority.key(key).unwrap().id);
    (app, ids)
}

#[tokio::test]
async fn the_id_of_a_given_key_says_nothing_of_the_key() {
    let folder = Scratch::new();
    let [(_, one), (_, other)] = [start(folder.path(), "a").await, start(folder.path(), "b").await];
    for (number, key) in KEYS.into_iter().enumerate() {
        let digest = Fingerprint::of(key.as_bytes());
        // No piece of the hash that everybody can make of a key whom they suspect.
        for id in [one[number], other[number]] {
            let told = id.0.windows(4).any(|piece| digest.0.windows(4).any(|part| part == piece));
            assert!(!told, "{id} is made of {}", digest.0.map(|byte| format!("{byte:02x}")).concat());
        }
        assert_ne!(one[number], other[number], "another store tells another id of the same key");
    }
    assert_ne!(one[0], one[1]);
}

#[tokio::test]
async fn a_given_key_has_the_same_id_after_a_restart_and_old_entries_keep_theirs() {
    let folder = Scratch::new();
    let (app, before) = start(folder.path(), "a").await;
    // As it was made by earlier versions: the first half of the key's SHA-256.
    let mut old = [0; 16];
    old.copy_from_slice(&Fingerprint::of(KEYS[0].as_bytes()).0[..16]);
    for (id, name) in [(KeyId(old), "earlier"), (before[0], "now")] {
        let by = Call { by: By::Key(id), ..call(&app) };
        app.authority.create_realm(&by, name).await.unwrap();
    }
    app.authority.close().await.unwrap();
    drop(app);
    let (app, after) = start(folder.path(), "a").await;
    assert_eq!(before, after);
    let (lines, _) = app.authority.audit(None, AuditPlace::NEWEST).await.unwrap();
    let by: Vec<By> = lines
        .iter()
        .filter_map(|line| match line {
            AuditLine::Entry(entry) => Some(entry.by),
            AuditLine::Mark(_) => None,
        })
        .take(2)
        .collect();
    assert_eq!(by, [By::Key(after[0]), By::Key(KeyId(old))], "newest first");
}

#[tokio::test]
async fn a_restored_store_knows_a_given_key_by_the_same_id() {
    let folder = Scratch::new();
    let (app, before) = start(folder.path(), "a").await;
    let mut backup = app.authority.backup(&call(&app)).await.unwrap();
    let file = folder.path().join("backup");
    std::fs::write(&file, backup.read(usize::try_from(backup.bytes).unwrap()).unwrap()).unwrap();
    let (incarnation, now, sessions) = (Incarnation([2; 16]), app.env.now(), SessionsAfterReset::Ended);
    let target = folder.path().join("b");
    let beginning = Beginning { incarnation, now, sessions };
    Restoring { backup: &file, target: &target, aside: None, beginning }.run(&mut |_, _| {}).unwrap();
    assert_eq!(start(folder.path(), "b").await.1, before);
}
