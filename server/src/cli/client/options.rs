//! The options of a client, for `add` and `change`.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::time::duration;

#[derive(Args)]
pub(super) struct ClientOptions {
    /// Seconds after which an unused session expires; 0 for no limit
    #[arg(long, value_name = "SECS", value_parser = duration)]
    idle_secs: Option<u32>,
    /// Seconds after which a session expires in any case; 0 for no limit
    #[arg(long, value_name = "SECS", value_parser = duration)]
    absolute_secs: Option<u32>,
    /// The most sessions a user may have alive with this client, up to 10000
    #[arg(long, value_name = "COUNT")]
    max_sessions: Option<u32>,
    /// rested: the public key, 32 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
    /// rested: an origin whose web pages may call; repeat for several; without one, no web page may
    #[arg(long, value_name = "ORIGIN")]
    allowed_origin: Vec<String>,
    /// rested: any web page may call, and read its visitors' data; instead of --allowed-origin
    #[arg(long, conflicts_with = "allowed_origin")]
    any_origin: bool,
    /// rested: refuse calls without an origin
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_origin: Option<bool>,
    /// rested: an endpoint: NAME, optionally followed by ,secure and ,registration; repeat for several
    #[arg(long, value_name = "ENDPOINT", value_parser = endpoint)]
    endpoint: Vec<Value>,
}

impl ClientOptions {
    /// The options as JSON members of the native interface.
    pub(super) fn members(self) -> Map<String, Value> {
        let numbers = [
            ("idle_secs", self.idle_secs),
            ("absolute_secs", self.absolute_secs),
            ("max_sessions", self.max_sessions),
        ];
        let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?.into())));
        let origins = (!self.allowed_origin.is_empty()).then(|| self.allowed_origin.into());
        let others = [
            ("key", self.key.map(Value::String)),
            ("allowed_origins", origins),
            ("any_origin", self.any_origin.then_some(Value::Bool(true))),
            ("require_origin", self.require_origin.map(Value::Bool)),
            ("endpoints", (!self.endpoint.is_empty()).then_some(Value::Array(self.endpoint))),
        ];
        let others = others.into_iter().filter_map(|(name, value)| Some((name, value?)));
        numbers.chain(others).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The allowed origins of a client in words; empty if its dialect has none.
pub(super) fn origins(client: &Value) -> String {
    match client["allowed_origins"].as_array() {
        Some(_) if client["any_origin"] == true => "any".to_owned(),
        Some(origins) if origins.is_empty() => "none".to_owned(),
        Some(origins) => joined(origins.iter().filter_map(Value::as_str)),
        None => String::new(),
    }
}

/// The endpoints of a client, in the form of `--endpoint`.
pub(super) fn endpoints(client: &Value) -> String {
    let all = client["endpoints"].as_array().into_iter().flatten();
    let told = all.map(|endpoint| {
        let name = endpoint["name"].as_str().unwrap_or_default().to_owned();
        let traits = ["secure", "registration"].into_iter().filter(|it| endpoint[it] == true);
        traits.fold(name, |told, it| format!("{told},{it}"))
    });
    let told: Vec<_> = told.collect();
    joined(told.iter().map(String::as_str))
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

fn endpoint(text: &str) -> Result<Value, String> {
    let mut parts = text.split(',');
    let name = parts.next().unwrap_or_default();
    let (mut secure, mut registration) = (false, false);
    for part in parts {
        match part {
            "secure" => secure = true,
            "registration" => registration = true,
            other => {
                return Err(format!("unknown word {other} for an endpoint; expected secure or registration"));
            }
        }
    }
    Ok(json!({ "name": name, "secure": secure, "registration": registration }))
}
