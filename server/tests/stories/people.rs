//! Who is there when a story begins, and what an administrator does to them: by the server's own verbs.

use exeunt::app::App;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, Client, Password, Settings, UserChange};
use exeunt::dialect::rested::{Endpoint, Project};
use exeunt::dialect::runsignup::{pair, partner};
use exeunt_core::{Anchor, DialectName, RealmId, UserId, Why};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::stage::Stage;

impl Stage {
    /// `~ realm shop`
    pub(super) fn add_realm(&mut self, name: &str) -> Result<(), String> {
        self.with(async |app, call| app.authority.create_realm(call, name).await).map(drop)
    }

    /// `~ user {"username": "alice", "password": "…"}`
    pub(super) fn add_user(&mut self, json: &str) -> Result<(), String> {
        let told: User = read(json)?;
        let name = told.username.clone().or(told.email.clone()).or(told.account_number.clone());
        let name = name.ok_or("a user has a username, an email or an account_number")?;
        let realm = told.realm.clone();
        let user = self.with(async |app, call| {
            app.authority.create_user(call, realm_of(app, realm.as_deref())?, told.into_change()).await
        })?;
        self.users.insert(name, user.id);
        Ok(())
    }

    /// `~ change alice {"disabled": true}`
    pub(super) fn change_user(&mut self, rest: &str) -> Result<(), String> {
        let (name, json) = rest.split_once(' ').ok_or("change whom to what?")?;
        let (id, told) = (self.user(name)?, read::<User>(json)?);
        let realm = told.realm.clone();
        self.with(async |app, call| {
            app.authority.change_user(call, realm_of(app, realm.as_deref())?, id, told.into_change()).await
        })?;
        Ok(())
    }

    /// `~ delete alice`
    pub(super) fn delete_user(&mut self, name: &str) -> Result<(), String> {
        let id = self.user(name)?;
        self.with(async |app, call| app.authority.remove_user(call, realm_of(app, None)?, id).await).map(drop)
    }

    /// `~ client {"name": "shop", "dialect": "rested", "key": "…"}`
    pub(super) fn add_client(&mut self, json: &str) -> Result<(), String> {
        let told: ClientTold = read(json)?;
        self.with(async |app, call| {
            let client = told.into_client(app, call)?;
            app.authority.create_client(call, client).await
        })
        .map(drop)
    }

    /// `~ end alice`, `~ end client shop`, `~ end realm`: every session that has it as an anchor.
    pub(super) fn end(&mut self, what: &str) -> Result<(), String> {
        let user = self.users.get(what).copied();
        self.with(async |app, call| {
            let realm = realm_of(app, None)?;
            let client =
                |name: &str| app.authority.clients(realm).into_iter().find(|client| client.name == name);
            let anchor = match (user, what.strip_prefix("client ")) {
                (Some(user), _) => Anchor::User(user),
                (None, Some(name)) => {
                    let found = client(name).ok_or_else(|| exeunt::error::Error::not_found("client"))?;
                    Anchor::Client(found.id)
                }
                (None, None) if what == "realm" => Anchor::Realm(realm),
                (None, None) => return Err(exeunt::error::Error::not_found("user")),
            };
            app.authority.end_all(call, realm, anchor, Why::Admin).await
        })
        .map(drop)
    }

    fn user(&self, name: &str) -> Result<UserId, String> {
        self.users.get(name).copied().ok_or_else(|| format!("nobody is called {name}"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    realm: Option<String>,
    username: Option<String>,
    email: Option<String>,
    account_number: Option<String>,
    password: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    data: Option<Map<String, Value>>,
    disabled: Option<bool>,
}

impl User {
    fn into_change(self) -> UserChange {
        UserChange {
            username: self.username.map(Some),
            email: self.email.map(Some),
            account_number: self.account_number.map(Some),
            password: self.password.map(|text| Some(Password::new(&text))),
            first_name: self.first_name,
            last_name: self.last_name,
            data: self.data,
            disabled: self.disabled,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientTold {
    realm: Option<String>,
    name: String,
    dialect: String,
    #[serde(default = "an_hour")]
    idle_secs: u32,
    #[serde(default = "a_day")]
    absolute_secs: u32,
    #[serde(default = "many")]
    sessions_max: u32,
    /// Of a project of rested.
    key: Option<String>,
    #[serde(default)]
    allowed_origins: Vec<String>,
    #[serde(default)]
    any_origin: bool,
    #[serde(default)]
    require_origin: bool,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
    /// Of a partner of RunSignup.
    api_key: Option<String>,
    #[serde(default)]
    api_secret: String,
}

impl ClientTold {
    fn into_client(self, app: &App, call: &Call) -> exeunt::error::Result<Client> {
        let pair = self.api_key.and_then(|key| pair::token(&key, &self.api_secret));
        let settings = match (self.key, pair) {
            (Some(key), _) => Project {
                key,
                allowed_origins: self.allowed_origins,
                any_origin: self.any_origin,
                require_origin: self.require_origin,
                endpoints: self.endpoints,
            }
            .settings()?,
            (None, Some(pair)) => partner::settings(pair.fingerprint())?,
            (None, None) => Settings::default(),
        };
        let (realm, dialect) = (realm_of(app, self.realm.as_deref())?, DialectName::new(&self.dialect));
        Ok(Client {
            idle_secs: self.idle_secs,
            absolute_secs: self.absolute_secs,
            sessions_max: self.sessions_max,
            ..Client::usual(call, realm, dialect, &self.name, settings)
        })
    }
}

fn realm_of(app: &App, name: Option<&str>) -> exeunt::error::Result<RealmId> {
    app.authority.realm(name.unwrap_or(MAIN)).map(|realm| realm.id)
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

const fn an_hour() -> u32 {
    3600
}

const fn a_day() -> u32 {
    86_400
}

const fn many() -> u32 {
    10_000
}
