//! The name, the id and the secret that a registration may give.

use serde_json::{Map, Value};

use super::fault::MetadataFault;

/// The longest id that may be given, in characters.
const CLIENT_ID_CHARS_MAX: usize = 100;
/// The shortest secret that may be given, in characters.
const SECRET_CHARS_MIN: usize = 32;
/// The longest secret that may be given, in bytes.
const SECRET_BYTES_MAX: usize = 1_024;
/// The digits of an id that the server makes.
const ID_DIGITS: usize = 32;

/// The name of a client: `name` and `client_name` are one member.
///
/// # Errors
/// Both are there and differ, or one is no text.
pub fn given_name(given: &Map<String, Value>) -> Result<Option<&str>, MetadataFault> {
    let (name, client_name) = (text(given, "name")?, text(given, "client_name")?);
    match (name, client_name) {
        (Some(name), Some(client_name)) if name != client_name => {
            Err(MetadataFault::new("client_name", "name and client_name are one member: give one of them"))
        }
        (name, client_name) => Ok(name.or(client_name)),
    }
}

/// The `client_id` that an administrator gives to a new client: 1 to 100 unreserved characters of RFC 3986, and not of the
/// form of an id that the server makes (OA-20).
///
/// # Errors
/// It is there and breaks a rule.
pub fn given_client_id(given: &Map<String, Value>) -> Result<Option<&str>, MetadataFault> {
    let Some(id) = text(given, "client_id")? else { return Ok(None) };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if id.is_empty() || id.len() > CLIENT_ID_CHARS_MAX || !id.bytes().all(unreserved) {
        return Err(MetadataFault::new("client_id", "an id has 1 to 100 of letters, digits, - . _ and ~"));
    }
    if id.len() == ID_DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let rule = "an id of 32 hexadecimal digits could be one that this server makes: give another";
        return Err(MetadataFault::new("client_id", rule));
    }
    Ok(Some(id))
}

/// The `client_secret` that an administrator gives: 32 characters or more, of any kind.
///
/// # Errors
/// It is there and breaks a rule.
pub fn given_secret(given: &Map<String, Value>) -> Result<Option<&str>, MetadataFault> {
    let Some(secret) = text(given, "client_secret")? else { return Ok(None) };
    if secret.chars().count() < SECRET_CHARS_MIN || secret.len() > SECRET_BYTES_MAX {
        let rule = "a secret has at least 32 characters, and at most 1024 bytes";
        return Err(MetadataFault::new("client_secret", rule));
    }
    if secret.contains('\0') {
        return Err(MetadataFault::new("client_secret", "a secret has no NUL, since no form can carry one"));
    }
    Ok(Some(secret))
}

fn text<'a>(given: &'a Map<String, Value>, member: &'static str) -> Result<Option<&'a str>, MetadataFault> {
    match given.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        // The value is not quoted: it may be a secret.
        Some(_) => Err(MetadataFault::new(member, "must be a text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { panic!("an object") };
        members
    }

    #[test]
    fn either_name_is_taken() {
        for given in
            [json!({"name": "a"}), json!({"client_name": "a"}), json!({"name": "a", "client_name": "a"})]
        {
            assert_eq!(given_name(&members(given)), Ok(Some("a")));
        }
        assert_eq!(given_name(&members(json!({"name": null}))), Ok(None));
        for given in [json!({"name": "a", "client_name": "b"}), json!({"client_name": 1})] {
            assert_eq!(given_name(&members(given)).unwrap_err().member, "client_name");
        }
    }

    #[test]
    fn oa_20_a_given_id_cannot_be_one_of_the_server() {
        let id = |id: &str| given_client_id(&members(json!({ "client_id": id }))).is_ok();
        for good in ["a", "web.app_1~-", &"a".repeat(100), &"a".repeat(31), &"g".repeat(32), &"a".repeat(33)]
        {
            assert!(id(good), "{good}");
        }
        for wrong in
            ["", "a b", "a:b", "a/b", "\u{e9}", "a+b", &"a".repeat(101), &"a".repeat(32), &"A0".repeat(16)]
        {
            assert!(!id(wrong), "{wrong}");
        }
        assert_eq!(given_client_id(&members(json!({}))), Ok(None));
    }

    #[test]
    fn a_given_secret_is_long_and_of_any_letters() {
        let secret = |secret: &str| given_secret(&members(json!({ "client_secret": secret }))).is_ok();
        assert!(secret(&"\u{e9}".repeat(32)) && secret(&"a b%:\"\\".repeat(8)) && secret(&"a".repeat(1_024)));
        assert!(!secret(&"a".repeat(31)) && !secret(&"a".repeat(1_025)) && !secret(&"a\0".repeat(32)));
        let fault = given_secret(&members(json!({ "client_secret": [1, 2] }))).unwrap_err();
        assert_eq!((fault.member, &*fault.text), ("client_secret", "must be a text"));
    }
}
