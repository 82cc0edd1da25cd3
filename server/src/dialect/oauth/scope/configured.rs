//! The scopes of the server, with the text that people see when an application asks for them.

use std::collections::BTreeMap;

use super::{OFFLINE_ACCESS, SCOPES_MAX, ScopeFault, Scopes, scope};

/// The longest text of a scope, in characters.
const TEXT_CHARS_MAX: usize = 200;
/// What people read for `offline_access`.
const OFFLINE_TEXT: &str = "Stay signed in for you when you have logged out or closed the browser";

/// The scopes of the server by name, `offline_access` among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredScopes(BTreeMap<Box<str>, String>);

/// What is wrong with the configured scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfiguredFault {
    /// The name of a scope, and the rule that it breaks.
    Name(String, ScopeFault),
    /// `offline_access` is built in.
    BuiltIn,
    /// The text of this scope is empty, longer than 200 characters, or has control characters.
    Text(String),
}

impl ConfiguredScopes {
    /// Validates the scopes of a configuration.
    ///
    /// # Errors
    /// The first fault.
    pub fn new<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConfiguredFault> {
        let mut all = BTreeMap::from([(Box::from(OFFLINE_ACCESS), OFFLINE_TEXT.to_owned())]);
        for (name, text) in texts {
            scope(name).map_err(|fault| ConfiguredFault::Name(name.to_owned(), fault))?;
            if name == OFFLINE_ACCESS {
                return Err(ConfiguredFault::BuiltIn);
            }
            let chars = text.chars().count();
            if text.trim().is_empty() || chars > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
                return Err(ConfiguredFault::Text(name.to_owned()));
            }
            all.insert(Box::from(name), text.to_owned());
            if all.len() > SCOPES_MAX {
                return Err(ConfiguredFault::Name(name.to_owned(), ScopeFault::TooMany));
            }
        }
        Ok(Self(all))
    }

    /// All scopes.
    pub fn scopes(&self) -> Scopes {
        Scopes(self.0.keys().cloned().collect())
    }

    /// The scopes of a client that is registered without any: all but `offline_access`.
    pub fn usual(&self) -> Scopes {
        self.scopes().without(OFFLINE_ACCESS)
    }

    /// What people read for a scope.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl ConfiguredFault {
    /// What is wrong, for the person who wrote the configuration.
    pub fn text(&self) -> String {
        match self {
            Self::Name(name, fault) => format!("the scope {name:?} cannot be: {}", fault.text()),
            Self::BuiltIn => format!("the scope {OFFLINE_ACCESS} is built in: leave it out"),
            Self::Text(name) => {
                format!(
                    "the text of the scope {name} has 1 to {TEXT_CHARS_MAX} characters, none of them a control character"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offline_access_is_built_in_and_not_usual() {
        let none = ConfiguredScopes::new([]).unwrap();
        assert_eq!(none.scopes().to_string(), "offline_access");
        assert!(none.usual().is_empty());
        let some = ConfiguredScopes::new([("read", "Read"), ("write", "Write")]).unwrap();
        assert_eq!(some.scopes().to_string(), "offline_access read write");
        assert_eq!(some.usual().to_string(), "read write");
        assert_eq!((some.text("read"), some.text("else")), (Some("Read"), None));
        assert!(some.text(OFFLINE_ACCESS).is_some());
    }

    #[test]
    fn faults_of_a_configuration_name_the_scope() {
        let fault = |name: &str, text: &str| ConfiguredScopes::new([(name, text)]).unwrap_err();
        assert_eq!(fault("a b", "x"), ConfiguredFault::Name("a b".to_owned(), ScopeFault::Character));
        assert_eq!(fault("", "x"), ConfiguredFault::Name(String::new(), ScopeFault::Spaces));
        assert_eq!(fault(OFFLINE_ACCESS, "x"), ConfiguredFault::BuiltIn);
        for text in ["", " ", "a\nb", &"x".repeat(201)] {
            assert_eq!(fault("a", text), ConfiguredFault::Text("a".to_owned()));
        }
        assert!(ConfiguredScopes::new([("a", &*"é".repeat(200))]).is_ok());
        assert!(fault("a b", "x").text().contains("\"a b\""));
    }

    #[test]
    fn there_is_an_end_to_them() {
        let names: Vec<String> = (0..SCOPES_MAX).map(|number| number.to_string()).collect();
        let of = |count: usize| ConfiguredScopes::new(names[..count].iter().map(|name| (&**name, "x")));
        assert!(of(SCOPES_MAX - 1).is_ok());
        assert!(of(SCOPES_MAX).is_err());
    }
}
