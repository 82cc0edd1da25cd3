//! What happens next with an authorization request: one decision over values, made again at each step.

use exeunt_core::Moment;

use super::prompt::Prompt;
use crate::dialect::oauth::error::ErrorCode;
use crate::dialect::oauth::metadata::ConsentRule;
use crate::dialect::oauth::resource::Resource;
use crate::dialect::oauth::scope::{OFFLINE_ACCESS, Scopes};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The user logs in.
    Login,
    /// The user is asked whether the client may.
    Consent,
    /// The client gets a code.
    Code,
    /// The client gets an error.
    Refuse(ErrorCode),
}

/// What the request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Demands<'a> {
    /// What the client wants the user to see.
    pub prompt: Prompt,
    /// How long ago the user may have logged in at most, in seconds.
    pub max_age_secs: Option<u64>,
    /// The scopes, all of which the client may ask for.
    pub scopes: &'a Scopes,
    /// The resource, which the client may ask for.
    pub resource: Option<&'a Resource>,
}

/// The live browser session of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Browser {
    /// When the user last proved who they are.
    pub proven_at: Moment,
    /// The cookie of the call is the newest of the session. An older one, which is good for ten seconds to show a page, is
    /// treated as a request for a login.
    pub newest_cookie: bool,
    /// There is a proof that the user logged in for this very request.
    pub logged_in_for_this: bool,
}

/// What the user has said of this client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consent<'a> {
    /// What the user agreed to earlier.
    pub earlier: Option<Agreed<'a>>,
    /// The button of the consent form that this very call pressed.
    pub now: Option<Decision>,
}

/// What a user agreed to.
#[derive(Clone, Copy, Debug)]
pub struct Agreed<'a> {
    /// The scopes.
    pub scopes: &'a Scopes,
    /// The resources.
    pub resources: &'a [Resource],
}

/// The buttons of the consent form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The client may.
    Allow,
    /// It may not.
    Deny,
}

/// What happens next with a request, given the rule of its client, the browser session, what the user has said, and the
/// time of the call.
pub fn next(
    demands: &Demands<'_>,
    client: ConsentRule,
    browser: Option<&Browser>,
    consent: &Consent<'_>,
    now: Moment,
) -> Next {
    if consent.now == Some(Decision::Deny) {
        return Next::Refuse(ErrorCode::AccessDenied);
    }
    if !browser.is_some_and(|browser| is_logged_in(demands, browser, now)) {
        return page_or(demands, Next::Login, ErrorCode::LoginRequired);
    }
    if consent.now.is_none() && must_consent(demands, client, consent.earlier) {
        return page_or(demands, Next::Consent, ErrorCode::ConsentRequired);
    }
    Next::Code
}

/// The page, unless the client wants none to be shown (OIC-03).
const fn page_or(demands: &Demands<'_>, page: Next, error: ErrorCode) -> Next {
    if demands.prompt.none { Next::Refuse(error) } else { page }
}

/// Whether the session is enough for this request. A login for this very request is, whatever was asked for: else
/// `prompt=login` and `max_age=0` would never end (OIC-04, OIC-05).
fn is_logged_in(demands: &Demands<'_>, browser: &Browser, now: Moment) -> bool {
    let recent = demands
        .max_age_secs
        .is_none_or(|secs| secs > 0 && now.millis_since(browser.proven_at) <= secs.saturating_mul(1_000));
    browser.newest_cookie && (browser.logged_in_for_this || recent && !demands.prompt.wants_login())
}

/// Whether the user has to be asked.
fn must_consent(demands: &Demands<'_>, client: ConsentRule, earlier: Option<Agreed<'_>>) -> bool {
    let by_rule = match client {
        ConsentRule::Never => false,
        ConsentRule::Always => true,
        // A grant that stays when the user logs out is asked for visibly each time.
        ConsentRule::Once => {
            demands.scopes.has(OFFLINE_ACCESS) || !earlier.is_some_and(|agreed| agreed.covers(demands))
        }
    };
    demands.prompt.consent || by_rule
}

impl Agreed<'_> {
    fn covers(&self, demands: &Demands<'_>) -> bool {
        demands.scopes.are_within(self.scopes)
            && demands.resource.is_none_or(|resource| self.resources.contains(resource))
    }
}

#[cfg(test)]
mod tests;
