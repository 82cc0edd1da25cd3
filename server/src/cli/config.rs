//! `exeunt config check|print`: the configuration that the server would use.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, Outcome};
use super::print::{Out, say};
use super::serve::variables;
use crate::config::load;
use crate::dialect;
use crate::env::Env;
use crate::error::Error;
use crate::tls::Tls;

#[derive(Args)]
pub(super) struct Config {
    #[command(subcommand)]
    what: What,
    /// The configuration file.
    #[arg(long, global = true, env = "EXEUNT_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Check the configuration.
    Check,
    /// Print the complete configuration, including defaults.
    Print,
}

impl Config {
    pub(super) fn run(self) -> Outcome {
        let loaded = load(self.config.as_deref(), variables()?, &dialect::all::names())?;
        loaded.warnings.iter().for_each(|warning| say(warning));
        let mut out = Out::new(false);
        match self.what {
            What::Check => {
                crate::open::check(&loaded.config)?;
                Tls::open(&loaded.config, Env::system().now())?;
                out.line("the configuration is valid")?;
            }
            What::Print => out.raw(toml::to_string(&loaded.config).map_err(Error::internal)?.as_bytes())?,
        }
        out.flush()?;
        Ok(Exit::Done)
    }
}
