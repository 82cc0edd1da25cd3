//! Raising marks.

use exeunt_core::{Anchor, Moment, Session, SessionId, Verdict, Why};

use super::batch::{Batch, Sight};
use super::crowd::{Crowd, Judge, Member};
use super::marks::first_mark;
use super::room::Seats;
use super::sessions::{SessionRow, find};
use crate::error::{Error, Result};
use crate::store::rules::book::Ruling;
use crate::store::rules::choice::{by_itself, realm_of, spared};
use crate::store::{Others, Raise, RaiseOutcome, SessionBy, seen_at_most};

impl Batch<'_> {
    pub(super) fn raise(&mut self, raise: &Raise) -> Result<RaiseOutcome> {
        let Anchor::Session(id) = raise.anchor else {
            let mark = self.append(raise, raise.anchor, raise.why)?;
            return Ok(RaiseOutcome { mark, was: Verdict::Alive });
        };
        if let Some((session, seen)) = &raise.known {
            return self.raise_session(raise, session, *seen);
        }
        let kept = self.kept(id)?.ok_or_else(|| Error::not_found("session"))?;
        let session = &kept.record.session;
        self.raise_session(raise, session, seen_at_most(session, kept.seen, raise.when))
    }

    fn raise_session(&mut self, raise: &Raise, session: &Session, seen: Moment) -> Result<RaiseOutcome> {
        match self.draft.raise_session(raise, session, seen) {
            Ruling::Raised(outcome) => {
                self.write_mark(&outcome.mark)?;
                Ok(outcome)
            }
            Ruling::There(was) => {
                let first = first_mark(self.conn, session, |anchor| self.draft.latest(anchor))?;
                let mark = first.ok_or_else(|| Error::not_found("session"))?;
                Ok(RaiseOutcome { mark, was })
            }
        }
    }

    /// Ends a user's other sessions; `false`: they have to be read first.
    pub(super) fn raise_others(&mut self, others: &Others, seats: Option<&Seats>) -> Result<bool> {
        let keep = self.kept(others.keep)?.map(|kept| kept.record.session);
        let theirs = |session: &Session| session.user() == Some(others.user);
        let Some(keep) = keep.filter(theirs) else {
            return Err(Error::malformed("except", "the session to keep is not a session of this user"));
        };
        let now = others.raise.when;
        // Each of them must be known: no upper bound is enough here.
        if !self.knows(others.user, 0, seats, now)? {
            return Ok(false);
        }
        let sight = Sight { draft: &self.draft, shared: self.shared };
        let alive = |member: &&Member| {
            let session = &member.session;
            sight.judge(session, sight.seen(member), now) == Verdict::Alive && !spared(&keep, session)
        };
        // Newest first: a parent's mark would end its children before they got their own.
        let members = self.crowds.crowd(others.user).map(Crowd::newest_first).unwrap_or_default();
        let ending: Vec<_> = members.into_iter().filter(alive).map(|member| member.session.id).collect();
        for id in ending {
            self.append(&others.raise, Anchor::Session(id), others.raise.why)?;
        }
        Ok(true)
    }

    pub(super) fn expire(&mut self, id: SessionId, now: Moment) -> Result<()> {
        self.rows += 1;
        let Some(kept) = self.kept(id)? else { return Ok(()) };
        let session = &kept.record.session;
        let anchor = Anchor::Session(id);
        let expired = self.draft.verdict(session, kept.seen, now) == Verdict::Expired;
        if expired && self.draft.latest(anchor).is_none() {
            self.append(&by_itself(realm_of(session), Why::Expired, now), anchor, Why::Expired)?;
        }
        Ok(())
    }

    /// A recorded session, with its unfolded touches.
    fn kept(&self, id: SessionId) -> Result<Option<SessionRow>> {
        let kept = find(self.conn, SessionBy::Id(id))?;
        Ok(kept.map(|kept| SessionRow { seen: self.shared.seen(kept.place, kept.seen), ..kept }))
    }
}
