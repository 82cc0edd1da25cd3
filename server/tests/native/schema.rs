//! Values held against the schemas of the description: as much of JSON Schema as is used there. A keyword that is not
//! known here is an error, so none is passed over.

use serde_json::Value;

/// What is wrong with this value by this schema; `{{name}}` in a recorded answer stands for any text.
pub(crate) fn check(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else { return Err(format!("{at}: {schema} is no schema")) };
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "description" | "format" => true,
            "$ref" => return check(document, resolve(document, rule)?, value, at),
            "oneOf" => one_of(document, rule, value, at)?,
            "type" => is_of(rule, value),
            "const" => value == rule,
            "enum" => list(rule).contains(value),
            "properties" => members(document, rule, value, at)?,
            "required" => {
                list(rule).iter().all(|name| value.get(name.as_str().unwrap_or_default()).is_some())
            }
            "additionalProperties" => rule == false && all_known(keywords, value),
            "items" => elements(document, rule, value, at)?,
            "maximum" => value.as_f64().is_none_or(|number| Some(number) <= rule.as_f64()),
            "x-maxBytes" => bytes(value).is_none_or(|bytes| Some(bytes) <= rule.as_u64()),
            "minimum" => value.as_f64().is_none_or(|number| Some(number) >= rule.as_f64()),
            "minLength" => length(value).is_none_or(|length| Some(length) >= rule.as_u64()),
            "maxLength" => length(value).is_none_or(|length| Some(length) <= rule.as_u64()),
            "maxItems" => value.as_array().is_none_or(|all| Some(all.len() as u64) <= rule.as_u64()),
            "pattern" => value.as_str().is_none_or(|text| fits(rule, text)),
            _ => return Err(format!("{at}: {keyword} is not known here")),
        };
        if !holds {
            return Err(format!("{at}: {value} is not as {keyword} says: {rule}"));
        }
    }
    Ok(())
}

/// What a reference points at.
pub(crate) fn resolve<'a>(document: &'a Value, reference: &Value) -> Result<&'a Value, String> {
    let path = reference.as_str().and_then(|text| text.strip_prefix('#'));
    path.and_then(|path| document.pointer(path)).ok_or_else(|| format!("{reference} points nowhere"))
}

fn one_of(document: &Value, rule: &Value, value: &Value, at: &str) -> Result<bool, String> {
    let results: Vec<_> = list(rule).iter().map(|schema| check(document, schema, value, at)).collect();
    match results.iter().filter(|result| result.is_ok()).count() {
        1 => Ok(true),
        0 => Err(results.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("; or ")),
        _ => Err(format!("{at}: {value} fits several of {rule}")),
    }
}

fn is_of(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    rule.as_str().map_or_else(|| list(rule).iter().filter_map(Value::as_str).any(is), is)
}

fn members(document: &Value, rule: &Value, value: &Value, at: &str) -> Result<bool, String> {
    for (name, schema) in rule.as_object().into_iter().flatten() {
        if let Some(member) = value.get(name) {
            check(document, schema, member, &format!("{at}.{name}"))?;
        }
    }
    Ok(true)
}

fn elements(document: &Value, rule: &Value, value: &Value, at: &str) -> Result<bool, String> {
    for (number, element) in list(value).iter().enumerate() {
        check(document, rule, element, &format!("{at}[{number}]"))?;
    }
    Ok(true)
}

fn all_known(keywords: &serde_json::Map<String, Value>, value: &Value) -> bool {
    let known = keywords.get("properties").and_then(Value::as_object);
    let mut names = value.as_object().into_iter().flat_map(|object| object.keys());
    names.all(|name| known.is_some_and(|known| known.contains_key(name)))
}

fn fits(pattern: &Value, text: &str) -> bool {
    let hex = |text: &str| {
        text.starts_with("{{")
            || text.len() == 32 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
    };
    match pattern.as_str() {
        Some("^[0-9a-f]{32}$") => hex(text),
        Some("^[0-9a-f]{32}\\.[0-9]+$") => {
            text.starts_with("{{")
                || text.split_once('.').is_some_and(|(life, stamp)| hex(life) && stamp.parse::<u64>().is_ok())
        }
        Some("^[a-z0-9/-]+$") => text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/-".contains(&byte)),
        _ => false,
    }
}

/// The length of a text, or of an object in JSON.
fn bytes(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => Some(text.len() as u64),
        Value::Object(_) => Some(value.to_string().len() as u64),
        _ => None,
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn what_does_not_fit_is_found() {
    let document = serde_json::json!({ "id": { "type": "string", "pattern": "^[0-9a-f]{32}$" } });
    let schema = serde_json::json!({
        "type": "object",
        "properties": { "a": { "oneOf": [{ "$ref": "#/id" }, { "type": "null" }] }, "b": { "minimum": 1 } },
        "required": ["a"],
        "additionalProperties": false,
    });
    let fits = |value: Value| check(&document, &schema, &value, "it").is_ok();
    assert!(fits(serde_json::json!({ "a": null, "b": 1 })));
    assert!(fits(serde_json::json!({ "a": "00000000000000000000000000000000" })));
    assert!(!fits(serde_json::json!({ "b": 1 })));
    assert!(!fits(serde_json::json!({ "a": "0" })));
    assert!(!fits(serde_json::json!({ "a": null, "b": 0 })));
    assert!(!fits(serde_json::json!({ "a": null, "c": 0 })));
    assert!(check(&document, &serde_json::json!({ "if": true }), &Value::Null, "it").is_err());
}
