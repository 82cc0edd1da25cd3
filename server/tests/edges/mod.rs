//! The promise at its edges: for each fault that was found from outside, a test that would have found it and its
//! siblings. `cargo xtask test edges` runs all of these, and those of the gateways.

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
mod site;
mod store_lock;
mod times;
mod timing;
