//! The options of all commands that call a server: which server, with which key, and how to print the response.

use std::path::PathBuf;

use clap::Args;

/// The default for how long to wait for a response, in seconds.
const TIMEOUT_SECS: u64 = 30;

#[derive(Args)]
#[command(next_help_heading = "Server and output")]
pub(super) struct Options {
    /// The server [env: EXEUNT_URL] [default: http://127.0.0.1:8080]
    #[arg(long, global = true)]
    pub url: Option<String>,
    /// The file with the key [default: the variable EXEUNT_ADMIN_KEY; else, for a server on this machine, the
    /// admin.key in exeunt-data, or that of the demonstration in exeunt-demo]
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Additional CA certificates to trust, in PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Allow http:// to another machine; anybody on the network path can read the key
    #[arg(long, global = true)]
    pub allow_plain_http: bool,
    /// The realm to work on [default: that of the key, or main]
    #[arg(long, global = true)]
    pub realm: Option<String>,
    /// Seconds to wait for a response
    #[arg(long, global = true, value_name = "SECS", default_value_t = TIMEOUT_SECS, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Print JSON, one value per line
    #[arg(long, global = true)]
    pub json: bool,
}
