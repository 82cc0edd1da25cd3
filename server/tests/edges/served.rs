//! A server in this process, and requests over real sockets, byte by byte where it matters.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::{Call, Role};
use exeunt::config::{Config, Limits};
use exeunt::env::Env;
use exeunt::serve::router::{Inbound, Listener};
use exeunt::serve::{self, Running};
use exeunt::store::memory::MemoryStore;
use exeunt::store::{Incarnation, Store};
use exeunt_core::Token;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The administrators' key.
pub(crate) const KEY: &str = "an-administrators-key-for-the-edges";
/// A request that leaves its connection open.
pub(crate) const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: exeunt\r\n\r\n";

/// A server that listens, without its background work.
pub(crate) struct Served {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    /// Where administrators are served, if they have an address of their own.
    pub(crate) admin: Option<SocketAddr>,
    running: Running,
}

impl Served {
    pub(crate) async fn start(config: Config) -> Self {
        Self::start_on(Arc::new(MemoryStore::new(Incarnation([1; 16]))), config).await
    }

    /// With these limits, and what is simple answered with or without the HTTP library.
    pub(crate) async fn limited(limits: Limits, hot_front: bool) -> Self {
        Self::start(Config { limits, hot_front, ..Config::default() }).await
    }

    pub(crate) async fn start_on(store: Arc<dyn Store>, config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = match config.admin_listen {
            Some(_) => Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            None => None,
        };
        let app = App::open(config, Env::system(), store, false).await.unwrap();
        app.authority.give_keys(Token::presented(KEY).as_slice(), app.env.now());
        let at = admin.as_ref().map(|admin| admin.local_addr().unwrap());
        let running = serve::start_with(app.clone(), listener, admin, &[]).unwrap();
        Self { app, address: running.address, admin: at, running }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection from another address of this machine: 127.0.0.`last`.
    pub(crate) async fn connect_from(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// A connection in memory: time may go by there as soon as nobody has anything to do, which the system's sockets do
    /// not know of.
    pub(crate) fn connect_in_memory(&self) -> DuplexStream {
        let (here, there) = duplex(1 << 16);
        let inbound = Inbound::new(self.app.clone(), IpAddr::V4(Ipv4Addr::LOCALHOST), Listener::Only);
        let graceful = GracefulShutdown::new();
        tokio::spawn(async move {
            serve::speak(inbound, there, graceful.watcher()).await;
            // While it is there, nobody has asked for a stop.
            drop(graceful);
        });
        here
    }

    /// The whole answer to a request with this key, on a connection of its own.
    pub(crate) async fn ask(&self, key: &str, method: &str, path: &str, body: &str) -> String {
        ask_at(self.address, key, method, path, body).await
    }

    /// A new key: its id and its text.
    pub(crate) async fn key(&self, role: Role) -> (String, String) {
        let call = call(&self.app);
        let (key, text) = self.app.authority.create_key(&call, "made", role, None).await.unwrap();
        (key.id.to_string(), text.expose().to_owned())
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

/// A call by the server itself.
pub(crate) fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

/// The whole answer to a request with this key at this address.
pub(crate) async fn ask_at(address: SocketAddr, key: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request(key, method, path, body).as_bytes()).await.unwrap();
    to_the_end(&mut stream).await
}

/// A request with this key, and after it the end of the connection.
pub(crate) fn request(key: &str, method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: exeunt\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What still comes until the connection is closed. A reset instead of an end closes it too.
pub(crate) async fn to_the_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// What comes until this has come, and not a byte of what follows.
pub(crate) async fn up_to(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut answer = String::new();
    while !answer.ends_with(end) {
        answer.push(char::from(stream.read_u8().await.unwrap()));
    }
    answer
}

/// Asks for the health of the server on this connection: whether it answered.
pub(crate) async fn is_served(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
    let mut answer = Vec::new();
    if stream.write_all(HEALTH.as_bytes()).await.is_err() {
        return false;
    }
    while !answer.ends_with(b"}") {
        if stream.read_buf(&mut answer).await.unwrap_or_default() == 0 {
            return false;
        }
    }
    answer.starts_with(b"HTTP/1.1 200 OK\r\n")
}
