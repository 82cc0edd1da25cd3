//! Failures, in terms of the domain. Nothing here knows HTTP: each dialect renders a [`Kind`] in one exhaustive match.

use std::fmt;

use exeunt_core::Why;

/// The result of a call that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: its kind for programs, a public text for the caller, a private text for the log.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    public: String,
    private: Option<String>,
}

/// Every way in which a call can fail. A new kind is needed only if a program must tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is not valid; the field at fault.
    Malformed(&'static str),
    /// The caller is not authenticated: wrong password, unknown key.
    Unauthenticated,
    /// The presented credential is over or unknown.
    Dead(DeadReason),
    /// The caller is authenticated but not allowed to do this.
    Forbidden,
    /// No such object.
    NotFound,
    /// It exists already, or it was changed meanwhile; the field in conflict.
    Conflict(&'static str),
    /// This dialect has no such verb.
    Unsupported,
    /// Too many attempts.
    TooMany(ThrottleRefusal),
    /// Not now; a retry is safe.
    Unavailable(Unavailability),
    /// A fault of the server.
    Internal,
}

/// Why a presented credential is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadReason {
    /// Never issued here, or forgotten long ago.
    Unknown,
    /// It expired.
    Expired,
    /// It was ended, for this reason.
    Ended(Why),
}

/// What is throttled, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleRefusal {
    /// Who has to wait.
    pub who: Throttled,
    /// Seconds until a retry makes sense.
    pub retry_after_secs: u64,
}

/// Who has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// Every caller that names this account, or names it from this address.
    Account,
    /// Every caller at this address.
    Address,
    /// Every holder of this key.
    Key,
}

/// Why the server cannot answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailability {
    /// The store refused; nothing was changed.
    Refused,
    /// The store failed during a commit: the outcome is unknown. Nothing is answered from memory until it is known.
    Unknown,
    /// All password hashing threads are busy, or a queue is full.
    Busy,
    /// A session was ended while it was being recorded: its token was given to no client.
    Overtaken,
}

/// Seconds after which a caller should retry when the server was busy or its store unavailable.
pub const RETRY_AFTER_SECS: u64 = 1;

impl Error {
    /// A failure of this kind with a text that the caller may read.
    pub fn new(kind: Kind, public: impl Into<String>) -> Self {
        Self { kind, public: public.into(), private: None }
    }

    /// Adds a text for the log only. Never a secret.
    #[must_use]
    pub fn because(mut self, private: impl fmt::Display) -> Self {
        self.private = Some(private.to_string());
        self
    }

    /// The request is not valid: this field is at fault.
    pub fn malformed(field: &'static str, public: impl Into<String>) -> Self {
        Self::new(Kind::Malformed(field), public)
    }

    /// The presented credential is not accepted.
    pub fn dead(cause: DeadReason) -> Self {
        let public = match cause {
            DeadReason::Unknown => "no such session",
            DeadReason::Expired => "the session has expired",
            DeadReason::Ended(_) => "the session was ended",
        };
        Self::new(Kind::Dead(cause), public)
    }

    /// Wrong user or wrong password: never says which of the two.
    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "the credentials are not valid")
    }

    /// No such object; `noun` names its type.
    pub fn not_found(noun: &str) -> Self {
        Self::new(Kind::NotFound, format!("no such {noun}"))
    }

    /// The server cannot answer now.
    pub fn unavailable(outage: Unavailability) -> Self {
        let public = match outage {
            Unavailability::Refused => "the store refused the change; nothing was changed",
            Unavailability::Unknown => {
                "the store failed during the change, and the outcome is unknown; try again"
            }
            Unavailability::Busy => "the server is busy; try again",
            Unavailability::Overtaken => "the session was ended while it was being recorded; try again",
        };
        Self::new(Kind::Unavailable(outage), public)
    }

    /// A fault of the server; the reason goes to the log.
    pub fn internal(private: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, "internal error").because(private)
    }

    /// The kind, for programs.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The text for the caller.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The text for the log.
    pub fn private(&self) -> Option<&str> {
        self.private.as_deref()
    }
}

impl Kind {
    /// Seconds after which a retry makes sense, if it does.
    pub const fn retry_after_secs(self) -> Option<u64> {
        match self {
            Self::TooMany(throttle) => Some(throttle.retry_after_secs),
            Self::Unavailable(_) => Some(RETRY_AFTER_SECS),
            _ => None,
        }
    }

    /// Whether the server is at fault, rather than the caller.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal)
    }

    /// The word for this kind in logs, metrics and problem types.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Dead(DeadReason::Unknown) => "unknown",
            Self::Dead(DeadReason::Expired) => "expired",
            Self::Dead(DeadReason::Ended(_)) => "ended",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Unsupported => "unsupported",
            Self::TooMany(_) => "too_many",
            Self::Unavailable(_) => "unavailable",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)?;
        self.private.iter().try_for_each(|private| write!(f, " ({private})"))
    }
}

impl std::error::Error for Error {}
