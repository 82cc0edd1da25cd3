//! Everything that is tested from outside, but the stories and the tidiness of the sources: one program, so that the
//! server is linked once.

#![cfg(test)]

mod adopt;
mod beside;
mod cli;
mod clients;
mod configuration;
mod corpus;
mod crash;
mod edges;
mod errors;
mod files;
mod gateways;
mod keep;
mod metrics;
mod native;
mod powercut;
mod readme;
mod server;
mod simulate;
mod stores;
mod support;
mod tls;
