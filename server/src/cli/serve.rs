//! `exeunt serve`: runs the server until a signal stops it. It never creates accounts.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use rustix::process::Signal;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};

use super::keys;
use super::notify::notify;
use crate::app::App;
use crate::authority::Mint;
use crate::config::{Config, PREFIX, load};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::sqlite::file::folder_of;
use crate::store::{self, Demo, StoreUrl};
use crate::{dialect, log, serve};

/// The most connections that wait to be accepted.
const WAITING_MAX: u32 = 1024;

#[derive(Args)]
pub(super) struct Serve {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// A separate address for /v1 (except checks) and /metrics
    #[arg(long)]
    admin_listen: Option<SocketAddr>,
    /// The certificate chain in PEM, the server's own first; turns TLS on
    #[arg(long)]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long)]
    tls_key: Option<PathBuf>,
    /// Where to store the data: sqlite:PATH or memory: [default: sqlite:exeunt-data/exeunt.db]
    #[arg(long)]
    store: Option<String>,
    /// The configuration file
    #[arg(long, env = "EXEUNT_CONFIG")]
    config: Option<PathBuf>,
    /// Start even if the clock is behind the newest mark in the store
    #[arg(long)]
    accept_clock: bool,
    /// Start on a store that `exeunt demo` created, although its passwords are public
    #[arg(long)]
    allow_demo_store: bool,
}

impl Serve {
    pub(super) async fn run(self) -> Result<()> {
        let loaded = load(self.config.as_deref(), variables()?, &dialect::all::names())?;
        let env = Env::system();
        let _writing = log::start(&loaded.config.log, &env)?;
        loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let mut config = loaded.config;
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin_listen = self.admin_listen.or(config.admin_listen);
        config.tls_cert = self.tls_cert.or(config.tls_cert);
        config.tls_key = self.tls_key.or(config.tls_key);
        config.store = self.store.unwrap_or(config.store);
        let demo = if self.allow_demo_store { Demo::Allowed } else { Demo::Refused };
        let opened = open(config, env, self.accept_clock, demo).await?;
        until_stopped(opened, |_| {}).await
    }
}

/// The environment variables of this program, each of which must be UTF-8; other variables are ignored.
///
/// # Errors
/// `Malformed("config")`.
pub(super) fn variables() -> Result<Vec<(String, String)>> {
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX));
    let text = |(name, value): (OsString, OsString)| match (name.into_string(), value.into_string()) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        (Ok(name), Err(_)) | (Err(_), Ok(name)) => {
            Err(Error::malformed("config", format!("{name} is not UTF-8")))
        }
        (Err(_), Err(_)) => Err(Error::malformed("config", format!("a variable {PREFIX}… is not UTF-8"))),
    };
    ours.map(text).collect()
}

/// A server that is about to listen.
pub(super) struct Opened {
    /// The server.
    pub app: App,
    public: TcpSocket,
    admin: Option<TcpSocket>,
}

/// Opens the server on the configured store. It binds the addresses first: if another server has them, this one creates
/// no store, and no key that the running server would not know.
///
/// # Errors
/// An address is in use; the store's; a store that the demonstration made, unless it is allowed.
pub(super) async fn open(config: Config, env: Env, accept_clock: bool, demo: Demo) -> Result<Opened> {
    crate::open::check(&config)?;
    let public = bind(config.listen)?;
    let admin = config.admin_listen.map(bind).transpose()?;
    let url = StoreUrl::from_str(&config.store)?;
    let store = store::open_to_serve(&url, Mint::new(env.entropy()).incarnation(), demo).await?;
    let directory = match &url {
        StoreUrl::Sqlite(path) => Some(folder_of(path)),
        StoreUrl::Memory => None,
    };
    let app = App::open(config, env, store, accept_clock).await?;
    keys::prepare(&app, directory).await?;
    Ok(Opened { app, public, admin })
}

/// Serves until SIGTERM or Ctrl-C, then stops in order. SIGHUP reloads the certificate; without a certificate it stops
/// the server, as when a terminal closes. `ready` is called with the address once the server listens.
pub(super) async fn until_stopped(opened: Opened, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let Opened { app, public, admin } = opened;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(Error::internal)?;
    // By default SIGXFSZ ends the process at the file size limit. Handled, the write fails as on a full disk.
    let _limit = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(Error::internal)?;
    let public = listen(public, app.config.listen)?;
    let admin = admin.zip(app.config.admin_listen).map(|(socket, address)| listen(socket, address));
    let running = serve::start(app.clone(), public, admin.transpose()?).map_err(Error::internal)?;
    tracing::info!(address = %running.address, sessions = app.authority.sessions_in_memory(), "listening");
    ready(running.address);
    notify("READY=1");
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {}
        }
        if app.tls.is_none() {
            break;
        }
        renew(app.clone()).await;
    }
    tracing::info!("stopping");
    notify("STOPPING=1");
    running.stop().await
}

async fn renew(app: App) {
    let now = app.env.now();
    let renew = move || app.tls.iter().for_each(|tls| tls.report(tls.renew(now).map(|()| true)));
    drop(tokio::task::spawn_blocking(renew).await);
}

/// Binds an address. Connections are refused until the server is ready and listens.
fn bind(address: SocketAddr) -> Result<TcpSocket> {
    let take = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // So that a restart does not wait for old connections in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    take().map_err(|error| refused(address, &error))
}

fn listen(socket: TcpSocket, address: SocketAddr) -> Result<TcpListener> {
    socket.listen(WAITING_MAX).map_err(|error| refused(address, &error))
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Error {
    Error::malformed("listen", format!("cannot listen on {address}: {error}"))
}
