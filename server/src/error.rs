//! What went wrong, in words of the domain. Nothing here knows HTTP: each dialect renders a [`Kind`] in one
//! exhaustive match of its own.

use std::fmt;

use exeunt_core::Why;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: its kind for programs, a public text for the caller, a private text for the log.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    public: String,
    private: Option<String>,
}

/// Every way in which a call can fail. A new kind needs a program that must tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request makes no sense; the field that is to blame.
    Malformed(&'static str),
    /// We do not know who is speaking: wrong password, unknown key.
    Unauthenticated,
    /// We know what was presented, and it is over or was never there.
    Dead(DeadReason),
    /// We know who is speaking, and they may not.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// It is there already, or it was changed meanwhile; the field in conflict.
    Conflict(&'static str),
    /// This door has no such verb.
    Unsupported,
    /// Too many tries.
    TooMany(Throttle),
    /// Not now; asking again is safe.
    Unavailable(Unavailability),
    /// A fault of ours.
    Internal,
}

/// Why a presented credential is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadReason {
    /// Never issued here, or long forgotten.
    Unknown,
    /// Its time ran out.
    Expired,
    /// It was ended, for this reason.
    Ended(Why),
}

/// What is throttled, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Who has to wait.
    pub who: Throttled,
    /// Seconds until another try makes sense.
    pub retry_after_secs: u64,
}

/// Who has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// Everybody who names this account, or does so from this address.
    Account,
    /// Everybody at this address.
    Address,
    /// Whoever holds this key.
    Key,
}

/// Why the server cannot answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailability {
    /// The store refused; nothing was changed.
    Refused,
    /// The store failed in the middle: it may have happened or not. Nothing is answered from memory until that is
    /// known.
    Unknown,
    /// All hands are busy checking passwords, or a queue is full.
    Busy,
    /// A session was ended while it was being recorded: nobody has it.
    Overtaken,
}

/// Seconds after which a caller should ask again when the server was busy or its store was away.
pub const RETRY_AFTER_SECS: u64 = 1;

impl Error {
    /// A failure of this kind with a text that the caller may read.
    pub fn new(kind: Kind, public: impl Into<String>) -> Self {
        Self { kind, public: public.into(), private: None }
    }

    /// Adds what only the log may hold. Never a secret.
    #[must_use]
    pub fn because(mut self, private: impl fmt::Display) -> Self {
        self.private = Some(private.to_string());
        self
    }

    /// The request makes no sense: this field is to blame.
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

    /// Wrong user or wrong password: never which of the two.
    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "the credentials are not valid")
    }

    /// There is no such thing as this noun names.
    pub fn not_found(noun: &str) -> Self {
        Self::new(Kind::NotFound, format!("no such {noun}"))
    }

    /// The server cannot answer now.
    pub fn unavailable(outage: Unavailability) -> Self {
        let public = match outage {
            Unavailability::Refused => "the store did not take the change; nothing was changed",
            Unavailability::Unknown => "the store failed while changing; ask again",
            Unavailability::Busy => "the server is busy; ask again",
            Unavailability::Overtaken => "the session was ended while it was being recorded; ask again",
        };
        Self::new(Kind::Unavailable(outage), public)
    }

    /// A fault of ours; the reason goes to the log.
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
    /// Seconds after which asking again makes sense, where it does.
    pub const fn retry_after_secs(self) -> Option<u64> {
        match self {
            Self::TooMany(throttle) => Some(throttle.retry_after_secs),
            Self::Unavailable(_) => Some(RETRY_AFTER_SECS),
            _ => None,
        }
    }

    /// Whether it is our fault, rather than the caller's.
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
