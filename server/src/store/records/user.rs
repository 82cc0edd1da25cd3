//! A user as it is kept.

use exeunt_core::{Mark, Moment, RealmId, UserId};
use serde_json::{Map, Value};

use crate::store::Usernames;
use crate::store::rules::name;

/// A person who logs in. The id outlives the person's data.
#[derive(Clone)]
pub struct User {
    /// Its name for programs.
    pub id: UserId,
    /// The tenant that it belongs to.
    pub realm: RealmId,
    /// A number given by the store on creation, growing and never given twice; 0 before.
    pub number: u64,
    /// How it logs in, compared as the realm's [`Usernames`] say.
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
    /// By user name, as the realm's [`Usernames`] say.
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
    /// What it logs in with.
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
    /// The field's name and the form that is compared, in a realm whose user names are compared so; `None` for an id.
    /// Whatever counts or compares by who is meant, a throttle for instance, counts by this.
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

    /// What it looks like to people, if it is a name; two that look alike have the same look.
    pub fn look(&self) -> Option<String> {
        match self {
            Self::Username(text) | Self::Email(text) => Some(name::look(text)),
            Self::Id(_) | Self::AccountNumber(_) => None,
        }
    }

    /// The name of the field that holds it.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::Username(_) => "username",
            Self::Email(_) => "email",
            Self::AccountNumber(_) => "account_number",
        }
    }

    /// Its text as it was typed; an id has none.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(_) => "",
            Self::Username(text) | Self::Email(text) | Self::AccountNumber(text) => text,
        }
    }
}
