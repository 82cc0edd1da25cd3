//! Nothing acknowledged is lost: writes records of every type, closes, opens again, compares.

use exeunt_core::{Anchor, Fingerprint, KeyId, Mark, Stamp, UserId, Why};

use super::consents::{consent, key as sealing_key};
use super::fixture::{
    NOW, REALM, all_in_force, audit_entry, child, client, fresh, id, issue, issue_child, raise,
    raise_session, realm, user,
};
use super::grants::granted;
use super::turns::present;
use crate::error::Result;
use crate::store::{
    AuditEntry, AuditPlace, Client, Consent, Generation, Key, List, Position, Realm, Record, Role, Seen,
    SessionMarks, Store, Turn, WrappedKey,
};

/// Everything that a store returns, in a form that can be compared.
#[derive(Debug, PartialEq)]
pub struct Everything {
    position: Position,
    secret: [u8; 32],
    sessions: Vec<(Record, u64, Option<Generation>, String)>,
    unended: Vec<u64>,
    log: Vec<Mark>,
    in_force: Vec<Mark>,
    users: Vec<String>,
    realms: Vec<Realm>,
    clients: Vec<Client>,
    keys: Vec<Key>,
    consents: Vec<Consent>,
    secrets: Vec<WrappedKey>,
    trail: Vec<AuditEntry>,
}

/// Writes records of every type.
pub async fn write_everything(store: &dyn Store) -> Result<()> {
    store.create_realm(realm(), vec![client(1)], Some(audit_entry("realm.create"))).await?;
    let saved = store.save_user(user(1), None, Some(audit_entry("user.create"))).await?.record;
    let end = raise(Anchor::User(saved.id), Why::CredentialChanged);
    store.save_user(saved, Some(end), None).await?;
    let fingerprint = Fingerprint::of(b"key");
    let (id, name, role) = (KeyId(id(1)), "ops".to_owned(), Role::Read);
    let key = Key { id, name, role, realm: Some(REALM), fingerprint, created_at: NOW };
    store.add_key(key, None).await?;
    store.reserve(5).await?;
    store.secret([7; 32]).await?;
    store.save_consent(consent(1, &["read"]), None, None).await?;
    for number in 1..=2 {
        store.save_secret(sealing_key(number), None).await?;
    }
    let parent = issue(store, 1, 1).await?;
    issue_child(store, 2, 1, &parent).await?;
    raise_session(store, &parent).await?;
    for number in 3..=6 {
        let row = store.issue(fresh(store, number, 2).await?).await?.row;
        let session = exeunt_core::SessionId(self::id(number));
        store.touch(vec![Seen { session, row, at: NOW.plus_secs(number) }]).await?;
    }
    let browser = issue(store, 7, 3).await?;
    let mut grant = child(store, 8, 3, &browser).await?;
    (grant.record.token, grant.record.grant) = (None, Some(granted(&browser)));
    let session = grant.record.session.clone();
    store.issue(grant).await?;
    store.turn(present(&session, 1, 1, 1)).await?;
    store.turn(Turn { thumbprint: Some([3; 32]), ..present(&session, 2, 2, 1) }).await?;
    // Some touches are folded, some are not.
    store.sweep(NOW, 100, 100, 2).await?;
    let session = exeunt_core::SessionId(self::id(6));
    store.touch(vec![Seen { session, row: 6, at: NOW.plus_secs(60) }]).await?;
    store.raise(raise(Anchor::User(UserId(self::id(9))), Why::Everywhere)).await?;
    Ok(())
}

/// Reads everything back.
pub async fn everything(store: &dyn Store) -> Result<Everything> {
    let (before, limit, floor) = (u64::MAX, 100, Stamp::ZERO);
    let list = List { realm: REALM, under: vec![], before, floor, limit, now: NOW };
    let sessions = store.sessions(list).await?.found;
    Ok(Everything {
        position: store.position().await?,
        secret: store.secret([9; 32]).await?,
        sessions: sessions
            .into_iter()
            .map(|found| {
                (found.record, found.row, found.generation, format!("{:?} {:?}", found.seen, found.verdict))
            })
            .collect(),
        unended: store.unended(0, 100, NOW).await?.iter().map(|found| found.row).collect(),
        log: store.marks(None, Stamp::ZERO, 100).await?.marks,
        in_force: all_in_force(store, None, SessionMarks::Included).await?.marks,
        users: store
            .users(REALM, 0, 100)
            .await?
            .iter()
            .map(|user| format!("{} {} {:?} {}", user.number, user.id, user.email, user.version))
            .collect(),
        realms: store.realms().await?,
        clients: store.clients().await?,
        keys: store.keys().await?,
        consents: store.consents(UserId(id(1)), 0, 100).await?,
        secrets: store.secrets().await?,
        trail: store.audit(None, AuditPlace::NEWEST, 100).await?.entries,
    })
}
