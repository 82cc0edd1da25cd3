//! Makes a store with many live sessions through the store's interface, before a server is started on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use exeunt::app::App;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, Mint, Password, UserChange};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Client, Ledger, NewSession, Record, Store};
use exeunt_core::token::{BODY_CHARS, SESSION_PREFIX, letter};
use exeunt_core::{
    Anchor, DialectName, Fingerprint, Moment, RealmId, Session, SessionId, Stamp, Token, UserId,
};
use tokio::task::JoinSet;

use crate::clock;
use crate::texts::Texts;

/// Sessions of the native dialect, spread over many users.
pub(crate) const SINGLES: usize = 650_000;
/// The last of these, which no measurement logs out.
pub(crate) const SURVIVORS: usize = 50_000;
/// Users with many sessions, and how many each has.
pub(crate) const CROWDS: usize = 30;
pub(crate) const CROWD: usize = 10_000;
/// Sessions of the Videntity dialect.
pub(crate) const KEYS: usize = 50_000;
/// The form of a Videntity login.
pub(crate) const LOGIN: &str = "username=alice&password=correct+horse&account_number=000123";

/// Sessions of each of those many users.
const PER_USER: usize = 10;
/// Sessions that are written at once: more than fit in one transaction.
const AT_ONCE: usize = 4_096;
const IDLE_SECS: u32 = 14 * 86_400;

/// The store and its contents.
pub(crate) struct Seed {
    pub(crate) file: PathBuf,
    /// Tokens of the single sessions.
    pub(crate) tokens: Texts,
    /// Ids of the single sessions that may be logged out, each once.
    pub(crate) ids: Texts,
    /// Tokens of the survivors.
    pub(crate) survivors: Texts,
    /// Session keys of Videntity.
    pub(crate) keys: Texts,
    /// Ids of the users with many sessions.
    pub(crate) crowds: Texts,
    /// How long it took to make the store.
    pub(crate) took: Duration,
}

/// The number of all sessions.
pub(crate) const SESSIONS: usize = SINGLES + CROWDS * CROWD + KEYS;

/// Makes the store. The sessions of the crowds come first, so that a sweep reaches them first.
pub(crate) async fn sow(file: &Path) -> Result<Seed> {
    let began = clock::now();
    let (app, store) = open(file).await?;
    let call = call(&app);
    let realm = app.authority.realm(MAIN).map_err(plain)?.id;
    let mut crowds = Texts::default();
    let mut sower = Sower::new(&app, store, realm)?;
    for number in 0..CROWDS {
        let named = UserChange { username: Some(Some(format!("crowd {number}"))), ..UserChange::default() };
        let user = app.authority.create_user(&call, realm, named).await.map_err(plain)?;
        crowds.push(&user.id.to_string());
        for _ in 0..CROWD {
            sower.sow(NATIVE, user.id).await?;
        }
    }
    app.authority.create_user(&call, realm, alice()).await.map_err(plain)?;
    let [mut tokens, mut ids, mut survivors, mut keys] = <[Texts; 4]>::default();
    for number in 0..SINGLES {
        let (token, id) = sower.sow(NATIVE, user(number / PER_USER)).await?;
        tokens.push(token.expose());
        if number < SINGLES - SURVIVORS {
            ids.push(&id.to_string());
        } else {
            survivors.push(token.expose());
        }
    }
    for number in 0..KEYS {
        let (key, _) = sower.sow(VIDENTITY, user(number / PER_USER)).await?;
        keys.push(key.expose());
    }
    sower.finish().await?;
    app.authority.close().await.map_err(plain)?;
    drop(app);
    // A store that is closed during a checkpoint leaves a log beside its file. Opening it again moves the log into the
    // file, which is the only one that is copied.
    let (app, _) = open(file).await?;
    app.authority.close().await.map_err(plain)?;
    ensure!(!is_left(&file.with_extension("db-wal")), "the store left a log beside its file");
    Ok(Seed { file: file.to_owned(), tokens, ids, survivors, keys, crowds, took: clock::now() - began })
}

fn is_left(log: &Path) -> bool {
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Opens a server on a store in this process; it does not listen.
pub(crate) async fn open(file: &Path) -> Result<(App, Arc<dyn Store>)> {
    let env = Env::system();
    let incarnation = Mint::new(env.entropy()).incarnation();
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(SqliteOptions::new(file.to_owned(), incarnation)).map_err(plain)?);
    let app = App::open(Config::default(), env, store.clone(), false).await.map_err(plain)?;
    Ok((app, store))
}

/// A call by the server itself.
pub(crate) fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

/// Converts an error of the server, with its private details.
#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(crate) fn plain(error: exeunt::error::Error) -> anyhow::Error {
    anyhow!("{error}: {}", error.private().unwrap_or(error.public()))
}

const NATIVE: DialectName = DialectName::new("native");
const VIDENTITY: DialectName = DialectName::new("videntity");

struct Sower {
    store: Arc<dyn Store>,
    realm: RealmId,
    native: Arc<Client>,
    videntity: Arc<Client>,
    stamp: Stamp,
    now: Moment,
    number: u64,
    writing: JoinSet<exeunt::error::Result<()>>,
}

impl Sower {
    fn new(app: &App, store: Arc<dyn Store>, realm: RealmId) -> Result<Self> {
        let client = |dialect| app.authority.builtin_client(realm, dialect).map_err(plain);
        Ok(Self {
            store,
            realm,
            native: client(NATIVE)?,
            videntity: client(VIDENTITY)?,
            stamp: Stamp::ZERO,
            now: app.env.now(),
            number: 0,
            writing: JoinSet::new(),
        })
    }

    async fn sow(&mut self, dialect: DialectName, user: UserId) -> Result<(Token, SessionId)> {
        self.number += 1;
        let random = Fingerprint::of(&self.number.to_le_bytes()).0;
        let letters: String = random.iter().map(|byte| letter(byte % 62)).collect();
        let (client, token) = if dialect == NATIVE {
            (self.native.id, Token::sealed(SESSION_PREFIX, &letters[..BODY_CHARS]))
        } else {
            (self.videntity.id, Token::plain(letters))
        };
        let mut id = [0; 16];
        id[..6].copy_from_slice(&(self.now.millis() + self.number / 64).to_be_bytes()[2..]);
        id[6..].copy_from_slice(&random[..10]);
        let id = SessionId(id);
        let anchors =
            [Anchor::Realm(self.realm), Anchor::Client(client), Anchor::User(user), Anchor::Session(id)];
        let session = Session {
            id,
            stamp: self.stamp,
            anchors: anchors.into(),
            issued_at: self.now,
            idle_secs: IDLE_SECS,
            absolute_secs: 0,
        };
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let record = Record {
            session,
            dialect,
            token: Some(token.fingerprint()),
            grant: None,
            from: Some([192, 0, 2, 1].into()),
            user_agent: Some(agent.to_owned()),
        };
        let store = self.store.clone();
        if self.writing.len() >= AT_ONCE {
            self.written().await?;
        }
        let new = NewSession { record, sessions_max: u32::MAX, left_secs: 0, audit: None };
        self.writing.spawn(async move { Ledger::issue(&*store, new).await.map(drop) });
        Ok((token, id))
    }

    async fn written(&mut self) -> Result<()> {
        match self.writing.join_next().await {
            Some(written) => written?.map_err(plain),
            None => Ok(()),
        }
    }

    async fn finish(mut self) -> Result<()> {
        while !self.writing.is_empty() {
            self.written().await?;
        }
        Ok(())
    }
}

/// The id of one of the many users. They have no records: a check reads only sessions.
fn user(number: usize) -> UserId {
    let mut id = [0; 16];
    id.copy_from_slice(&Fingerprint::of(format!("user {number}").as_bytes()).0[..16]);
    UserId(id)
}

fn alice() -> UserChange {
    UserChange {
        username: Some(Some("alice".to_owned())),
        account_number: Some(Some("000123".to_owned())),
        password: Some(Some(Password::new("correct horse"))),
        ..UserChange::default()
    }
}
