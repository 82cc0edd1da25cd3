//! `exeunt config check|print`: what the server would run with.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::serve::variables;
use crate::app;
use crate::config::load;
use crate::env::Env;
use crate::error::{Error, Result};
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
    /// Says whether the configuration is right.
    Check,
    /// Prints the whole configuration, defaults and all.
    Print,
}

impl Config {
    pub(super) fn run(self) -> Result<()> {
        let loaded = load(self.config.as_deref(), variables()?)?;
        loaded.warnings.iter().for_each(|warning| eprintln!("exeunt: {warning}"));
        match self.what {
            What::Check => {
                app::check(&loaded.config)?;
                Tls::open(&loaded.config, Env::system().now())?;
                println!("the configuration is right");
            }
            What::Print => print!("{}", toml::to_string(&loaded.config).map_err(Error::internal)?),
        }
        Ok(())
    }
}
