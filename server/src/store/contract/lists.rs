//! Reading: the feed, the marks in force, sessions page by page.

use exeunt_core::{Anchor, ClientId, Mark, RealmId, Stamp, UserId, Verdict, Why, floor};

use super::fixture::{Call, NOW, REALM, all_in_force, at_once, fresh, id, issue, raise, raise_session};
use crate::error::Result;
use crate::store::{Found, List, MarkPage, Raise, SessionMarks, Store};

const ELSEWHERE: RealmId = RealmId([9; 16]);

fn elsewhere(number: u64) -> Raise {
    Raise { realm: ELSEWHERE, ..raise(Anchor::User(UserId(id(number))), Why::Everywhere) }
}

/// From every stamp, in pages of every size: all marks, in order, and a position to continue from.
pub async fn the_feed_misses_nothing_page_by_page(store: &dyn Store) -> Result<()> {
    let mut all = Vec::new();
    for number in 0..7 {
        all.push(store.raise(raise(Anchor::User(UserId(id(number))), Why::Everywhere)).await?.mark);
    }
    for start in 0..=7 {
        for limit in 1..=8 {
            let mut after = Stamp::from_number(start);
            let mut got: Vec<Mark> = Vec::new();
            loop {
                let page = store.marks(None, after, limit).await?;
                assert_eq!(page.position.incarnation, store.position().await?.incarnation);
                let empty = page.marks.is_empty();
                got.extend(page.marks);
                after = page.position.stamp;
                assert!(got.last().is_none_or(|mark| mark.at == after));
                if empty {
                    break;
                }
            }
            let skipped = usize::try_from(start).unwrap_or_default();
            assert_eq!(got, all[skipped..], "from {start} by {limit}");
            assert_eq!(after, store.position().await?.stamp);
        }
    }
    Ok(())
}

/// The position for a reader of one realm also passes the marks of other realms.
pub async fn the_feed_of_a_realm_tells_positions_of_the_whole(store: &dyn Store) -> Result<()> {
    store.raise(elsewhere(1)).await?;
    store.raise(raise(Anchor::User(UserId(id(1))), Why::Everywhere)).await?;
    store.raise(elsewhere(2)).await?;
    store.raise(raise(Anchor::User(UserId(id(2))), Why::Everywhere)).await?;
    store.raise(elsewhere(3)).await?;
    let page = store.marks(Some(REALM), Stamp::ZERO, 10).await?;
    let places: Vec<_> = page.marks.iter().map(|mark| mark.at.number()).collect();
    assert_eq!((places, page.position.stamp.number()), (vec![2, 4], 5));
    let mut places = Vec::new();
    let mut after = Stamp::ZERO;
    while after < store.position().await?.stamp {
        let page = store.marks(Some(ELSEWHERE), after, 1).await?;
        assert!(page.position.stamp > after);
        after = page.position.stamp;
        places.extend(page.marks.iter().map(|mark| mark.at.number()));
    }
    assert_eq!(places, [1, 3, 5]);
    let page = store.marks(Some(RealmId([0; 16])), Stamp::ZERO, 10).await?;
    assert_eq!((page.marks.len(), page.position.stamp.number()), (0, 5));
    Ok(())
}

/// The latest mark of each anchor, of one realm or all.
pub async fn a_snapshot_holds_what_is_in_force(store: &dyn Store) -> Result<()> {
    assert!(all_in_force(store, None, SessionMarks::Included).await?.marks.is_empty());
    let user = Anchor::User(UserId(id(1)));
    store.raise(raise(user, Why::Everywhere)).await?;
    raise_session(store, &issue(store, 1, 2).await?).await?;
    store.raise(elsewhere(3)).await?;
    store.raise(raise(user, Why::Admin)).await?;
    let snapshot = all_in_force(store, None, SessionMarks::Included).await?;
    let places: Vec<_> = snapshot.marks.iter().map(|mark| mark.at.number()).collect();
    assert_eq!((places, snapshot.position), (vec![2, 3, 4], store.position().await?));
    let snapshot = all_in_force(store, Some(ELSEWHERE), SessionMarks::Included).await?;
    let places: Vec<_> = snapshot.marks.iter().map(|mark| mark.at.number()).collect();
    assert_eq!((places, snapshot.position.stamp.number()), (vec![3], 4));
    let snapshot = all_in_force(store, None, SessionMarks::LeftOut).await?;
    let places: Vec<_> = snapshot.marks.iter().map(|mark| mark.at.number()).collect();
    assert_eq!((places, snapshot.position.stamp.number()), (vec![3, 4], 4));
    Ok(())
}

/// The pages return the marks that were in force at a stamp and still are. Marks that replaced some of them meanwhile
/// are in the log after that stamp.
pub async fn a_snapshot_is_read_page_by_page(store: &dyn Store) -> Result<()> {
    let user = |number| Anchor::User(UserId(id(number)));
    for number in 1..=3 {
        store.raise(raise(user(number), Why::Everywhere)).await?;
    }
    raise_session(store, &issue(store, 1, 4).await?).await?;
    store.raise(elsewhere(5)).await?;
    let upto = store.position().await?.stamp;
    let whole = all_in_force(store, None, SessionMarks::Included).await?.marks;
    let (mut after, mut read) = (Stamp::ZERO, Vec::new());
    while after < upto {
        let page = store.in_force(None, SessionMarks::Included, after, upto, 1).await?;
        assert!(page.marks.len() <= 1 && page.position.stamp > after && page.position.stamp <= upto);
        after = page.position.stamp;
        read.extend(page.marks);
    }
    assert_eq!(read, whole);
    let again = store.raise(raise(user(2), Why::Admin)).await?.mark;
    let places = |page: MarkPage| page.marks.iter().map(|mark| mark.at.number()).collect::<Vec<_>>();
    assert_eq!(
        places(store.in_force(None, SessionMarks::Included, Stamp::from_number(1), upto, 10).await?),
        [3, 4, 5]
    );
    assert_eq!(store.marks(None, upto, 10).await?.marks, [again]);
    assert_eq!(
        places(store.in_force(Some(ELSEWHERE), SessionMarks::Included, Stamp::ZERO, upto, 10).await?),
        [5]
    );
    let none = store.in_force(None, SessionMarks::Included, upto, upto, 10).await?;
    assert_eq!((none.marks.len(), none.position.stamp), (0, upto));
    Ok(())
}

fn rows(found: &[Found]) -> Vec<u64> {
    found.iter().map(|found| found.row).collect()
}

/// Newest first, page by page, under a user, a client, both or none, and no page shifts when more are issued.
pub async fn sessions_are_listed_newest_first(store: &dyn Store) -> Result<()> {
    for number in 1..=6 {
        let mut new = fresh(store, number, number % 2).await?;
        if number > 3 {
            new.record.session.anchors[1] = Anchor::Client(ClientId(id(55)));
        }
        store.issue(new).await?;
    }
    let mut odd = fresh(store, 7, 1).await?;
    odd.record.session.anchors[0] = Anchor::Realm(ELSEWHERE);
    store.issue(odd).await?;
    let (user, client) = (Anchor::User(UserId(id(1))), Anchor::Client(ClientId(id(55))));
    let list = |under: &[Anchor], before, limit| List {
        realm: REALM,
        under: under.to_vec(),
        before,
        floor: Stamp::ZERO,
        limit,
        now: NOW,
    };
    let page = async |under: &[Anchor], before, limit| {
        store.sessions(list(under, before, limit)).await.map(|page| rows(&page.found))
    };
    assert_eq!(page(&[], u64::MAX, 10).await?, [6, 5, 4, 3, 2, 1]);
    assert_eq!(page(&[user], u64::MAX, 2).await?, [5, 3]);
    issue(store, 8, 1).await?;
    assert_eq!(page(&[user], 3, 2).await?, [1]);
    assert_eq!(page(&[client], u64::MAX, 10).await?, [6, 5, 4]);
    assert_eq!(page(&[client, user], u64::MAX, 10).await?, [5]);
    assert_eq!(page(&[client], 5, 1).await?, [4]);

    let mark = store.raise(raise(user, Why::Everywhere)).await?.mark;
    let new = issue(store, 9, 1).await?;
    let all = store.sessions(list(&[user], u64::MAX, 10)).await?.found;
    let alive = all.iter().filter(|found| found.verdict == Verdict::Alive);
    assert_eq!(alive.map(|found| found.record.session.id).collect::<Vec<_>>(), [new.id]);
    let floor = floor(&[mark].iter().collect(), &[user]);
    let found = store.sessions(List { floor, ..list(&[user], u64::MAX, 10) }).await?.found;
    assert_eq!(rows(&found), [9]);
    Ok(())
}

/// The store says where the list continues, whatever the page size: no session is left out or repeated, with sessions
/// of other realms between them.
pub async fn a_list_tells_where_it_goes_on(store: &dyn Store) -> Result<()> {
    const ALL: u64 = 2_500;
    let mut calls: Vec<Call<'_, _>> = Vec::new();
    for number in 1..=ALL {
        let mut new = fresh(store, number, number).await?;
        if ![1, 2, ALL / 2, ALL].contains(&number) {
            new.record.session.anchors[0] = Anchor::Realm(ELSEWHERE);
        }
        calls.push(store.issue(new));
    }
    let issued: Result<Vec<_>> = at_once(calls).await.into_iter().collect();
    assert_eq!(issued?.len(), 2_500);
    for limit in 1..=5 {
        let (mut got, mut next) = (Vec::new(), Some(u64::MAX));
        while let Some(before) = next {
            let under = Vec::new();
            let list = List { realm: REALM, under, before, floor: Stamp::ZERO, limit, now: NOW };
            let page = store.sessions(list).await?;
            assert!(page.found.len() <= usize::try_from(limit).unwrap_or(usize::MAX));
            assert!(page.next.is_none_or(|next| next < before));
            got.extend(rows(&page.found));
            next = page.next;
        }
        assert_eq!(got, [ALL, ALL / 2, 2, 1], "by {limit}");
    }
    Ok(())
}

/// Those without a mark of their own, oldest first, none left out and none repeated.
pub async fn the_unended_are_read_page_by_page(store: &dyn Store) -> Result<()> {
    for number in 1..=9 {
        let session = issue(store, number, number).await?;
        if number % 4 == 0 {
            raise_session(store, &session).await?;
        }
    }
    store.raise(raise(Anchor::User(UserId(id(1))), Why::Everywhere)).await?;
    for limit in 1..=8 {
        let mut got = Vec::new();
        loop {
            let page = store.unended(got.last().copied().unwrap_or(0), limit, NOW).await?;
            assert!(page.len() <= usize::try_from(limit).unwrap_or(usize::MAX));
            if page.is_empty() {
                break;
            }
            got.extend(rows(&page));
        }
        assert_eq!(got, [1, 2, 3, 5, 6, 7, 9]);
    }
    let first = store.unended(0, 1, NOW).await?;
    assert_eq!(first.first().map(|found| found.verdict), Some(Verdict::Ended(Anchor::User(UserId(id(1))))));
    Ok(())
}
