//! A short history on a store whose n-th call fails: an acknowledged logout is never lost, a refused call changes
//! nothing, an unknown outcome is resolved before the next answer, and a retry is safe.

use std::sync::Arc;

use exeunt_core::{Anchor, Session, SessionId, Verdict, Why};

use super::adopting::elsewhere;
use super::consents::{consent, key as sealing_key, withdrawal};
use super::fixture::{CLIENT, NOW, REALM, audit_entry, child, fresh, id, kind, raise, user};
use super::grants::granted;
use super::reopen::everything;
use super::turns::{present, used};
use crate::error::{DeadReason, Error, Kind, Result, Unavailability};
use crate::store::faulty::{Fault, Faulty};
use crate::store::{
    Adoption, Directory, Identifier, Ledger, Others, Over, SessionBy, Store, Successor, Turned, Upkeep,
};

type Broken = Faulty<dyn Store>;

/// Runs the history on a fresh store with this fault in call `nth`; `false` if the history is shorter than that.
pub async fn history_with_fault(store: Arc<dyn Store>, nth: u64, fault: Fault) -> Result<bool> {
    let store = Faulty::new(store);
    store.fail(nth, fault);
    let sessions = [login(&store, 1, 1).await?, login(&store, 2, 1).await?, login(&store, 3, 2).await?];
    logout(&store, &sessions[0]).await?;
    assert_dead(&store, &sessions[..1]).await?;
    let others = || Others {
        user: exeunt_core::UserId(id(1)),
        keep: sessions[0].id,
        raise: raise(Anchor::Realm(REALM), Why::Others),
    };
    insist(&store, async || store.raise_others(others()).await).await?;
    assert_dead(&store, &sessions[..2]).await?;
    disable(&store, 2).await?;
    assert_dead(&store, &sessions).await?;
    let alive = login(&store, 4, 3).await?;
    let found = store.inner().session(SessionBy::Id(alive.id), NOW).await?;
    assert_eq!(found.map(|found| found.verdict), Some(Verdict::Alive));
    move_over(&store).await?;
    end_a_parent(&store).await?;
    refresh_and_withdraw(&store).await?;
    let position = store.inner().position().await?.stamp;
    let log = store.inner().marks(None, exeunt_core::Stamp::ZERO, 100).await?.marks;
    let places: Vec<_> = log.iter().map(|mark| mark.at.number()).collect();
    assert_eq!(places, (1..=position.number()).collect::<Vec<_>>());
    Ok(store.calls() >= nth)
}

/// Retries a call until it succeeds.
async fn insist<T>(store: &Broken, call: impl AsyncFn() -> Result<T>) -> Result<T> {
    let before = everything(store.inner()).await?;
    let first = call().await;
    match first.as_ref().err().map(Error::kind) {
        Some(Kind::Unavailable(Unavailability::Refused)) => {
            assert_eq!(everything(store.inner()).await?, before);
            call().await
        }
        Some(Kind::Unavailable(Unavailability::Unknown)) => {
            let unknown = Some(Kind::Unavailable(Unavailability::Unknown));
            assert_eq!(kind(store.position().await), unknown);
            let logout = raise(Anchor::Session(SessionId(id(1))), Why::LoggedOut);
            assert_eq!(kind(store.raise(logout).await), unknown);
            store.recover().await?;
            call().await
        }
        _ => first,
    }
}

async fn login(store: &Broken, number: u64, user: u64) -> Result<Session> {
    let new = insist(store, async || fresh(store, number, user).await).await?;
    let issued = insist(store, async || store.issue(new.clone()).await).await;
    match kind(issued) {
        // The first attempt had succeeded.
        None | Some(Kind::Conflict("session")) => Ok(new.record.session),
        Some(kind) => Err(Error::new(kind, "no login")),
    }
}

async fn logout(store: &Broken, session: &Session) -> Result<()> {
    let end = || raise(Anchor::Session(session.id), Why::LoggedOut);
    insist(store, async || store.raise(end()).await).await.map(|_| ())
}

/// Adopts a session and imports a user, and retries: neither is doubled, and a session that was logged out does not
/// come back.
async fn move_over(store: &Broken) -> Result<()> {
    let before = store.inner().unended(0, 100, NOW).await?.len();
    let adopted = insist(store, async || elsewhere(store.inner(), 5, 3).await).await?;
    let adopt = async || {
        let list = vec![adopted.clone()];
        insist(store, async || store.adopt(list.clone(), NOW, None).await).await
    };
    let first = adopt().await?;
    assert!(matches!(first[..], [Adoption::Recorded(_) | Adoption::Known]));
    assert_eq!(store.inner().unended(0, 100, NOW).await?.len(), before + 1);
    logout(store, &adopted.record.session).await?;
    assert_eq!(adopt().await?, [Adoption::Over(Over::Ended)]);
    assert_dead(store, std::slice::from_ref(&adopted.record.session)).await?;
    let outcomes = insist(store, async || store.import_users(vec![user(9)], None).await).await?;
    assert!(matches!(kind(outcomes.into_iter().collect::<Result<Vec<_>>>()), None | Some(Kind::Conflict(_))));
    let by = Identifier::Id(user(9).id);
    assert!(store.inner().user(REALM, by).await?.is_some_and(|user| user.version == 1));
    Ok(())
}

/// Logs out a session that has a child: the child is dead, and no other one is issued.
async fn end_a_parent(store: &Broken) -> Result<()> {
    let parent = login(store, 6, 4).await?;
    let new = async |number| insist(store, async || child(store, number, 4, &parent).await).await;
    let first = new(7).await?;
    let issued = insist(store, async || store.issue(first.clone()).await).await;
    assert!(matches!(kind(issued), None | Some(Kind::Conflict("session"))));
    logout(store, &parent).await?;
    assert_dead(store, &[parent.clone(), first.record.session]).await?;
    let late = new(8).await?;
    let issued = insist(store, async || store.issue(late.clone()).await).await;
    assert_eq!(kind(issued), Some(Kind::Dead(DeadReason::Unknown)));
    assert!(store.inner().session(SessionBy::Id(late.record.session.id), NOW).await?.is_none());
    Ok(())
}

/// Uses the tokens of a grant, and withdraws its consent: a generation that is used stays used and has one successor, the
/// code is redeemed once, and there is one mark of the withdrawal, without the record.
async fn refresh_and_withdraw(store: &Broken) -> Result<()> {
    let made = insist(store, async || store.save_user(user(1), None, None).await).await;
    assert!(matches!(kind(made), None | Some(Kind::Conflict("version"))));
    let made = insist(store, async || store.save_secret(sealing_key(1), None).await).await;
    assert!(matches!(kind(made), None | Some(Kind::Conflict("version"))));
    assert_eq!(store.inner().secrets().await?, [sealing_key(1).key]);
    let agreed = insist(store, async || store.save_consent(consent(1, &["read"]), None, None).await).await;
    assert!(matches!(kind(agreed), None | Some(Kind::Conflict("version"))));
    let agreed = insist(store, async || store.consent(consent(1, &[]).user, CLIENT).await).await?;
    let agreed = agreed.ok_or_else(|| Error::not_found("consent"))?;
    let mut new = insist(store, async || fresh(store, 10, 1).await).await?;
    new.record.session.anchors.insert(3, Anchor::Consent(agreed.id()));
    (new.record.token, new.record.grant) = (None, Some(granted(&new.record.session)));
    let issued = insist(store, async || store.issue(new.clone()).await).await;
    assert!(matches!(kind(issued), None | Some(Kind::Conflict("session"))));
    let grant = new.record.session;
    for generation in 1..=3 {
        let turned = insist(store, async || store.turn(present(&grant, generation, 1, 1)).await).await?;
        let successor = Successor { generation: generation + 1, at: NOW.plus_secs(1), sealed_with: 1 };
        assert!(matches!(turned, Turned::Next(it) | Turned::Again(it) if it == successor), "{turned:?}");
        assert_eq!(used(store.inner(), &grant).await?.map(|used| used.number), Some(generation));
    }
    let end = async || store.save_consent(agreed.clone(), Some(withdrawal()), None).await;
    let withdrawn = insist(store, end).await;
    assert!(matches!(kind(withdrawn), None | Some(Kind::Conflict("version"))));
    assert!(store.inner().consent(agreed.user, CLIENT).await?.is_none());
    assert_dead(store, std::slice::from_ref(&grant)).await?;
    let log = store.inner().marks(None, exeunt_core::Stamp::ZERO, 100).await?.marks;
    assert_eq!(log.iter().filter(|mark| mark.anchor == Anchor::Consent(agreed.id())).count(), 1);
    let turned = insist(store, async || store.turn(present(&grant, 4, 1, 1)).await).await?;
    assert!(matches!(turned, Turned::Dead(_)), "{turned:?}");
    Ok(())
}

/// Reads, changes and writes a user until it is disabled, with retries.
async fn disable(store: &Broken, number: u64) -> Result<()> {
    use crate::store::Directory;
    let end = || Some(raise(Anchor::User(user(number).id), Why::Disabled));
    let created =
        insist(store, async || store.save_user(user(number), None, Some(audit_entry("user"))).await).await;
    assert!(matches!(kind(created), None | Some(Kind::Conflict("version"))));
    let by = || Identifier::Id(user(number).id);
    let found = insist(store, async || store.user(REALM, by()).await).await?;
    let mut changed = found.ok_or_else(|| Error::not_found("user"))?;
    changed.disabled = true;
    let saved = insist(store, async || store.save_user(changed.clone(), end(), None).await).await;
    assert!(matches!(kind(saved), None | Some(Kind::Conflict("version"))));
    let found = store.inner().user(REALM, by()).await?;
    assert!(found.is_some_and(|user| user.disabled && user.version == 2));
    Ok(())
}

async fn assert_dead(store: &Broken, sessions: &[Session]) -> Result<()> {
    for session in sessions {
        let found = store.inner().session(SessionBy::Id(session.id), NOW).await?;
        assert!(matches!(found.map(|found| found.verdict), Some(Verdict::Ended(_))));
    }
    Ok(())
}
