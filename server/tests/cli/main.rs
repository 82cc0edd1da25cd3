//! The command line: the real binary asks a real server.

#![cfg(test)]

mod audit;
#[path = "../binary/mod.rs"]
mod binary;
mod codes;
mod document;
mod follow;
mod forwarder;
mod help;
mod marks;
mod output;
#[path = "../scratch/mod.rs"]
mod scratch;
mod serve;
mod stage;
mod strangers;
mod terminal;
mod tls;
#[path = "../clients/tls.rs"]
mod tls_proxy;
