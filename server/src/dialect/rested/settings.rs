//! The settings of a project: its key, which pages may call it, and its endpoints.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::authority::client::settings::{ClientSettings, Members};
use crate::authority::{Mint, Settings};
use crate::error::{Error, Result};

/// A project's key is public: a new one would end no sessions, so it has no secret.
pub(super) const SETTINGS: ClientSettings = ClientSettings {
    members: &["key", "allowed_origins", "any_origin", "require_origin", "endpoints"],
    check_type,
    validate,
    show,
    new_secret: |_, _| Ok(None),
};

/// The largest number of origins of a project.
const ORIGINS_MAX: usize = 100;
/// The largest number of endpoints of a project.
const ENDPOINTS_MAX: usize = 100;

/// What a project has, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename = "project")]
pub struct Project {
    /// The public key, 32 hexadecimal digits, unique among all clients.
    pub key: String,
    /// The allowed origins of web pages.
    pub allowed_origins: Vec<String>,
    /// Web pages of any named origin may call.
    #[serde(default)]
    pub any_origin: bool,
    /// A call without an origin is refused.
    pub require_origin: bool,
    /// The named endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// A named authentication endpoint of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// 5 to 254 of lower-case letters, digits, `-` and `/`.
    pub name: String,
    /// A token is required.
    #[serde(default = "yes")]
    pub secure: bool,
    /// New users may register here.
    #[serde(default = "yes")]
    pub registration: bool,
}

/// The members of a create or change.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ProjectOptions {
    key: Option<String>,
    allowed_origins: Option<Vec<String>>,
    any_origin: Option<bool>,
    require_origin: Option<bool>,
    endpoints: Option<Vec<Endpoint>>,
}

impl Project {
    /// The settings to store.
    ///
    /// # Errors
    /// `Malformed(member)`.
    pub fn settings(&self) -> Result<Settings> {
        let is_digit = |byte: u8| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase();
        if self.key.len() != 32 || !self.key.bytes().all(is_digit) {
            return Err(Error::malformed(
                "key",
                "this is not the key of a project; expected 32 lower-case hexadecimal digits",
            ));
        }
        if self.allowed_origins.len() > ORIGINS_MAX || !self.allowed_origins.iter().all(|it| is_origin(it)) {
            let rule = format!(
                "an entry is not an origin, or there are too many; expected at most {ORIGINS_MAX} of the form \
                 http(s)://host or http(s)://host:port"
            );
            return Err(Error::malformed("allowed_origins", rule));
        }
        if self.any_origin && !self.allowed_origins.is_empty() {
            let rule = "any_origin and allowed_origins are both set; set allowed_origins to let these origins \
                        call, or any_origin to let all call";
            return Err(Error::malformed("any_origin", rule));
        }
        if self.endpoints.len() > ENDPOINTS_MAX || !self.endpoints.iter().all(|it| is_endpoint(&it.name)) {
            return Err(Error::malformed(
                "endpoints",
                format!(
                    "an endpoint has a wrong name, or there are too many; expected at most {ENDPOINTS_MAX} names \
                     of 5 to 254 of a-z, 0-9, - and /, without - or / at the ends and without --"
                ),
            ));
        }
        Settings::of(self, Some(self.key.clone()))
    }

    fn fresh(key: String) -> Self {
        let (allowed_origins, endpoints) = (Vec::new(), Vec::new());
        Self { key, allowed_origins, any_origin: false, require_origin: false, endpoints }
    }

    fn with(self, given: ProjectOptions) -> Self {
        // `any_origin` and `allowed_origins` replace each other, so that a given list restricts a project that was open
        // to all.
        let origins = if given.any_origin == Some(true) { Vec::new() } else { self.allowed_origins };
        let any_origin = self.any_origin && given.allowed_origins.is_none();
        Self {
            key: given.key.unwrap_or(self.key),
            allowed_origins: given.allowed_origins.unwrap_or(origins),
            any_origin: given.any_origin.unwrap_or(any_origin),
            require_origin: given.require_origin.unwrap_or(self.require_origin),
            endpoints: given.endpoints.unwrap_or(self.endpoints),
        }
    }
}

fn check_type(member: &str, json: &str) -> serde_json::Result<()> {
    match member {
        "key" => serde_json::from_str::<Option<String>>(json).map(drop),
        "allowed_origins" => serde_json::from_str::<Option<Vec<String>>>(json).map(drop),
        "endpoints" => serde_json::from_str::<Option<Vec<Endpoint>>>(json).map(drop),
        _ => serde_json::from_str::<Option<bool>>(json).map(drop),
    }
}

fn validate(mint: &Mint, before: Option<&Settings>, given: Members) -> Result<Settings> {
    let given: ProjectOptions = serde_json::from_value(Value::Object(given)).map_err(Error::internal)?;
    let before = before.and_then(|settings| settings.read::<Project>().cloned());
    before.unwrap_or_else(|| Project::fresh(mint.client_id().to_string())).with(given).settings()
}

fn show(settings: &Settings) -> Members {
    let Some(project) = settings.read::<Project>() else { return Members::new() };
    Members::from_iter([
        ("key".to_owned(), json!(project.key)),
        ("allowed_origins".to_owned(), json!(project.allowed_origins)),
        ("any_origin".to_owned(), json!(project.any_origin)),
        ("require_origin".to_owned(), json!(project.require_origin)),
        ("endpoints".to_owned(), json!(project.endpoints)),
    ])
}

const fn yes() -> bool {
    true
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@\\".contains(&b))
    })
}

fn is_endpoint(name: &str) -> bool {
    (5..=254).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'/')
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['-', '/'])
        && !name.contains("--")
        && !name.contains("//")
}
