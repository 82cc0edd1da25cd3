//! The command line: one file per subcommand.

mod ask;
mod audit;
mod backup;
mod check;
mod client;
mod completions;
mod config;
mod context;
mod demo;
mod dialect;
mod doctor;
mod ending;
mod exit;
mod import;
mod key;
mod keys;
mod list;
mod logout;
mod marks;
mod notify;
mod options;
mod print;
mod progress;
mod realm;
mod reference;
mod remote;
mod restore;
mod serve;
mod session;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::context::{At, asking};
use self::exit::{Exit, Failure, Outcome};
use crate::error::Error;

#[derive(Parser)]
#[command(
    name = "exeunt",
    version,
    about = "A session authority: when a logout has been acknowledged, nothing accepts that session any more.",
    after_help = exit::HELP,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Show what Exeunt does: a server with demonstration accounts, on this machine only
    Demo(demo::Demo),
    /// Check or print the configuration
    Config(config::Config),
    /// Find problems and say how to fix them, with or without a running server
    Doctor(doctor::Doctor),
    /// Create a store from a backup, without a server; its sessions end
    Restore(restore::Restore),
    #[command(flatten)]
    Asking(Asking),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

asking! { Asking:
    /// Create, list, change and remove users
    User(At<user::User>),
    /// Create, list, change and remove clients: the applications that sessions are used with
    Client(At<client::Client>),
    /// List, show, end and import sessions
    Session(At<session::Session>),
    /// End many sessions at once, after showing how many
    Logout(At<logout::Logout>),
    /// Check whether the session of a token is alive; reads the token from standard input
    Check(At<check::Check>),
    /// Back up the store of a running server into a file
    Backup(At<backup::Backup>),
    /// Read the log of logouts, once or continuously
    Marks(At<marks::Marks>),
    /// Show which clients still use a legacy interface
    Dialect(At<dialect::DialectCommand>),
    /// Export the audit trail: who changed what, and who ended which sessions
    Audit(At<audit::Audit>),
    /// Create, list and revoke keys for programs that use the native interface
    Key(At<key::Key>),
    /// Create and list realms: tenants with their own users, clients and sessions
    Realm(At<realm::Realm>),
}

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(serve) => block_on(done(serve.run())),
        Command::Demo(demo) => block_on(done(demo.run())),
        Command::Config(config) => config.run(),
        Command::Doctor(doctor) => block_on(doctor.run()),
        Command::Restore(restore) => block_on(restore.run()),
        Command::Asking(asking) => block_on(asking.run()),
        Command::Completions(completions) => completions.run(),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                print::say(&text);
            }
            failure.exit.into()
        }
    }
}

fn block_on(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| Failure::from(Error::internal(format!("cannot start the runtime: {error}"))))?;
    let outcome = runtime.block_on(work);
    // Does not wait for a name lookup that is still running.
    runtime.shutdown_background();
    outcome
}

async fn done(work: impl Future<Output = Result<(), Error>>) -> Outcome {
    work.await?;
    Ok(Exit::Done)
}
