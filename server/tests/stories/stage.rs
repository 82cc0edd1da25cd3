//! The server of a story: the real one, over a loopback socket, with a seeded world and everything in memory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use exeunt::app::App;
use exeunt::authority::{Call, Mint};
use exeunt::config::Config;
use exeunt::env::Env;
use exeunt::serve::{self, Running};
use exeunt::store::faulty::{Fault, Faulty};
use exeunt::store::memory::MemoryStore;
use exeunt::task;
use exeunt_core::{Moment, Token, UserId};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::crowd::Crowd;

/// An administrator's key that every story may use as `{{admin_key}}`.
pub(crate) const ADMIN_KEY: &str = "an-administrators-key-for-stories";
/// When every story begins: 2026-01-02 03:04:05 UTC.
const START: Moment = Moment::from_secs(1_767_323_045);
/// What all randomness of a story follows from.
const SEED: u64 = 1;
/// Steps of each task that `~ tasks` does: a whole round of the one that takes the most.
const TASK_STEPS: u32 = 300;

/// A server on a stage.
pub(crate) struct Stage {
    runtime: Runtime,
    /// Lines of the configuration.
    settings: Vec<String>,
    crowd: Option<Crowd>,
    env: Env,
    store: Arc<MemoryStore>,
    faulty: Arc<Faulty<MemoryStore>>,
    running: Option<(App, Running)>,
    pub(super) users: BTreeMap<String, UserId>,
}

impl Stage {
    /// Starts a server with these settings.
    pub(crate) fn open(settings: Vec<String>) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let env = Env::seeded(SEED, START);
        let store = Arc::new(MemoryStore::new(Mint::new(env.entropy()).incarnation()));
        let faulty = Arc::new(Faulty::new(store.clone()));
        let runtime = runtime.map_err(|error| error.to_string())?;
        let (crowd, running, users) = (None, None, BTreeMap::new());
        let mut stage = Self { runtime, settings, crowd, env, store, faulty, running, users };
        stage.start()?;
        Ok(stage)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running
            .as_ref()
            .map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)), |(_, running)| running.address)
    }

    /// Stops the server and starts another one on the same store, with one setting changed if there is one.
    pub(crate) fn restart(&mut self, setting: &str) -> Result<(), String> {
        self.stop()?;
        if let Some((name, _)) = setting.split_once(" = ") {
            self.settings.retain(|line| line.split(" = ").next() != Some(name));
            self.settings.push(setting.to_owned());
        }
        self.store.reopen();
        self.start()
    }

    /// The server is gone before it could write when sessions were last seen; another starts on the same store.
    pub(crate) fn crash(&mut self) -> Result<(), String> {
        self.faulty.fail(1, Fault::Before);
        if self.stop().is_ok() {
            return Err("there was nothing left to write: it stopped as ever".to_owned());
        }
        self.store.reopen();
        self.start()
    }

    /// Stops for good.
    pub(crate) fn close(mut self) -> Result<(), String> {
        self.stop()
    }

    /// Lets something happen to the server.
    pub(crate) fn event(&mut self, line: &str) -> Result<(), String> {
        if let Some(millis) = millis(line) {
            self.env.advance_millis(millis);
            return Ok(());
        }
        match line.split_once(' ').unwrap_or((line, "")) {
            ("tasks", "") => self.tasks(),
            ("store", "refuses") => self.fail(Fault::Before),
            ("store", "breaks") => self.fail(Fault::After),
            ("passwords", "full") => self.gather(),
            ("passwords", "free") => self.disperse(),
            ("numbers", "used up") => self.use_up_numbers(),
            ("realm", name) => self.add_realm(name),
            ("user", json) => self.add_user(json),
            ("change", rest) => self.change_user(rest),
            ("delete", name) => self.delete_user(name),
            ("client", json) => self.add_client(json),
            ("end", what) => self.end(what),
            _ => Err("no such event".to_owned()),
        }
    }

    /// Does something with the server's own verbs.
    pub(super) fn with<T>(
        &self,
        work: impl AsyncFnOnce(&App, &Call) -> exeunt::error::Result<T>,
    ) -> Result<T, String> {
        let (app, _) = self.running.as_ref().ok_or("the server does not run")?;
        let call = Call::of_server(&self.env);
        self.runtime.block_on(work(app, &call)).map_err(|error| error.to_string())
    }

    fn start(&mut self) -> Result<(), String> {
        let config: Config = toml::from_str(&self.settings.join("\n")).map_err(|error| error.to_string())?;
        let (env, store) = (self.env.clone(), self.faulty.clone());
        let started = self.runtime.block_on(async move {
            let app = App::open(config, env, store, false).await.map_err(|error| error.to_string())?;
            app.authority.give_keys(Token::presented(ADMIN_KEY).as_slice(), START);
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
            let running =
                serve::start_with(app.clone(), listener, None, &[]).map_err(|error| error.to_string())?;
            Ok::<_, String>((app, running))
        })?;
        self.running = Some(started);
        Ok(())
    }

    fn stop(&mut self) -> Result<(), String> {
        self.disperse()?;
        let Some((_, running)) = self.running.take() else { return Ok(()) };
        self.runtime.block_on(running.stop()).map_err(|error| error.to_string())
    }

    fn fail(&self, fault: Fault) -> Result<(), String> {
        self.faulty.fail(1, fault);
        Ok(())
    }

    fn gather(&mut self) -> Result<(), String> {
        let (app, _) = self.running.as_ref().ok_or("the server does not run")?;
        self.crowd = Some(Crowd::gather(&self.runtime, app)?);
        Ok(())
    }

    fn disperse(&mut self) -> Result<(), String> {
        if let Some(crowd) = self.crowd.take() {
            crowd.leave(&self.runtime);
        }
        Ok(())
    }

    fn use_up_numbers(&self) -> Result<(), String> {
        let (app, _) = self.running.as_ref().ok_or("the server does not run")?;
        while app.numbers.next().is_some() {}
        Ok(())
    }

    /// Does what the background tasks would do in time.
    fn tasks(&self) -> Result<(), String> {
        self.with(async |app, call| {
            for task in task::ALL {
                for _ in 0..TASK_STEPS {
                    (task.step)(app.clone(), call.now).await;
                }
            }
            Ok(())
        })
    }
}

/// `10m`, `29m 59s`, `1500ms`, `24h`, `2d`: in milliseconds.
fn millis(text: &str) -> Option<u64> {
    text.split(' ')
        .map(|piece| {
            let end = piece.find(|c: char| !c.is_ascii_digit())?;
            let unit = match &piece[end..] {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return None,
            };
            Some(piece[..end].parse::<u64>().ok()? * unit)
        })
        .sum()
}
