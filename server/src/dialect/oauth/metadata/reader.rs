//! Reads the members of a registration, and collects their faults.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fault::{MetadataFault, MetadataFaults};
use super::origin::is_origin;
use super::words::{AuthMethod, GrantType};
use super::{LIST_MAX, Metadata};
use crate::dialect::oauth::client_type::ClientType;
use crate::dialect::oauth::redirect_uri::RedirectUri;
use crate::dialect::oauth::resource::Resource;
use crate::dialect::oauth::scope::{ConfiguredScopes, Scopes};
use crate::time::GivenSecs;

/// The only `response_types` of a client with the grant `authorization_code`.
const CODE: &str = "code";

pub(super) struct Reader<'a> {
    given: &'a Map<String, Value>,
    faults: Vec<MetadataFault>,
}

/// What a registration says of a member.
enum Said<T> {
    /// Nothing, or what cannot be used: its fault is noted.
    Nothing,
    /// `null`: the default.
    Usual,
    Value(T),
}

impl<T> Said<T> {
    fn or(self, kept: T, usual: T) -> T {
        match self {
            Self::Nothing => kept,
            Self::Usual => usual,
            Self::Value(value) => value,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(given: &'a Map<String, Value>) -> Self {
        Self { given, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, member: &'static str, text: impl Into<String>) {
        self.faults.push(MetadataFault::new(member, text));
    }

    /// A rule that concerns several members. What is at fault already is not reported again.
    pub(super) fn rule(&mut self, member: &'static str, text: &str) {
        if !self.faults.iter().any(|fault| fault.member == member) {
            self.fault(member, text);
        }
    }

    pub(super) fn finish(self, metadata: Metadata) -> Result<Metadata, MetadataFaults> {
        MetadataFaults::of(self.faults).map_or(Ok(metadata), Err)
    }

    pub(super) fn method(&mut self, kept: AuthMethod) -> AuthMethod {
        let rule = "must be client_secret_basic, client_secret_post or none";
        self.read("token_endpoint_auth_method", rule).or(kept, AuthMethod::ClientSecretBasic)
    }

    pub(super) fn flag(&mut self, member: &'static str, kept: bool, usual: bool) -> bool {
        self.read(member, "must be true or false").or(kept, usual)
    }

    pub(super) fn word<T: DeserializeOwned>(&mut self, member: &'static str, kept: T, usual: T) -> T {
        self.read(member, "must be always, once or never").or(kept, usual)
    }

    pub(super) fn secs(
        &mut self,
        member: &'static str,
        kept: u32,
        usual: u32,
        bounds: RangeInclusive<u32>,
    ) -> u32 {
        let rule = format!("must be a number of seconds from {} to {}", bounds.start(), bounds.end());
        let given = match self.read::<GivenSecs>(member, &rule) {
            Said::Value(given) => given,
            said => return if matches!(said, Said::Usual) { usual } else { kept },
        };
        match given.read(member) {
            Ok(secs) if bounds.contains(&secs) => secs,
            _ => {
                self.fault(member, rule);
                kept
            }
        }
    }

    pub(super) fn redirect_uris(
        &mut self,
        kept: Vec<RedirectUri>,
        client_type: ClientType,
    ) -> Vec<RedirectUri> {
        self.list("redirect_uris", |text| {
            RedirectUri::register(text, client_type).map_err(|fault| fault.text())
        })
        .or(kept, Vec::new())
    }

    pub(super) fn allowed_resources(&mut self, kept: Vec<Resource>) -> Vec<Resource> {
        let read = |text: &str| Resource::parse(text).map_err(|fault| fault.text());
        self.list("allowed_resources", read).or(kept, Vec::new())
    }

    pub(super) fn allowed_origins(&mut self, kept: Option<Vec<String>>) -> Option<Vec<String>> {
        let rule = "an origin is http(s)://host or http(s)://host:port";
        let read = |text: &str| is_origin(text).then(|| text.to_owned()).ok_or(rule);
        match self.list("allowed_origins", read) {
            Said::Nothing => kept,
            Said::Usual => None,
            Said::Value(origins) => Some(origins),
        }
    }

    pub(super) fn grant_types(
        &mut self,
        kept: BTreeSet<GrantType>,
        usual: BTreeSet<GrantType>,
    ) -> BTreeSet<GrantType> {
        let rule = "must be authorization_code, refresh_token or client_credentials";
        let read = |text: &str| GrantType::named(text).ok_or(rule);
        match self.list("grant_types", read) {
            Said::Nothing => kept,
            Said::Usual => usual,
            Said::Value(grants) if grants.is_empty() => {
                self.rule("grant_types", "a client needs at least one grant");
                kept
            }
            Said::Value(grants) => grants.into_iter().collect(),
        }
    }

    /// They follow from the grants: whoever gives them must give the same (DCR-04).
    pub(super) fn response_types(&mut self, metadata: &Metadata) {
        let Said::Value(given) = self.list("response_types", |text| Ok(text.to_owned())) else { return };
        let code = metadata.may(GrantType::AuthorizationCode);
        if given.iter().any(|word| word != CODE) || given.is_empty() == code {
            let rule = "must be [\"code\"] with the grant authorization_code, and [] without";
            self.rule("response_types", rule);
        }
    }

    pub(super) fn scope(&mut self, kept: Option<Scopes>, configured: &ConfiguredScopes) -> Option<Scopes> {
        let text = match self.text("scope") {
            Said::Nothing => return kept,
            Said::Usual => return None,
            Said::Value(text) => text,
        };
        let scopes = match Scopes::parse(&text) {
            Ok(scopes) => scopes,
            Err(fault) => {
                self.fault("scope", fault.text());
                return kept;
            }
        };
        if let Some(unknown) = scopes.iter().find(|name| configured.text(name).is_none()) {
            self.fault("scope", format!("{unknown} is not configured; there are: {}", configured.scopes()));
        }
        Some(scopes)
    }

    pub(super) fn resource(&mut self, kept: Option<Resource>) -> Option<Resource> {
        match self.text("resource") {
            Said::Nothing => kept,
            Said::Usual => None,
            Said::Value(text) => match Resource::parse(&text) {
                Ok(resource) => Some(resource),
                Err(fault) => {
                    self.fault("resource", fault.text());
                    kept
                }
            },
        }
    }

    fn text(&mut self, member: &'static str) -> Said<String> {
        self.read(member, "must be a text")
    }

    /// A list of texts, each read by itself, without repetition.
    fn list<T: PartialEq>(
        &mut self,
        member: &'static str,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Said<Vec<T>> {
        let texts: Vec<String> = match self.read(member, "must be a list of texts") {
            Said::Nothing => return Said::Nothing,
            Said::Usual => return Said::Usual,
            Said::Value(texts) => texts,
        };
        if texts.len() > LIST_MAX {
            self.fault(member, format!("there are at most {LIST_MAX}"));
            return Said::Nothing;
        }
        let mut values = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            match read(text) {
                Ok(value) if values.contains(&value) => {}
                Ok(value) => values.push(value),
                Err(rule) => {
                    self.faults.push(MetadataFault { member, place: Some(place), text: rule.to_owned() });
                }
            }
        }
        Said::Value(values)
    }

    /// A member of this type. The value is not quoted in the fault: it may be a secret in the wrong place.
    fn read<T: DeserializeOwned>(&mut self, member: &'static str, rule: &str) -> Said<T> {
        match self.given.get(member) {
            None => Said::Nothing,
            Some(Value::Null) => Said::Usual,
            Some(value) => T::deserialize(value).map_or_else(
                |_| {
                    self.fault(member, rule);
                    Said::Nothing
                },
                Said::Value,
            ),
        }
    }
}
