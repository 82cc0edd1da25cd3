//! A short history of logins and logouts of every kind, and what must be true of it whenever it is cut short.

use std::collections::BTreeSet;
use std::path::Path;

use exeunt::error::{Error, Result};
use exeunt::store::contract::{self, NOW, REALM};
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{Directory, Incarnation, Ledger, NewSession, Others, Seen, SessionBy};
use exeunt_core::{Anchor, SessionId, Stamp, UserId, Verdict, Why};

/// What was acknowledged so far, and what is in doubt.
#[derive(Debug, Default)]
pub(crate) struct Told {
    alive: BTreeSet<SessionId>,
    dead: BTreeSet<SessionId>,
    /// Those that the step ends that was never answered.
    doubtful: BTreeSet<SessionId>,
    last: Stamp,
    next: u64,
}

/// A step of the history, and the users whose sessions it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Login(u64),
    /// A login that sends away what is beyond one session.
    LastLogin(u64),
    Logout,
    Everywhere(u64),
    Others(u64),
    Disable(u64),
    TouchAndSweep,
    Reopen,
}

pub(crate) const STEPS: &[Step] = &[
    Step::Login(1),
    Step::Login(1),
    Step::Login(2),
    Step::Logout,
    Step::Login(3),
    Step::TouchAndSweep,
    Step::Login(3),
    Step::Everywhere(1),
    Step::Reopen,
    Step::Login(1),
    Step::Login(1),
    Step::Others(1),
    Step::LastLogin(3),
    Step::Disable(2),
    Step::Login(4),
    Step::Reopen,
    Step::Logout,
    Step::Login(5),
];

/// A store on a real disk.
pub(crate) fn options(path: &Path) -> SqliteOptions {
    SqliteOptions::new(path.to_owned(), Incarnation([1; 16]))
}

impl Told {
    /// Takes one step, and notes what was acknowledged. After an error it may be taken again.
    pub(crate) async fn step(&mut self, step: Step, store: &SqliteStore) -> Result<()> {
        let number = self.next + 1;
        self.doubtful = self.victims(step);
        let everyone = Anchor::Realm(REALM);
        match step {
            Step::Login(user) | Step::LastLogin(user) => {
                let mut new = contract::fresh(store, number, user).await?;
                if matches!(step, Step::LastLogin(_)) {
                    new.sessions_max = 1;
                }
                login(store, &new).await?;
                self.alive.insert(new.record.session.id);
                self.next = number;
            }
            Step::Logout => {
                let Some(first) = self.alive.first().copied() else { return Ok(()) };
                store.raise(contract::raise(Anchor::Session(first), Why::LoggedOut)).await?;
            }
            Step::Everywhere(user) => {
                store.raise(contract::raise(Anchor::User(user_id(user)), Why::Everywhere)).await?;
            }
            Step::Others(user) => {
                let keep = self.of(user).last().copied().ok_or_else(|| Error::not_found("session"))?;
                let raise = contract::raise(everyone, Why::Others);
                store.raise_others(Others { user: user_id(user), keep, raise }).await?;
            }
            Step::Disable(user) => {
                let mut changed = contract::user(user);
                let found = store.user(REALM, exeunt::store::Identifier::Id(changed.id)).await?;
                changed.version = found.map_or(0, |found| found.version);
                changed.disabled = true;
                let raise = contract::raise(Anchor::User(changed.id), Why::Disabled);
                let entry = contract::audit_entry("user.change");
                store.save_user(changed, Some(raise), Some(entry)).await?;
            }
            Step::TouchAndSweep => {
                let seen = Seen { session: session_id(1), row: 1, at: NOW.plus_secs(60) };
                store.touch(vec![seen]).await?;
                store.sweep(NOW, 60, 60, 10).await?;
            }
            Step::Reopen => {}
        }
        let ended = std::mem::take(&mut self.doubtful);
        self.alive.retain(|id| !ended.contains(id));
        self.dead.extend(ended);
        self.last = store.position().await?.stamp;
        Ok(())
    }

    /// What must be true of whatever the disk has kept.
    pub(crate) async fn holds(&self, store: &SqliteStore) -> std::result::Result<(), String> {
        let told = async |id: &SessionId| {
            let found = store.session(SessionBy::Id(*id), NOW).await.map_err(|error| error.to_string())?;
            Ok::<_, String>(found.map(|found| found.verdict))
        };
        for id in &self.dead {
            let verdict = told(id).await?;
            if !matches!(verdict, Some(Verdict::Ended(_))) {
                return Err(format!("{id} was logged out and is {verdict:?}"));
            }
        }
        for id in self.alive.difference(&self.doubtful) {
            let verdict = told(id).await?;
            if verdict != Some(Verdict::Alive) {
                return Err(format!("{id} was logged in and is {verdict:?}"));
            }
        }
        let position = store.position().await.map_err(|error| error.to_string())?.stamp;
        if position < self.last {
            return Err(format!("the log ends at {position}, and {} was acknowledged", self.last));
        }
        let log = store.marks(None, Stamp::ZERO, 1000).await.map_err(|error| error.to_string())?.marks;
        let places: Vec<_> = log.iter().map(|mark| mark.at.number()).collect();
        if places != (1..=position.number()).collect::<Vec<_>>() {
            return Err(format!("the log has holes: {places:?}"));
        }
        Ok(())
    }

    fn victims(&self, step: Step) -> BTreeSet<SessionId> {
        match step {
            Step::Logout => self.alive.first().copied().into_iter().collect(),
            Step::Everywhere(user) | Step::Disable(user) | Step::LastLogin(user) => self.of(user),
            Step::Others(user) => {
                let mut others = self.of(user);
                others.pop_last();
                others
            }
            Step::Login(_) | Step::TouchAndSweep | Step::Reopen => BTreeSet::new(),
        }
    }

    /// The living sessions of a user: the steps themselves say who logged in.
    fn of(&self, user: u64) -> BTreeSet<SessionId> {
        let logins = STEPS.iter().filter_map(|step| match step {
            Step::Login(user) | Step::LastLogin(user) => Some(*user),
            _ => None,
        });
        let theirs = logins.zip(1..).filter(|(of, _)| *of == user).map(|(_, number)| session_id(number));
        theirs.filter(|id| self.alive.contains(id)).collect()
    }
}

/// A login whose answer was lost may have happened: then that is the answer.
async fn login(store: &SqliteStore, new: &NewSession) -> Result<()> {
    match store.session(SessionBy::Id(new.record.session.id), NOW).await? {
        Some(_) => Ok(()),
        None => store.issue(new.clone()).await.map(|_| ()),
    }
}

fn session_id(number: u64) -> SessionId {
    SessionId(u128::from(number).to_be_bytes())
}

fn user_id(number: u64) -> UserId {
    UserId(u128::from(number).to_be_bytes())
}
