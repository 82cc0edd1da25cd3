//! Listens, accepts and stops. Every connection has limits; a stop loses nothing that was acknowledged.

mod access_log;
mod answer;
pub mod fast;
pub mod lingering_close;
pub mod router;
pub mod slots;
pub mod write_timeout;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::http::client_address;
use crate::serve::lingering_close::LingeringClose;
use crate::serve::router::{Inbound, Listener};
use crate::serve::slots::{ConnectionSlots, Slot};
use crate::serve::write_timeout::WriteTimeout;
use crate::task::{self, BackgroundTask};

/// Milliseconds to wait after `accept` failed, so that the loop does not spin while the process has no free file.
const ACCEPT_PAUSE_MILLIS: u64 = 50;
/// The smallest buffer that the HTTP library allows, in bytes.
const BUFFER_BYTES_MIN: usize = 8192;

/// A running server.
pub struct Running {
    /// The address that it listens on.
    pub address: SocketAddr,
    app: App,
    stop: watch::Sender<bool>,
    parts: JoinSet<()>,
}

/// Starts serving.
///
/// # Errors
/// The system's, if it does not report the address of the listener.
pub fn start(app: App, listener: TcpListener, admin: Option<TcpListener>) -> std::io::Result<Running> {
    start_with(app, listener, admin, task::ALL)
}

/// Starts serving with these background tasks. Stories pass none and run each step themselves.
///
/// # Errors
/// As [`start`].
pub fn start_with(
    app: App,
    listener: TcpListener,
    admin: Option<TcpListener>,
    tasks: &[BackgroundTask],
) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let stop = app.stop.clone();
    let mut parts = JoinSet::new();
    let side = if admin.is_some() { Listener::Public } else { Listener::Only };
    parts.spawn(listen(app.clone(), listener, side));
    if let Some(admin) = admin {
        parts.spawn(listen(app.clone(), admin, Listener::Admin));
    }
    tasks.iter().for_each(|task| drop(parts.spawn(task::run(app.clone(), *task))));
    Ok(Running { address, app, stop, parts })
}

impl Running {
    /// Stops: accepts no new connection, lets requests in flight finish within the grace time, writes everything out.
    ///
    /// # Errors
    /// The store's.
    pub async fn stop(mut self) -> crate::error::Result<()> {
        self.stop.send_replace(true);
        while self.parts.join_next().await.is_some() {}
        self.app.metrics.quotas.finish();
        self.app.authority.close().await
    }
}

async fn listen(app: App, listener: TcpListener, side: Listener) {
    let limits = app.config.limits.clone();
    let slots = ConnectionSlots::new(limits.connections, limits.connections_per_peer);
    let graceful = GracefulShutdown::new();
    let mut stopping = app.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MILLIS)).await;
                continue;
            }
        };
        // A trusted proxy opens connections for many clients.
        let counted = !client_address::is_trusted(peer.ip(), &app.config.trusted_proxies);
        let Some(slot) = slots.admit(counted.then(|| peer.ip())) else {
            app.metrics.connections.refused_of_peer(peer.ip(), limits.connections_per_peer, app.env.now());
            continue;
        };
        let inbound = Inbound::new(app.clone(), peer.ip(), side).at(slot.clone());
        tokio::spawn(in_slot(connection(inbound, stream, graceful.watcher()), slot, app.clone()));
    }
    drop(listener);
    if tokio::time::timeout(Duration::from_secs(limits.grace_secs), graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish within limits.grace_secs");
    }
}

/// Serves a connection until it ends, or until it is closed because too many wait for a slot.
async fn in_slot(connection: impl Future<Output = ()>, slot: Arc<Slot>, app: App) {
    if slot.is_served() {
        return connection.await;
    }
    tokio::select! {
        () = connection => {}
        () = slot.crowded_out() => app.metrics.connections.crowded_out(app.env.now()),
    }
}

/// Serves a connection to its end. The TLS handshake has the time limit of headers, and ends when the server stops.
async fn connection(inbound: Inbound, stream: TcpStream, watcher: Watcher) {
    drop(stream.set_nodelay(true));
    let app = inbound.app.clone();
    let stream = WriteTimeout::new(stream, Duration::from_secs(app.config.limits.answer_secs));
    let Some(tls) = &app.tls else { return speak(inbound, stream, watcher).await };
    let limit = Duration::from_secs(app.config.limits.header_secs);
    let mut stopping = app.stop.subscribe();
    let stream = tokio::select! {
        stream = tls.handshake(stream, limit) => stream,
        _ = stopping.wait_for(|stop| *stop) => None,
    };
    if let Some(stream) = stream {
        speak(inbound, stream, watcher).await;
    }
}

/// Serves HTTP on a connection: on the fast path while that can answer, then with the HTTP library.
pub async fn speak<C>(inbound: Inbound, connection: C, watcher: Watcher)
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connection = LingeringClose::new(connection);
    let unread = connection.unread();
    let mut head_by = Some(inbound.first_by);
    if inbound.app.config.hot_front {
        match fast::serve(&inbound, &mut connection).await {
            Some(rest) => {
                head_by = rest.head_by;
                connection.begin_with(rest.bytes);
            }
            None => return drop(connection.shutdown().await),
        }
    }
    let limits = &inbound.app.config.limits;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_secs))
        .max_buf_size(limits.header_bytes.max(BUFFER_BYTES_MIN))
        .auto_date_header(false)
        // A client that closes its sending half after a whole request waits for the response (RFC 9112 §9.6). A write
        // detects a client that is gone: a stream writes a heartbeat every second, and all other responses end soon.
        .half_close(true)
        .title_case_headers(true);
    let begun = Arc::new(AtomicBool::new(false));
    let begins = begun.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        begins.store(true, Ordering::Relaxed);
        let (inbound, unread) = (inbound.clone(), unread.clone());
        async move { Ok::<_, Infallible>(answer::respond(inbound, request, unread).await) }
    });
    let serving = watcher.watch(builder.serve_connection(TokioIo::new(connection), service));
    tokio::select! {
        biased;
        // An error here is the client's: it went away, was too slow, or does not speak HTTP.
        ended = serving => drop(ended),
        () = late(head_by, &begun) => {}
    }
}

/// Returns when the head of the first request is late. The library's own limit restarts when it takes over a
/// connection, which would give a slow client twice the time.
async fn late(head_by: Option<Instant>, begun: &AtomicBool) {
    if let Some(head_by) = head_by {
        sleep_until(head_by).await;
        if !begun.load(Ordering::Relaxed) {
            return;
        }
    }
    std::future::pending().await
}
