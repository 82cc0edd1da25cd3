//! Moving over from another system: users with the hashes that they have there, live sessions with the tokens that
//! their clients hold. The real binary, and the real things that they come from.

#![cfg(test)]

#[path = "../binary/mod.rs"]
mod binary;
mod express;
mod lists;
mod postgres;
#[path = "../scratch/mod.rs"]
mod scratch;
mod sessions;
#[path = "../cli/stage.rs"]
#[expect(dead_code, reason = "the command line's own tests use all of it")]
mod stage;
mod users;
