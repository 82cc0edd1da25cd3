//! The load generator: one thread, many connections, one request in flight on each. All servers are measured with it,
//! so that its cost is the same for all.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use crate::clock;

/// The longest response, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// The timeout for a response.
const PATIENCE: Duration = Duration::from_secs(20);

/// The requests to send, and how to parse the responses.
pub(crate) trait Script {
    /// Appends the next request; `false` if there is none.
    fn ask(&mut self, request: &mut Vec<u8>) -> bool;

    /// The length of the response at the start of `bytes`; `None` if it is not complete yet.
    ///
    /// # Errors
    /// It is not the expected response.
    fn answer(&self, bytes: &[u8]) -> Result<Option<usize>>;
}

/// How to load a server.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    /// When to stop sending, if the script does not end before.
    pub(crate) lasting: Duration,
    /// Requests a second; `None` for as many as the server answers.
    pub(crate) rate: Option<f64>,
}

/// The result of a load.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// The time of each response, measured from when its request was sent.
    pub(crate) times: Vec<Duration>,
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Load {
    /// Responses a second.
    pub(crate) fn per_sec(&self) -> f64 {
        self.times.len() as f64 / self.wall.as_secs_f64()
    }

    /// The processor time of the generator, as a share of one core.
    pub(crate) fn share(&self) -> f64 {
        self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }
}

/// Loads a server.
pub(crate) fn run(plan: &Plan, script: &mut impl Script) -> Result<Load> {
    let mut generator = Generator::connect(plan)?;
    let (began, cpu) = (clock::now(), clock::thread_cpu());
    generator.run(plan, script, began)?;
    let wall = clock::now() - began;
    Ok(Load { times: generator.times, wall, cpu: clock::thread_cpu() - cpu })
}

struct Generator {
    epoll: std::os::fd::OwnedFd,
    connections: Vec<Connection>,
    /// Connections without a request in flight.
    idle: Vec<usize>,
    times: Vec<Duration>,
}

struct Connection {
    stream: TcpStream,
    sent: Instant,
    request: Vec<u8>,
    answer: Box<[u8]>,
    answered: usize,
}

impl Generator {
    fn connect(plan: &Plan) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::new();
        for number in 0..plan.connections {
            let stream = TcpStream::connect(plan.address).with_context(|| plan.address.to_string())?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, EventData::new_u64(number as u64), EventFlags::IN)?;
            let (request, answer) = (Vec::with_capacity(1024), vec![0; ANSWER_BYTES_MAX].into());
            connections.push(Connection { stream, sent: clock::now(), request, answer, answered: 0 });
        }
        Ok(Self { epoll, connections, idle: (0..plan.connections).rev().collect(), times: Vec::new() })
    }

    fn run(&mut self, plan: &Plan, script: &mut impl Script, began: Instant) -> Result<()> {
        let mut events = Vec::with_capacity(plan.connections.max(1));
        let (mut asked, mut more) = (0_u64, true);
        loop {
            let now = clock::now();
            more &= now - began < plan.lasting;
            let allowed = plan.rate.map_or(u64::MAX, |rate| ((now - began).as_secs_f64() * rate) as u64);
            while more
                && asked < allowed
                && let Some(number) = self.idle.pop()
            {
                more = self.connections[number].ask(script)?;
                asked += u64::from(more);
                if !more {
                    self.idle.push(number);
                }
            }
            if !more && self.idle.len() == self.connections.len() {
                return Ok(());
            }
            self.wait(&mut events, plan.rate.is_some() && more)?;
            for event in events.drain(..) {
                let number = usize::try_from(event.data.u64())?;
                if let Some(took) = self.connections[number].read(script)? {
                    self.times.push(took);
                    self.idle.push(number);
                }
            }
        }
    }

    /// Waits for responses; with a rate, no longer than until the next request may be due.
    fn wait(&self, events: &mut Vec<epoll::Event>, paced: bool) -> Result<()> {
        let patience = if paced { Duration::from_millis(1) } else { PATIENCE };
        let timeout = Timespec::try_from(patience).context("a short time")?;
        epoll::wait(&self.epoll, spare_capacity(events), Some(&timeout))?;
        ensure!(paced || !events.is_empty(), "no answer within {PATIENCE:?}");
        Ok(())
    }
}

impl Connection {
    fn ask(&mut self, script: &mut impl Script) -> Result<bool> {
        self.request.clear();
        if !script.ask(&mut self.request) {
            return Ok(false);
        }
        self.answered = 0;
        self.sent = clock::now();
        // A request is small and the socket's buffer empty, so it goes out whole.
        let written = self.stream.write(&self.request)?;
        ensure!(written == self.request.len(), "a request did not go out whole");
        Ok(true)
    }

    /// Reads available bytes. Returns the time of the response, if it is complete.
    fn read(&mut self, script: &impl Script) -> Result<Option<Duration>> {
        self.answered += match self.stream.read(&mut self.answer[self.answered..]) {
            Ok(0) => bail!("the server closed a connection, or its answer has no end"),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error.into()),
        };
        let whole = script.answer(&self.answer[..self.answered])?;
        ensure!(whole.is_none_or(|bytes| bytes == self.answered), "more than one answer");
        Ok(whole.map(|_| clock::now() - self.sent))
    }
}
