//! The server of a history.

use std::sync::Arc;

use exeunt::app::{App, SERVER};
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Authority, Call, Client, Mint, Presented, Touch, UserChange};
use exeunt::config::Config;
use exeunt::dialect::ADMIN;
use exeunt::dialect::runsignup::partner;
use exeunt::env::{Entropy, Env};
use exeunt::error::{Kind, Unavailability};
use exeunt::store::Store;
use exeunt::store::faulty::{Fault, Faulty};
use exeunt_core::{By, ClientId, Fingerprint, Moment, RealmId, Stamp, Token, UserId};

use crate::simulate::events::{LIVES, Step};
use crate::simulate::oracle::{CLIENTS, Expected, Oracle, USERS};
use crate::simulate::place::Place;

/// When every history begins.
const START: Moment = Moment::from_secs(1_000_000_000);

pub(crate) struct World {
    /// `None` only while it is restarted.
    node: Option<Node>,
    env: Env,
    place: Place,
    pub(crate) realm: RealmId,
    pub(crate) users: Vec<UserId>,
    pub(crate) clients: Vec<ClientId>,
    /// The position and the time at which another system made the list of its sessions.
    pub(crate) listed: (Stamp, Moment),
    chance: Entropy,
}

/// The server as it runs between two restarts.
struct Node {
    app: App,
    store: Arc<Faulty<dyn Store>>,
}

impl World {
    pub(crate) async fn open(seed: u64, place: Place) -> (Self, Oracle) {
        let env = Env::seeded(seed, START);
        let chance = env.entropy();
        let node = start(&env, &place).await;
        let authority = &node.app.authority;
        let realm = authority.realm(MAIN).unwrap().id;
        let (mut users, mut clients, mut oracle) = (Vec::new(), Vec::new(), Oracle::default());
        for number in 0..USERS {
            let change =
                UserChange { username: Some(Some(format!("user-{number}"))), ..UserChange::default() };
            users.push(authority.create_user(&call(&env), realm, change).await.unwrap().id);
        }
        for number in 0..CLIENTS {
            let (client, pair) = client(&env, realm, number);
            clients.push(authority.create_client(&call(&env), client).await.unwrap().id);
            oracle.secrets[number].push(pair);
        }
        let listed = (authority.position().await.unwrap().stamp, env.now());
        (Self { node: Some(node), env, place, realm, users, clients, listed, chance }, oracle)
    }

    pub(crate) fn choose(&self, oracle: &Oracle) -> Step {
        let (user, client, life) = (self.below(USERS), self.below(CLIENTS), self.below(LIVES.len()));
        let parent = self.choose_parent(oracle);
        let session = self.below(oracle.sessions.len().max(1));
        match self.below(100) {
            _ if oracle.sessions.is_empty() => Step::Issue { user, client, life, parent },
            0..18 => Step::Issue { user, client, life, parent },
            18..20 => Step::List,
            20..28 => Step::Adopt { user, client, life, age_secs: u64::try_from(self.below(50)).unwrap() },
            28..31 => Step::AdoptAgain { session },
            31..52 => Step::Check { session, touch: self.below(3) > 0 },
            52..57 => Step::Logout { session },
            57..60 => Step::EndOne { session },
            60..63 => Step::EndOthers { session },
            63..65 => Step::EndUser { user },
            65..66 => Step::EndClient { client },
            66..67 => Step::EndRealm,
            67..70 => Step::Disable { user, disabled: self.below(2) == 0 },
            70..72 => Step::Secret { client },
            72..73 => Step::Rename { client },
            73..85 => Step::Advance { millis: u64::try_from(self.below(20_000)).unwrap() },
            85..92 => Step::Tasks,
            92..95 => Step::Restart,
            _ => {
                let fault = [Fault::Before, Fault::After, Fault::Lost][self.below(3)];
                Step::Fault { nth: u64::try_from(self.below(4) + 1).unwrap(), fault }
            }
        }
    }

    /// None for most, an active one for many, and any other one for some.
    fn choose_parent(&self, oracle: &Oracle) -> Option<usize> {
        let all: Vec<_> = (0..oracle.sessions.len()).collect();
        let active = || {
            let active = all.iter().copied();
            active.filter(|at| oracle.expected(*at, self.now()) == Expected::Active).collect::<Vec<_>>()
        };
        let some = match self.below(8) {
            0 => all,
            1..4 => active(),
            _ => Vec::new(),
        };
        (!some.is_empty()).then(|| some[self.below(some.len())])
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.node().app.authority
    }

    pub(crate) fn call(&self) -> Call {
        call(&self.env)
    }

    pub(crate) fn now(&self) -> Moment {
        self.env.now()
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.env.advance_millis(millis);
    }

    pub(crate) fn fail(&self, nth: u64, fault: Fault) {
        self.node().store.fail(nth, fault);
    }

    pub(crate) const fn presented<'a>(&self, token: &'a Token) -> Presented<'a> {
        Presented { dialect: ADMIN, realm: self.realm, client: None, token }
    }

    /// Everything is as the oracle says.
    pub(crate) async fn verify_all(&mut self, oracle: &mut Oracle) -> Result<(), String> {
        for session in 0..oracle.sessions.len() {
            self.check(session, false, oracle).await?;
        }
        self.verify_secrets(oracle)
    }

    /// Each client has one secret, and no other opens anything.
    fn verify_secrets(&self, oracle: &mut Oracle) -> Result<(), String> {
        for (client, id) in self.clients.iter().enumerate() {
            let found = |pair: &Fingerprint| {
                let settings = partner::settings(*pair).unwrap();
                self.authority().find_client(self.realm, ADMIN, |client| client.settings == settings)
            };
            let all = std::mem::take(&mut oracle.secrets[client]);
            let (held, void): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|pair| found(pair).is_some_and(|client| client.id == *id));
            if held.len() != 1 {
                return Err(format!("client {client} has {} secrets", held.len()));
            }
            oracle.secrets[client] = held;
            oracle.void.extend(void);
            if oracle.void.iter().any(|pair| found(pair).is_some()) {
                return Err("a secret that was changed is still one".to_owned());
            }
        }
        Ok(())
    }

    pub(crate) async fn check(
        &mut self,
        session: usize,
        touch: bool,
        oracle: &mut Oracle,
    ) -> Result<(), String> {
        self.recover(oracle).await?;
        let (now, known) = (self.now(), &oracle.sessions[session]);
        let touch = if touch { Touch::Extend } else { Touch::Peek };
        let checked = self.authority().check(&self.presented(&known.token), now, touch);
        let found = match checked.map_err(|error| error.kind()) {
            Ok(_) => true,
            Err(Kind::Dead(_)) => false,
            Err(kind) => return Err(format!("a check came to {kind:?}")),
        };
        let expected = oracle.expected(session, now);
        if expected == Expected::Either || found == (expected == Expected::Active) {
            oracle.found(session, found, touch == Touch::Extend, now);
            return self.flush(oracle).await;
        }
        Err(format!("session {session} of user {} must be {expected:?}, and active is {found}", known.user))
    }

    /// After an unknown outcome nothing is answered; then the store is opened again and what happened is found out.
    pub(crate) async fn recover(&self, oracle: &mut Oracle) -> Result<(), String> {
        if self.authority().ready().is_ok() {
            return Ok(());
        }
        oracle.seen.unknown += 1;
        if let Some(known) = oracle.sessions.first() {
            let answer = self.authority().check(&self.presented(&known.token), self.now(), Touch::Peek);
            if answer.map_err(|error| error.kind()) != Err(Kind::Unavailable(Unavailability::Unknown)) {
                return Err("a check was answered while the outcome was unknown".to_owned());
            }
        }
        self.authority().recover(self.now()).await.map_err(|error| format!("recovery: {error}"))?;
        for user in 0..USERS {
            let user_now = self.authority().user(self.realm, self.users[user]).await;
            oracle.disabled[user] = user_now.map_err(|error| error.to_string())?.disabled;
        }
        // Nothing was dropped: when sessions were seen is known as before.
        self.verify_secrets(oracle)
    }

    /// As the runner does at once; what fails the first time is tried again.
    pub(crate) async fn flush(&self, oracle: &mut Oracle) -> Result<(), String> {
        drop(self.authority().flush().await);
        drop(self.authority().flush().await);
        self.recover(oracle).await
    }

    pub(crate) async fn tasks(&self) {
        let now = self.now();
        // What fails here is tried again at the next step, as it is by the runner.
        drop(self.authority().flush().await);
        for _ in 0..exeunt::authority::cache::sessions::SHARDS {
            drop(self.authority().expire(now).await);
        }
        drop(self.authority().sweep(now).await);
    }

    /// Restarts the server without closing it.
    pub(crate) async fn restart(&mut self) {
        drop(self.node.take());
        self.node = Some(start(&self.env, &self.place).await);
    }

    fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 4];
        self.chance.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % bound
    }
}

async fn start(env: &Env, place: &Place) -> Node {
    let store = Arc::new(Faulty::new(place.open()));
    let app = App::open(Config::default(), env.clone(), store.clone(), false).await.unwrap();
    Node { app, store }
}

fn call(env: &Env) -> Call {
    Call { now: env.now(), from: None, via: SERVER, by: By::System, mint: Mint::new(env.entropy()) }
}

fn client(env: &Env, realm: RealmId, number: usize) -> (Client, Fingerprint) {
    let (now, pair) = (env.now(), Fingerprint(call(env).mint.secret()));
    let client = Client {
        id: ClientId([u8::try_from(number).unwrap(); 16]),
        realm,
        name: format!("client-{number}"),
        dialect: ADMIN,
        builtin: false,
        idle_secs: 60,
        absolute_secs: 0,
        sessions_max: 1_000,
        settings: partner::settings(pair).unwrap(),
        removed: false,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    (client, pair)
}
