//! The result of a check, with advice.

use serde_json::{Value, json};

/// How serious a finding is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// No problem.
    Well,
    /// It works, but perhaps not for long, or not as intended.
    Warning,
    /// It does not work, or is not safe.
    Wrong,
}

/// The result of one check.
pub(super) struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// How serious a finding is.
    pub severity: Severity,
    /// What was found.
    pub says: String,
    /// What to do.
    pub advice: String,
}

impl Finding {
    pub(super) fn well(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, severity: Severity::Well, says: says.into(), advice: String::new() }
    }

    pub(super) fn warning(check: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, severity: Severity::Warning, says: says.into(), advice: advice.into() }
    }

    pub(super) fn wrong(check: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, severity: Severity::Wrong, says: says.into(), advice: advice.into() }
    }

    /// The finding as JSON.
    pub(super) fn json(&self) -> Value {
        json!({ "check": self.check, "state": self.severity.word(), "says": self.says, "do": self.advice })
    }
}

impl Severity {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}
