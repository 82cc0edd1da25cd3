//! The invariants of `ARCHITECTURE.md`, enforced. Each test is one rule; its message says where the thing belongs
//! instead. The rules read text, not types: they are cheap, and they fail on the line that breaks them.

#![cfg(test)]

mod asvs;
mod code;
mod dependencies;
mod direction;
mod documents;
mod english;
mod secrets;
mod shape;
mod source;
mod spdx;
mod words;

/// The root of the workspace.
fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the server is a folder of the workspace")
}

/// Fails with every offence, and with what to do about them.
#[track_caller]
fn refuse(offences: &[String], advice: &str) {
    assert!(offences.is_empty(), "\n  {}\n→ {advice}\n", offences.join("\n  "));
}
