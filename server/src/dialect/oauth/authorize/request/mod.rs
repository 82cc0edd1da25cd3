//! The authorization request (RFC 6749 §4.1.1), from its parameters.
//!
//! A fault of the client or of its redirect address is shown to the user, since nobody else can be trusted with it
//! (OA-02). Any other goes back to the client.

mod fault;

pub use self::fault::{PageFault, RequestFault};
use super::prompt::Prompt;
use crate::dialect::oauth::error::{ErrorCode, OAuthError};
use crate::dialect::oauth::metadata::{GrantType, Metadata};
use crate::dialect::oauth::parameters::Parameters;
use crate::dialect::oauth::pkce::PkceChallenge;
use crate::dialect::oauth::redirect_uri::{Destination, Port, RedirectUri};
use crate::dialect::oauth::resource::{self, Resource};
use crate::dialect::oauth::scope::{self, ConfiguredScopes, OFFLINE_ACCESS, Scopes};

/// The longest `state`, in bytes (OA-24).
pub const STATE_BYTES_MAX: usize = 2_048;
/// The longest `login_hint`, in bytes: what fits into the login field.
pub const LOGIN_HINT_BYTES_MAX: usize = 320;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Where the answer goes.
    pub destination: Destination,
    /// Comes back with the answer, unchanged.
    pub state: Option<String>,
    /// All of them are scopes that the client may ask for.
    pub scopes: Scopes,
    /// A resource that the client may ask for.
    pub resource: Option<Resource>,
    /// What the code is bound to.
    pub challenge: Option<PkceChallenge>,
    /// What the client wants the user to see.
    pub prompt: Prompt,
    /// How long ago the user may have logged in at most, in seconds.
    pub max_age_secs: Option<u64>,
    /// Who may want to log in.
    pub login_hint: Option<String>,
}

/// The parameters that this request has besides `client_id`, `redirect_uri`, `response_mode` and `state`, in the order in
/// which they are read.
const ONCE: [&str; 7] =
    ["response_type", "scope", "code_challenge", "code_challenge_method", "prompt", "max_age", "login_hint"];

/// The name of the client that asks.
///
/// # Errors
/// It is missing, repeated, or cannot be read.
pub fn client_id(parameters: &Parameters) -> Result<&str, PageFault> {
    parameters.one("client_id")?.ok_or(PageFault::Missing("client_id"))
}

impl AuthorizationRequest {
    /// Reads the parameters of a request of this client.
    ///
    /// # Errors
    /// A page, or an answer to the client.
    pub fn read(
        parameters: &Parameters,
        client: &Metadata,
        configured: &ConfiguredScopes,
    ) -> Result<Self, RequestFault> {
        let destination = destination(parameters, client)?;
        // OIC-07: in another mode the client could not read the answer.
        match parameters.one("response_mode").map_err(PageFault::from)? {
            None | Some("query") => {}
            Some(_) => return Err(PageFault::ResponseMode.into()),
        }
        let state = parameters.one("state").map_err(|fault| answered(destination, None, fault.into()))?;
        if state.is_some_and(|state| state.len() > STATE_BYTES_MAX) {
            let error = OAuthError::invalid_request("state is longer than 2048 bytes");
            return Err(answered(destination, None, error));
        }
        let state = state.map(str::to_owned);
        match Self::read_rest(parameters, client, configured) {
            Ok(request) => Ok(Self { destination, state, ..request }),
            Err(error) => Err(answered(destination, state, error)),
        }
    }

    /// Whether the grant is to outlive the browser session.
    pub fn is_offline(&self) -> bool {
        self.scopes.has(OFFLINE_ACCESS)
    }

    /// Reads what may be answered to the client.
    fn read_rest(
        parameters: &Parameters,
        client: &Metadata,
        configured: &ConfiguredScopes,
    ) -> Result<Self, OAuthError> {
        for name in ONCE {
            parameters.one(name)?;
        }
        match parameters.one("response_type")? {
            Some("code") => {}
            None => return Err(OAuthError::invalid_request("response_type is missing: it must be code")),
            Some(_) => {
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedResponseType,
                    "response_type must be code",
                ));
            }
        }
        if !client.may(GrantType::AuthorizationCode) {
            let text = "the client is not registered for the grant authorization_code";
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, text));
        }
        let challenge = PkceChallenge::asked(
            parameters.one("code_challenge")?,
            parameters.one("code_challenge_method")?,
            client.require_pkce,
        )?;
        let scopes = scope::asked(parameters.one("scope")?, &client.scopes(configured))?;
        let resource = resource::one(parameters.all("resource"))?;
        let resource = resource::asked(resource, &client.allowed_resources)?;
        let prompt = parameters.one("prompt")?.map_or(Ok(Prompt::default()), Prompt::parse);
        let login_hint = parameters.one("login_hint")?;
        if login_hint.is_some_and(|hint| hint.len() > LOGIN_HINT_BYTES_MAX) {
            return Err(OAuthError::invalid_request("login_hint is longer than 320 bytes"));
        }
        Ok(Self {
            destination: Destination { number: 0, port: Port::AsRegistered },
            state: None,
            scopes,
            resource,
            challenge,
            prompt: prompt.map_err(OAuthError::invalid_request)?,
            max_age_secs: max_age(parameters)?,
            login_hint: login_hint.map(str::to_owned),
        })
    }
}

/// A client with one address need not name it.
fn destination(parameters: &Parameters, client: &Metadata) -> Result<Destination, PageFault> {
    let registered = &client.redirect_uris;
    match parameters.one("redirect_uri")? {
        Some(presented) => {
            RedirectUri::find(registered, presented, client.client_type()).ok_or(PageFault::NotRegistered)
        }
        None if registered.len() == 1 => Ok(Destination { number: 0, port: Port::AsRegistered }),
        None => Err(PageFault::Missing("redirect_uri")),
    }
}

/// Whole seconds. A number beyond any login is as good as none.
fn max_age(parameters: &Parameters) -> Result<Option<u64>, OAuthError> {
    let Some(text) = parameters.one("max_age")? else { return Ok(None) };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Some(text.parse().unwrap_or(u64::MAX)))
    } else {
        Err(OAuthError::invalid_request("max_age must be a whole number of seconds"))
    }
}

fn answered(destination: Destination, state: Option<String>, error: OAuthError) -> RequestFault {
    RequestFault::Answer { destination, state, error }
}

#[cfg(test)]
mod tests;
