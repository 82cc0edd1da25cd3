//! How a client proves who it is at the token endpoint, and at revocation and introspection alike (CA-05).

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use exeunt_core::Fingerprint;
use percent_encoding::percent_decode_str;

use super::client_type::ClientType;
use super::error::{ErrorCode, OAuthError};
use super::metadata::AuthMethod;
use super::parameters::Parameters;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who a request says it is from, and how it proves it.
pub struct PresentedClient {
    /// Where the credentials were.
    pub method: AuthMethod,
    /// The name of the client.
    pub client_id: String,
    /// Its secret. `None` for a client that says only its name.
    pub secret: Option<ClientSecret>,
}

/// The secret of a client, as it was presented or given. It has no `Debug` and no `Display`.
pub struct ClientSecret(String);

impl ClientSecret {
    /// A secret of this text.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The form in which secrets are stored and compared.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.0.as_bytes())
    }
}

impl PresentedClient {
    /// Reads the client from every `Authorization` header of a request, and from its body.
    ///
    /// # Errors
    /// `invalid_request` for two ways at once (OA-11) and for credentials in two places that name different clients;
    /// `invalid_client` if there is no way that this server knows.
    pub fn read<'a>(
        mut authorization: impl Iterator<Item = &'a [u8]>,
        body: &Parameters,
    ) -> Result<Self, OAuthError> {
        let (header, second) = (authorization.next(), authorization.next());
        if second.is_some() {
            return Err(two_ways());
        }
        let (id, secret) = (body.one("client_id")?, body.one("client_secret")?);
        let assertion = body.has("client_assertion") || body.has("client_assertion_type");
        match (header, secret) {
            (Some(_), Some(_)) => Err(two_ways()),
            (Some(_), None) | (None, Some(_)) if assertion => Err(two_ways()),
            (None, None) if assertion => {
                Err(invalid("assertions are not supported: use Basic, or client_secret"))
            }
            (Some(header), None) => basic(header, id),
            (None, Some(_)) if id.is_none() => Err(OAuthError::invalid_request("client_id is missing")),
            (None, secret) => {
                let id = id.ok_or_else(|| invalid("the client is missing: use Basic, or client_id"))?;
                let method = if secret.is_some() { AuthMethod::ClientSecretPost } else { AuthMethod::None };
                let secret = secret.map(ClientSecret::new);
                Ok(Self { method, client_id: id.to_owned(), secret })
            }
        }
    }

    /// The secret to compare with those of the client, which is of this type. `None` if there is nothing to prove.
    ///
    /// # Errors
    /// `invalid_client` for a client that has a secret and says only its name, and for a secret where there is none.
    pub fn must_suit(&self, client_type: ClientType) -> Result<Option<&ClientSecret>, OAuthError> {
        match (client_type, &self.secret) {
            (ClientType::Public, None) => Ok(None),
            (ClientType::Confidential, Some(secret)) => Ok(Some(secret)),
            (ClientType::Public, Some(_)) | (ClientType::Confidential, None) => Err(wrong()),
        }
    }
}

/// The error for an unknown client and for a wrong secret alike.
pub fn wrong() -> OAuthError {
    invalid("the client is unknown, or did not prove who it is")
}

/// `Basic` with the id and the secret url-encoded before they were put together (OA-12).
fn basic(header: &[u8], body_id: Option<&str>) -> Result<PresentedClient, OAuthError> {
    let text = std::str::from_utf8(header).map_err(|_| malformed())?;
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(invalid("this way of authentication is not supported: use Basic, or client_secret"));
    }
    let decoded = BASE64.decode(rest.trim_matches(' ')).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let id = form_decoded(id).filter(|id| !id.is_empty()).ok_or_else(malformed)?;
    let secret = form_decoded(secret).ok_or_else(malformed)?;
    if body_id.is_some_and(|other| other != id) {
        return Err(OAuthError::invalid_request("client_id is not the client of the Authorization header"));
    }
    // RFC 6749 §2.3.1: an empty secret is none.
    let secret = Some(secret).filter(|secret| !secret.is_empty()).map(ClientSecret);
    Ok(PresentedClient { method: AuthMethod::ClientSecretBasic, client_id: id, secret })
}

/// A value in `application/x-www-form-urlencoded`. `None` if its escapes or its UTF-8 are wrong.
fn form_decoded(text: &str) -> Option<String> {
    let mut after_percent = text.as_bytes().split(|byte| *byte == b'%').skip(1);
    let escaped = after_percent.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit));
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    (escaped && !decoded.contains('\0')).then(|| decoded.into_owned())
}

fn two_ways() -> OAuthError {
    OAuthError::invalid_request("the client authenticates in two ways: use one of them")
}

fn malformed() -> OAuthError {
    invalid(
        "the Authorization header cannot be read: Basic, and base64 of client_id:client_secret, each url-encoded",
    )
}

fn invalid(text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn header(text: &str) -> String {
        format!("Basic {}", BASE64.encode(text))
    }

    /// What is read, in plain values.
    fn read(
        headers: &[&str],
        body: &[(&str, &str)],
    ) -> Result<(AuthMethod, String, Option<Fingerprint>), ErrorCode> {
        let headers = headers.iter().map(|text| text.as_bytes());
        let read = PresentedClient::read(headers, &Parameters::of(body.iter().copied()));
        let plain =
            |it: PresentedClient| (it.method, it.client_id, it.secret.map(|secret| secret.fingerprint()));
        read.map(plain).map_err(|error| error.code())
    }

    fn known(
        method: AuthMethod,
        id: &str,
        secret: &str,
    ) -> Result<(AuthMethod, String, Option<Fingerprint>), ErrorCode> {
        let secret = Some(secret).filter(|text| !text.is_empty());
        Ok((method, id.to_owned(), secret.map(|text| Fingerprint::of(text.as_bytes()))))
    }

    #[test]
    fn each_way_alone() {
        let basic = known(AuthMethod::ClientSecretBasic, "app", SECRET);
        assert_eq!(read(&[&header(&format!("app:{SECRET}"))], &[]), basic);
        assert_eq!(read(&[&header(&format!("app:{SECRET}")).replace("Basic ", "bAsIc  ")], &[]), basic);
        let post = read(&[], &[("client_id", "app"), ("client_secret", SECRET)]);
        assert_eq!(post, known(AuthMethod::ClientSecretPost, "app", SECRET));
        assert_eq!(read(&[], &[("client_id", "app")]), known(AuthMethod::None, "app", ""));
        assert_eq!(
            read(&[], &[("client_id", "app"), ("client_secret", "")]),
            known(AuthMethod::None, "app", "")
        );
    }

    #[test]
    fn oa_12_id_and_secret_are_url_encoded_before_base64() {
        for (text, id, secret) in [
            ("a%3Ab:c%25d", "a:b", "c%d"),
            ("app:a%20b+c%2Bd", "app", "a b c+d"),
            ("app:a:b", "app", "a:b"),
            ("app:%C3%A9", "app", "\u{e9}"),
            ("app:a b", "app", "a b"),
        ] {
            assert_eq!(
                read(&[&header(text)], &[]),
                known(AuthMethod::ClientSecretBasic, id, secret),
                "{text}"
            );
        }
    }

    #[test]
    fn an_unreadable_header_authenticates_nobody() {
        for text in [
            "Basic",
            "Basic ",
            "Basic !!!",
            &header("app"),
            &header(":secret"),
            &header("app:%"),
            &header("app:%zz"),
            &header("app:%ff"),
            &header("app:%00"),
            "Bearer abc",
            "Digest username=app",
            "",
        ] {
            assert_eq!(read(&[text], &[]), Err(ErrorCode::InvalidClient), "{text}");
        }
        let latin = PresentedClient::read([&b"Basic \xff"[..]].into_iter(), &Parameters::default());
        assert_eq!(latin.err().map(|error| error.code()), Some(ErrorCode::InvalidClient));
    }

    #[test]
    fn oa_11_two_ways_are_refused() {
        let basic = header(&format!("app:{SECRET}"));
        for (headers, body) in [
            (vec![&*basic, &*basic], vec![]),
            (vec![&*basic], vec![("client_secret", SECRET)]),
            (vec![&*basic], vec![("client_id", "app"), ("client_secret", SECRET)]),
            (vec!["Bearer a"], vec![("client_secret", SECRET)]),
            (vec![&*basic], vec![("client_assertion", "a")]),
            (vec![], vec![("client_id", "app"), ("client_secret", SECRET), ("client_assertion_type", "a")]),
            (vec![], vec![("client_id", "app"), ("client_id", "app")]),
            (vec![], vec![("client_id", "app"), ("client_secret", SECRET), ("client_secret", SECRET)]),
            (vec![], vec![("client_secret", SECRET)]),
        ] {
            assert_eq!(read(&headers, &body), Err(ErrorCode::InvalidRequest), "{headers:?}");
        }
    }

    #[test]
    fn basic_and_the_same_name_in_the_body_are_one_way() {
        let basic = header(&format!("app:{SECRET}"));
        let same = read(&[&basic], &[("client_id", "app")]);
        assert_eq!(same, known(AuthMethod::ClientSecretBasic, "app", SECRET));
        assert_eq!(read(&[&basic], &[("client_id", "App")]), Err(ErrorCode::InvalidRequest));
    }

    #[test]
    fn nothing_and_an_assertion_authenticate_nobody() {
        assert_eq!(read(&[], &[]), Err(ErrorCode::InvalidClient));
        assert_eq!(read(&[], &[("client_id", "")]), Err(ErrorCode::InvalidClient));
        let assertion = [("client_id", "app"), ("client_assertion", "a.b.c")];
        assert_eq!(read(&[], &assertion), Err(ErrorCode::InvalidClient));
    }

    #[test]
    fn oa_11_a_name_alone_proves_nothing() {
        let presented = |secret: Option<&str>| PresentedClient {
            method: AuthMethod::None,
            client_id: "app".to_owned(),
            secret: secret.map(ClientSecret::new),
        };
        let code = |secret, client_type| {
            let presented = presented(secret);
            presented.must_suit(client_type).map(|it| it.is_some()).map_err(|error| error.code())
        };
        assert_eq!(code(None, ClientType::Public), Ok(false));
        assert_eq!(code(Some(SECRET), ClientType::Confidential), Ok(true));
        assert_eq!(code(None, ClientType::Confidential), Err(ErrorCode::InvalidClient));
        assert_eq!(code(Some(SECRET), ClientType::Public), Err(ErrorCode::InvalidClient));
    }

    proptest! {
        #[test]
        fn any_id_and_secret_come_through(id in "[^\0]{1,20}", secret in "[^\0]{1,40}") {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let basic = read(&[&header(&format!("{}:{}", encode(&id), encode(&secret)))], &[]);
            prop_assert_eq!(basic, known(AuthMethod::ClientSecretBasic, &id, &secret));
        }
    }
}
