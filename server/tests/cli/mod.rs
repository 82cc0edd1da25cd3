//! The command line: the real binary asks a real server.

mod audit;
mod codes;
mod document;
mod follow;
mod forwarder;
mod help;
mod marks;
mod output;
mod serve;
mod strangers;
mod terminal;
mod tls;
