//! Sessions with children, in a store in memory and in one in a file at once. Both must answer the same, and a session
//! is alive as long as nothing ended it or one it descends from.
//!
//! Sessions are used to turn generations and hang from consents, which are given and withdrawn.
//!
//! These histories call the stores themselves: no verb of the authority turns a generation or keeps a consent yet.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;

use exeunt::env::{Entropy, Env};
use exeunt::error::{Error, Kind};
use exeunt::store::memory::MemoryStore;
use exeunt::store::sqlite::{SqliteOptions, SqliteStore};
use exeunt::store::{
    Adopted, Adoption, Consent, Found, Incarnation, Ledger, List, NewSession, Others, Raise, RaiseOutcome,
    Seen, SessionBy, Successor, contract,
};
use exeunt_core::{Anchor, ClientId, ConsentId, Mark, Moment, Session, Stamp, UserId, Verdict, Why};

use crate::support::scratch::Scratch;

const INCARNATION: Incarnation = Incarnation([7; 16]);
const USERS: usize = 2;
const CLIENTS: usize = 2;
/// How long a dead session is kept, and the log of marks, in seconds.
const KEPT_SECS: u64 = 900;

struct Family {
    memory: MemoryStore,
    /// `None` only while it is reopened.
    file: Option<SqliteStore>,
    folder: Scratch,
    chance: Entropy,
    now: Moment,
    kin: Vec<Kin>,
    consents: HashMap<ConsentId, Consent>,
    counted: Counted,
}

/// How often some things happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) children: usize,
    pub(crate) next: usize,
    pub(crate) again: usize,
    pub(crate) reused: usize,
    pub(crate) withdrawn: usize,
}

impl Counted {
    pub(crate) const fn add(&mut self, other: Self) {
        self.children += other.children;
        self.next += other.next;
        self.again += other.again;
        self.reused += other.reused;
        self.withdrawn += other.withdrawn;
    }
}

/// A session, and what is known of it.
struct Kin {
    session: Session,
    row: u64,
    /// Its parent, the parent of that, and so on.
    ancestors: Vec<usize>,
    seen: Moment,
    ended: bool,
    used: Option<Used>,
}

/// The highest generation of a session that was used.
struct Used {
    number: u32,
    at: Moment,
    successor: Successor,
}

/// The same call on both stores, whose answers must be the same.
macro_rules! both {
    ($family:expr, $store:ident => $call:expr) => {{
        let $store = &$family.memory;
        let one = $call.await;
        let $store = $family.file.as_ref().unwrap();
        let other = $call.await;
        same(one, &other)
    }};
}

mod grants;

/// Plays a history, and returns what it had.
pub(crate) async fn history(seed: u64, steps: u32) -> Counted {
    let mut family = Family::new(seed);
    family.settle_in().await;
    let mut told = Vec::new();
    for _ in 0..steps {
        let outcome = match family.step(&mut told).await {
            Ok(()) => family.verify_some().await,
            broken => broken,
        };
        if let Err(broken) = outcome {
            panic!("seed {seed}: {broken}, after\n  {}", told[told.len().saturating_sub(25)..].join("\n  "));
        }
    }
    for number in 0..family.kin.len() {
        family.verify(number).await.unwrap_or_else(|broken| panic!("seed {seed}: {broken}, at the end"));
    }
    let children = family.kin.iter().filter(|kin| !kin.ancestors.is_empty()).count();
    Counted { children, ..family.counted }
}

impl Family {
    fn new(seed: u64) -> Self {
        let (folder, memory) = (Scratch::new(), MemoryStore::new(INCARNATION));
        let (file, chance) = (Some(open(&folder)), Env::seeded(seed, contract::NOW).entropy());
        Self {
            memory,
            file,
            folder,
            chance,
            now: contract::NOW,
            kin: Vec::new(),
            consents: HashMap::new(),
            counted: Counted::default(),
        }
    }

    async fn step(&mut self, told: &mut Vec<String>) -> Result<(), String> {
        let some = (!self.kin.is_empty()).then(|| self.below(self.kin.len()));
        let (user, choice) = (self.below(USERS), self.below(100));
        told.push(format!("{choice} with {some:?} and user {user}"));
        match (choice, some) {
            (0..15, _) | (_, None) => self.issue(user, None).await,
            (15..40, _) => {
                let living: Vec<_> = (0..self.kin.len()).filter(|at| self.all_live(*at)).collect();
                let parent = (!living.is_empty()).then(|| living[self.below(living.len())]);
                // Some are to be children of any session, dead or alive.
                self.issue(user, if choice < 20 { some } else { parent }).await
            }
            (40..45, _) => self.adopt(user).await,
            (45..49, Some(one)) => self.touch(one).await,
            (49..60, Some(one)) => self.turn(one).await,
            (60..63, Some(one)) => self.raise(Anchor::Session(self.kin[one].session.id)).await,
            (63..65, _) => self.raise(Anchor::User(user_id(user))).await,
            (65..66, _) => self.raise(Anchor::Client(client_id(self.below(CLIENTS)))).await,
            (66..67, _) => self.raise(Anchor::Realm(contract::REALM)).await,
            (67..73, Some(keep)) => self.end_others(keep).await,
            (73..79, _) => self.expire().await,
            (79..84, _) => self.sweep().await,
            (84..88, _) => self.read_lists(user).await,
            (88..91, _) => self.change_consent(user).await,
            (91..94, _) => {
                drop(self.file.take());
                self.file = Some(open(&self.folder));
                Ok(())
            }
            _ => {
                self.now = self.now.plus_secs(u64::try_from(self.below(60)).unwrap());
                Ok(())
            }
        }
    }

    /// A new session; the child of another one has the same user.
    async fn issue(&mut self, user: usize, parent: Option<usize>) -> Result<(), String> {
        let sessions_max = u32::try_from(self.below(8) + 2).unwrap();
        let mut new = self.fresh(user).await?;
        let mut ancestors = Vec::new();
        if let Some(at) = parent {
            new.record.session.anchors[2] = self.kin[at].session.anchors[2];
        }
        if self.granted(&mut new.record.session) {
            new.record.token = None;
        }
        if let Some(at) = parent {
            let parent = &self.kin[at];
            // The chain may be too long, or the time too short.
            let Ok(child) = new.record.session.clone().child_of(&parent.session) else { return Ok(()) };
            new.record.session = child;
            ancestors = [&[at], parent.ancestors.as_slice()].concat();
        }
        new.sessions_max = sessions_max;
        let session = new.record.session.clone();
        let must_be = parent.is_none_or(|at| self.all_live(at));
        let must_not_be = ancestors.iter().any(|at| self.kin[*at].ended);
        let issued = match both!(self, store => store.issue(new.clone()))? {
            Ok(_) if must_not_be => return Err(format!("{parent:?} is dead and got a child")),
            Err(error) if matches!(error.kind(), Kind::Dead(_)) && !must_be => return Ok(()),
            issued => issued.map_err(|error| error.to_string())?,
        };
        let was_alive: BTreeSet<_> = (0..self.kin.len()).filter(|at| self.lives(*at)).collect();
        self.ended(&issued.ended);
        if let Some(at) = ancestors.iter().find(|at| was_alive.contains(at) && !self.lives(**at)) {
            return Err(format!("issuing a child ended its ancestor {at}"));
        }
        let of_client = |kin: &Kin| kin.session.anchors[1..3] == session.anchors[1..3];
        let others = (0..self.kin.len()).filter(|at| self.lives(*at) && of_client(&self.kin[*at]));
        let beside = others.filter(|at| !ancestors.contains(at)).count();
        if beside >= usize::try_from(sessions_max).unwrap() {
            return Err(format!(
                "{beside} sessions beside a new one, and at most {sessions_max} are allowed"
            ));
        }
        self.kin.push(Kin { session, row: issued.row, ancestors, seen: self.now, ended: false, used: None });
        Ok(())
    }

    async fn adopt(&mut self, user: usize) -> Result<(), String> {
        let NewSession { mut record, .. } = self.fresh(user).await?;
        let age = u64::try_from(self.below(700)).unwrap();
        record.session.issued_at = self.now.minus_secs(age);
        let session = record.session.clone();
        let seen = session.issued_at;
        let all = vec![Adopted { record, seen, sessions_max: 10 }];
        let adopted = both!(self, store => store.adopt(all.clone(), self.now, None))?;
        if let Adoption::Recorded(row) = adopted.map_err(|error| error.to_string())?[0] {
            self.kin.push(Kin { session, row, ancestors: Vec::new(), seen, ended: false, used: None });
        }
        Ok(())
    }

    async fn touch(&mut self, one: usize) -> Result<(), String> {
        let Kin { session, row, .. } = &self.kin[one];
        let seen = Seen { session: session.id, row: *row, at: self.now };
        both!(self, store => store.touch(vec![seen]))?.map_err(|error| error.to_string())?;
        if self.lives(one) {
            self.kin[one].seen = self.now;
        }
        Ok(())
    }

    async fn raise(&mut self, anchor: Anchor) -> Result<(), String> {
        let raise = Raise { when: self.now, ..contract::raise(anchor, Why::Admin) };
        // A session that is forgotten cannot be ended.
        // Only one of the two is durable.
        let raised = |outcome: RaiseOutcome| RaiseOutcome { durable: true, ..outcome };
        match both!(self, store => async { store.raise(raise.clone()).await.map(raised) })? {
            Ok(outcome) if outcome.mark.anchor == anchor => self.ended(&[outcome.mark]),
            // Something else had ended it before.
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    async fn end_others(&mut self, keep: usize) -> Result<(), String> {
        let session = &self.kin[keep].session;
        let (user, id) = (session.user().unwrap(), session.id);
        let raise = Raise { when: self.now, ..contract::raise(Anchor::User(user), Why::Others) };
        let others = Others { user, keep: id, raise };
        let Ok(marks) = both!(self, store => store.raise_others(others.clone()))? else { return Ok(()) };
        let family = |at: usize| {
            at == keep || self.kin[keep].ancestors.contains(&at) || self.kin[at].ancestors.contains(&keep)
        };
        let was_alive: Vec<_> = (0..self.kin.len()).filter(|at| self.lives(*at)).collect();
        let (family, others): (BTreeSet<_>, BTreeSet<_>) = was_alive.into_iter().partition(|at| family(*at));
        self.ended(&marks);
        if let Some(gone) = family.iter().find(|at| !self.lives(**at)) {
            return Err(format!("ending all but {keep} ended {gone}, which is of its family"));
        }
        let theirs = |at: &&usize| self.kin[**at].session.user() == Some(user) && self.lives(**at);
        match others.iter().find(theirs) {
            Some(left) => Err(format!("ending all but {keep} left {left}")),
            None => Ok(()),
        }
    }

    async fn expire(&mut self) -> Result<(), String> {
        let ids: Vec<_> = self.kin.iter().map(|kin| kin.session.id).collect();
        let marks = both!(self, store => store.expire(ids.clone(), self.now))?;
        self.ended(&marks.map_err(|error| error.to_string())?);
        Ok(())
    }

    async fn sweep(&self) -> Result<(), String> {
        let (now, budget) = (self.now, 10_000);
        both!(self, store => store.sweep(now, KEPT_SECS, KEPT_SECS, budget))?
            .map_err(|error| error.to_string())?;
        Ok(())
    }

    async fn read_lists(&self, user: usize) -> Result<(), String> {
        let under = vec![Anchor::User(user_id(user))];
        let list = List {
            realm: contract::REALM,
            under,
            before: u64::MAX,
            floor: Stamp::ZERO,
            limit: 20,
            now: self.now,
        };
        both!(self, store => store.sessions(list.clone()))?.map_err(|error| error.to_string())?;
        both!(self, store => store.unended(0, 1_000, self.now))?.map_err(|error| error.to_string())?;
        drop(both!(self, store => store.marks(None, Stamp::ZERO, 1_000))?);
        Ok(())
    }

    async fn verify_some(&self) -> Result<(), String> {
        for _ in 0..self.kin.len().min(3) {
            self.verify(self.below(self.kin.len())).await?;
        }
        Ok(())
    }

    async fn verify(&self, number: usize) -> Result<(), String> {
        let kin = &self.kin[number];
        let by = SessionBy::Id(kin.session.id);
        let found = both!(self, store => store.session(by, self.now))?.map_err(|error| error.to_string())?;
        let used = |found: &Found| found.generation.as_ref().map(|used| used.number);
        let must_be = kin.used.as_ref().map(|used| used.number);
        if found.as_ref().is_some_and(|found| used(found) != must_be) {
            return Err(format!(
                "session {number} used {:?}, and must have used {must_be:?}",
                found.as_ref().map(used)
            ));
        }
        let alive = found.map(|found| found.verdict) == Some(Verdict::Alive);
        let ended = kin.ended;
        if alive && ended || !alive && self.lives(number) {
            return Err(format!("session {number} is alive: {alive}, and was ended: {ended}"));
        }
        both!(self, store => store.why(&kin.session))?.map_err(|error| error.to_string())?;
        Ok(())
    }

    /// These marks were raised: whatever has such an anchor, or descends from what has, is over.
    fn ended(&mut self, marks: &[Mark]) {
        for mark in marks {
            let hit = |kin: &Kin| own(&kin.session).contains(&mark.anchor);
            let hits: BTreeSet<_> = (0..self.kin.len()).filter(|at| hit(&self.kin[*at])).collect();
            for at in 0..self.kin.len() {
                let falls = hits.contains(&at) || self.kin[at].ancestors.iter().any(|at| hits.contains(at));
                self.kin[at].ended |= falls;
            }
        }
    }

    /// Whether it must be alive: nothing ended it, and its time is not up.
    fn lives(&self, at: usize) -> bool {
        let kin = &self.kin[at];
        !kin.ended && kin.session.deadline(kin.seen).is_none_or(|deadline| self.now < deadline)
    }

    /// Whether it and all its ancestors must be alive.
    fn all_live(&self, at: usize) -> bool {
        self.lives(at) && self.kin[at].ancestors.iter().all(|at| self.lives(*at))
    }

    async fn fresh(&self, user: usize) -> Result<NewSession, String> {
        let number = u64::try_from(self.chance_number()).unwrap();
        let mut new = contract::fresh(&self.memory, number, 0).await.map_err(|error| error.to_string())?;
        new.record.session.anchors[1] = Anchor::Client(client_id(self.below(CLIENTS)));
        new.record.session.anchors[2] = Anchor::User(user_id(user));
        new.record.session.issued_at = self.now;
        Ok(new)
    }

    fn below(&self, bound: usize) -> usize {
        self.chance_number() % bound
    }

    fn chance_number(&self) -> usize {
        let mut bytes = [0; 4];
        self.chance.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize
    }
}

fn open(folder: &Scratch) -> SqliteStore {
    SqliteStore::open(SqliteOptions::new(folder.path().join("exeunt.db"), INCARNATION)).unwrap()
}

/// The one answer of both.
fn same<T: Debug>(one: Result<T, Error>, other: &Result<T, Error>) -> Result<Result<T, Error>, String> {
    let (in_memory, in_file) = match (&one, other) {
        (Ok(one), Ok(other)) => (format!("{one:?}"), format!("{other:?}")),
        (one, other) => (
            format!("{:?}", one.as_ref().map_err(Error::kind)),
            format!("{:?}", other.as_ref().map_err(Error::kind)),
        ),
    };
    if in_memory == in_file {
        Ok(one)
    } else {
        Err(format!("in memory {in_memory}, and in the file {in_file}"))
    }
}

/// The anchors that a session does not have from its parent. Itself comes last.
fn own(session: &Session) -> &[Anchor] {
    let last = session.anchors.iter().position(|anchor| *anchor == Anchor::Session(session.id));
    &session.anchors[..=last.unwrap()]
}

fn user_id(number: usize) -> UserId {
    UserId([u8::try_from(number).unwrap() + 1; 16])
}

fn client_id(number: usize) -> ClientId {
    ClientId([u8::try_from(number).unwrap() + 1; 16])
}
