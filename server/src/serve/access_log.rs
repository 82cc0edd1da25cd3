//! Writes one log line per request, except for successful checks, which are only counted. No line holds a secret: this
//! module never sees the query, the body or a credential.

use std::net::IpAddr;
use std::time::Duration;

use exeunt_core::Moment;
use http::{Method, StatusCode};

use crate::app::App;
use crate::config::LogChecks;
use crate::error::Kind;
use crate::http::{CallKind, LogFields};
use crate::log::{HUNG_UP, KEPT, LineKind};

/// The fields of a log line that are known before the request is answered.
pub(super) struct Line {
    /// The dialect that answers, or `none`.
    pub dialect: &'static str,
    /// The name of the call.
    pub call: &'static str,
    /// The kind of the call.
    pub kind: CallKind,
    /// The method, from [`known`].
    pub method: &'static str,
    /// The client's address.
    pub from: IpAddr,
}

/// The name of a method; `other` for an unknown one, which may be any text a client sends.
pub(super) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}

impl Line {
    /// Writes the line, if this kind of response is logged. `began` is when the request arrived, by [`Env::elapsed`].
    pub(super) fn write(
        &self,
        app: &App,
        status: StatusCode,
        log_fields: &LogFields,
        now: Moment,
        began: Duration,
    ) {
        let refused = log_fields.kind.is_some() || status.is_client_error();
        let check = matches!(self.kind, CallKind::Check | CallKind::Gate);
        if check && !refused && app.config.log.checks == LogChecks::Failed {
            return;
        }
        let outcome = if refused { Outcome::Refused(log_fields.kind) } else { Outcome::Done };
        self.put(app, status.as_u16(), outcome, log_fields, now, began);
    }

    /// Logs that the client hung up before it was answered.
    pub(super) fn hung_up(&self, app: &App, now: Moment, began: Duration) {
        self.put(app, HUNG_UP, Outcome::HungUp, &LogFields::default(), now, began);
    }

    fn put(
        &self,
        app: &App,
        status: u16,
        outcome: Outcome,
        log_fields: &LogFields,
        now: Moment,
        began: Duration,
    ) {
        let kind = kind(self.kind, outcome, log_fields.key.is_some());
        if kind.is_some_and(|kind| !app.metrics.quotas.admits(kind, now)) {
            return;
        }
        let took = app.env.elapsed().saturating_sub(began);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($target:expr) => {
                tracing::info!(
                    target: $target,
                    dialect = self.dialect,
                    call = self.call,
                    method = self.method,
                    status,
                    outcome = outcome.word(),
                    from = %self.from,
                    micros,
                    key = log_fields.key.map(tracing::field::display),
                    private = log_fields.private.as_deref(),
                    "request"
                )
            };
        }
        if kind.is_none_or(LineKind::is_kept) {
            line!(KEPT);
        } else {
            line!("exeunt::request");
        }
    }
}

/// The kind of a line with this outcome, for its quota. `None`: the line is always written, because only a client with
/// a valid credential can cause it; a call of an administrator counts if its key was verified (`proven`).
const fn kind(call: CallKind, outcome: Outcome, proven: bool) -> Option<LineKind> {
    match (call, outcome) {
        (CallKind::Admin, _) if proven => None,
        (CallKind::Login, Outcome::Refused(Some(Kind::Unauthenticated))) => Some(LineKind::FailedLogin),
        (CallKind::Login, Outcome::HungUp | Outcome::Refused(_)) => Some(LineKind::Login),
        (CallKind::Logout, Outcome::Refused(Some(kind))) if kind.is_ours() => Some(LineKind::FailedLogout),
        (CallKind::Logout, Outcome::HungUp | Outcome::Refused(_)) => Some(LineKind::Logout),
        (CallKind::Gate, Outcome::HungUp | Outcome::Refused(_)) => Some(LineKind::Gate),
        (CallKind::Check, Outcome::HungUp | Outcome::Refused(_)) => Some(LineKind::Check),
        (CallKind::Admin, Outcome::HungUp | Outcome::Refused(_)) => Some(LineKind::Admin),
        (CallKind::Other, _) | (CallKind::Admin, Outcome::Done) => Some(LineKind::Other),
        (CallKind::Login | CallKind::Logout | CallKind::Gate | CallKind::Check, Outcome::Done) => None,
    }
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The call succeeded.
    Done,
    /// The call was refused, for this reason if one is known.
    Refused(Option<Kind>),
    /// The client hung up before it was answered.
    HungUp,
}

impl Outcome {
    /// The word for it in the log.
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Refused(None) => "refused",
            Self::Refused(Some(kind)) => kind.word(),
            Self::HungUp => "hung_up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{DeadReason, Unavailability};

    #[test]
    fn a_method_from_outside_is_not_repeated() {
        assert_eq!(known(&Method::from_bytes(b"HUNTER2").unwrap()), "other");
        assert_eq!(known(&Method::DELETE), "DELETE");
    }

    #[test]
    fn junk_is_of_no_kind_that_tells_of_an_attack_or_a_logout() {
        let of = |sort, outcome| kind(sort, outcome, false);
        let refused = |kind| Outcome::Refused(Some(kind));
        assert_eq!(of(CallKind::Login, refused(Kind::Unauthenticated)), Some(LineKind::FailedLogin));
        assert_eq!(of(CallKind::Login, refused(Kind::Malformed("password"))), Some(LineKind::Login));
        assert_eq!(of(CallKind::Login, Outcome::Refused(None)), Some(LineKind::Login));
        assert_eq!(of(CallKind::Login, Outcome::Done), None);
        assert_eq!(of(CallKind::Logout, Outcome::Done), None);
        assert_eq!(of(CallKind::Logout, refused(Kind::Dead(DeadReason::Unknown))), Some(LineKind::Logout));
        for ours in [Kind::Unavailable(Unavailability::Refused), Kind::Internal] {
            assert_eq!(of(CallKind::Logout, refused(ours)), Some(LineKind::FailedLogout));
        }
        assert_eq!(of(CallKind::Admin, Outcome::Done), Some(LineKind::Other), "the page of metrics");
        assert_eq!(of(CallKind::Admin, refused(Kind::Unauthenticated)), Some(LineKind::Admin));
        assert_eq!(kind(CallKind::Admin, refused(Kind::NotFound), true), None, "a native logout");
        assert_eq!(of(CallKind::Check, Outcome::Done), None, "where those are logged, all of them are");
        assert_eq!(of(CallKind::Other, Outcome::Done), Some(LineKind::Other), "a preflight");
    }
}
