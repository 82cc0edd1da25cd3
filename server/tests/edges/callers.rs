//! People who log in, on a server whose clock stands still; and what its log says.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use exeunt::app::{App, SERVER};
use exeunt::authority::migrate::users::{Newcomer, Run};
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, Client, Identifier, Login, Mint, Password, UserChange};
use exeunt::config::Config;
use exeunt::dialect::rested::{Endpoint, Project};
use exeunt::env::Env;
use exeunt::error::{Error, Kind};
use exeunt::serve::{self, Running};
use exeunt::store::faulty::Faulty;
use exeunt::store::memory::MemoryStore;
use exeunt::store::{Incarnation, User};
use exeunt_core::{By, DialectName, Moment, RealmId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Alice's password.
pub(crate) const PASSWORD: &str = "correct horse";
/// The key of a project of rested.
pub(crate) const PROJECT: &str = "d59eb2859c284168ac48aef65046d5dd";
/// Where callers are who are in no connection.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// What takes longer does not come: this only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a clock that stands still, and Alice.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) env: Env,
    pub(crate) store: Arc<Faulty<MemoryStore>>,
    pub(crate) realm: RealmId,
}

impl World {
    /// One thread checks passwords, and 64 callers may wait for it.
    pub(crate) async fn open() -> Self {
        Self::open_with(Config::default()).await
    }

    pub(crate) async fn open_with(config: Config) -> Self {
        let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new(Incarnation([1; 16])))));
        let world = Self::open_on(store, config).await;
        let alice = UserChange {
            username: Some(Some("alice".to_owned())),
            email: Some(Some("alice@example.org".to_owned())),
            account_number: Some(Some("000123".to_owned())),
            password: Some(Some(Password::new(PASSWORD))),
            ..UserChange::default()
        };
        world.app.authority.create_user(&world.call(), world.realm, alice).await.unwrap();
        let endpoint = Endpoint { name: "examples/auth".to_owned(), secure: true, registration: false };
        let project = Project {
            key: PROJECT.to_owned(),
            allowed_origins: Vec::new(),
            any_origin: true,
            require_origin: false,
            endpoints: vec![endpoint],
        };
        let project = Client::usual(
            &world.call(),
            world.realm,
            DialectName::new("rested"),
            "shop",
            project.settings().unwrap(),
        );
        world.app.authority.create_client(&world.call(), project).await.unwrap();
        world
    }

    /// A server on a store of an earlier one.
    pub(crate) async fn open_on(store: Arc<Faulty<MemoryStore>>, mut config: Config) -> Self {
        let env = Env::seeded(1, Moment::from_secs(1_767_323_045));
        (config.passwords.threads, config.passwords.queue) = (1, 64);
        let app = App::open(config, env.clone(), store.clone(), false).await.unwrap();
        let realm = app.authority.realm(MAIN).unwrap().id;
        Self { app, env, store, realm }
    }

    pub(crate) fn call(&self) -> Call {
        let mint = Mint::new(self.env.entropy());
        Call { now: self.env.now(), from: Some(ADDRESS), via: SERVER, by: By::System, mint }
    }

    /// Somebody of another system, with the hash that it has there.
    pub(crate) async fn import(&self, username: &str, hash: &str) {
        let user = UserChange { username: Some(Some(username.to_owned())), ..UserChange::default() };
        let newcomer = Newcomer { user, password_hash: Some(hash.to_owned()) };
        let call = self.call();
        let imported =
            self.app.authority.import_users(&call, self.realm, vec![Ok(newcomer)], Run::Real).await;
        assert!(imported.unwrap().remove(0).is_ok(), "{hash}");
    }

    /// Logs in: who it is.
    pub(crate) async fn log_in(&self, identifier: Identifier, password: &str) -> Result<User, Error> {
        self.log_in_with(identifier, password, None).await
    }

    /// Logs in with an account number, as Videntity asks for it.
    pub(crate) async fn log_in_with(
        &self,
        identifier: Identifier,
        password: &str,
        account_number: Option<&str>,
    ) -> Result<User, Error> {
        let client = self.app.authority.builtin_client(self.realm, DialectName::new("videntity")).unwrap();
        let login = Login {
            client: &client,
            identifier,
            account_number,
            password: Password::new(password),
            token: |mint| mint.plain_token(22),
            user_agent: None,
        };
        self.app.authority.login(&self.call(), &login).await.map(|(user, _)| user)
    }

    /// Listens on a free port, in the runtime of the test.
    pub(crate) async fn listen(&self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        serve::start_with(self.app.clone(), listener, None, &[]).unwrap()
    }

    /// How often something was counted since the start.
    pub(crate) fn counted(&self, sample: &str) -> u64 {
        let page = self.app.metrics_page();
        let count = |line: &str| line.strip_prefix(sample)?.trim().parse::<f64>().ok();
        page.lines().filter_map(count).map(|count| count as u64).sum()
    }
}

pub(crate) fn username(name: &str) -> Identifier {
    Identifier::Username(name.to_owned())
}

pub(crate) fn email(address: &str) -> Identifier {
    Identifier::Email(address.to_owned())
}

pub(crate) fn kind<T>(outcome: Result<T, Error>) -> Option<Kind> {
    outcome.err().map(|error| error.kind())
}

/// Whether somebody has to wait after too many failures.
pub(crate) fn is_locked<T>(outcome: Result<T, Error>) -> bool {
    matches!(kind(outcome), Some(Kind::TooMany(_)))
}

/// A request on a connection of its own: it is sent, and not answered yet.
pub(crate) async fn send(address: SocketAddr, path: &str, content_type: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The answer to a request without a body and with these header lines.
pub(crate) async fn ask_with(address: SocketAddr, path: &str, lines: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}Content-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream).await
}

/// The answer to a form.
pub(crate) async fn post(address: SocketAddr, path: &str, form: &str) -> String {
    answer(send(address, path, "application/x-www-form-urlencoded", form).await).await
}

pub(crate) async fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Takes the lines of the log that this thread writes.
pub(crate) struct Log {
    lines: UnboundedReceiver<String>,
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl Log {
    /// From now on, for a server in a runtime of one thread.
    pub(crate) fn open() -> Self {
        let (told, lines) = unbounded_channel();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || Told(told.clone())).finish();
        Self { lines, _subscriber: tracing::subscriber::set_default(subscriber) }
    }

    /// Waits for this many lines that hold this text.
    pub(crate) async fn wait_for(&mut self, count: usize, text: &str) {
        let lines = async {
            let mut seen = 0;
            while seen < count {
                seen += usize::from(self.lines.recv().await.unwrap().contains(text));
            }
        };
        tokio::time::timeout(PATIENCE, lines).await.expect(text);
    }

    /// The lines that were written and not yet taken.
    pub(crate) fn taken(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.try_recv().ok()).collect()
    }
}

struct Told(UnboundedSender<String>);

impl Write for Told {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        drop(self.0.send(String::from_utf8_lossy(line).into_owned()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
