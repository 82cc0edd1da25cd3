//! The server of a history, and what can happen to it.

use std::sync::Arc;

use exeunt::app::{App, SERVER};
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, Client, IssueRequest, Mint, Presented, Settings, Touch, UserChange};
use exeunt::config::Config;
use exeunt::dialect::ADMIN;
use exeunt::env::{Entropy, Env};
use exeunt::error::{Error, Kind, Unavailability};
use exeunt::store::Incarnation;
use exeunt::store::faulty::{Fault, Faulty};
use exeunt::store::memory::MemoryStore;
use exeunt_core::{Anchor, By, ClientId, Moment, RealmId, UserId, Why};

use crate::oracle::{CLIENTS, Expected, Known, Oracle, State, USERS};

/// When every history begins.
const START: Moment = Moment::from_secs(1_000_000_000);
/// Lifetimes that sessions get: idle and absolute seconds.
const LIVES: [(u32, u32); 4] = [(60, 0), (60, 300), (0, 200), (0, 0)];

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Issue { user: usize, client: usize, life: usize },
    Check { session: usize, touch: bool },
    Logout { session: usize },
    EndOne { session: usize },
    EndOthers { session: usize },
    EndUser { user: usize },
    EndClient { client: usize },
    EndRealm,
    Disable { user: usize, disabled: bool },
    Advance { millis: u64 },
    Tasks,
    Crash,
    Fault { nth: u64, fault: Fault },
}

pub(crate) struct World {
    app: App,
    env: Env,
    store: Arc<Faulty<MemoryStore>>,
    inner: Arc<MemoryStore>,
    realm: RealmId,
    users: Vec<UserId>,
    clients: Vec<ClientId>,
    chance: Entropy,
}

impl World {
    pub(crate) async fn open(seed: u64) -> Self {
        let env = Env::seeded(seed, START);
        let chance = env.entropy();
        let inner = Arc::new(MemoryStore::new(Incarnation([7; 16])));
        let (app, store) = start(&env, &inner).await;
        let realm = app.authority.realm(MAIN).unwrap().id;
        let (mut users, mut clients) = (Vec::new(), Vec::new());
        for number in 0..USERS {
            let change =
                UserChange { username: Some(Some(format!("user-{number}"))), ..UserChange::default() };
            users.push(app.authority.create_user(&call(&env), realm, change).await.unwrap().id);
        }
        for number in 0..CLIENTS {
            clients.push(
                app.authority.create_client(&call(&env), client(&env, realm, number)).await.unwrap().id,
            );
        }
        Self { app, env, store, inner, realm, users, clients, chance }
    }

    pub(crate) fn choose(&self, oracle: &Oracle) -> Step {
        let (user, client) = (self.below(USERS), self.below(CLIENTS));
        let session = self.below(oracle.sessions.len().max(1));
        match self.below(100) {
            _ if oracle.sessions.is_empty() => Step::Issue { user, client, life: self.below(LIVES.len()) },
            0..25 => Step::Issue { user, client, life: self.below(LIVES.len()) },
            25..50 => Step::Check { session, touch: self.below(3) > 0 },
            50..56 => Step::Logout { session },
            56..60 => Step::EndOne { session },
            60..63 => Step::EndOthers { session },
            63..66 => Step::EndUser { user },
            66..67 => Step::EndClient { client },
            67..68 => Step::EndRealm,
            68..71 => Step::Disable { user, disabled: self.below(2) == 0 },
            71..85 => Step::Advance { millis: u64::try_from(self.below(20_000)).unwrap() },
            85..92 => Step::Tasks,
            92..95 => Step::Crash,
            _ => {
                let fault = [Fault::Before, Fault::After, Fault::Lost][self.below(3)];
                Step::Fault { nth: u64::try_from(self.below(4) + 1).unwrap(), fault }
            }
        }
    }

    pub(crate) async fn step(&mut self, step: Step, oracle: &mut Oracle) -> Result<(), String> {
        let (call, now) = (call(&self.env), self.env.now());
        let authority = &self.app.authority;
        match step {
            Step::Issue { user, client, life } => return self.issue(user, client, LIVES[life], oracle).await,
            Step::Check { session, touch } => return self.check(session, touch, oracle).await,
            Step::Logout { session } => {
                let known = &oracle.sessions[session];
                let presented =
                    Presented { dialect: ADMIN, realm: self.realm, client: None, token: &known.token };
                let (expected, ended) = (known.expected(now), authority.end(&call, &presented).await);
                match ended.map_err(|error| error.kind()) {
                    Ok(_) if expected == Expected::Inactive => {
                        return Err("a dead session logged out".to_owned());
                    }
                    Err(Kind::Dead(error)) if expected == Expected::Active => {
                        return Err(format!(
                            "a live session of user {} was {:?}",
                            oracle.sessions[session].user, error
                        ));
                    }
                    Ok(_) | Err(Kind::Dead(_)) => oracle.sessions[session].state = State::Dead,
                    Err(kind) => unsure(kind, oracle, |oracle| oracle.sessions[session].doubt())?,
                }
            }
            Step::EndOne { session } => {
                let id = oracle.sessions[session].id;
                let ended = authority.end_session(&call, self.realm, id).await;
                settle(ended, oracle, |known| known.id == id)?;
            }
            Step::EndOthers { session } => {
                let (id, user) = (oracle.sessions[session].id, oracle.sessions[session].user);
                let ended = authority.end_others(&call, self.realm, self.users[user], id).await;
                settle(ended, oracle, |known| known.user == user && known.id != id)?;
            }
            Step::EndUser { user } => {
                let ended = authority
                    .end_all(&call, self.realm, Anchor::User(self.users[user]), Why::Everywhere)
                    .await;
                settle(ended, oracle, |known| known.user == user)?;
            }
            Step::EndClient { client } => {
                let ended = authority
                    .end_all(&call, self.realm, Anchor::Client(self.clients[client]), Why::Admin)
                    .await;
                settle(ended, oracle, |known| known.client == client)?;
            }
            Step::EndRealm => {
                let ended = authority.end_all(&call, self.realm, Anchor::Realm(self.realm), Why::Admin).await;
                settle(ended, oracle, |_| true)?;
            }
            Step::Disable { user, disabled } => self.disable(user, disabled, oracle).await?,
            Step::Advance { millis } => {
                self.flush(oracle).await?;
                self.env.advance_millis(millis);
            }
            Step::Tasks => self.tasks().await,
            Step::Crash => {
                (self.app, self.store) = start(&self.env, &self.inner).await;
                oracle.restarted();
            }
            Step::Fault { nth, fault } => self.store.fail(nth, fault),
        }
        self.recover(oracle).await
    }

    /// Everything is as the oracle says.
    pub(crate) async fn verify_all(&mut self, oracle: &mut Oracle) -> Result<(), String> {
        for session in 0..oracle.sessions.len() {
            self.check(session, false, oracle).await?;
        }
        Ok(())
    }

    async fn issue(
        &mut self,
        user: usize,
        client: usize,
        life: (u32, u32),
        oracle: &mut Oracle,
    ) -> Result<(), String> {
        let call = call(&self.env);
        let token = call.mint.session_token();
        let issue_request = IssueRequest {
            dialect: ADMIN,
            user: self.users[user],
            client: Some(self.clients[client]),
            idle_secs: Some(life.0),
            absolute_secs: Some(life.1),
        };
        match self
            .app
            .authority
            .vouch(&call, self.realm, &issue_request, &token)
            .await
            .map_err(|error| error.kind())
        {
            Ok(_) if oracle.disabled[user] => return Err("a disabled user got a session".to_owned()),
            Ok(standing) => oracle.sessions.push(Known {
                id: standing.session,
                token,
                user,
                client,
                issued: call.now,
                idle_secs: life.0,
                absolute_secs: life.1,
                seen: call.now,
                hazy: false,
                state: State::Open,
            }),
            Err(Kind::Forbidden) if oracle.disabled[user] => {}
            Err(Kind::Unavailable(_)) => {}
            Err(kind) => return Err(format!("a login came to {kind:?}")),
        }
        self.recover(oracle).await
    }

    async fn disable(&self, user: usize, disabled: bool, oracle: &mut Oracle) -> Result<(), String> {
        let (authority, call) = (&self.app.authority, call(&self.env));
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        let changed = authority.change_user(&call, self.realm, self.users[user], change).await;
        let ends = disabled && !oracle.disabled[user];
        let done = changed.is_ok();
        settle(changed, oracle, |known| ends && known.user == user)?;
        if done {
            oracle.disabled[user] = disabled;
        }
        Ok(())
    }

    async fn check(&mut self, session: usize, touch: bool, oracle: &mut Oracle) -> Result<(), String> {
        self.recover(oracle).await?;
        let (now, known) = (self.env.now(), &mut oracle.sessions[session]);
        let presented = Presented { dialect: ADMIN, realm: self.realm, client: None, token: &known.token };
        let touch = if touch { Touch::Extend } else { Touch::Peek };
        let found = match self.app.authority.check(&presented, now, touch).map_err(|error| error.kind()) {
            Ok(_) => true,
            Err(Kind::Dead(_)) => false,
            Err(kind) => return Err(format!("a check came to {kind:?}")),
        };
        let expected = known.expected(now);
        if expected == Expected::Either || found == (expected == Expected::Active) {
            known.found(found, touch == Touch::Extend, now);
            return self.flush(oracle).await;
        }
        Err(format!("session {session} of user {} must be {expected:?}, and active is {found}", known.user))
    }

    /// After an unknown outcome nothing is answered; then the store is opened again and what happened is found out.
    async fn recover(&mut self, oracle: &mut Oracle) -> Result<(), String> {
        if self.app.authority.ready().is_ok() {
            return Ok(());
        }
        if let Some(known) = oracle.sessions.first() {
            let presented =
                Presented { dialect: ADMIN, realm: self.realm, client: None, token: &known.token };
            let answer = self.app.authority.check(&presented, self.env.now(), Touch::Peek);
            if answer.map_err(|error| error.kind()) != Err(Kind::Unavailable(Unavailability::Unknown)) {
                return Err("a check was answered while the outcome was unknown".to_owned());
            }
        }
        self.app.authority.recover(self.env.now()).await.map_err(|error| format!("recovery: {error}"))?;
        for user in 0..USERS {
            let user_now = self.app.authority.user(self.realm, self.users[user]).await;
            oracle.disabled[user] = user_now.map_err(|error| error.to_string())?.disabled;
        }
        // Nothing was dropped: when sessions were seen is known as before.
        Ok(())
    }

    /// As the runner does at once; what fails the first time is tried again.
    async fn flush(&mut self, oracle: &mut Oracle) -> Result<(), String> {
        drop(self.app.authority.flush().await);
        drop(self.app.authority.flush().await);
        self.recover(oracle).await
    }

    async fn tasks(&self) {
        let now = self.env.now();
        // What fails here is tried again at the next step, as it is by the runner.
        drop(self.app.authority.flush().await);
        for _ in 0..exeunt::authority::cache::sessions::SHARDS {
            drop(self.app.authority.expire(now).await);
        }
        drop(self.app.authority.sweep(now).await);
    }

    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 4];
        self.chance.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % bound
    }
}

impl Known {
    fn doubt(&mut self) {
        if self.state == State::Open {
            self.state = State::Unknown;
        }
    }

    fn found(&mut self, active: bool, touch: bool, now: Moment) {
        match (active, self.state) {
            (false, State::Open) => self.state = State::Lapsed,
            (false, State::Unknown) => self.state = State::Dead,
            (false, State::Dead | State::Lapsed) => {}
            (true, State::Unknown) => self.state = State::Open,
            (true, _) => {}
        }
        if active && touch {
            self.seen = now;
            self.hazy = false;
        }
    }
}

async fn start(env: &Env, inner: &Arc<MemoryStore>) -> (App, Arc<Faulty<MemoryStore>>) {
    let store = Arc::new(Faulty::new(inner.clone()));
    let app = App::open(Config::default(), env.clone(), store.clone(), false).await.unwrap();
    (app, store)
}

/// What became of ending these: done, refused (nothing changed), or unknown.
fn settle<T>(
    outcome: Result<T, Error>,
    oracle: &mut Oracle,
    which: impl Fn(&Known) -> bool,
) -> Result<(), String> {
    match outcome.map_err(|error| error.kind()) {
        Ok(_) => oracle.end(which, State::Dead),
        Err(kind) => unsure(kind, oracle, |oracle| oracle.end(which, State::Unknown))?,
    }
    Ok(())
}

fn unsure(kind: Kind, oracle: &mut Oracle, doubt: impl FnOnce(&mut Oracle)) -> Result<(), String> {
    match kind {
        Kind::Unavailable(Unavailability::Unknown) => doubt(oracle),
        Kind::Unavailable(Unavailability::Refused | Unavailability::Busy | Unavailability::Overtaken) => {}
        // A session that the store has forgotten, or that is no more there to be kept.
        Kind::NotFound | Kind::Malformed("except") => {}
        kind => return Err(format!("a logout came to {kind:?}")),
    }
    Ok(())
}

fn call(env: &Env) -> Call {
    Call { now: env.now(), from: None, via: SERVER, by: By::System, mint: Mint::new(env.entropy()) }
}

fn client(env: &Env, realm: RealmId, number: usize) -> Client {
    let now = env.now();
    Client {
        id: ClientId([u8::try_from(number).unwrap(); 16]),
        realm,
        name: format!("client-{number}"),
        dialect: ADMIN,
        builtin: false,
        idle_secs: 60,
        absolute_secs: 0,
        sessions_max: 1_000,
        settings: Settings::Plain,
        removed: false,
        created_at: now,
        updated_at: now,
        version: 0,
    }
}
