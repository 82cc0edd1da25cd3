//! What can happen in a history, and what must come of it.

use exeunt::authority::client::ClientChange;
use exeunt::authority::migrate::sessions::{ClientNamed, Elsewhere, Taken};
use exeunt::authority::migrate::users::Run;
use exeunt::authority::{Call, Identifier, IssueRequest, Logout, UserChange};
use exeunt::dialect::ADMIN;
use exeunt::dialect::runsignup::partner;
use exeunt::error::{Error, Kind, Unavailability};
use exeunt::store::faulty::Fault;
use exeunt_core::{Anchor, CHAIN_MAX, Fingerprint, Moment, Why};

use crate::simulate::oracle::{Expected, Known, Oracle, State, Whose};
use crate::simulate::world::World;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Issue {
        user: usize,
        client: usize,
        life: usize,
        parent: Option<usize>,
    },
    /// Another system makes a list of its sessions.
    List,
    /// A session of that list is adopted: `age_secs` old when the list was made.
    Adopt {
        user: usize,
        client: usize,
        life: usize,
        age_secs: u64,
    },
    /// A session that is known already stands in such a list.
    AdoptAgain {
        session: usize,
    },
    Check {
        session: usize,
        touch: bool,
    },
    Logout {
        session: usize,
    },
    EndOne {
        session: usize,
    },
    EndOthers {
        session: usize,
    },
    EndUser {
        user: usize,
    },
    EndClient {
        client: usize,
    },
    EndRealm,
    Disable {
        user: usize,
        disabled: bool,
    },
    /// A client gets another secret: its sessions end.
    Secret {
        client: usize,
    },
    /// A client gets another name: nothing ends.
    Rename {
        client: usize,
    },
    Advance {
        millis: u64,
    },
    Tasks,
    Restart,
    Fault {
        nth: u64,
        fault: Fault,
    },
}

/// Lifetimes that sessions get: idle and absolute seconds.
pub(crate) const LIVES: [(u32, u32); 4] = [(60, 0), (60, 300), (0, 200), (0, 0)];

/// The outcome of a write.
enum Outcome<T> {
    Done(T),
    /// Nothing was changed.
    Refused,
    /// The store failed in the middle.
    Unknown,
}

impl World {
    pub(crate) async fn step(&mut self, step: Step, oracle: &mut Oracle) -> Result<(), String> {
        let now = self.now();
        match step {
            Step::Issue { user, client, life, parent } => {
                self.issue(user, client, LIVES[life], parent, oracle).await?;
            }
            Step::List => self.list().await,
            Step::Adopt { user, client, life, age_secs } => {
                let issued = self.listed.1.minus_secs(age_secs);
                self.adopt(user, client, LIVES[life], issued, oracle).await?;
            }
            Step::AdoptAgain { session } => {
                let expected = oracle.expected(session, now);
                self.adopt_again(&oracle.sessions[session], expected).await?;
            }
            Step::Check { session, touch } => self.check(session, touch, oracle).await?,
            Step::Logout { session } => self.log_out(session, oracle).await?,
            Step::EndOne { session } => {
                let id = oracle.sessions[session].id;
                let ended = self.authority().end_session(&self.call(), self.realm, id).await;
                settled(ended, oracle, |known| known.id == id)?;
            }
            Step::EndOthers { session } => {
                let (id, user) = (oracle.sessions[session].id, oracle.sessions[session].user);
                let ended = self.authority().end_others(&self.call(), self.realm, self.users[user], id).await;
                let kept: Vec<_> = oracle.chain(session).collect();
                let family = |at: usize| kept.contains(&at) || oracle.chain(at).any(|at| at == session);
                let family: Vec<_> = (0..oracle.sessions.len()).filter(|at| family(*at)).collect();
                let family: Vec<_> = family.into_iter().map(|at| oracle.sessions[at].id).collect();
                settled(ended, oracle, |known| known.user == user && !family.contains(&known.id))?;
            }
            Step::EndUser { user } => {
                let ended = self.end_all(Anchor::User(self.users[user]), Why::Everywhere).await;
                all_settled(ended, oracle, Whose::Users(user), now)?;
            }
            Step::EndClient { client } => {
                let ended = self.end_all(Anchor::Client(self.clients[client]), Why::Admin).await;
                all_settled(ended, oracle, Whose::Clients(client), now)?;
            }
            Step::EndRealm => {
                let ended = self.end_all(Anchor::Realm(self.realm), Why::Admin).await;
                all_settled(ended, oracle, Whose::Everybodys, now)?;
            }
            Step::Disable { user, disabled } => self.disable(user, disabled, oracle).await?,
            Step::Secret { client } => self.change_secret(client, oracle).await?,
            Step::Rename { client } => self.rename(client).await?,
            Step::Advance { millis } => {
                self.flush(oracle).await?;
                self.advance(millis);
            }
            Step::Tasks => self.tasks().await,
            Step::Restart => {
                self.restart().await;
                oracle.restarted();
            }
            Step::Fault { nth, fault } => self.fail(nth, fault),
        }
        self.recover(oracle).await
    }

    async fn end_all(&self, anchor: Anchor, why: Why) -> Result<Logout, Error> {
        self.authority().end_all(&self.call(), self.realm, anchor, why).await
    }

    async fn log_out(&self, session: usize, oracle: &mut Oracle) -> Result<(), String> {
        let expected = oracle.expected(session, self.now());
        let known = &mut oracle.sessions[session];
        let ended = self.authority().end(&self.call(), &self.presented(&known.token)).await;
        match outcome(ended)? {
            Ok(Outcome::Done(_)) if expected == Expected::Inactive => {
                return Err("a dead session logged out".to_owned());
            }
            Err(error) if expected == Expected::Active => {
                return Err(format!("a live session of user {} was {error}", known.user));
            }
            Ok(Outcome::Done(_)) | Err(_) => known.state = State::Dead,
            Ok(Outcome::Unknown) => known.doubt(),
            Ok(Outcome::Refused) => {}
        }
        Ok(())
    }

    async fn issue(
        &self,
        user: usize,
        client: usize,
        life: (u32, u32),
        parent: Option<usize>,
        oracle: &mut Oracle,
    ) -> Result<(), String> {
        let call = self.call();
        let token = call.mint.session_token();
        let user = parent.map_or(user, |parent| oracle.sessions[parent].user);
        let above = parent.map_or(Expected::Active, |parent| oracle.expected(parent, call.now));
        let left = parent.and_then(|parent| oracle.sessions[parent].left(call.now));
        let chain = parent.map_or(0, |parent| oracle.chain(parent).count());
        let issue_request = IssueRequest {
            dialect: ADMIN,
            user: self.users[user],
            client: Some(self.clients[client]),
            idle_secs: Some(life.0),
            absolute_secs: Some(life.1),
            parent: parent.map(|parent| oracle.sessions[parent].id),
        };
        let issued = self.authority().vouch(&call, self.realm, &issue_request, &token).await;
        match issued.map_err(|error| error.kind()) {
            Ok(_) if oracle.disabled[user] => return Err("a disabled user got a session".to_owned()),
            Ok(_) if above == Expected::Inactive => return Err("a dead session got a child".to_owned()),
            Ok(_) if chain >= CHAIN_MAX => return Err("a chain is too long".to_owned()),
            Ok(standing) => {
                oracle.seen.children += u32::from(parent.is_some());
                let absolute_secs = match left {
                    Some(left) if life.1 == 0 => left,
                    Some(left) => left.min(life.1),
                    None => life.1,
                };
                oracle.sessions.push(Known {
                    id: standing.session,
                    token,
                    user,
                    client,
                    parent,
                    issued: call.now,
                    idle_secs: life.0,
                    absolute_secs,
                    seen: call.now,
                    hazy: false,
                    state: State::Open,
                });
            }
            Err(Kind::Dead(_)) if above != Expected::Active || left == Some(0) => {}
            Err(Kind::Malformed("parent")) if chain >= CHAIN_MAX => {}
            Err(Kind::Forbidden) if oracle.disabled[user] => {}
            Err(Kind::Unavailable(_)) => {}
            Err(kind) => return Err(format!("a login came to {kind:?}")),
        }
        Ok(())
    }

    async fn list(&mut self) {
        if let Ok(position) = self.authority().position().await {
            self.listed = (position.stamp, self.now());
        }
    }

    async fn adopt(
        &self,
        user: usize,
        client: usize,
        life: (u32, u32),
        issued: Moment,
        oracle: &mut Oracle,
    ) -> Result<(), String> {
        let call = self.call();
        let (token, now) = (call.mint.session_token(), call.now);
        let taken = self.take(&call, user, client, life, issued, &token.fingerprint()).await;
        let over = |secs: u32| secs > 0 && issued.plus_secs(secs.into()) <= now;
        let expected = match oracle.adoptable(user, client, issued, self.listed.0) {
            _ if oracle.disabled[user] || over(life.0) || over(life.1) => Expected::Inactive,
            expected => expected,
        };
        match taken.map_err(|error| error.kind()) {
            Ok(_) if expected == Expected::Inactive => Err("a dead session was adopted".to_owned()),
            Ok(Taken::There) => Err("a new token was there already".to_owned()),
            Ok(Taken::Made(id)) => {
                oracle.seen.adopted += 1;
                let (idle_secs, absolute_secs) = life;
                oracle.sessions.push(Known {
                    id,
                    token,
                    user,
                    client,
                    parent: None,
                    issued,
                    idle_secs,
                    absolute_secs,
                    seen: issued,
                    hazy: false,
                    state: State::Open,
                });
                Ok(())
            }
            Err(Kind::Unavailable(_)) => Ok(()),
            Err(kind) if expected == Expected::Active => Err(format!("an adoption came to {kind:?}")),
            Err(kind) => {
                oracle.seen.not_adopted += u32::from(kind == Kind::Conflict("issued_at"));
                Ok(())
            }
        }
    }

    /// Nothing revives a session: it is there, or stays dead.
    async fn adopt_again(&self, known: &Known, expected: Expected) -> Result<(), String> {
        let (call, life) = (self.call(), (known.idle_secs, known.absolute_secs));
        let print = known.token.fingerprint();
        let taken = self.take(&call, known.user, known.client, life, known.issued, &print).await;
        match (taken.map_err(|error| error.kind()), expected) {
            (Ok(Taken::Made(_)), _) => Err("a token was adopted a second time".to_owned()),
            (Ok(Taken::There), Expected::Inactive) => Err("a dead session is there".to_owned()),
            (Ok(Taken::There), _) | (Err(Kind::Unavailable(_)), _) => Ok(()),
            // Its user was logged out in the same millisecond, right before it was issued, or after the list was made.
            (Err(Kind::Conflict("issued_at")), _) => Ok(()),
            (Err(kind), Expected::Active) => Err(format!("a living session was refused as {kind:?}")),
            (Err(_), _) => Ok(()),
        }
    }

    async fn take(
        &self,
        call: &Call,
        user: usize,
        client: usize,
        (idle_secs, absolute_secs): (u32, u32),
        issued: Moment,
        token: &Fingerprint,
    ) -> Result<Taken, Error> {
        let elsewhere = Elsewhere {
            token: *token,
            user: Identifier::Id(self.users[user]),
            client: Some(ClientNamed::Id(self.clients[client])),
            dialect: None,
            issued_at: Some(issued),
            seen_at: None,
            expires_at: None,
            idle_secs: Some(idle_secs),
            absolute_secs: Some(absolute_secs),
            user_agent: None,
            from: None,
        };
        let one = vec![Ok(elsewhere)];
        let taken = self.authority().adopt(call, self.realm, self.listed.0, one, Run::Real).await?;
        taken.into_iter().next().unwrap()
    }

    async fn disable(&self, user: usize, disabled: bool, oracle: &mut Oracle) -> Result<(), String> {
        let call = self.call();
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        let changed = self.authority().change_user(&call, self.realm, self.users[user], change).await;
        let ends = disabled && !oracle.disabled[user];
        match written(changed)? {
            Outcome::Done(saved) if saved.mark.is_some() != ends => {
                return Err(format!("disabled is {disabled}, and the mark is {:?}", saved.mark));
            }
            Outcome::Done(saved) => {
                saved.mark.iter().for_each(|mark| oracle.ended(Whose::Users(user), mark));
                oracle.disabled[user] = disabled;
            }
            Outcome::Unknown if ends => oracle.perhaps_ended(Whose::Users(user), call.now),
            Outcome::Unknown | Outcome::Refused => {}
        }
        Ok(())
    }

    async fn change_secret(&self, client: usize, oracle: &mut Oracle) -> Result<(), String> {
        let call = self.call();
        let pair = Fingerprint(call.mint.secret());
        let change = ClientChange {
            settings: Some(partner::settings(pair).unwrap()),
            secret_replaced: true,
            ..ClientChange::default()
        };
        let changed = self.authority().change_client(&call, self.realm, self.clients[client], change).await;
        match written(changed)? {
            Outcome::Done(saved) => {
                let mark = saved.mark.ok_or("a changed secret ended nothing")?;
                oracle.ended(Whose::Clients(client), &mark);
                oracle.void.append(&mut oracle.secrets[client]);
                oracle.secrets[client].push(pair);
                oracle.seen.secrets += 1;
            }
            Outcome::Unknown => {
                oracle.perhaps_ended(Whose::Clients(client), call.now);
                oracle.secrets[client].push(pair);
            }
            Outcome::Refused => oracle.void.push(pair),
        }
        Ok(())
    }

    async fn rename(&self, client: usize) -> Result<(), String> {
        let call = self.call();
        let name = format!("client-{client}-{}", call.mint.letters(4));
        let change = ClientChange { name: Some(name), ..ClientChange::default() };
        let changed = self.authority().change_client(&call, self.realm, self.clients[client], change).await;
        match written(changed)? {
            Outcome::Done(saved) if saved.mark.is_some() => Err("a changed name ended sessions".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Ends these sessions, or perhaps, as the outcome says.
fn settled<T>(
    ended: Result<T, Error>,
    oracle: &mut Oracle,
    which: impl Fn(&Known) -> bool,
) -> Result<(), String> {
    match written(ended)? {
        Outcome::Done(_) => oracle.end(which, State::Dead),
        Outcome::Unknown => oracle.end(which, State::Unknown),
        Outcome::Refused => {}
    }
    Ok(())
}

/// As [`settled`], for everybody's, a client's or a user's sessions.
fn all_settled(
    ended: Result<Logout, Error>,
    oracle: &mut Oracle,
    whose: Whose,
    now: Moment,
) -> Result<(), String> {
    match written(ended)? {
        Outcome::Done(ended) => oracle.ended(whose, &ended.mark),
        Outcome::Unknown => oracle.perhaps_ended(whose, now),
        Outcome::Refused => {}
    }
    Ok(())
}

fn written<T>(result: Result<T, Error>) -> Result<Outcome<T>, String> {
    match outcome(result)? {
        Ok(outcome) => Ok(outcome),
        Err(error) => Err(format!("a write came to {error}")),
    }
}

/// The outcome of a write; an error if there was no session to end.
fn outcome<T>(result: Result<T, Error>) -> Result<Result<Outcome<T>, Error>, String> {
    let error = match result {
        Ok(done) => return Ok(Ok(Outcome::Done(done))),
        Err(error) => error,
    };
    match error.kind() {
        Kind::Unavailable(Unavailability::Unknown) => Ok(Ok(Outcome::Unknown)),
        Kind::Unavailable(Unavailability::Refused | Unavailability::Busy | Unavailability::Overtaken) => {
            Ok(Ok(Outcome::Refused))
        }
        // A session that the store has forgotten, or that is no more there to be kept.
        Kind::NotFound | Kind::Malformed("except") => Ok(Ok(Outcome::Refused)),
        Kind::Dead(_) => Ok(Err(error)),
        kind => Err(format!("a write came to {kind:?}")),
    }
}
