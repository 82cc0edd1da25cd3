//! How a client authenticates, of any bytes: an `Authorization` header in the first line, and a form in the second. A
//! secret comes from one place, and two places are refused.

use exeunt::dialect::oauth::authentication::PresentedClient;
use exeunt::dialect::oauth::client_type::ClientType;
use exeunt::dialect::oauth::metadata::AuthMethod;
use exeunt::dialect::oauth::parameters::Parameters;
use exeunt::dialect::oauth::pkce::{PkceChallenge, verify};
use exeunt::http::form::Fields;

pub(super) fn run(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let header = &bytes[..end];
    let form = String::from_utf8_lossy(bytes.get(end + 1..).unwrap_or_default());
    let Ok(fields) = Fields::query(Some(&form)) else { return };
    let parameters = Parameters::of(fields.pairs());
    for headers in [vec![], vec![header], vec![header, header]] {
        let count = headers.len();
        let Ok(presented) = PresentedClient::read(headers.into_iter(), &parameters) else { continue };
        assert!(count < 2 && !presented.client_id.is_empty());
        match presented.method {
            AuthMethod::ClientSecretBasic => assert!(count == 1 && !parameters.has("client_secret")),
            AuthMethod::ClientSecretPost => assert!(count == 0 && presented.secret.is_some()),
            AuthMethod::None => assert!(count == 0 && presented.secret.is_none()),
        }
        let suits = |client_type| presented.must_suit(client_type).is_ok();
        assert_ne!(suits(ClientType::Public), suits(ClientType::Confidential));
    }
    let one = |name| parameters.one(name).ok().flatten();
    if let Ok(challenge) = PkceChallenge::asked(one("code_challenge"), one("code_challenge_method"), false) {
        let verifier = one("code_verifier");
        let redeemed = verify(challenge.as_ref(), verifier);
        assert!(redeemed.is_err() || challenge.is_some() == verifier.is_some());
    }
}
