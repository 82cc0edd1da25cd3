//! A list of sessions is read some time after it was made, and the other system does not know of logouts here in
//! between. The stamp covers only marks raised from now on, so times are compared as well: any mark raised here after a
//! session was issued there has ended it. This refuses more than the rule does, never less.

use std::collections::HashMap;

use exeunt_core::{Anchor, Moment, Stamp};

use crate::authority::Authority;
use crate::error::{Error, Kind, Result};

/// When each anchor's latest mark was raised, as far as looked up; `None`: no longer in the log.
#[derive(Default)]
pub(super) struct Pulled(HashMap<(Anchor, Stamp), Option<Moment>>);

/// The error for a session that was logged out here.
pub(super) fn ended() -> Error {
    Error::new(
        Kind::Conflict("issued_at"),
        "its user, its client or everybody was logged out here after the session was issued",
    )
}

impl Authority {
    /// Refuses a session if its realm, client or user has a mark here that was raised after the session was issued, by
    /// the clock of the other system. A session with an unknown time of issue is refused if there is any mark.
    pub(super) async fn must_not_be_pulled(
        &self,
        anchors: &[Anchor],
        issued_at: Option<Moment>,
        pulled: &mut Pulled,
        now: Moment,
    ) -> Result<()> {
        for anchor in anchors {
            let Some(mark) = self.memory.marked(*anchor) else { continue };
            let when = match pulled.0.get(&(*anchor, mark)) {
                Some(when) => *when,
                None => {
                    let when = self.when(mark).await?;
                    *pulled.0.entry((*anchor, mark)).or_insert(when)
                }
            };
            let before = match (issued_at, when) {
                (None, _) => true,
                // The log no longer reaches back to the mark, so the mark is older than that.
                (Some(issued_at), None) => issued_at <= now.minus_secs(self.retention.log_secs),
                (Some(issued_at), Some(when)) => issued_at <= when,
            };
            if before {
                return Err(ended());
            }
        }
        Ok(())
    }

    async fn when(&self, mark: Stamp) -> Result<Option<Moment>> {
        let before = Stamp::from_number(mark.number().saturating_sub(1));
        match self.settle(self.store.marks(None, before, 1).await) {
            Ok(page) => Ok(page.marks.first().filter(|found| found.at == mark).map(|found| found.when)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
