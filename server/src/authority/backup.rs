//! A copy of everything.

use crate::authority::{Authority, Call};
use crate::error::Result;
pub use crate::store::Backup;

impl Authority {
    /// A copy of the whole store as it is now; the audit trail tells who took it.
    ///
    /// # Errors
    /// `Conflict("store")` where there is nothing to copy; `Unavailable`: another one is being made, or the disk is
    /// full.
    pub async fn backup(&self, call: &Call) -> Result<Backup> {
        let audit = call.audit(None, "store.backup", &"store");
        self.settle(self.store.backup(audit).await)
    }
}
