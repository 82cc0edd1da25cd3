//! Backups.

use crate::authority::{Authority, Call};
use crate::error::Result;
pub use crate::store::Backup;

impl Authority {
    /// Copies the whole store as it is now; the audit trail records who took the backup.
    ///
    /// # Errors
    /// `Conflict("store")` if this store has nothing to copy; `Unavailable` if another backup is running, or the disk
    /// is full.
    pub async fn backup(&self, call: &Call) -> Result<Backup> {
        let audit = call.audit(None, "store.backup", &"store");
        self.settle(self.store.backup(audit).await)
    }
}
