//! What several tests stand on.

pub(crate) mod binary;
pub(crate) mod command_line;
pub(crate) mod document;
pub(crate) mod inherited;
pub(crate) mod ordinary;
pub(crate) mod pair;
pub(crate) mod run;
pub(crate) mod scratch;
pub(crate) mod server;
pub(crate) mod tls_proxy;
