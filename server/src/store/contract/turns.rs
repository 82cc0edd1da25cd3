//! Turning: a refresh token or a browser's cookie is used to get the next one.

use std::net::IpAddr;

use exeunt_core::{Anchor, ClientId, Session, SessionId, UserId, Verdict, Why};

use super::fixture::{
    CLIENT, Call, IDLE_SECS, NOW, at_once, fresh, id, issue, issue_child, kind, raise, raise_session,
};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::store::{Generation, Proof, Raise, SessionBy, Store, Successor, Turn, Turned};

const DEAD: Option<Kind> = Some(Kind::Dead(DeadReason::Unknown));
const AGAIN_SECS: u32 = 10;

/// A generation of a session, presented some seconds after [`NOW`] from the address with this last number.
pub(super) fn present(session: &Session, generation: u32, after_secs: u64, from: u8) -> Turn {
    let from = Some(IpAddr::from([192, 0, 2, from]));
    let raise = raise(Anchor::Session(session.id), Why::Reuse);
    Turn {
        session: session.id,
        client: CLIENT,
        generation,
        thumbprint: None,
        seal_with: 1,
        again_secs: AGAIN_SECS,
        proof: None,
        raise: Raise { when: NOW.plus_secs(after_secs), from, ..raise },
        ends_reuse: true,
    }
}

/// What is kept beside a session.
pub(super) async fn used(store: &dyn Store, session: &Session) -> Result<Option<Generation>> {
    let found = store.session(SessionBy::Id(session.id), NOW).await?;
    Ok(found.and_then(|found| found.generation))
}

/// What the call yields, if it yields anything.
fn yields(turned: &Turned) -> Option<Successor> {
    match turned {
        Turned::Next(successor) | Turned::Again(successor) => Some(*successor),
        Turned::Reused(_) | Turned::Dead(_) => None,
    }
}

/// A token is used once; whoever sends it again a moment later gets the same successor, sealed with the same key.
pub async fn a_generation_yields_the_next_once(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let next = store.turn(present(&session, 1, 5, 1)).await?;
    let successor = Successor { generation: 2, at: NOW.plus_secs(5), sealed_with: 1 };
    assert!(matches!(next, Turned::Next(it) if it == successor), "{next:?}");
    // The sealing key was rotated meanwhile.
    let later = Turn { seal_with: 2, ..present(&session, 1, 14, 1) };
    let again = store.turn(later).await?;
    assert!(matches!(again, Turned::Again(it) if it == successor), "{again:?}");
    let next = store.turn(Turn { seal_with: 2, ..present(&session, 2, 16, 1) }).await?;
    let successor = Successor { generation: 3, at: NOW.plus_secs(16), sealed_with: 2 };
    assert!(matches!(next, Turned::Next(it) if it == successor), "{next:?}");
    assert_eq!(store.position().await?.stamp, session.stamp);
    Ok(())
}

/// Whatever is presented and whatever is answered, the number that is kept only grows. One that is greater than the
/// next is taken too: a restored store knows less than its tokens do.
pub async fn a_used_generation_never_goes_down(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let mut highest = 0;
    for generation in [1, 2, 1_000, 1_001, 1_001, 5, 1_000, 2_000] {
        let reached = highest.max(generation);
        let turned = store.turn(Turn { ends_reuse: false, ..present(&session, generation, 1, 1) }).await;
        assert_eq!(turned.is_err(), generation < highest, "generation {generation}");
        highest = used(store, &session).await?.map_or(0, |used| used.number);
        assert_eq!(highest, reached, "after generation {generation}");
    }
    let last = store.turn(present(&session, u32::MAX, 2, 1)).await;
    assert_eq!(kind(last), DEAD);
    assert_eq!(used(store, &session).await?.map(|used| used.number), Some(highest));
    Ok(())
}

/// Of a hundred that take the same generation at once, one is the first, and all get one successor.
pub async fn all_takers_get_one_successor(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    for generation in 1..=3 {
        let calls = (0..100).map(|number| -> Call<'_, _> {
            store.turn(Turn { seal_with: number, ..present(&session, generation, 1, 1) })
        });
        let all = at_once(calls).await.into_iter().collect::<Result<Vec<_>>>()?;
        assert_eq!(all.iter().filter(|turned| matches!(turned, Turned::Next(_))).count(), 1);
        let first = all.iter().find_map(yields);
        assert_eq!(first.map(|successor| successor.generation), Some(generation + 1));
        assert!(all.iter().all(|turned| yields(turned) == first));
    }
    Ok(())
}

/// A generation that was superseded, or that comes again too late, or with another key, ends the session with `Reuse` in
/// the same transaction. Its parent lives on.
pub async fn a_superseded_generation_ends_its_session(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let stolen = |number, grant: &Session| match number {
        2 => present(grant, 1, 21, 1),
        3 => present(grant, 2, 20 + u64::from(AGAIN_SECS), 1),
        // The wall clock was ahead then.
        6 => present(grant, 2, 10, 1),
        4 => Turn { thumbprint: Some([7; 32]), ..present(grant, 2, 21, 1) },
        _ => Turn { again_secs: 0, ..present(grant, 2, 20, 1) },
    };
    for number in 2..=6 {
        let grant = issue_child(store, number, 1, &parent).await?;
        store.turn(present(&grant, 1, 10, 1)).await?;
        store.turn(present(&grant, 2, 20, 1)).await?;
        let turn = stolen(number, &grant);
        let Turned::Reused(outcome) = store.turn(turn.clone()).await? else {
            return Err(Error::internal(format_args!("session {number} lives on")));
        };
        let told = (outcome.mark.anchor, outcome.mark.why, outcome.mark.when, outcome.was);
        assert_eq!(told, (Anchor::Session(grant.id), Why::Reuse, turn.raise.when, Verdict::Alive));
        assert_eq!(store.position().await?.stamp, outcome.mark.at);
        let ended = Verdict::Ended(Anchor::Session(grant.id));
        for generation in [2, 3] {
            let turned = store.turn(present(&grant, generation, 22, 1)).await?;
            assert!(matches!(turned, Turned::Dead(verdict) if verdict == ended), "{turned:?}");
        }
        let found = store.session(SessionBy::Id(parent.id), NOW).await?;
        assert_eq!(found.map(|found| found.verdict), Some(Verdict::Alive));
    }
    Ok(())
}

/// A generation that comes again with an earlier time is answered within the same seconds: a clock that was set back does
/// not make them longer.
pub async fn a_clock_set_back_repeats_no_answer(store: &dyn Store) -> Result<()> {
    let again = u64::from(AGAIN_SECS);
    for (number, again_secs, earlier) in [(1, AGAIN_SECS, again - 1), (2, AGAIN_SECS, again), (3, 0, 0)] {
        let session = issue(store, number, number).await?;
        store.turn(present(&session, 1, 100, 1)).await?;
        let turn = Turn { again_secs, ..present(&session, 1, 100 - earlier, 1) };
        let turned = store.turn(turn).await?;
        assert_eq!(yields(&turned).is_some(), number == 1, "session {number}: {turned:?}");
        assert_eq!(matches!(turned, Turned::Reused(_)), number != 1, "session {number}: {turned:?}");
    }
    Ok(())
}

/// A thief in step with a public client: three generations in a row that were each presented from two addresses. One
/// that was presented once, or twice from one address, starts the count again.
pub async fn a_thief_in_step_is_noticed(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let twice = async |generation, second| {
        store.turn(present(&session, generation, 1, 1)).await?;
        // A third presentation counts no more than the second.
        store.turn(present(&session, generation, 2, second)).await?;
        store.turn(present(&session, generation, 3, second)).await
    };
    for (generation, second) in [(1, 2), (2, 2), (3, 1), (4, 2), (5, 2)] {
        assert!(yields(&twice(generation, second).await?).is_some(), "generation {generation}");
    }
    store.turn(present(&session, 6, 1, 1)).await?;
    for generation in 7..=8 {
        assert!(yields(&twice(generation, 2).await?).is_some(), "generation {generation}");
    }
    store.turn(present(&session, 9, 1, 1)).await?;
    let third = store.turn(present(&session, 9, 2, 2)).await?;
    assert!(matches!(third, Turned::Reused(_)), "{third:?}");
    Ok(())
}

/// Another client gets nothing and ends nothing, and a cookie that was superseded ends nothing.
pub async fn what_another_client_presents_ends_nothing(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    store.turn(present(&session, 1, 1, 1)).await?;
    let before = used(store, &session).await?;
    for generation in [0, 1, 2] {
        let other = Turn { client: ClientId([99; 16]), ..present(&session, generation, 60, 2) };
        assert_eq!(kind(store.turn(other).await), DEAD);
    }
    let cookie = Turn { ends_reuse: false, ..present(&session, 1, 60, 2) };
    assert_eq!(kind(store.turn(cookie).await), DEAD);
    assert_eq!(used(store, &session).await?, before);
    assert_eq!(store.position().await?.stamp, session.stamp);
    Ok(())
}

/// Liveness is judged first: whatever ended a session or an ancestor of it, also while many turn, it yields nothing
/// from then on and nothing is kept.
pub async fn a_dead_session_yields_nothing(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let child = issue_child(store, 2, 1, &parent).await?;
    let own = issue(store, 3, 2).await?;
    let by_user = issue(store, 4, 3).await?;
    let unknown = fresh(store, 404, 1).await?.record.session;
    let mut calls: Vec<Call<'_, Result<Turned>>> = Vec::new();
    for number in 0..40 {
        if number == 20 {
            let logout = raise(Anchor::Session(parent.id), Why::LoggedOut);
            calls.push(Box::pin(async move { store.raise(logout).await.map(Turned::Reused) }));
        }
        calls.push(store.turn(present(&child, number + 1, 1, 1)));
    }
    at_once(calls).await.into_iter().collect::<Result<Vec<_>>>()?;
    raise_session(store, &own).await?;
    store.raise(raise(Anchor::User(UserId(id(3))), Why::Everywhere)).await?;
    let position = store.position().await?;
    for session in [&parent, &child, &own, &by_user, &unknown] {
        let before = used(store, session).await?;
        for generation in [0, 1, 41, 100] {
            let turned = store.turn(present(session, generation, 2, 1)).await?;
            assert!(matches!(turned, Turned::Dead(_)), "{turned:?}");
        }
        assert_eq!(used(store, session).await?, before);
    }
    assert_eq!(store.position().await?, position);
    Ok(())
}

/// A child whose parent was idle for too long yields nothing either, with or without the mark that says so.
pub async fn an_expired_session_yields_nothing(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let mut new = super::fixture::child(store, 2, 1, &parent).await?;
    new.record.session.idle_secs = 0;
    let child = new.record.session.clone();
    store.issue(new).await?;
    let late = u64::from(IDLE_SECS) + 11;
    for session in [&parent, &child] {
        let turned = store.turn(present(session, 1, late, 1)).await?;
        assert!(matches!(turned, Turned::Dead(Verdict::Expired)), "{turned:?}");
    }
    assert!(used(store, &child).await?.is_none());
    Ok(())
}

/// When and how a user has proven who it is stays until the next proof.
pub async fn a_proof_is_kept_until_the_next(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let proof = |secs, how: &str| Some(Proof { at: NOW.plus_secs(secs), how: how.to_owned() });
    let turns = [
        (None, None),
        (proof(2, "pwd"), proof(2, "pwd")),
        (None, proof(2, "pwd")),
        (proof(4, "otp"), proof(4, "otp")),
    ];
    for (generation, (given, kept)) in (1..).zip(turns) {
        store.turn(Turn { proof: given, ..present(&session, generation, 5, 1) }).await?;
        assert_eq!(used(store, &session).await?.and_then(|used| used.proof), kept);
    }
    Ok(())
}

/// What is kept beside a session is forgotten with it.
pub async fn a_generation_is_forgotten_with_its_session(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    store.turn(present(&session, 1, 1, 1)).await?;
    raise_session(store, &session).await?;
    let later = NOW.plus_secs(100);
    while store.sweep(later, 10, 10, 100).await?.more {}
    assert!(store.session(SessionBy::Id(SessionId(id(1))), later).await?.is_none());
    let turned = store.turn(present(&session, 2, 100, 1)).await?;
    assert!(matches!(turned, Turned::Dead(Verdict::Expired)), "{turned:?}");
    Ok(())
}
