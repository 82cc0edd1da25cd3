//! One word means one thing: names that are defined once, and names that were given up for the field's own.

use std::collections::BTreeMap;

use crate::refuse;
use crate::source;

/// Names that had several meanings, or would be easy to reuse. Each is defined in one place.
const ONCE: [&str; 24] = [
    "Acknowledgement",
    "ActiveSession",
    "Argon2Blocks",
    "Authority",
    "CachedSession",
    "CallKind",
    "Counters",
    "DeadReason",
    "DialectName",
    "EnabledDialect",
    "IssueRequest",
    "LegacyUsage",
    "LingeringClose",
    "LogFields",
    "Mark",
    "Request",
    "RequestBody",
    "RequestHead",
    "Response",
    "ResponseFuture",
    "SessionCache",
    "Stamp",
    "Unavailability",
    "WriteTimeout",
];

/// Names that were given up, and what stands in their place.
const GIVEN_UP: [(&str, &str); 25] = [
    ("Arrival", "RequestParts"),
    ("Asked", "Responder, or the parsed call"),
    ("Cause", "DeadReason"),
    ("Confirmed", "Acknowledgement"),
    ("Desk", "Context"),
    ("Door", "DialectName"),
    ("Ending", "Expiry, or LogoutTarget"),
    ("Entrance", "Inbound, or PathPrefix"),
    ("Exchange", "Request"),
    ("Given", "ClientOptions"),
    ("Kept", "SessionsAfterReset"),
    ("Lingering", "LingeringClose"),
    ("Noted", "LogFields"),
    ("Outage", "Unavailability"),
    ("Parts", "AppParts, or RequestFields"),
    ("Patient", "WriteTimeout"),
    ("Question", "GatePath"),
    ("Slide", "Touch"),
    ("Sort", "CallKind"),
    ("Spoken", "EnabledDialect"),
    ("Standing", "ActiveSession"),
    ("Told", "ReportedCall"),
    ("Usages", "LegacyUsage"),
    ("Visit", "ProjectCall"),
    ("Voucher", "IssueRequest"),
];

#[test]
fn a_name_on_the_list_is_defined_once() {
    let defined = defined();
    let offences: Vec<String> = ONCE
        .iter()
        .map(|name| (name, defined.get(*name).cloned().unwrap_or_default()))
        .filter(|(_, places)| places.len() != 1)
        .map(|(name, places)| format!("{name}: defined in {} places: {}", places.len(), places.join(", ")))
        .collect();
    refuse(&offences, "give the other thing its own name, the field's term for it");
}

#[test]
fn a_name_that_was_given_up_does_not_come_back() {
    let defined = defined();
    // A few rooms use one of these words for a thing of their own.
    let own = |name: &str, place: &str| match name {
        "Entrance" => place.starts_with("server/src/dialect/runsignup/"),
        "Question" => place == "server/src/store/sqlite/reader.rs",
        "Confirmed" => {
            place.starts_with("server/src/cli/") || place.starts_with("server/src/dialect/native/")
        }
        _ => false,
    };
    let mut offences = Vec::new();
    for (name, instead) in GIVEN_UP {
        let places = defined.get(name).into_iter().flatten().filter(|place| !own(name, place));
        offences.extend(places.map(|place| format!("{place}: {name}; say {instead}")));
    }
    refuse(&offences, "one word means one thing, and one thing has one word");
}

/// Where each type of the product is defined.
fn defined() -> BTreeMap<String, Vec<String>> {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in source::product() {
        for line in source.code.lines() {
            let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
            if !matches!(words.next(), Some("struct" | "enum" | "trait" | "type")) {
                continue;
            }
            let name: String =
                words.next().unwrap_or_default().chars().take_while(|c| c.is_alphanumeric()).collect();
            defined.entry(name).or_default().push(source.path.clone());
        }
    }
    defined
}
