//! `exeunt demo`: a server with demonstration accounts, on this machine only, and commands to paste to see it work.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::Args;
use exeunt_core::DialectName;
use ipnet::{IpNet, Ipv4Net};

use super::print::Out;
use super::serve::{open, until_stopped};
use crate::app::App;
use crate::authority::{Call, Client, Endpoint, Password, Settings, UserChange};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::log;
use crate::store;

/// The store of the demonstration.
const STORE: &str = "sqlite:exeunt-demo/exeunt.db";
/// The public key of the demonstration's project, as in the original documentation of that service.
const PROJECT_KEY: &str = "d59eb2859c284168ac48aef65046d5dd";
/// The dialogues that are printed, with a placeholder for the server's address.
const DIALOGUES: &str = include_str!("demo.txt");

#[derive(Args)]
pub(super) struct Demo {
    /// The address to listen on; it must be a loopback address
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Demo {
    pub(super) async fn run(self) -> Result<()> {
        if !self.listen.ip().is_loopback() {
            return Err(Error::malformed(
                "listen",
                "the demonstration has passwords that everybody knows: loopback only",
            ));
        }
        let config = Config {
            listen: self.listen,
            store: STORE.to_owned(),
            trusted_proxies: trusted(),
            ..Config::default()
        };
        let env = Env::system();
        let _writing = log::start(&config.log, &env)?;
        let opened = open(config, env, false, store::Demo::Made).await?;
        furnish(&opened.app).await?;
        until_stopped(opened, |address| {
            // The demonstration goes on if standard output is closed.
            let mut out = Out::new(false);
            let dialogues = DIALOGUES.replace("{address}", &address.to_string());
            drop(out.raw(dialogues.as_bytes()).and_then(|()| out.flush()));
        })
        .await
    }
}

/// Makes the accounts and the project, unless an earlier demonstration made them.
async fn furnish(app: &App) -> Result<()> {
    let realm = app.authority.realm(crate::authority::realm::MAIN)?.id;
    for (username, number, first_name) in
        [("alice", "000123456789012", "Alice"), ("bob", "000123456789013", "Bob")]
    {
        let user = UserChange {
            username: Some(Some(username.to_owned())),
            email: Some(Some(format!("{username}@example.org"))),
            account_number: Some(Some(number.to_owned())),
            password: Some(Some(Password::new("exit, pursued by a bear"))),
            first_name: Some(first_name.to_owned()),
            last_name: Some("Example".to_owned()),
            ..UserChange::default()
        };
        there_already(app.authority.create_user(&Call::of_server(&app.env), realm, user).await)?;
    }
    let call = Call::of_server(&app.env);
    let settings = Settings::Project {
        key: PROJECT_KEY.to_owned(),
        allowed_origins: Vec::new(),
        any_origin: false,
        require_origin: false,
        endpoints: vec![Endpoint { name: "examples/auth".to_owned(), secure: true, registration: true }],
    };
    let project = Client::usual(&call, realm, DialectName::new("rested"), "demonstration", settings);
    there_already(app.authority.create_client(&call, project).await)
}

/// Trusts this machine, the only one that reaches the demonstration, so that a gateway works without configuration.
fn trusted() -> Vec<IpNet> {
    vec![Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(), IpAddr::from(Ipv6Addr::LOCALHOST).into()]
}

fn there_already<T>(outcome: Result<T>) -> Result<()> {
    match outcome {
        Err(error) if matches!(error.kind(), Kind::Conflict(_)) => Ok(()),
        outcome => outcome.map(drop),
    }
}
