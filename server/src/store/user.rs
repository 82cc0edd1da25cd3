//! A user as it is kept.

use exeunt_core::{Mark, Moment, RealmId, UserId};
use serde_json::{Map, Value};

/// A person who logs in. The id outlives the person's data.
#[derive(Clone)]
pub struct User {
    /// Its name for programs.
    pub id: UserId,
    /// The tenant that it belongs to.
    pub realm: RealmId,
    /// A number given by the store on creation, growing and never given twice; 0 before.
    pub number: u64,
    /// How it logs in, compared letter by letter.
    pub username: Option<String>,
    /// How it logs in, compared without case.
    pub email: Option<String>,
    /// How it logs in, a string: leading zeros count.
    pub account_number: Option<String>,
    /// The hash of its password.
    pub password: Option<PasswordHash>,
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Whatever else an application keeps with it.
    pub data: Map<String, Value>,
    /// It cannot log in.
    pub disabled: bool,
    /// The personal data is gone; only the id remains.
    pub deleted: bool,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// How often it was written; 0: never.
    pub version: u64,
}

/// A password hash in PHC or modular crypt form. It has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// How a user is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// By its id, deleted or not.
    Id(UserId),
    /// By user name, letter by letter.
    Username(String),
    /// By e-mail address, without case.
    Email(String),
    /// By account number, letter by letter.
    AccountNumber(String),
}

/// What became of a write.
#[derive(Clone, Debug)]
pub struct Saved<T> {
    /// The record as it is now kept, with its new version.
    pub record: T,
    /// The mark that committed with it.
    pub mark: Option<Mark>,
}

impl User {
    /// The identifiers that must be unique in the realm, each with the field's name and the form that is compared.
    pub fn unique_keys(&self) -> Vec<(&'static str, String)> {
        [
            self.username.clone().map(Identifier::Username),
            self.email.clone().map(Identifier::Email),
            self.account_number.clone().map(Identifier::AccountNumber),
        ]
        .into_iter()
        .flatten()
        .filter_map(|identifier| identifier.unique_key())
        .collect()
    }
}

impl Identifier {
    /// The field's name and the form that is compared; `None` for an id.
    pub fn unique_key(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Id(_) => None,
            Self::Username(name) => Some(("username", name.clone())),
            Self::Email(email) => Some(("email", email.to_lowercase())),
            Self::AccountNumber(number) => Some(("account_number", number.clone())),
        }
    }
}
