//! The limits of sessions per user.

use exeunt_core::{Anchor, ClientId, SessionId, UserId, Why};

use super::fixture::{CLIENT, IDLE_SECS, NOW, at_once, fresh, id, raise, raise_session};
use crate::error::Result;
use crate::store::{Issued, NewSession, Others, Raise, Seen, Store};

/// More sessions of one user than a store reads while other calls wait.
const MANY: u64 = 300;

/// Session `number` of user 1 with this client, whose limit is `sessions_max`.
async fn with(store: &dyn Store, number: u64, client: ClientId, sessions_max: u32) -> Result<NewSession> {
    let mut new = fresh(store, number, 1).await?;
    for anchor in &mut new.record.session.anchors {
        if let Anchor::Client(its) = anchor {
            *its = client;
        }
    }
    Ok(NewSession { sessions_max, ..new })
}

/// The numbers of the sessions that were ended.
fn gone(issued: &Issued) -> Vec<u64> {
    assert!(issued.ended.iter().all(|mark| mark.why == Why::Limit));
    let ids = issued.ended.iter().map(|mark| mark.anchor.id());
    ids.map(|id| u128::from_be_bytes(id).try_into().unwrap_or(u64::MAX)).collect()
}

/// A client's limit counts only its own sessions, and ends none of another client.
pub async fn a_limit_is_of_one_client(store: &dyn Store) -> Result<()> {
    let other = ClientId([9; 16]);
    for number in 1..=3 {
        assert!(gone(&store.issue(with(store, number, other, 10).await?).await?).is_empty());
    }
    // With three sessions of another client there is room for two of this one.
    for number in 4..=5 {
        assert!(gone(&store.issue(with(store, number, CLIENT, 2).await?).await?).is_empty());
    }
    assert_eq!(gone(&store.issue(with(store, 6, CLIENT, 2).await?).await?), [4]);
    assert_eq!(gone(&store.issue(with(store, 7, CLIENT, 1).await?).await?), [5, 6]);
    assert!(gone(&store.issue(with(store, 8, other, 4).await?).await?).is_empty());
    assert_eq!(gone(&store.issue(with(store, 9, other, 4).await?).await?), [1]);
    Ok(())
}

/// Dead sessions take no room, however many are still recorded, whatever ended them, and however late.
pub async fn a_limit_counts_the_living_among_many(store: &dyn Store) -> Result<()> {
    let mut sessions = Vec::new();
    for number in 1..=MANY {
        let new = with(store, number, CLIENT, 10_000).await?;
        store.issue(new.clone()).await?;
        sessions.push(new.record.session);
    }
    for session in &sessions[3..] {
        raise_session(store, session).await?;
    }
    assert!(gone(&store.issue(with(store, 1001, CLIENT, 4).await?).await?).is_empty());
    assert_eq!(gone(&store.issue(with(store, 1002, CLIENT, 4).await?).await?), [1]);
    // A touch counts, and so does a logout.
    let row = 2;
    store.touch(vec![Seen { session: sessions[1].id, row, at: NOW.plus_secs(5) }]).await?;
    raise_session(store, &sessions[2]).await?;
    assert!(gone(&store.issue(with(store, 1003, CLIENT, 4).await?).await?).is_empty());
    assert_eq!(gone(&store.issue(with(store, 1004, CLIENT, 4).await?).await?), [1001]);
    let mut late = with(store, 1005, CLIENT, 4).await?;
    store.raise(raise(Anchor::User(UserId(id(1))), Why::Everywhere)).await?;
    for number in 1006..1010 {
        assert!(gone(&store.issue(with(store, number, CLIENT, 4).await?).await?).is_empty());
    }
    // One that is dead already ends no other, and takes no room.
    late.sessions_max = 1;
    assert!(gone(&store.issue(late).await?).is_empty());
    store.raise(raise(Anchor::Client(CLIENT), Why::ClientRemoved)).await?;
    assert!(gone(&store.issue(with(store, 1010, CLIENT, 1).await?).await?).is_empty());
    assert_eq!(gone(&store.issue(with(store, 1011, CLIENT, 1).await?).await?), [1010]);
    Ok(())
}

/// However many log in concurrently, the limit is never exceeded.
pub async fn a_limit_holds_among_many_at_once(store: &dyn Store) -> Result<()> {
    let mut all = Vec::new();
    for number in 1..=MANY {
        all.push(with(store, number, CLIENT, 3).await?);
    }
    let issued = at_once(all.into_iter().map(|new| store.issue(new))).await;
    let mut ended = 0;
    for issued in issued {
        ended += issued?.ended.len();
    }
    assert_eq!(ended, usize::try_from(MANY).unwrap_or_default() - 3);
    assert_eq!(store.unended(0, 1_000, NOW).await?.len(), 3);
    Ok(())
}

/// "Log out my other sessions" ends each of many, and the limit counts all that were issued afterwards.
pub async fn the_others_are_ended_among_many(store: &dyn Store) -> Result<()> {
    let mut sessions = Vec::new();
    for number in 1..=MANY {
        let new = with(store, number, CLIENT, 10_000).await?;
        store.issue(new.clone()).await?;
        sessions.push(new.record.session);
    }
    let keep = sessions[7].id;
    let others =
        || Others { user: UserId(id(1)), keep, raise: raise(Anchor::User(UserId(id(1))), Why::Others) };
    let marks = store.raise_others(others()).await?;
    assert_eq!(marks.len(), sessions.len() - 1);
    assert!(marks.iter().all(|mark| mark.anchor != Anchor::Session(keep)));
    assert!(store.raise_others(others()).await?.is_empty());
    store.issue(with(store, 1001, CLIENT, 2).await?).await?;
    assert_eq!(gone(&store.issue(with(store, 1002, CLIENT, 2).await?).await?), [8]);
    let marks = store.raise_others(Others { keep: SessionId(id(1002)), ..others() }).await?;
    assert_eq!(marks.len(), 1);
    Ok(())
}

/// A session in use for longer than its idle limit is still one of the others, also once its touches were swept up.
pub async fn the_others_are_ended_however_long_they_are_in_use(store: &dyn Store) -> Result<()> {
    let user = UserId(id(1));
    let others = |keep, when| {
        let raise = Raise { when, ..raise(Anchor::User(user), Why::Others) };
        Others { user, keep: SessionId(id(keep)), raise }
    };
    let first = store.issue(with(store, 1, CLIENT, 10).await?).await?;
    // From here on a store may hold this user's sessions in memory.
    assert!(store.raise_others(others(1, NOW)).await?.is_empty());
    let second = store.issue(with(store, 2, CLIENT, 10).await?).await?;
    for step in 1..=3 {
        let at = NOW.plus_secs(step * u64::from(IDLE_SECS - 100));
        for (number, row) in [(1, first.row), (2, second.row)] {
            store.touch(vec![Seen { session: SessionId(id(number)), row, at }]).await?;
        }
        store.sweep(at, 3600, 3600, 1_000).await?;
    }
    let now = NOW.plus_secs(3 * u64::from(IDLE_SECS - 100) + 1);
    let marks = store.raise_others(others(2, now)).await?;
    assert_eq!(marks.iter().map(|mark| mark.anchor).collect::<Vec<_>>(), [Anchor::Session(SessionId(id(1)))]);
    Ok(())
}

/// At the limit, the session unused for longest is ended, also after its touches were swept up.
pub async fn a_limit_knows_touches_that_were_swept_up(store: &dyn Store) -> Result<()> {
    let mut rows = Vec::new();
    for number in 1..=3 {
        rows.push(store.issue(with(store, number, CLIENT, 3).await?).await?.row);
    }
    assert_eq!(gone(&store.issue(with(store, 4, CLIENT, 3).await?).await?), [1]);
    let at = NOW.plus_secs(60);
    store.touch(vec![Seen { session: SessionId(id(2)), row: rows[1], at }]).await?;
    store.sweep(at, 3600, 3600, 1_000).await?;
    assert_eq!(gone(&store.issue(with(store, 5, CLIENT, 3).await?).await?), [3]);
    Ok(())
}
