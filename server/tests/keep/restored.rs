//! What a restored store says: nothing that was ended since the backup lives, and nothing of the earlier life is
//! believed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use exeunt::error::Kind;
use exeunt::store::sqlite::restore::{STRIDE, SessionsAfterReset, USERS_STRIDE, declare};
use exeunt::store::{AuditPlace, Directory, Ledger, SessionMarks, Upkeep, contract};
use exeunt_core::{Anchor, Stamp, UserId, Verdict, Why};

use crate::keep::stage::{
    SECOND, back_up, beginning, beside, found, furnished, names, open, opened, restore,
};
use crate::support::ordinary::NOBODY;
use crate::support::scratch::Scratch;

const REALM: Anchor = Anchor::Realm(contract::REALM);

#[tokio::test]
async fn no_session_of_the_earlier_life_lives() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, sessions) = furnished(&path).await;
    back_up(&store, &backup).await;
    let everywhere = contract::raise(Anchor::User(UserId(1_u128.to_be_bytes())), Why::Everywhere);
    store.raise(everywhere).await.unwrap();
    let later = contract::issue(&store, 4, 1).await.unwrap();
    let before = store.position().await.unwrap();
    store.close().await.unwrap();

    let restored = restore(&backup, &path, Some(".old"), SessionsAfterReset::Ended).unwrap();
    assert_eq!(restored.begun.made_at, Some(contract::NOW));
    assert_eq!(restored.begun.sessions, 3);
    let store = open(&path);
    let position = store.position().await.unwrap();
    assert_eq!(position, restored.begun.position);
    assert_eq!(position.incarnation, SECOND);
    assert!(position.stamp.number() >= before.stamp.number() - 1 + STRIDE);
    let mut whys = Vec::new();
    for session in &sessions {
        let verdict = found(&store, session).await.unwrap().verdict;
        assert!(matches!(verdict, Verdict::Ended(_)), "{verdict:?}");
        whys.push(store.why(session).await.unwrap().unwrap().why);
    }
    // What is known of the earlier life stays as it was.
    assert_eq!(whys, [Why::LoggedOut, Why::Restored, Why::Restored]);
    assert!(found(&store, &later).await.is_none());
    let new = contract::issue(&store, 5, 1).await.unwrap();
    assert_eq!(found(&store, &new).await.unwrap().verdict, Verdict::Alive);
    let changes = store.audit(None, AuditPlace::NEWEST, 1).await.unwrap().entries;
    assert_eq!(changes[0].what, "store.restore");
}

/// Where root restores for a server that is not root, the server can open what it finds.
#[tokio::test]
async fn a_restored_store_belongs_to_the_owner_of_its_place() {
    let folder = Scratch::new();
    let backup = folder.path().join("backup");
    let (store, _) = furnished(&folder.path().join("exeunt.db")).await;
    back_up(&store, &backup).await;
    store.close().await.unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    // Only root can give it away; for anybody else it stays their own, and so must the store.
    let owner = rustix::process::geteuid().as_raw();
    let owner = if owner == 0 { NOBODY } else { owner };
    chown(&home, Some(owner), None).unwrap();
    let path = home.join("exeunt.db");
    for aside in [None, Some(".old")] {
        restore(&backup, &path, aside, SessionsAfterReset::Ended).unwrap();
        for name in names(&home) {
            assert_eq!(fs::metadata(home.join(&name)).unwrap().uid(), owner, "{name}");
        }
    }
}

#[tokio::test]
async fn no_number_is_given_again() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, _) = furnished(&path).await;
    back_up(&store, &backup).await;
    let given = store.reserve(1000).await.unwrap() + 999;
    let user = store.save_user(contract::user(2), None, None).await.unwrap().record.number;
    store.close().await.unwrap();
    restore(&backup, &path, Some(".old"), SessionsAfterReset::Ended).unwrap();
    let store = open(&path);
    assert!(store.reserve(1).await.unwrap() > given);
    let next = store.save_user(contract::user(3), None, None).await.unwrap().record.number;
    assert!(next > user && next >= USERS_STRIDE, "{next}");
    let another = store.save_user(contract::user(4), None, None).await.unwrap().record.number;
    assert_eq!(another, next + 1);
}

/// Positions of the earlier life, also as bare stamps, are no longer in the log; the gap is never taken for nothing.
#[tokio::test]
async fn the_log_begins_anew() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, _) = furnished(&path).await;
    back_up(&store, &backup).await;
    store.close().await.unwrap();
    let begun = restore(&backup, &path, Some(".old"), SessionsAfterReset::Ended).unwrap().begun;
    let store = open(&path);
    for after in [Stamp::ZERO, Stamp::from_number(1), Stamp::from_number(begun.position.stamp.number() - 2)] {
        let error = store.marks(None, after, 10).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound, "{after}");
    }
    let start = Stamp::from_number(begun.position.stamp.number() - 1);
    assert_eq!(contract::oldest(&store).await.unwrap(), start);
    let page = store.marks(None, start, 10).await.unwrap();
    assert_eq!(
        page.marks.iter().map(|mark| (mark.anchor, mark.why)).collect::<Vec<_>>(),
        [(REALM, Why::Restored)]
    );
    let snapshot = contract::all_in_force(&store, None, SessionMarks::Included).await.unwrap();
    assert_eq!(snapshot.marks.last().map(|mark| mark.at), Some(begun.position.stamp));
    // What is raised from now on follows without a hole, also after the store was opened again.
    store.close().await.unwrap();
    let store = open(&path);
    let mark = store.raise(contract::raise(REALM, Why::Admin)).await.unwrap().mark;
    assert_eq!(mark.at, begun.position.stamp.next());
}

/// This is what `--keep-sessions` risks, and what it says.
#[tokio::test]
async fn kept_sessions_live_even_if_they_had_ended() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup"));
    let (store, sessions) = furnished(&path).await;
    back_up(&store, &backup).await;
    contract::raise_session(&store, &sessions[1]).await.unwrap();
    let before = store.position().await.unwrap().stamp.number();
    store.close().await.unwrap();
    let begun = restore(&backup, &path, Some(".old"), SessionsAfterReset::Alive).unwrap().begun;
    let store = open(&path);
    assert_eq!(store.position().await.unwrap(), begun.position);
    assert!(begun.position.stamp.number() >= before + STRIDE - 2);
    let mut verdicts = Vec::new();
    for session in &sessions {
        verdicts.push(found(&store, session).await.unwrap().verdict == Verdict::Alive);
    }
    assert_eq!(verdicts, [false, true, true]);
    // Their marks count as ever.
    contract::raise_session(&store, &sessions[2]).await.unwrap();
    assert_ne!(found(&store, &sessions[2]).await.unwrap().verdict, Verdict::Alive);
}

#[tokio::test]
async fn a_restored_store_can_be_backed_up_and_restored_again() {
    let folder = Scratch::new();
    let path = folder.path().join("exeunt.db");
    let (store, _) = furnished(&path).await;
    store.close().await.unwrap();
    let mut last = 0;
    for round in 0..3 {
        let backup = folder.path().join(format!("backup{round}"));
        let store = open(&path);
        back_up(&store, &backup).await;
        store.close().await.unwrap();
        let begun =
            restore(&backup, &path, Some(&format!(".old{round}")), SessionsAfterReset::Ended).unwrap().begun;
        assert!(begun.position.stamp.number() >= last + STRIDE);
        last = begun.position.stamp.number();
    }
}

#[tokio::test]
async fn a_backup_cannot_be_taken_for_a_store() {
    let folder = Scratch::new();
    let (path, backup) = (folder.path().join("exeunt.db"), folder.path().join("backup.db"));
    let (store, sessions) = furnished(&path).await;
    back_up(&store, &backup).await;
    let error = opened(&backup).err().unwrap();
    assert!(error.public().contains("exeunt restore --in-place --store sqlite:"), "{error}");
    declare(&backup, beginning(SessionsAfterReset::Ended)).unwrap();
    let store = open(&backup);
    assert_ne!(found(&store, &sessions[2]).await.unwrap().verdict, Verdict::Alive);
}

#[tokio::test]
async fn the_store_that_was_there_is_kept_with_its_log() {
    let folder = Scratch::new();
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    let (path, backup) = (first.join("exeunt.db"), folder.path().join("backup"));
    let (store, sessions) = furnished(&path).await;
    back_up(&store, &backup).await;
    contract::raise_session(&store, &sessions[1]).await.unwrap();
    // As a killed server leaves it: what was written last is in the log beside the file.
    fs::create_dir(&second).unwrap();
    let target = second.join("exeunt.db");
    for suffix in ["", "-wal"] {
        fs::copy(beside(&path, suffix), beside(&target, suffix)).unwrap();
    }
    let restored = restore(&backup, &target, Some(".old"), SessionsAfterReset::Ended).unwrap();
    let aside = restored.aside.unwrap();
    assert_eq!(aside, beside(&target.canonicalize().unwrap(), ".old"));
    assert_eq!(names(&second), ["exeunt.db", "exeunt.db.lock", "exeunt.db.old", "exeunt.db.old-wal"]);
    let mode = fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let old = open(&aside);
    assert_ne!(found(&old, &sessions[1]).await.unwrap().verdict, Verdict::Alive);
    assert_eq!(found(&old, &sessions[2]).await.unwrap().verdict, Verdict::Alive);
    let new = open(&target);
    assert_eq!(new.position().await.unwrap().incarnation, SECOND);
}
