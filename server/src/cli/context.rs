//! The context of a command that calls a server: the server and the output.
//!
//! To add such a command, write a file with `async fn run(self, context: &mut Context) -> Outcome`, and add a line
//! where its enum is declared with [`asking!`](super::asking).

use std::pin::pin;
use std::time::Duration;

use clap::Args;
use tokio::time::timeout;

use super::ask::interrupts;
use super::exit::{Failure, Outcome};
use super::options::Options;
use super::print::Out;
use super::remote::Remote;

/// How long a command may run after Ctrl-C, to report how far it came.
const LAST_WORD: Duration = Duration::from_millis(100);

pub(super) struct Context {
    /// The server.
    pub remote: Remote,
    /// The output.
    pub out: Out,
}

/// A command, with the options of all commands that call a server.
#[derive(Args)]
pub(super) struct At<T: Args> {
    #[command(flatten)]
    what: T,
    #[command(flatten)]
    options: Options,
}

/// A command that calls a server.
pub(super) trait Ask {
    /// Calls the server and prints the result.
    async fn run(self, context: &mut Context) -> Outcome;
}

impl<T: Args + Ask> At<T> {
    /// Runs the command. Output from before a failure is still printed.
    pub(super) async fn run(self) -> Outcome {
        let remote = Remote::find(&self.options).await?;
        let mut context = Context { remote, out: Out::new(self.options.json) };
        // Listened for from the start: once a prompt has listened for Ctrl-C, it no longer ends the program by itself.
        let mut interrupt = interrupts()?;
        let outcome = {
            let mut running = pin!(self.what.run(&mut context));
            tokio::select! {
                biased;
                outcome = &mut running => outcome,
                // A command that listens for Ctrl-C itself receives it now, and may still report.
                _ = interrupt.recv() => {
                    timeout(LAST_WORD, running).await.unwrap_or_else(|_| Err(Failure::interrupted()))
                }
            }
        };
        context.out.flush().and(outcome)
    }
}

/// Declares an enum of commands that call a server, one per line, and runs the chosen one: with an existing context
/// or, at the top level, with a new one for each.
macro_rules! asking {
    ($name:ident $(with $context:ident)?: $($(#[$about:meta])* $command:ident($arguments:ty),)+) => {
        #[derive(clap::Subcommand)]
        enum $name {
            $($(#[$about])* $command($arguments),)+
        }

        impl $name {
            async fn run(self $(, $context: &mut $crate::cli::context::Context)?) -> $crate::cli::exit::Outcome {
                asking!(@run self, [$($context)?], $($command)+)
            }
        }
    };
    (@run $it:expr, [], $($command:ident)+) => {
        match $it { $(Self::$command(it) => it.run().await,)+ }
    };
    (@run $it:expr, [$context:ident], $($command:ident)+) => {
        match $it { $(Self::$command(it) => it.run($context).await,)+ }
    };
}
pub(super) use asking;
