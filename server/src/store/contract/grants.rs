//! Grants: sessions without a token, with what was granted.

use exeunt_core::{
    Anchor, ClientId, ConsentId, Fingerprint, Session, SessionId, Stamp, UserId, Verdict, Why,
};

use super::fixture::{
    ABSOLUTE_SECS, CLIENT, Call, NOW, REALM, at_once, child, fresh, id, issue, issue_child, kind, raise,
    raise_session,
};
use crate::error::{DeadReason, Kind, Result};
use crate::store::{Grant, GrantKind, List, NewSession, SessionBy, Store};

/// What was granted to a client by a user.
pub(super) fn granted(made_in: &Session) -> Grant {
    Grant {
        kind: GrantKind::AuthorizationCode,
        scopes: vec!["read".to_owned(), "a \"quoted\" \u{fc}".to_owned()],
        resources: vec!["https://api.example/".to_owned()],
        made_in: Some(made_in.id),
        authenticated_at: Some(NOW),
    }
}

/// Session `number` of a client itself.
async fn of_client(
    store: &dyn Store,
    number: u64,
    scopes: &[&str],
    resources: &[&str],
) -> Result<NewSession> {
    let mut new = fresh(store, number, 1).await?;
    new.record.session.anchors.retain(|anchor| !matches!(anchor, Anchor::User(_)));
    new.record.token = None;
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    new.record.grant = Some(Grant {
        kind: GrantKind::ClientCredentials,
        scopes: texts(scopes),
        resources: texts(resources),
        made_in: None,
        authenticated_at: None,
    });
    Ok(new)
}

/// A session without a token keeps all its fields, and nothing but its id finds it.
pub async fn a_grant_is_found_by_its_id_only(store: &dyn Store) -> Result<()> {
    let browser = issue(store, 1, 1).await?;
    let mut new = child(store, 2, 1, &browser).await?;
    (new.record.token, new.record.grant) = (None, Some(granted(&browser)));
    store.issue(new.clone()).await?;
    let mut plain = child(store, 3, 1, &browser).await?;
    plain.record.token = None;
    store.issue(plain.clone()).await?;
    for record in [&new.record, &plain.record] {
        let found = store.session(SessionBy::Id(record.session.id), NOW).await?;
        assert_eq!(found.map(|found| found.record), Some(record.clone()));
        let mut padded = [0; 32];
        padded[..16].copy_from_slice(&record.session.id.0);
        for token in [Fingerprint(padded), Fingerprint([0; 32]), Fingerprint::of(&record.session.id.0)] {
            assert!(store.session(SessionBy::Token(token), NOW).await?.is_none());
        }
    }
    assert_eq!(store.unended(0, 10, NOW).await?.len(), 3);
    Ok(())
}

/// Of many that redeem a code at once one gets the session, and the others change nothing, also when it has ended.
pub async fn a_code_is_redeemed_once(store: &dyn Store) -> Result<()> {
    let browser = issue(store, 1, 1).await?;
    let mut new = child(store, 2, 1, &browser).await?;
    (new.record.token, new.record.grant, new.sessions_max) = (None, Some(granted(&browser)), 1);
    let calls = (0..20).map(|_| -> Call<'_, _> { store.issue(new.clone()) });
    let outcomes = at_once(calls).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(kind(outcome), Some(Kind::Conflict("session")));
    }
    raise_session(store, &new.record.session).await?;
    let position = store.position().await?;
    assert_eq!(kind(store.issue(new).await), Some(Kind::Conflict("session")));
    assert_eq!(store.position().await?, position);
    Ok(())
}

/// For client credentials there is one session: of many that ask at once, one is recorded, and the others get its
/// id. Scopes and resources are sets.
pub async fn client_credentials_have_one_session(store: &dyn Store) -> Result<()> {
    let mut calls: Vec<Call<'_, Result<_>>> = Vec::new();
    for number in 1..=20 {
        let scopes: &[&str] = if number % 2 == 0 { &["a", "b"] } else { &["b", "a", "b"] };
        calls.push(store.issue(of_client(store, number, scopes, &["r"]).await?));
    }
    let issued = at_once(calls).await.into_iter().collect::<Result<Vec<_>>>()?;
    assert_eq!(issued.iter().filter(|issued| issued.there.is_none()).count(), 1);
    assert!(issued.iter().all(|one| one.row == issued[0].row && one.ended.is_empty()));
    let all = store.unended(0, 100, NOW).await?;
    assert_eq!(all.len(), 1);
    let there = all[0].record.session.id;
    assert!(issued.iter().filter_map(|issued| issued.there).all(|other| other == there));
    for (number, scopes, resources) in [
        (30, &["a"][..], &["r"][..]),
        (31, &["ab"], &["r"]),
        (32, &["a", "b"], &[]),
        (33, &["a", "b", "r"], &[]),
    ] {
        let new = of_client(store, number, scopes, resources).await?;
        assert_eq!(store.issue(new).await?.there, None, "session {number}");
    }
    let mut other = of_client(store, 34, &["a", "b"], &["r"]).await?;
    other.record.session.anchors[1] = Anchor::Client(ClientId([9; 16]));
    assert_eq!(store.issue(other).await?.there, None);
    Ok(())
}

/// That session is replaced once it has ended, or has too little time left.
pub async fn a_session_of_client_credentials_is_replaced(store: &dyn Store) -> Result<()> {
    let first = of_client(store, 1, &["a"], &[]).await?;
    store.issue(first.clone()).await?;
    let lasts = NOW.plus_secs(u64::from(ABSOLUTE_SECS) - 600);
    let at = async |number, secs| -> Result<_> {
        let mut new = of_client(store, number, &["a"], &[]).await?;
        (new.record.session.issued_at, new.left_secs) = (lasts.plus_secs(secs), 600);
        new.record.session.idle_secs = 0;
        store.issue(new).await.map(|issued| issued.there)
    };
    let mut forever = of_client(store, 2, &["b"], &[]).await?;
    (forever.record.session.idle_secs, forever.record.session.absolute_secs) = (0, 0);
    store.issue(forever.clone()).await?;
    assert_eq!(at(3, 0).await?, None, "the first was idle for too long");
    assert_eq!(at(4, 2_999).await?, Some(SessionId(id(3))));
    assert_eq!(at(5, 3_000).await?, None, "only 600 seconds are left");
    assert_eq!(at(6, 3_001).await?, Some(SessionId(id(5))));
    let mut again = of_client(store, 7, &["b"], &[]).await?;
    again.left_secs = u32::MAX;
    (again.record.session.idle_secs, again.record.session.absolute_secs) = (0, 0);
    assert_eq!(store.issue(again.clone()).await?.there, Some(SessionId(id(2))));
    raise_session(store, &forever.record.session).await?;
    again.record.session.stamp = store.position().await?.stamp;
    assert_eq!(store.issue(again).await?.there, None);
    // Forgetting the old one leaves the new one in its place.
    let later = NOW.plus_secs(1_000);
    while store.sweep(later, 10, 10, 100).await?.more {}
    assert!(store.session(SessionBy::Id(SessionId(id(2))), later).await?.is_none());
    let last = of_client(store, 8, &["b"], &[]).await?;
    assert_eq!(store.issue(last).await?.there, Some(SessionId(id(7))));
    Ok(())
}

/// Evidence from before a mark on the client gets nothing, not even the session that the client has since then. It takes
/// nothing from the client either.
pub async fn stale_client_credentials_get_no_session(store: &dyn Store) -> Result<()> {
    let stale = [of_client(store, 1, &["a"], &[]).await?, of_client(store, 2, &["b"], &[]).await?];
    store.raise(raise(Anchor::Client(CLIENT), Why::Admin)).await?;
    store.issue(of_client(store, 3, &["a"], &[]).await?).await?;
    for new in stale {
        assert_eq!(kind(store.issue(new).await), Some(Kind::Dead(DeadReason::Unknown)));
    }
    assert_eq!(store.unended(0, 10, NOW).await?.len(), 1);
    let there = store.issue(of_client(store, 4, &["a"], &[]).await?).await?.there;
    assert_eq!(there, Some(SessionId(id(3))));
    Ok(())
}

/// Sessions are listed under a parent or a remoter ancestor, and under a consent. No session is listed under itself.
pub async fn sessions_are_listed_under_parents_and_consents(store: &dyn Store) -> Result<()> {
    let root = issue(store, 1, 1).await?;
    let middle = issue_child(store, 2, 1, &root).await?;
    let consent = Anchor::Consent(ConsentId::of(UserId(id(1)), CLIENT));
    let mut grant = child(store, 3, 1, &middle).await?;
    grant.record.session.anchors.insert(3, consent);
    store.issue(grant).await?;
    let mut offline = fresh(store, 4, 1).await?;
    offline.record.session.anchors.insert(3, consent);
    store.issue(offline).await?;
    issue(store, 5, 1).await?;
    let listed = async |under: &[Anchor]| -> Result<Vec<u64>> {
        let (under, floor) = (under.to_vec(), Stamp::ZERO);
        let list = List { realm: REALM, under, before: u64::MAX, floor, limit: 10, now: NOW };
        let page = store.sessions(list).await?;
        assert!(page.found.iter().all(|found| found.verdict == Verdict::Alive));
        Ok(page.found.iter().map(|found| found.row).collect())
    };
    let parent = |session: &Session| Anchor::Session(session.id);
    let user = Anchor::User(UserId(id(1)));
    assert_eq!(listed(&[parent(&root)]).await?, [3, 2]);
    assert_eq!(listed(&[parent(&middle)]).await?, [3]);
    assert_eq!(listed(&[consent]).await?, [4, 3]);
    assert_eq!(listed(&[user, consent, parent(&root)]).await?, [3]);
    assert_eq!(listed(&[user]).await?, [5, 4, 3, 2, 1]);
    assert!(listed(&[Anchor::Session(SessionId(id(3)))]).await?.is_empty());
    Ok(())
}
