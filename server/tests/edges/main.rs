//! The promise at its edges: for each fault that was found from outside, a test that would have found it and its
//! siblings. `cargo xtask test edges` runs all of these, and those of the gateways.

#![cfg(test)]

#[path = "../binary/mod.rs"]
mod binary;
#[path = "../keep/command.rs"]
mod command;
#[path = "../scratch/mod.rs"]
mod scratch;
mod site;
#[path = "../server/stage.rs"]
#[expect(dead_code, reason = "more is staged elsewhere")]
mod stage;

#[path = "."]
mod edges {
    mod admin_key;
    mod callers;
    mod clock;
    mod connections;
    mod dialogue;
    mod feeds;
    mod full_disk;
    mod guessing;
    mod http;
    mod keys;
    mod log_lines;
    mod logout;
    mod names;
    mod new_passwords;
    mod origins;
    mod parents;
    mod served;
    mod session_limit;
    mod store_lock;
    mod times;
    mod timing;
}
