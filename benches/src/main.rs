//! The measurements of `docs/performance.md`. Each is a ratio to a reference that is measured in the same run, in
//! alternating rounds, so that a machine that is slow for a while is slow for both.
//!
//! `cargo xtask bench [name…] [--rounds N] [--date YYYY-MM-DD]`: a run of all measurements writes the document; a run
//! of some only prints.

mod bare;
mod clock;
mod exeunt;
mod figures;
mod http;
mod journal;
mod load;
mod machine;
mod postgres;
mod program;
mod redis;
mod report;
mod seed;
mod stats;
mod steady;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::figures::ALL;
use crate::report::{Report, Row};
use crate::seed::Seed;

/// The default number of rounds.
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let [word, address] = words[..]
        && word == bare::WORD
    {
        return bare::serve(address);
    }
    let wanted = Wanted::read(&words)?;
    let bench = Bench::prepare(wanted.rounds)?;
    let mut report = Report::new(machine::describe(&bench.folder)?, wanted.date.clone());
    for (name, figure) in ALL {
        if wanted.names.is_empty() || wanted.names.iter().any(|wanted| wanted == name) {
            println!("measuring: {name}");
            report.add(figure(&bench).with_context(|| (*name).to_owned())?);
        }
    }
    println!("\n{}", report.table());
    if wanted.names.is_empty() { report.write() } else { Ok(()) }
}

type Figure = fn(&Bench) -> Result<Vec<Row>>;

/// What all measurements share.
pub(crate) struct Bench {
    pub(crate) rounds: usize,
    pub(crate) seed: Seed,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) folder: PathBuf,
}

impl Bench {
    fn prepare(rounds: usize) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("exeunt-bench-{}", std::process::id()));
        fs::create_dir(&folder)?;
        println!("writing {} sessions", seed::SESSIONS);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let seed =
            runtime.block_on(seed::sow(&folder.join("seed.db"))).inspect_err(|_| drop_folder(&folder))?;
        println!("written in {:.1} s", seed.took.as_secs_f64());
        Ok(Self { rounds, seed, runtime, folder })
    }

    /// A fresh copy of the store, in which all sessions are alive.
    pub(crate) fn store(&self) -> Result<PathBuf> {
        let copy = self.folder.join("work.db");
        exeunt::remove(&copy)?;
        fs::copy(&self.seed.file, &copy)?;
        fs::File::open(&copy)?.sync_all()?;
        Ok(copy)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop_folder(&self.folder);
    }
}

fn drop_folder(folder: &Path) {
    // Files left in a temporary directory do no harm.
    let _left = fs::remove_dir_all(folder);
}

struct Wanted {
    names: Vec<String>,
    rounds: usize,
    date: Option<String>,
}

impl Wanted {
    fn read(words: &[&str]) -> Result<Self> {
        let mut wanted = Self { names: Vec::new(), rounds: ROUNDS, date: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--rounds" => {
                    let count = words.next().and_then(|count| count.parse().ok());
                    wanted.rounds = count.filter(|count| *count > 0).context("--rounds takes a number")?;
                }
                "--date" => wanted.date = Some((*words.next().context("--date takes a date")?).to_owned()),
                name if ALL.iter().any(|(known, _)| *known == name) => wanted.names.push(name.to_owned()),
                other => {
                    let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
                    bail!("{other}: not one of {}, --rounds N or --date YYYY-MM-DD", names.join(", "));
                }
            }
        }
        Ok(wanted)
    }
}
