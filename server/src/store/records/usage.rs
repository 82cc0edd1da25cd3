//! Who still calls what of a legacy dialect.

use exeunt_core::{ClientId, DialectName, Moment, RealmId};

/// What a client makes of one call of a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The realm that the dialect serves.
    pub realm: RealmId,
    /// The dialect.
    pub dialect: DialectName,
    /// The call's name in logs and metrics.
    pub call: String,
    /// Who makes it; `None`: nobody knows.
    pub client: Option<ClientId>,
    /// How often, ever.
    pub count: u64,
    /// When last.
    pub last_at: Moment,
}
