//! What a command that asks a server has before it: the server, and where its answer goes.
//!
//! A new one is a file with `async fn run(self, context: &mut Context) -> Outcome`, and a line where its enum is declared with
//! [`asking!`](super::asking).

use std::pin::pin;
use std::time::Duration;

use clap::Args;
use tokio::time::timeout;

use super::ask::interrupts;
use super::exit::{Failure, Outcome};
use super::options::Options;
use super::print::Out;
use super::remote::Remote;

/// How long a command may go on after Ctrl-C, to say how far it came.
const LAST_WORD: Duration = Duration::from_millis(100);

pub(super) struct Context {
    /// The server.
    pub remote: Remote,
    /// Where the answer goes.
    pub out: Out,
}

/// A command, and the options of all that ask a server.
#[derive(Args)]
pub(super) struct At<T: Args> {
    #[command(flatten)]
    what: T,
    #[command(flatten)]
    options: Options,
}

/// A command that asks a server.
pub(super) trait Ask {
    /// Asks, and prints what comes of it.
    async fn run(self, context: &mut Context) -> Outcome;
}

impl<T: Args + Ask> At<T> {
    /// Runs it. What was printed before a failure is printed all the same.
    pub(super) async fn run(self) -> Outcome {
        let remote = Remote::find(&self.options).await?;
        let mut context = Context { remote, out: Out::new(self.options.json) };
        // Heard from the beginning: what listens for Ctrl-C for a while, as a question does, takes it from the rest.
        let mut interrupt = interrupts()?;
        let outcome = {
            let mut running = pin!(self.what.run(&mut context));
            tokio::select! {
                biased;
                outcome = &mut running => outcome,
                // What listens for Ctrl-C itself hears it a moment later, and has a last word.
                _ = interrupt.recv() => {
                    timeout(LAST_WORD, running).await.unwrap_or_else(|_| Err(Failure::interrupted()))
                }
            }
        };
        context.out.flush().and(outcome)
    }
}

/// Declares an enum of commands that ask a server, one a line, and runs the one that was typed: with a desk that is
/// there already, or, outermost, each with its own.
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
