//! Sweeping: forgets the dead.

use exeunt_core::{Mark, Moment, Verdict};

use super::Tables;
use crate::store::Swept;
use crate::store::rules::choice::{died_at, session_id};
use crate::store::rules::round::Round;

impl Tables {
    pub(super) fn sweep(&mut self, now: Moment, keep_secs: u64, log_secs: u64, budget: u32) -> Swept {
        let mut round = self.round.take().unwrap_or_default();
        let mut swept = Swept::default();
        round.step(now, keep_secs, self.book.last());
        let mut left = budget.max(1);
        while left > 0 && !round.sessions_done {
            left -= 1;
            match self.recorded.sessions.range(round.after + 1..).next().map(|(row, _)| *row) {
                Some(row) => {
                    swept.sessions += u32::from(self.forget_session(row, now, keep_secs));
                    round.after = row;
                }
                None => round.sessions_done = true,
            }
        }
        while left > 0 && round.sessions_done && self.forget_own(&round) {
            left -= 1;
        }
        let horizon = round.horizon().min(now.minus_secs(log_secs));
        while left > 0 && round.sessions_done && self.drop_mark(horizon, &mut swept) {
            left -= 1;
        }
        self.drop_audit(now.minus_secs(log_secs), left);
        swept.more = left == 0;
        self.round = swept.more.then_some(round);
        swept
    }

    fn forget_session(&mut self, row: u64, now: Moment, keep_secs: u64) -> bool {
        let Some(kept) = self.recorded.sessions.get(&row) else { return false };
        let session = &kept.record.session;
        if self.book.verdict(session, kept.seen, now) == Verdict::Alive {
            return false;
        }
        let first = self.recorded.first_mark(session).map(|mark| self.written.dated(mark.clone()));
        let died = died_at(session, kept.seen, first.as_ref(), now);
        if died.is_none_or(|died| died >= now.minus_secs(keep_secs)) {
            return false;
        }
        self.recorded.remove(row);
        true
    }

    /// Takes one more mark out of force if it is a session's own: no recorded session has that anchor.
    fn forget_own(&mut self, round: &Round) -> bool {
        let mark = self.recorded.log.get(&self.own_start).map(|mark| self.written.dated(mark.clone()));
        let Some(mark) = mark.filter(|mark| round.outlived(mark)) else {
            return false;
        };
        let session = session_id(mark.anchor);
        if session.is_some_and(|id| self.recorded.ids.contains_key(&id)) {
            return false;
        }
        self.own_start = mark.at.next().number();
        session.into_iter().for_each(|id| self.book.forget(id));
        true
    }

    /// Drops one more mark from the log. While it is in force it is kept outside the log.
    fn drop_mark(&mut self, horizon: Moment, swept: &mut Swept) -> bool {
        if self.log_start >= self.own_start {
            return false;
        }
        let Some(mark) = self.before(self.log_start, horizon) else { return false };
        let at = mark.at.number();
        self.log_start = at + 1;
        swept.marks += 1;
        self.recorded.log.retain(|place, other| *place >= at || other.anchor != mark.anchor);
        if !self.is_latest(&mark) {
            self.recorded.log.remove(&at);
        }
        true
    }

    /// The mark with this stamp, if it is from before the horizon.
    fn before(&self, place: u64, horizon: Moment) -> Option<Mark> {
        let mark = self.recorded.log.get(&place).map(|mark| self.written.dated(mark.clone()));
        mark.filter(|mark| mark.when < horizon)
    }

    fn drop_audit(&mut self, horizon: Moment, budget: u32) {
        for _ in 0..budget {
            match self.audit.first_entry() {
                Some(oldest) if self.written.when(*oldest.key(), oldest.get().when) < horizon => {
                    oldest.remove();
                }
                _ => return,
            }
        }
    }
}
