//! A stored user.

use exeunt_core::{Mark, Moment, RealmId, UserId};
use serde_json::{Map, Value};

use crate::store::Usernames;
use crate::store::rules::name;

/// A person who logs in. The id outlives the person's data.
#[derive(Clone)]
pub struct User {
    /// Its id, for programs.
    pub id: UserId,
    /// The realm that it belongs to.
    pub realm: RealmId,
    /// Assigned by the store on creation, growing and never reused; 0 before.
    pub number: u64,
    /// A login name, compared as the realm's [`Usernames`] say.
    pub username: Option<String>,
    /// A login name, compared without case.
    pub email: Option<String>,
    /// A login name, a string: leading zeros count.
    pub account_number: Option<String>,
    /// The hash of its password.
    pub password: Option<PasswordHash>,
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Other data of an application.
    pub data: Map<String, Value>,
    /// It cannot log in.
    pub disabled: bool,
    /// The personal data is gone; only the id remains.
    pub deleted: bool,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// How often it was written; 0: never.
    pub version: u64,
}

/// A password hash in PHC or modular crypt form. It has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// How to find a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// By its id, deleted or not.
    Id(UserId),
    /// By user name, as the realm's [`Usernames`] say.
    Username(String),
    /// By e-mail address, without case.
    Email(String),
    /// By account number, letter by letter.
    AccountNumber(String),
}

/// The result of a write.
#[derive(Clone, Debug)]
pub struct Saved<T> {
    /// The record as stored, with its new version.
    pub record: T,
    /// The mark that committed with it.
    pub mark: Option<Mark>,
}

impl User {
    /// The identifiers it logs in with.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let all = [
            self.username.clone().map(Identifier::Username),
            self.email.clone().map(Identifier::Email),
            self.account_number.clone().map(Identifier::AccountNumber),
        ];
        all.into_iter().flatten().collect()
    }

    /// The identifiers that must be unique in the realm, each with the field's name and the form that is compared.
    pub fn unique_keys(&self, usernames: Usernames) -> Vec<(&'static str, String)> {
        self.identifiers().iter().filter_map(|identifier| identifier.unique_key(usernames)).collect()
    }
}

impl Identifier {
    /// The field's name and the form that is compared under these [`Usernames`]; `None` for an id. A throttle counts by
    /// this key too.
    pub fn unique_key(&self, usernames: Usernames) -> Option<(&'static str, String)> {
        let key = match self {
            Self::Id(_) => return None,
            Self::Username(username) => match usernames {
                Usernames::Exact => name::composed(username),
                Usernames::IgnoreCase => name::without_case(username),
            },
            Self::Email(email) => name::address(email),
            Self::AccountNumber(number) => name::composed(number),
        };
        Some((self.field(), key))
    }

    /// The skeleton of a name; names that look alike have the same one. `None` for other identifiers.
    pub fn look(&self) -> Option<String> {
        match self {
            Self::Username(text) | Self::Email(text) => Some(name::look(text)),
            Self::Id(_) | Self::AccountNumber(_) => None,
        }
    }

    /// The name of its field.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::Username(_) => "username",
            Self::Email(_) => "email",
            Self::AccountNumber(_) => "account_number",
        }
    }

    /// Its text as typed; empty for an id.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(_) => "",
            Self::Username(text) | Self::Email(text) | Self::AccountNumber(text) => text,
        }
    }
}
