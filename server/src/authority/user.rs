//! Users: create · change · remove · find · list. A change that ends sessions commits with its mark.

use exeunt_core::{Anchor, Moment, RealmId, UserId, Why};
use serde_json::{Map, Value};

use crate::authority::naming::{must_be_name, must_be_persons_name};
use crate::authority::passwords::{PASSWORD_BYTES_MAX, Password, must_be_hard_to_guess};
use crate::authority::{Authority, Call};
use crate::error::{Error, Kind, Result};
use crate::store::rules::name;
use crate::store::{Identifier, Saved, User};

/// The longest identifier or name, in bytes: the longest e-mail address.
pub const NAME_BYTES_MAX: usize = 254;
/// The largest `data` of a user, in bytes of JSON.
pub const DATA_BYTES_MAX: usize = 16 * 1024;
/// The shortest password that may be set, in characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// How often a change is tried when another caller changes the user concurrently.
const TRIES: u32 = 3;

/// A change of a user; a field that is `None` stays as it is.
#[derive(Clone, Default)]
pub struct UserChange {
    /// User name; `Some(None)` removes it.
    pub username: Option<Option<String>>,
    /// E-mail address; `Some(None)` removes it.
    pub email: Option<Option<String>>,
    /// Account number; `Some(None)` removes it.
    pub account_number: Option<Option<String>>,
    /// Password; `Some(None)` removes it. Ends the user's sessions.
    pub password: Option<Option<Password>>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Further data of the application.
    pub data: Option<Map<String, Value>>,
    /// Whether the user may not log in. Disabling ends the user's sessions; enabling revives none.
    pub disabled: Option<bool>,
}

impl Authority {
    /// Creates a user.
    ///
    /// # Errors
    /// `Malformed(field)`, `Conflict(field)`, `Unavailable`.
    pub async fn create_user(&self, call: &Call, realm: RealmId, change: UserChange) -> Result<User> {
        let blank = blank(call.mint.user_id(), realm, call.now);
        let user = self.changed(call, blank, &change).await?;
        let audit = call.audit(Some(realm), "user.create", &format_args!("user {}", user.id));
        let _writing = self.may_write(call).await?;
        Ok(self.settle(self.store.save_user(user, None, Some(audit)).await)?.record)
    }

    /// Registers a user from outside: like [`Authority::create_user`], but throttled by address, and it refuses a name
    /// that looks like one already taken.
    ///
    /// # Errors
    /// As there, and `TooMany`.
    pub async fn register(&self, call: &Call, realm: RealmId, change: UserChange) -> Result<User> {
        self.throttle.register(call.from, call.now)?;
        let blank = blank(call.mint.user_id(), realm, call.now);
        let user = self.changed(call, blank, &change).await?;
        let audit = call.audit(Some(realm), "user.create", &format_args!("user {}", user.id));
        self.settle(self.store.register_user(user, Some(audit)).await)
    }

    /// Changes a user. Changing the password or disabling ends all sessions, in the same transaction.
    ///
    /// # Errors
    /// `NotFound`, `Malformed(field)`, `Conflict(field)`, `Unavailable`.
    pub async fn change_user(
        &self,
        call: &Call,
        realm: RealmId,
        id: UserId,
        change: UserChange,
    ) -> Result<Saved<User>> {
        for _ in 0..TRIES {
            let before = self.user(realm, id).await?;
            let disabling = change.disabled == Some(true) && !before.disabled;
            let why = match (&change.password, disabling) {
                (_, true) => Some(Why::Disabled),
                (Some(_), false) => Some(Why::CredentialChanged),
                (None, false) => None,
            };
            let after = self.changed(call, before, &change).await?;
            match self.save(call, after, why, "user.change").await {
                Err(error) if error.kind() == Kind::Conflict("version") => {}
                answer => return answer,
            }
        }
        Err(Error::new(Kind::Conflict("version"), "the user is being changed by other requests; try again"))
    }

    /// Deletes a user: all sessions end, the personal data is erased and the identifiers are free at once; only the id
    /// remains.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn remove_user(&self, call: &Call, realm: RealmId, id: UserId) -> Result<Saved<User>> {
        let user = self.user(realm, id).await?;
        let erased = User {
            number: user.number,
            disabled: user.disabled,
            deleted: true,
            created_at: user.created_at,
            version: user.version,
            ..blank(id, realm, call.now)
        };
        self.save(call, erased, Some(Why::UserDeleted), "user.remove").await
    }

    /// The user with this id, unless deleted.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn user(&self, realm: RealmId, id: UserId) -> Result<User> {
        self.find_user(realm, Identifier::Id(id)).await?.ok_or_else(|| Error::not_found("user"))
    }

    /// The user with this identifier, unless deleted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_user(&self, realm: RealmId, by: Identifier) -> Result<Option<User>> {
        let user = self.settle(self.store.user(realm, by).await)?;
        Ok(user.filter(|user| !user.deleted))
    }

    /// Users by number, starting after `after`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn users(&self, realm: RealmId, after: u64, limit: u32) -> Result<Vec<User>> {
        self.settle(self.store.users(realm, after, limit).await)
    }

    async fn save(&self, call: &Call, user: User, why: Option<Why>, what: &str) -> Result<Saved<User>> {
        let (realm, anchor) = (user.realm, Anchor::User(user.id));
        let raise = why.map(|why| call.raise(anchor, realm, why));
        let audit = call.audit(Some(realm), what, &anchor);
        let id = user.id;
        let _writing = self.may_write(call).await?;
        let saved = self.settle(self.store.save_user(user, raise, Some(audit)).await);
        self.names.forget(id);
        let saved = saved?;
        saved.mark.iter().for_each(|mark| self.applied(mark));
        Ok(saved)
    }

    async fn changed(&self, call: &Call, user: User, change: &UserChange) -> Result<User> {
        let change = change.without_unchanged(&user).composed();
        change.validate()?;
        let after = change.upon(user, call.now)?;
        let password = match &change.password {
            Some(Some(password)) => {
                must_be_hard_to_guess(password, &after)?;
                Some(self.passwords.hash(password.clone(), call.mint.salt()).await?)
            }
            Some(None) => None,
            None => after.password,
        };
        Ok(User { password, ..after })
    }
}

impl UserChange {
    /// The change without the names that the user has already. They may be older than the rules for names, and a caller
    /// that sends the whole user back changes none of them.
    fn without_unchanged(&self, user: &User) -> Self {
        let identifier = |change: &Option<Option<String>>, own| change.clone().filter(|text| text != own);
        let name = |change: &Option<String>, own| change.clone().filter(|text| text != own);
        Self {
            username: identifier(&self.username, &user.username),
            email: identifier(&self.email, &user.email),
            account_number: identifier(&self.account_number, &user.account_number),
            first_name: name(&self.first_name, &user.first_name),
            last_name: name(&self.last_name, &user.last_name),
            ..self.clone()
        }
    }

    /// The change with its names in composed form, as they are stored.
    pub(super) fn composed(&self) -> Self {
        let identifier =
            |change: &Option<Option<String>>| change.as_ref().map(|text| text.as_deref().map(name::composed));
        Self {
            username: identifier(&self.username),
            email: identifier(&self.email),
            account_number: identifier(&self.account_number),
            first_name: self.first_name.as_deref().map(name::composed),
            last_name: self.last_name.as_deref().map(name::composed),
            ..self.clone()
        }
    }

    /// The user after this change; the password stays that of `user`.
    pub(super) fn upon(&self, user: User, now: Moment) -> Result<User> {
        let after = User {
            username: self.username.clone().unwrap_or(user.username),
            email: self.email.clone().unwrap_or(user.email),
            account_number: self.account_number.clone().unwrap_or(user.account_number),
            first_name: self.first_name.clone().unwrap_or(user.first_name),
            last_name: self.last_name.clone().unwrap_or(user.last_name),
            data: self.data.clone().unwrap_or(user.data),
            disabled: self.disabled.unwrap_or(user.disabled),
            updated_at: now,
            ..user
        };
        if after.identifiers().is_empty() {
            return Err(Error::malformed(
                "username",
                "the user would have no name; give a username, an email or an account_number",
            ));
        }
        Ok(after)
    }
}

/// A user without data: the start of a new one, and the remains of a deleted one.
pub(super) fn blank(id: UserId, realm: RealmId, now: Moment) -> User {
    User {
        id,
        realm,
        number: 0,
        username: None,
        email: None,
        account_number: None,
        password: None,
        first_name: String::new(),
        last_name: String::new(),
        data: Map::new(),
        disabled: false,
        deleted: false,
        created_at: now,
        updated_at: now,
        version: 0,
    }
}

impl UserChange {
    pub(super) fn validate(&self) -> Result<()> {
        must_be_identifier("username", self.username.as_ref())?;
        must_be_identifier("email", self.email.as_ref())?;
        must_be_identifier("account_number", self.account_number.as_ref())?;
        must_be_of_a_person("first_name", self.first_name.as_deref())?;
        must_be_of_a_person("last_name", self.last_name.as_deref())?;
        if let Some(Some(email)) = &self.email
            && !email.contains('@')
        {
            return Err(Error::malformed(
                "email",
                "email has no @; expected an address such as alice@example.org",
            ));
        }
        if let Some(Some(password)) = &self.password
            && password.expose().is_none_or(|text| text.chars().count() < PASSWORD_CHARS_MIN)
        {
            let rule = format!(
                "the password is too short or too long; expected at least {PASSWORD_CHARS_MIN} characters \
                 and at most {PASSWORD_BYTES_MAX} bytes"
            );
            return Err(Error::malformed("password", rule));
        }
        match self.data.as_ref().map(|data| serde_json::to_string(data).map_or(usize::MAX, |text| text.len()))
        {
            Some(bytes) if bytes > DATA_BYTES_MAX => Err(Error::malformed(
                "data",
                format!("data is too large; expected at most {DATA_BYTES_MAX} bytes of JSON"),
            )),
            _ => Ok(()),
        }
    }
}

fn must_be_identifier(field: &'static str, change: Option<&Option<String>>) -> Result<()> {
    let Some(Some(text)) = change else { return Ok(()) };
    if text.is_empty() || text.trim() != text {
        return Err(Error::malformed(
            field,
            format!(
                "{field} is empty, or begins or ends with a space; expected text without spaces around it"
            ),
        ));
    }
    must_be_short(field, text)?;
    must_be_name(field, text)
}

fn must_be_of_a_person(field: &'static str, text: Option<&str>) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    must_be_short(field, text)?;
    must_be_persons_name(field, text)
}

fn must_be_short(field: &'static str, text: &str) -> Result<()> {
    if text.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(Error::malformed(field, format!("{field} is too long; expected at most {NAME_BYTES_MAX} bytes")))
}
