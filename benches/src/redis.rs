//! Redis, configured to sync every write before it responds.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::load::Script;
use crate::program::{Program, free_port};

/// Keys per `MSET`.
const AT_ONCE: usize = 1_000;

/// A separate server with its own directory.
pub(crate) struct Redis {
    pub(crate) address: SocketAddr,
    program: Program,
}

/// A script that deletes one existing key after the other.
pub(crate) struct Deletes(pub(crate) std::ops::Range<usize>);

impl Redis {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
        command.args(["--appendonly", "yes", "--appendfsync", "always"]).arg("--dir").arg(folder);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut program =
            Program::start("redis-server", &mut command, &folder.join("redis.log"), Signal::TERM)?;
        program.wait(|| TcpStream::connect(address).is_ok())?;
        Ok(Self { address, program })
    }

    /// Sets the keys that are to be deleted.
    pub(crate) fn fill(&self, numbers: std::ops::Range<usize>) -> Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        let numbers: Vec<usize> = numbers.collect();
        for some in numbers.chunks(AT_ONCE) {
            let mut command = format!("*{}\r\n$4\r\nMSET\r\n", 1 + 2 * some.len());
            for number in some {
                // 200 bytes, as a session has.
                command.push_str(&format!("$14\r\nsession{number:07}\r\n$200\r\n{number:0200}\r\n"));
            }
            stream.write_all(command.as_bytes())?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer)?;
            ensure!(&answer == b"+OK\r\n", "MSET failed");
        }
        Ok(())
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.program.stop()
    }
}

impl Script for Deletes {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let Some(number) = self.0.next() else { return false };
        request.extend_from_slice(format!("*2\r\n$3\r\nDEL\r\n$14\r\nsession{number:07}\r\n").as_bytes());
        true
    }

    fn answer(&self, bytes: &[u8]) -> Result<Option<usize>> {
        const ONE: &[u8] = b":1\r\n";
        ensure!(ONE.starts_with(bytes), "DEL: {}", String::from_utf8_lossy(bytes));
        Ok((bytes == ONE).then_some(ONE.len()))
    }
}
