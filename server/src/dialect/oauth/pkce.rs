//! PKCE (RFC 7636): whoever redeems a code proves to have asked for it. `S256` is the only method.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::error::{ErrorCode, OAuthError};

/// The only method.
pub const METHOD: &str = "S256";
/// The shortest and the longest verifier, in characters.
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;

/// The challenge of an authorization request: SHA-256 of the verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PkceChallenge([u8; 32]);

impl PkceChallenge {
    /// The challenge of an authorization request, from `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    /// `invalid_request` for another method than `S256`, also for a missing one, which would mean `plain` (PK-03); for a
    /// value that is no SHA-256 in base64url; and for a missing one if it is required (OA-04).
    pub fn asked(
        challenge: Option<&str>,
        method: Option<&str>,
        required: bool,
    ) -> Result<Option<Self>, OAuthError> {
        let text = match (challenge, method) {
            (None, None) if !required => return Ok(None),
            (None, None) => return Err(invalid("code_challenge is missing: this client must use PKCE")),
            (None, Some(_)) => return Err(invalid("code_challenge_method is there without code_challenge")),
            (Some(_), None) => return Err(invalid("code_challenge_method is missing: it must be S256")),
            (Some(text), Some(METHOD)) => text,
            (Some(_), Some(_)) => return Err(invalid("code_challenge_method must be S256")),
        };
        let challenge = Self::read(text);
        challenge
            .map(Some)
            .ok_or_else(|| invalid("code_challenge must be a SHA-256 in base64url without padding"))
    }

    /// The challenge of bytes that were stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// Compares in a time that tells nothing about the challenge (PK-02).
    fn is_of(&self, verifier: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(verifier).into();
        digest.ct_eq(&self.0).into()
    }
}

/// Whether a code with this challenge may be redeemed with this verifier.
///
/// # Errors
/// `invalid_grant` for a wrong or malformed verifier (PK-01), for a missing one, and for one to a code that was asked for
/// without a challenge: somebody took the challenge away (OA-04).
pub fn verify(challenge: Option<&PkceChallenge>, verifier: Option<&str>) -> Result<(), OAuthError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => {
            Err(refused("code_verifier is there, but the code was asked for without code_challenge"))
        }
        (Some(_), None) => Err(refused("code_verifier is missing")),
        (Some(challenge), Some(verifier)) if is_verifier(verifier) && challenge.is_of(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(refused("code_verifier is not the one of the code_challenge")),
    }
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    VERIFIER_CHARS.contains(&text.len()) && text.bytes().all(unreserved)
}

fn invalid(text: &'static str) -> OAuthError {
    OAuthError::invalid_request(text)
}

fn refused(text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn asked(challenge: Option<&str>, method: Option<&str>) -> Result<Option<PkceChallenge>, ErrorCode> {
        PkceChallenge::asked(challenge, method, true).map_err(|error| error.code())
    }

    fn challenge_of(verifier: &str) -> PkceChallenge {
        PkceChallenge(Sha256::digest(verifier).into())
    }

    fn redeemed(challenge: Option<&PkceChallenge>, verifier: Option<&str>) -> Result<(), ErrorCode> {
        verify(challenge, verifier).map_err(|error| error.code())
    }

    #[test]
    fn pk_02_the_example_of_the_rfc() {
        let challenge = asked(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
        assert_eq!(verify(Some(&challenge), Some(VERIFIER)), Ok(()));
        assert_eq!(challenge, challenge_of(VERIFIER));
        for wrong in [CHALLENGE, &VERIFIER.replace('k', "K"), &VERIFIER[1..], &format!("{VERIFIER}a")] {
            assert_eq!(redeemed(Some(&challenge), Some(wrong)), Err(ErrorCode::InvalidGrant));
        }
    }

    #[test]
    fn pk_01_a_verifier_has_43_to_128_unreserved_characters() {
        for (verifier, good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{}=", "a".repeat(43)), false),
            (format!("{} ", "a".repeat(43)), false),
            (format!("{}\u{e9}", "a".repeat(43)), false),
            (String::new(), false),
        ] {
            // Even with the challenge that fits.
            let answer = redeemed(Some(&challenge_of(&verifier)), Some(&verifier));
            assert_eq!(answer.is_ok(), good, "{verifier}");
        }
    }

    #[test]
    fn pk_03_only_s256() {
        for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("S256 ")] {
            assert_eq!(asked(Some(CHALLENGE), method), Err(ErrorCode::InvalidRequest), "{method:?}");
        }
        for required in [true, false] {
            let lost = PkceChallenge::asked(None, Some("S256"), required);
            assert_eq!(lost.unwrap_err().code(), ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn a_challenge_is_a_sha_256_in_its_only_form() {
        for wrong in [
            &CHALLENGE[..42],
            &format!("{CHALLENGE}A"),
            &format!("{CHALLENGE}="),
            &CHALLENGE.replace('-', "+"),
            // The same bytes, but for bits that no byte has.
            &format!("{}N", &CHALLENGE[..42]),
            &format!(" {}", &CHALLENGE[1..]),
            VERIFIER,
        ] {
            let read = asked(Some(wrong), Some("S256"));
            if wrong == VERIFIER {
                // A text of that form cannot be told from a digest.
                assert!(read.is_ok());
            } else {
                assert_eq!(read, Err(ErrorCode::InvalidRequest), "{wrong}");
            }
        }
    }

    #[test]
    fn oa_04_it_is_required_unless_the_client_need_not() {
        assert_eq!(asked(None, None), Err(ErrorCode::InvalidRequest));
        assert_eq!(PkceChallenge::asked(None, None, false), Ok(None));
        // Whoever need not, may: and then it counts.
        let challenge = PkceChallenge::asked(Some(CHALLENGE), Some("S256"), false).unwrap();
        assert!(challenge.is_some());
        assert_eq!(redeemed(challenge.as_ref(), None), Err(ErrorCode::InvalidGrant));
    }

    #[test]
    fn oa_04_a_verifier_without_a_challenge_is_refused() {
        assert_eq!(redeemed(None, Some(VERIFIER)), Err(ErrorCode::InvalidGrant));
        assert_eq!(verify(None, None), Ok(()));
    }
}
