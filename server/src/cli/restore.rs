//! `exeunt restore`: makes a store of a backup, or declares that a store was put back by other means. Without a
//! server, and never beside one.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::progress::Bar;
use super::serve::variables;
use crate::authority::Mint;
use crate::config::load;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::StoreUrl;
use crate::store::sqlite::restore::{Beginning, Begun, Kept, Restoring, declare};

/// What is said of sessions that are kept.
const RISK: &str =
    "sessions that were ended after this state was taken live again, for whoever still has their tokens";

#[derive(Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(required_unless_present = "in_place", conflicts_with = "in_place")]
    backup: Option<PathBuf>,
    /// Where the store is to be: sqlite:PATH [default: what the configuration says]
    #[arg(long)]
    store: Option<String>,
    /// The configuration file
    #[arg(long, env = "EXEUNT_CONFIG")]
    config: Option<PathBuf>,
    /// A store that is there already is kept under another name
    #[arg(long)]
    replace: bool,
    /// Declare that the store itself was put back to an earlier state: a snapshot of the machine, a copy of its files
    #[arg(long, conflicts_with = "replace")]
    in_place: bool,
    /// Do not end the sessions: those that were ended after this state was taken live again
    #[arg(long)]
    keep_sessions: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Restore {
    pub(super) fn run(self) -> Result<()> {
        let env = Env::system();
        let store = match &self.store {
            Some(store) => store.clone(),
            None => load(self.config.as_deref(), variables()?)?.config.store,
        };
        let StoreUrl::Sqlite(target) = StoreUrl::from_str(&store)? else {
            return Err(Error::malformed("store", "a memory store cannot be restored; write sqlite:PATH"));
        };
        let sessions = if self.keep_sessions { Kept::Alive } else { Kept::Ended };
        self.must_be_meant(&store)?;
        let incarnation = Mint::new(env.entropy()).incarnation();
        let beginning = Beginning { incarnation, now: env.now(), sessions };
        if let Some(backup) = &self.backup {
            return self.put(&env, backup, &target, beginning);
        }
        let begun = declare(&target, beginning)?;
        println!("{} was put back to an earlier state, and is declared so", target.display());
        tell(&begun, sessions);
        Ok(())
    }

    fn put(&self, env: &Env, backup: &Path, target: &Path, beginning: Beginning) -> Result<()> {
        let stamp =
            jiff::Timestamp::from_millisecond(i64::try_from(beginning.now.millis()).unwrap_or_default());
        let suffix =
            stamp.map(|at| at.strftime(".replaced-%Y%m%dT%H%M%SZ").to_string()).map_err(Error::internal)?;
        let aside = self.replace.then_some(suffix.as_str());
        let mut bar = Bar::new(env, "copying");
        let restoring = Restoring { backup, target, aside, beginning };
        let restored = restoring.run(&mut |done, total| bar.show(done, total));
        bar.clear();
        let restored = restored?;
        println!("{} is restored from {}", target.display(), backup.display());
        if let Some(aside) = restored.aside {
            println!("  the store that was there is kept: {}", aside.display());
        }
        tell(&restored.begun, beginning.sessions);
        Ok(())
    }

    /// Asks for what cannot be taken back.
    fn must_be_meant(&self, store: &str) -> Result<()> {
        let question = match (self.keep_sessions, self.in_place, self.replace) {
            (true, ..) => RISK.to_owned(),
            (_, true, _) => format!("every session in {store} ends"),
            (_, _, true) => format!("{store} is replaced, and every session of the backup ends"),
            _ => return Ok(()),
        };
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Error::malformed("yes", format!("{question}: say --yes if that is meant")));
        }
        eprint!("{question}. Go on? [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(Error::internal)?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Error::malformed("yes", "nothing was done")),
        }
    }
}

fn tell(begun: &Begun, sessions: Kept) {
    if let Some(at) = begun.made_at {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(at.millis()).unwrap_or_default());
        let at = at.map_or_else(
            |_| "an unknown time".to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        );
        println!("  users, clients and keys are as they were at {at}; what was changed since is lost");
    }
    match sessions {
        Kept::Ended => {
            println!("  every session has ended ({} recorded): people log in anew", begun.sessions)
        }
        Kept::Alive => println!("  sessions were kept ({} recorded): {RISK}", begun.sessions),
    }
    println!("  position {}.{}", begun.position.incarnation, begun.position.stamp);
}
