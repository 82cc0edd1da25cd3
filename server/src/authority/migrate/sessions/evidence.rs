//! A list of sessions is made at one time and read at another, and the other system knew nothing of the logouts here in
//! between. So beside the stamp, which speaks of what is raised from now on, the times are looked at: whatever was pulled
//! here after a session was issued there, has ended it. This refuses more than the rule does, and never less.

use std::collections::HashMap;

use exeunt_core::{Anchor, Moment, Stamp};

use crate::authority::Authority;
use crate::error::{Error, Kind, Result};

/// When each anchor was last pulled, as far as it was asked for; `None`: never.
#[derive(Default)]
pub(super) struct Pulled(HashMap<(Anchor, Stamp), Option<Moment>>);

/// It was logged out here.
pub(super) fn ended() -> Error {
    Error::new(
        Kind::Conflict("issued_at"),
        "its user, its client or everybody was logged out here after it was issued",
    )
}

impl Authority {
    /// Refuses a session that was issued, by the clock of the other system, before its realm, client or user was pulled
    /// here; one of which nobody knows when, if they ever were.
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
                // The log no longer reaches back to it, so it is older than that.
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
