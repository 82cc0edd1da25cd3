//! Reads the configuration: the file, then `EXEUNT_…` variables, which override it. The command line overrides both.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::{Spanned, Table, Value};

use super::{Config, DialectConfig};
use crate::error::{Error, Result};
use crate::mismatch::Words;

/// The prefix of all variables.
pub const PREFIX: &str = "EXEUNT_";
/// Variables that are not settings: the administrators' keys, and those that the command line reads.
const OTHERS: &[&str] = &["EXEUNT_ADMIN_KEY", "EXEUNT_CONFIG", "EXEUNT_URL"];
/// The largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A configuration, and warnings about what was ignored.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// One for each variable that names no setting.
    pub warnings: Vec<String>,
}

/// Reads the file, if there is one, and overrides it with the variables. `EXEUNT_LIMITS__BODY_BYTES` is `body_bytes` in
/// `[limits]`; a value that does not parse as TOML is taken as text. `dialects` are the names of all dialects.
///
/// # Errors
/// `Malformed("config")`: the file cannot be read; a key or a dialect in it is unknown, with line and column; a value
/// has the wrong type.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
    dialects: &[&str],
) -> Result<Loaded> {
    let text = file.map_or_else(|| Ok(String::new()), read)?;
    // The file is checked before the variables are applied, so that errors in it have a line and a column.
    toml::from_str::<Config>(&text).map_err(|error| refused(file, &text, &error))?;
    dialects_must_be_known(file, &text, dialects)?;
    let mut table: Table = text.parse().map_err(|error| refused(file, &text, &error))?;
    let mut warnings = Vec::new();
    let mut variables: Vec<_> = variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    variables.sort();
    for (name, text) in variables {
        if OTHERS.contains(&name.as_str()) {
            continue;
        }
        let path = name[PREFIX.len()..].to_ascii_lowercase();
        if !names_a_setting(&path, dialects)? {
            // It may belong to another program.
            warnings.push(format!("{name} is not a setting; it is ignored"));
            continue;
        }
        lay(&mut table, &path, value(&text));
        let laid = Table::try_into::<Config>(table.clone());
        laid.map_err(|error| Error::malformed("config", format!("{name}: {}", said(&error))))?;
    }
    let config = table.try_into().map_err(|error| refused(file, "", &error))?;
    Ok(Loaded { config, warnings })
}

/// Refuses unknown dialects in the file: `Config` accepts any name, since it does not know the dialects.
fn dialects_must_be_known(file: Option<&Path>, text: &str, known: &[&str]) -> Result<()> {
    #[derive(Deserialize)]
    struct Names {
        #[serde(default)]
        dialects: BTreeMap<Spanned<String>, IgnoredAny>,
    }
    let names: Names = toml::from_str(text).map_err(|error| refused(file, text, &error))?;
    let mut unknown: Vec<_> =
        names.dialects.into_keys().filter(|name| !known.contains(&name.as_ref().as_str())).collect();
    unknown.sort_by_key(|name| name.span().start);
    let Some(first) = unknown.first() else { return Ok(()) };
    let (place, name) = (place(text, first.span().start), first.as_ref());
    Err(malformed(file, &format!("{place}: unknown dialect `{name}`, expected one of {}", known.join(", "))))
}

/// The line and column of a byte in the text.
fn place(text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!("line {line}, column {column}")
}

/// Whether a setting has this path.
fn names_a_setting(path: &str, dialects: &[&str]) -> Result<bool> {
    let mut options = serde_json::to_value(Config::default()).map_err(Error::internal)?;
    let each = serde_json::to_value(DialectConfig::default()).map_err(Error::internal)?;
    for name in dialects {
        options["dialects"][name] = each.clone();
    }
    Ok(path.split("__").try_fold(&options, |options, name| options.get(name)).is_some())
}

fn read(file: &Path) -> Result<String> {
    let about = |what: String| Error::malformed("config", format!("{}: {what}", file.display()));
    let length = std::fs::metadata(file).map_err(|error| about(error.to_string()))?.len();
    if length > FILE_BYTES_MAX {
        return Err(about(format!("the file is larger than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(file).map_err(|error| about(error.to_string()))
}

fn value(text: &str) -> Value {
    format!("it = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("it"))
        .unwrap_or_else(|| text.into())
}

fn lay(table: &mut Table, path: &str, value: Value) {
    match path.split_once("__") {
        None => drop(table.insert(path.to_owned(), value)),
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            match inner {
                Value::Table(inner) => lay(inner, rest, value),
                other => *other = value,
            }
        }
    }
}

/// What is wrong, without the names that types have in Rust.
fn said(error: &toml::de::Error) -> String {
    let words = Words { map: "a table", shows_values: true };
    let message = error.message().trim_end().replace('\n', "; ");
    words.say(&message).unwrap_or(message)
}

/// In one line: a terminal is not to be steered by what is printed, so it would be shown no other.
fn refused(file: Option<&Path>, text: &str, error: &toml::de::Error) -> Error {
    let what = said(error);
    let Some(start) = error.span().map(|span| span.start).filter(|_| !text.is_empty()) else {
        return malformed(file, &what);
    };
    let before = text.get(..start).unwrap_or(text);
    let line = text.lines().nth(before.matches('\n').count()).unwrap_or_default().trim();
    malformed(file, &format!("{}: {what}, in `{line}`", place(text, start)))
}

fn malformed(file: Option<&Path>, text: &str) -> Error {
    let name = file.map_or_else(|| "configuration".to_owned(), |file| file.display().to_string());
    Error::malformed("config", format!("{name}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Loaded> {
        load(None, variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())), &["rested"])
    }

    #[test]
    fn variables_reach_into_sections() {
        let config = with(&[
            ("EXEUNT_LISTEN", "127.0.0.1:1"),
            ("EXEUNT_LIMITS__BODY_BYTES", "10"),
            ("EXEUNT_DIALECTS__RESTED__ENABLED", "false"),
            ("EXEUNT_TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
        ]);
        let config = config.unwrap().config;
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.limits.body_bytes, 10);
        assert!(!config.dialect("rested").enabled);
        assert_eq!(config.trusted_proxies.len(), 1);
    }

    #[test]
    fn an_unknown_variable_is_a_warning_and_a_wrong_value_an_error() {
        for name in [
            "EXEUNT_NONSENSE",
            "EXEUNT_LIMITS__NONSENSE",
            "EXEUNT_LISTEN__NONSENSE",
            "EXEUNT_DIALECTS__TYPO",
            "EXEUNT_DIALECTS__TYPO__ENABLED",
            "EXEUNT_DIALECTS__RESTED__TYPO",
            "EXEUNT_",
        ] {
            let loaded = with(&[(name, "1")]).unwrap();
            assert_eq!(loaded.warnings, [format!("{name} is not a setting; it is ignored")]);
            assert_eq!(loaded.config, Config::default());
        }
        let error = with(&[("EXEUNT_LIMITS__BODY_BYTES", "much")]).unwrap_err();
        assert_eq!(
            error.public(),
            "EXEUNT_LIMITS__BODY_BYTES: found the string \"much\", expected a whole number that is not \
             negative"
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_line_and_column() {
        let text = "listen = \"127.0.0.1:1\"\nlisen = 2\n";
        let error = refused(None, text, &toml::from_str::<Config>(text).unwrap_err());
        let said = "configuration: line 2, column 1: unknown field `lisen`, expected one of ";
        let public = error.public();
        assert!(public.starts_with(said) && public.ends_with(", in `lisen = 2`"), "{error}");
        assert!(!public.contains('\n'), "{error}");
    }

    #[test]
    fn the_printed_defaults_read_back_as_the_defaults() {
        let printed = toml::to_string(&Config::default()).unwrap();
        assert_eq!(toml::from_str::<Config>(&printed).unwrap(), Config::default());
    }
}
