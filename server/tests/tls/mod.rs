//! TLS as its callers see it: real clients, certificates that are renewed meanwhile, and files that are no good.

mod bounds;
mod clients;
mod doctor;
mod headers;
mod process;
mod refusals;
mod renewal;
mod server;
mod stops;
