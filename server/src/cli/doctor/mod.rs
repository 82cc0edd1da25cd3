//! `exeunt doctor`: finds problems and says how to fix them. It changes nothing. What only a running server knows, it
//! asks the server.

mod disk;
mod files;
mod finding;
mod logins;
mod origins;
mod server;
mod settings;
mod store;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use self::finding::{Finding, Severity};
use super::exit::{Exit, Failure, Outcome};
use super::options::Options;
use super::print::Out;
use super::serve::variables;
use crate::config::{Config, load};
use crate::dialect;
use crate::env::Env;
use crate::store::StoreUrl;

#[derive(Args)]
pub(super) struct Doctor {
    /// The configuration file
    #[arg(long, env = "EXEUNT_CONFIG")]
    config: Option<PathBuf>,
    /// Where the data is stored: sqlite:PATH [default: from the configuration]
    #[arg(long)]
    store: Option<String>,
    #[command(flatten)]
    options: Options,
}

impl Doctor {
    pub(super) async fn run(self) -> Outcome {
        let env = Env::system();
        let (mut findings, json) = (Vec::new(), self.options.json);
        if let Some(config) = self.configuration(&mut findings) {
            findings.extend(settings::check(&config, env.now()));
            findings.extend(config.tls_key.as_deref().and_then(files::private_key));
            self.look(&config, &env, &mut findings).await;
        }
        print(&findings, &mut Out::new(json))
    }

    /// The configuration that the server would use, if it can be read.
    fn configuration(&self, findings: &mut Vec<Finding>) -> Option<Config> {
        const CHECK: &str = "configuration";
        if let Some(file) = &self.config {
            findings.extend(files::configuration(file));
        }
        let loaded =
            variables().and_then(|variables| load(self.config.as_deref(), variables, &dialect::all::names()));
        let mut loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                findings.push(Finding::wrong(
                    CHECK,
                    error.public(),
                    "correct it; the server does not start with it",
                ));
                return None;
            }
        };
        if let Some(store) = &self.store {
            loaded.config.store.clone_from(store);
        }
        let warnings = loaded.warnings.iter();
        findings.extend(warnings.map(|text| Finding::warning(CHECK, text, "see `exeunt config print`")));
        match crate::open::check(&loaded.config) {
            Ok(()) => findings.push(Finding::well(CHECK, "it is valid")),
            Err(error) => {
                findings.push(Finding::wrong(
                    CHECK,
                    error.public(),
                    "correct it; the server does not start with it",
                ));
            }
        }
        Some(loaded.config)
    }

    async fn look(self, config: &Config, env: &Env, findings: &mut Vec<Finding>) {
        let Ok(StoreUrl::Sqlite(path)) = StoreUrl::from_str(&config.store) else {
            let says = "it is in memory and is lost when the server stops";
            findings.push(Finding::warning("database", says, "to keep the data: --store sqlite:PATH"));
            findings.extend(server::ask(self.options, config, None).await);
            return;
        };
        findings.extend(files::beside(&path));
        findings.extend(disk::check(&path, env));
        let (in_use, found) = store::check(&path, config, env.now());
        findings.extend(found);
        findings.extend(server::ask(self.options, config, Some((&path, in_use))).await);
    }
}

fn print(findings: &[Finding], out: &mut Out) -> Outcome {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    for finding in findings {
        if out.is_json() {
            out.json(&finding.json())?;
            continue;
        }
        out.line(&format!("{:7}  {:width$}  {}", finding.severity.word(), finding.check, finding.says))?;
        if !finding.advice.is_empty() {
            out.line(&format!("{:7}  {:width$}  → {}", "", "", finding.advice))?;
        }
    }
    out.flush()?;
    if findings.iter().any(|finding| finding.severity == Severity::Wrong) {
        return Err(Failure::new(Exit::Failed, ""));
    }
    Ok(Exit::Done)
}
