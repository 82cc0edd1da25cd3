//! Members of which each value is a word.

use serde::{Deserialize, Serialize};

use crate::dialect::oauth::client_type::ClientType;

/// How a client authenticates (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: it says its name, and has no secret.
    None,
    /// Its secret is in the `Authorization` header.
    ClientSecretBasic,
    /// Its secret is in the body.
    ClientSecretPost,
}

/// What a client presents for a token (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
    /// Nothing but its own credentials.
    ClientCredentials,
}

/// When people are asked whether a client may have what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// Each time.
    Always,
    /// The first time, and when it asks for more.
    Once,
    /// Never: it is the operator's own application.
    Never,
}

impl AuthMethod {
    /// Every method, as discovery lists them.
    pub const ALL: [Self; 3] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    /// The type of the clients that use it.
    pub const fn client_type(self) -> ClientType {
        match self {
            Self::None => ClientType::Public,
            Self::ClientSecretBasic | Self::ClientSecretPost => ClientType::Confidential,
        }
    }

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

impl GrantType {
    /// Every grant type.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// The grant type of the `grant_type` parameter.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.word() == word)
    }

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

impl ConsentRule {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Once => "once",
            Self::Never => "never",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::to_value;

    use super::*;

    #[test]
    fn a_word_is_stored_as_it_is_written() {
        for method in AuthMethod::ALL {
            assert_eq!(to_value(method).unwrap(), method.word());
        }
        for grant in GrantType::ALL {
            assert_eq!(to_value(grant).unwrap(), grant.word());
            assert_eq!(GrantType::named(grant.word()), Some(grant));
        }
        for rule in [ConsentRule::Always, ConsentRule::Once, ConsentRule::Never] {
            assert_eq!(to_value(rule).unwrap(), rule.word());
        }
        assert_eq!(GrantType::named("password"), None);
    }
}
