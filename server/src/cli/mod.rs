//! The command line: one file a subcommand.

mod config;
mod demo;
mod keys;
mod progress;
mod restore;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

/// Exit codes: 0 done, 1 it failed, 2 the command line was wrong.
#[derive(Parser)]
#[command(
    name = "exeunt",
    version,
    about = "A session authority: when a logout has been acknowledged, nothing accepts that session any more."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server.
    Serve(serve::Serve),
    /// Shows what Exeunt does: a server with demonstration accounts, on this machine only (the default).
    Demo(demo::Demo),
    /// Checks or prints the configuration.
    Config(config::Config),
    /// Makes a store of a backup, without a server; its sessions end.
    Restore(restore::Restore),
}

/// Runs the command that was typed.
pub fn run() -> ExitCode {
    let command = Cli::parse().command.unwrap_or_else(|| Command::Demo(demo::Demo::default()));
    let outcome = match command {
        Command::Serve(serve) => block_on(serve.run()),
        Command::Demo(demo) => block_on(demo.run()),
        Command::Config(config) => config.run(),
        Command::Restore(restore) => restore.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("exeunt: {error}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Error::internal(format!("the runtime could not start: {error}")))?.block_on(work)
}
