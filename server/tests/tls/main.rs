//! TLS as its callers see it: real clients, certificates that are renewed meanwhile, and files that are no good.

#![cfg(test)]

mod bounds;
mod clients;
mod doctor;
mod headers;
mod pair;
mod process;
mod refusals;
mod renewal;
#[path = "../scratch/mod.rs"]
mod scratch;
mod server;
mod stops;
