//! Stories: dialogues over a real socket with the real server, compared byte for byte. They are tests, and they are
//! the documentation of what each dialect says. `README.md` beside this file tells how they are written.

#![cfg(test)]

mod bytes;
mod compare;
mod crowd;
mod laws;
mod people;
mod play;
mod script;
mod stage;
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let bless = std::env::var_os("EXEUNT_BLESS").is_some_and(|value| value == "1");
    let mut trials: Vec<Trial> = stories()
        .into_iter()
        .map(|(name, path)| Trial::test(name, move || play::play(&path, bless).map_err(Into::into)))
        .collect();
    trials.extend(laws::all());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Every story, with its name: `videntity/logout_twice`.
fn stories() -> Vec<(String, PathBuf)> {
    let dialects = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialect");
    let mut found = Vec::new();
    for dialect in entries(&dialects) {
        for path in entries(&dialect.join("stories")) {
            if path.extension().is_some_and(|ending| ending == "http") {
                let name = format!("{}/{}", stem(&dialect), stem(&path));
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
