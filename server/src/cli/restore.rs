//! `exeunt restore`: creates a store from a backup, or declares that a store was restored by other means. No server may
//! run on the store.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::exit::{Exit, Failure, Outcome};
use super::print::{Out, say};
use super::progress::Bar;
use super::serve::variables;
use super::{ask, keys};
use crate::authority::Mint;
use crate::config::load;
use crate::dialect;
use crate::env::Env;
use crate::store::StoreUrl;
use crate::store::sqlite::restore::{Beginning, Begun, Restoring, SessionsAfterReset, declare};
use crate::time::text::{readable, utc_or_last};

/// The warning about sessions that are kept.
const RISK: &str = "sessions that were ended after this state was saved are alive again for anyone who \
                    still has their tokens";

#[derive(Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(required_unless_present = "in_place", conflicts_with = "in_place")]
    backup: Option<PathBuf>,
    /// Where to create the store: sqlite:PATH [default: from the configuration]
    #[arg(long)]
    store: Option<String>,
    /// The configuration file
    #[arg(long, env = "EXEUNT_CONFIG")]
    config: Option<PathBuf>,
    /// Replace an existing store; the old one is kept under another name
    #[arg(long)]
    replace: bool,
    /// Declare that the store itself was returned to an earlier state, by a snapshot of the machine or a copy of its files
    #[arg(long, conflicts_with = "replace")]
    in_place: bool,
    /// Keep the sessions alive, including those that were ended after the backup was taken
    #[arg(long)]
    keep_sessions: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Restore {
    pub(super) async fn run(self) -> Outcome {
        let env = Env::system();
        let store = match &self.store {
            Some(store) => store.clone(),
            None => load(self.config.as_deref(), variables()?, &dialect::all::names())?.config.store,
        };
        let StoreUrl::Sqlite(target) = StoreUrl::from_str(&store)? else {
            return Err(Failure::usage("a memory store cannot be restored; give --store sqlite:PATH"));
        };
        if !self.is_meant(&store).await? {
            say("nothing was changed");
            return Ok(Exit::Failed);
        }
        let sessions = if self.keep_sessions { SessionsAfterReset::Alive } else { SessionsAfterReset::Ended };
        let incarnation = Mint::new(env.entropy()).incarnation();
        let beginning = Beginning { incarnation, now: env.now(), sessions };
        let mut out = Out::new(false);
        let begun = match &self.backup {
            Some(backup) => self.put(&mut out, &env, backup, &target, beginning)?,
            None => {
                let begun = declare(&target, beginning)?;
                let was = "is now declared as put back to an earlier state";
                out.line(&format!("{} {was}", target.display()))?;
                begun
            }
        };
        tell(&mut out, &begun, sessions)?;
        if std::env::var_os(keys::VARIABLE).is_none() && !target.with_file_name(keys::FILE).exists() {
            let (file, variable) = (keys::FILE, keys::VARIABLE);
            out.line(&format!(
                "  {file} is never in a backup; copy it here, or start the server with {variable}"
            ))?;
        }
        out.flush()?;
        Ok(Exit::Done)
    }

    fn put(
        &self,
        out: &mut Out,
        env: &Env,
        backup: &Path,
        target: &Path,
        beginning: Beginning,
    ) -> Outcome<Begun> {
        let suffix = format!(".replaced-{}", utc_or_last(beginning.now).strftime("%Y%m%dT%H%M%SZ"));
        let aside = self.replace.then_some(suffix.as_str());
        let mut bar = Bar::new(env, "copying");
        let restoring = Restoring { backup, target, aside, beginning };
        let restored = restoring.run(&mut |done, total| bar.show(done, total));
        bar.clear();
        let restored = restored?;
        out.line(&format!("{} is restored from {}", target.display(), backup.display()))?;
        if let Some(aside) = restored.aside {
            out.line(&format!("  the previous store is kept: {}", aside.display()))?;
        }
        Ok(restored.begun)
    }

    /// Asks for confirmation of what cannot be undone.
    async fn is_meant(&self, store: &str) -> Outcome<bool> {
        let what = match (self.keep_sessions, self.in_place, self.replace) {
            (true, ..) => format!("{}{}.", RISK[..1].to_uppercase(), &RISK[1..]),
            (_, true, _) => format!("Every session in {store} ends."),
            (_, _, true) => format!("{store} is replaced, and every session of the backup ends."),
            _ => return Ok(true),
        };
        if self.yes { Ok(true) } else { ask::confirm(&format!("{what} Continue?")).await }
    }
}

fn tell(out: &mut Out, begun: &Begun, sessions: SessionsAfterReset) -> Outcome<()> {
    if let Some(made_at) = begun.made_at {
        let made_at = readable(made_at);
        let line = format!("  users, clients and keys are as they were at {made_at}; later changes are lost");
        out.line(&line)?;
    }
    let recorded = begun.sessions;
    out.line(&match sessions {
        SessionsAfterReset::Ended => {
            format!("  every session has ended ({recorded} recorded); everybody has to log in again")
        }
        SessionsAfterReset::Alive => format!("  sessions were kept ({recorded} recorded): {RISK}"),
    })?;
    out.line(&format!("  position {}.{}", begun.position.incarnation, begun.position.stamp))
}
