//! A real server in this process for tests that need more than one connection, and the plainest of clients.

use std::net::SocketAddr;
use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, Client, Password, Settings, UserChange};
use exeunt::config::Config;
use exeunt::dialect::rested::{Endpoint, Project};
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::Store;
use exeunt_core::{DialectName, RealmId, UserId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Alice's password.
pub(crate) const PASSWORD: &str = "correct horse";
/// Alice's account number.
pub(crate) const ACCOUNT: &str = "000123";

/// A server that listens nowhere and does nothing in the background, and Alice.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) realm: RealmId,
    pub(crate) alice: UserId,
}

/// A server, and Alice.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) realm: RealmId,
    pub(crate) alice: UserId,
    running: Running,
}

impl World {
    pub(crate) async fn open(store: Arc<dyn Store>) -> Self {
        Self::open_with(store, Config::default()).await
    }

    pub(crate) async fn open_with(store: Arc<dyn Store>, config: Config) -> Self {
        let app = App::open(config, Env::system(), store, false).await.unwrap();
        let realm = app.authority.realm(MAIN).unwrap().id;
        let alice = UserChange {
            username: Some(Some("alice".to_owned())),
            email: Some(Some("alice@example.org".to_owned())),
            account_number: Some(Some(ACCOUNT.to_owned())),
            password: Some(Some(Password::new(PASSWORD))),
            ..UserChange::default()
        };
        let alice = app.authority.create_user(&call(&app), realm, alice).await.unwrap().id;
        Self { app, realm, alice }
    }

    /// A client of a dialect, with what only such clients have.
    pub(crate) async fn add_client(&self, dialect: &str, settings: Settings) -> Arc<Client> {
        add_client(&self.app, self.realm, dialect, settings).await
    }
}

impl Server {
    pub(crate) async fn start(store: Arc<dyn Store>) -> Self {
        Self::start_with(store, Config::default()).await
    }

    pub(crate) async fn start_with(store: Arc<dyn Store>, config: Config) -> Self {
        let World { app, realm, alice } = World::open_with(store, config).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = serve::start(app.clone(), listener, None).unwrap();
        Self { app, realm, alice, running }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// A Videntity call on a connection of its own: the name of its error, or `SUCCESS`, and the whole answer.
    pub(crate) async fn videntity(address: SocketAddr, call: &str, form: &str) -> (String, String) {
        let answer = post(address, &format!("/session/{call}"), form).await;
        let outcome = between(&answer, "<error_name>", "</error_name>").unwrap_or("SUCCESS").to_owned();
        (outcome, answer)
    }

    /// Logs Alice in through Videntity: her key.
    pub(crate) async fn log_in(&self) -> String {
        let form = format!("username=alice&password={PASSWORD}&account_number={ACCOUNT}").replace(' ', "+");
        let (outcome, answer) = Self::videntity(self.address(), "login", &form).await;
        assert_eq!(outcome, "SUCCESS", "{answer}");
        between(&answer, "<session_key>", "</session_key>").unwrap().to_owned()
    }

    /// A project of rested with one endpoint.
    pub(crate) async fn add_project(&self, key: &str, endpoint: &str) {
        add_client(&self.app, self.realm, "rested", project(key, endpoint)).await;
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

/// What a project of rested with one endpoint and one page has.
pub(crate) fn project(key: &str, endpoint: &str) -> Settings {
    let endpoint = Endpoint { name: endpoint.to_owned(), secure: true, registration: false };
    let project = Project {
        key: key.to_owned(),
        allowed_origins: vec!["https://shop.example".to_owned()],
        any_origin: false,
        require_origin: false,
        endpoints: vec![endpoint],
    };
    project.settings().unwrap()
}

async fn add_client(app: &App, realm: RealmId, dialect: &str, settings: Settings) -> Arc<Client> {
    let call = call(app);
    let client = Client::usual(&call, realm, DialectName::new(dialect), "client", settings);
    app.authority.create_client(&call, client).await.unwrap()
}

/// A call by the server itself.
pub(crate) fn call(app: &App) -> Call {
    Call::of_server(&app.env)
}

pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inner, _)| inner)
}

async fn post(address: SocketAddr, path: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
