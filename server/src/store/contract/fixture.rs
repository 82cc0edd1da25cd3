//! Fixtures for the promises.

use std::pin::Pin;
use std::task::Poll;

use exeunt_core::{
    Anchor, By, ClientId, DialectName, Fingerprint, Moment, RealmId, Session, SessionId, Stamp, UserId, Why,
};
use serde_json::Map;

use crate::error::{Error, Kind, Result};
use crate::store::{
    AuditEntry, Client, MarkPage, NewSession, Raise, RaiseOutcome, Realm, Record, SessionMarks, Settings,
    Store, User, Usernames,
};

/// The realm of most records.
pub const REALM: RealmId = RealmId([7; 16]);
/// The current time in the promises.
pub const NOW: Moment = Moment::from_secs(1_800_000_000);
pub(super) const CLIENT: ClientId = ClientId([8; 16]);
pub(super) const IDLE_SECS: u32 = 600;
pub(super) const ABSOLUTE_SECS: u32 = 3600;
const NAME: DialectName = DialectName::new("native");

pub(super) fn id(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

/// Session `number` of user `user`; its stamp is read now.
pub async fn fresh(store: &dyn Store, number: u64, user: u64) -> Result<NewSession> {
    let id = SessionId(id(number));
    let user = UserId(self::id(user));
    let anchors = [Anchor::Realm(REALM), Anchor::Client(CLIENT), Anchor::User(user), Anchor::Session(id)];
    let session = Session {
        id,
        stamp: store.position().await?.stamp,
        anchors: anchors.into(),
        issued_at: NOW,
        idle_secs: IDLE_SECS,
        absolute_secs: ABSOLUTE_SECS,
    };
    let token = Fingerprint::of(&number.to_be_bytes());
    let token = Some(token);
    let record = Record { session, dialect: NAME, token, grant: None, from: None, user_agent: None };
    Ok(NewSession { record, sessions_max: 10_000, left_secs: 0, audit: None })
}

/// Issues that session.
pub async fn issue(store: &dyn Store, number: u64, user: u64) -> Result<Session> {
    let new = fresh(store, number, user).await?;
    store.issue(new.clone()).await?;
    Ok(new.record.session)
}

/// Session `number` of user `user`, a child of another one.
pub(super) async fn child(store: &dyn Store, number: u64, user: u64, parent: &Session) -> Result<NewSession> {
    let mut new = fresh(store, number, user).await?;
    let refused = |why| Error::internal(format_args!("{why:?}"));
    new.record.session = new.record.session.child_of(parent).map_err(refused)?;
    Ok(new)
}

/// Issues that session.
pub(super) async fn issue_child(
    store: &dyn Store,
    number: u64,
    user: u64,
    parent: &Session,
) -> Result<Session> {
    let new = child(store, number, user, parent).await?;
    store.issue(new.clone()).await?;
    Ok(new.record.session)
}

/// A mark to be raised at [`NOW`].
pub fn raise(anchor: Anchor, why: Why) -> Raise {
    let (by, via) = (By::System, NAME);
    Raise { anchor, realm: REALM, why, by, via, from: None, when: NOW, known: None }
}

/// Logs a session out.
pub async fn raise_session(store: &dyn Store, session: &Session) -> Result<RaiseOutcome> {
    store.raise(raise(Anchor::Session(session.id), Why::LoggedOut)).await
}

/// All marks in force of a realm (`None`: of all), read page by page.
pub async fn all_in_force(store: &dyn Store, realm: Option<RealmId>, own: SessionMarks) -> Result<MarkPage> {
    let end = store.position().await?.stamp;
    let mut all = store.in_force(realm, own, Stamp::ZERO, end, 100).await?;
    while all.position.stamp < end {
        let page = store.in_force(realm, own, all.position.stamp, end, 100).await?;
        all.marks.extend(page.marks);
        all.position = page.position;
    }
    Ok(all)
}

/// The earliest stamp that the log reaches back to.
pub async fn oldest(store: &dyn Store) -> Result<Stamp> {
    let end = store.position().await?.stamp;
    Ok(store.marks(None, end, 1).await?.oldest)
}

/// The realm of most records, not yet written.
pub fn realm() -> Realm {
    let usernames = Usernames::Exact;
    Realm { id: REALM, name: "main".to_owned(), usernames, created_at: NOW, version: 0 }
}

/// User `number`, not yet written.
pub fn user(number: u64) -> User {
    User {
        id: UserId(id(number)),
        realm: REALM,
        number: 0,
        username: Some(format!("user{number}")),
        email: Some(format!("User{number}@Example.com")),
        account_number: Some(format!("00{number}")),
        password: None,
        first_name: "Ada".to_owned(),
        last_name: String::new(),
        data: Map::new(),
        disabled: false,
        deleted: false,
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

/// Client `number`, not yet written.
pub fn client(number: u64) -> Client {
    Client {
        id: ClientId(id(number)),
        realm: REALM,
        name: format!("client{number}"),
        dialect: NAME,
        builtin: false,
        idle_secs: IDLE_SECS,
        absolute_secs: ABSOLUTE_SECS,
        sessions_max: 10,
        settings: Settings::default(),
        removed: false,
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

/// A line of the audit trail.
pub fn audit_entry(what: &str) -> AuditEntry {
    AuditEntry {
        place: 0,
        when: NOW,
        realm: Some(REALM),
        by: By::System,
        via: NAME,
        from: Some([127, 0, 0, 1].into()),
        what: what.to_owned(),
        subject: "user 1".to_owned(),
    }
}

/// The kind of the error; `None` if there is none.
pub(super) fn kind<T>(result: Result<T>) -> Option<Kind> {
    result.err().map(|error| error.kind())
}

/// Runs all of these calls concurrently, and returns the result of each.
pub(super) async fn at_once<'a, T: 'a>(calls: impl IntoIterator<Item = Call<'a, T>>) -> Vec<T> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (Some(call), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (call, done) in &mut calls {
            if let Some(Poll::Ready(value)) = call.as_mut().map(|call| call.as_mut().poll(context)) {
                (*call, *done) = (None, Some(value));
            }
            waiting |= call.is_some();
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    calls.into_iter().filter_map(|(_, done)| done).collect()
}

pub(super) type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
