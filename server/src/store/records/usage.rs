//! Usage of the calls of a legacy dialect.

use exeunt_core::{ClientId, DialectName, Moment, RealmId};

/// How often a client has made one call of a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The realm that the dialect serves.
    pub realm: RealmId,
    /// The dialect.
    pub dialect: DialectName,
    /// The call's name in logs and metrics.
    pub call: String,
    /// The client; `None`: unknown.
    pub client: Option<ClientId>,
    /// How often in total.
    pub count: u64,
    /// When last.
    pub last_at: Moment,
}
