//! Resource indicators: the API that a token is for (RFC 8707).

use serde::{Deserialize, Serialize};

use super::error::{ErrorCode, OAuthError};
use super::uri::{UriFault, absolute};

/// An absolute URI without a fragment, compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resource(String);

impl Resource {
    /// Reads one resource.
    ///
    /// # Errors
    /// The first rule of an absolute URI that it breaks.
    pub fn parse(text: &str) -> Result<Self, UriFault> {
        let (_, rest) = absolute(text)?;
        if rest.is_empty() { Err(UriFault::NoScheme) } else { Ok(Self(text.to_owned())) }
    }

    /// The URI, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The resource of a request, given every `resource` parameter that has a value (RES-01).
///
/// # Errors
/// `invalid_target` for two, and for one that is no absolute URI or has a fragment.
pub fn one<'a>(mut given: impl Iterator<Item = &'a str>) -> Result<Option<Resource>, OAuthError> {
    let Some(text) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(invalid("a token is for one resource: ask for each in a request of its own"));
    }
    Resource::parse(text).map(Some).map_err(|fault| invalid(fault.text()))
}

/// The resource of an authorization request, or of client credentials: one that the client may ask for, or none.
///
/// # Errors
/// `invalid_target` for any other.
pub fn asked(asked: Option<Resource>, allowed: &[Resource]) -> Result<Option<Resource>, OAuthError> {
    match asked {
        Some(resource) if !allowed.contains(&resource) => {
            Err(invalid("the resource is unknown, or the client may not ask for it"))
        }
        asked => Ok(asked),
    }
}

/// The resource of a token, given that of its grant (RES-02): what is asked for must have been granted.
///
/// # Errors
/// `invalid_target` for any other.
pub fn narrowed(asked: Option<Resource>, granted: Option<&Resource>) -> Result<Option<Resource>, OAuthError> {
    match asked {
        Some(resource) if granted != Some(&resource) => Err(invalid("the resource was not granted")),
        _ => Ok(granted.cloned()),
    }
}

fn invalid(text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidTarget, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "https://api.example/v1?tenant=a";

    fn resource(text: &str) -> Resource {
        Resource::parse(text).unwrap()
    }

    fn code<T: std::fmt::Debug>(refused: Result<T, OAuthError>) -> ErrorCode {
        refused.unwrap_err().code()
    }

    #[test]
    fn res_01_it_is_one_absolute_uri_without_a_fragment() {
        assert_eq!(one([].into_iter()), Ok(None));
        for text in [API, "urn:example:api", "https://API.example"] {
            assert_eq!(one([text].into_iter()), Ok(Some(resource(text))));
        }
        for text in
            ["", "api", "/v1", "https:", "https://api.example/#", "https://api.example/ b", "https://\u{e4}"]
        {
            assert_eq!(code(one([text].into_iter())), ErrorCode::InvalidTarget, "{text:?}");
        }
    }

    #[test]
    fn res_01_two_are_refused_even_if_equal() {
        assert_eq!(code(one([API, API].into_iter())), ErrorCode::InvalidTarget);
        assert_eq!(code(one([API, "urn:a:b"].into_iter())), ErrorCode::InvalidTarget);
    }

    #[test]
    fn res_01_a_client_asks_only_for_what_it_may() {
        let allowed = [resource(API)];
        assert_eq!(asked(None, &allowed), Ok(None));
        assert_eq!(asked(Some(resource(API)), &allowed), Ok(Some(resource(API))));
        for other in ["https://api.example/v1", "https://API.example/v1?tenant=a"] {
            assert_eq!(code(asked(Some(resource(other)), &allowed)), ErrorCode::InvalidTarget);
        }
        assert_eq!(code(asked(Some(resource(API)), &[])), ErrorCode::InvalidTarget);
    }

    #[test]
    fn res_02_a_token_is_for_what_was_granted() {
        let api = resource(API);
        assert_eq!(narrowed(None, None), Ok(None));
        assert_eq!(narrowed(None, Some(&api)), Ok(Some(api.clone())));
        assert_eq!(narrowed(Some(api.clone()), Some(&api)), Ok(Some(api.clone())));
        assert_eq!(code(narrowed(Some(api.clone()), None)), ErrorCode::InvalidTarget);
        assert_eq!(code(narrowed(Some(resource("urn:a:b")), Some(&api))), ErrorCode::InvalidTarget);
    }
}
