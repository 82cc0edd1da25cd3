//! `exeunt completions SHELL`: prints a completion script.

use clap::{Args, CommandFactory, ValueEnum};

use super::Cli;
use super::exit::{Exit, Outcome};
use super::print::Out;

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    pub(super) fn run(self) -> Outcome {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "exeunt", &mut script);
        let mut out = Out::new(false);
        out.raw(&script)?;
        out.flush()?;
        Ok(Exit::Done)
    }
}
