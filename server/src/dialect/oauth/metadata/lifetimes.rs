//! How long the grants of a client live.

/// How long an offline grant lives without being used in seconds, unless its client has its own: 30 days.
pub const OFFLINE_IDLE_SECS: u32 = 30 * 86_400;
/// How long an offline grant lives in all in seconds, unless its client has its own: 365 days.
pub const OFFLINE_ABSOLUTE_SECS: u32 = 365 * 86_400;

/// The lifetimes of a grant. 0 stands for no limit of its own: a grant with a parent ends with it at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantLifetimes {
    /// Seconds without use.
    pub idle_secs: u32,
    /// Seconds in all.
    pub absolute_secs: u32,
}

impl GrantLifetimes {
    /// The lifetimes of a grant of a client with these lifetimes. An offline grant always has limits, since it has no
    /// parent.
    pub const fn of(client: Self, offline: bool) -> Self {
        match client {
            _ if !offline => client,
            Self { idle_secs: 0, absolute_secs: 0 } => {
                Self { idle_secs: OFFLINE_IDLE_SECS, absolute_secs: OFFLINE_ABSOLUTE_SECS }
            }
            Self { idle_secs: 0, .. } => Self { idle_secs: OFFLINE_IDLE_SECS, ..client },
            Self { absolute_secs: 0, .. } => Self { absolute_secs: OFFLINE_ABSOLUTE_SECS, ..client },
            _ => client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(idle_secs: u32, absolute_secs: u32) -> GrantLifetimes {
        GrantLifetimes { idle_secs, absolute_secs }
    }

    #[test]
    fn an_offline_grant_always_has_limits() {
        for (client, under_a_parent, offline) in [
            (secs(0, 0), secs(0, 0), secs(2_592_000, 31_536_000)),
            (secs(60, 0), secs(60, 0), secs(60, 31_536_000)),
            (secs(0, 60), secs(0, 60), secs(2_592_000, 60)),
            (secs(60, 600), secs(60, 600), secs(60, 600)),
        ] {
            assert_eq!(GrantLifetimes::of(client, false), under_a_parent);
            assert_eq!(GrantLifetimes::of(client, true), offline);
        }
    }
}
