//! Tells the service manager that started this program how far it is (sd_notify(3)).

use std::io::Result;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Where the service manager listens: a path, or behind an `@` a name that is in no file system.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Tells it, if there is one. That it does not hear us is no reason not to serve.
pub(super) fn notify(state: &str) {
    if let Err(error) = send(state) {
        tracing::warn!(%error, "the service manager cannot be told: {state}");
    }
}

fn send(state: &str) -> Result<()> {
    let Some(name) = std::env::var_os(SOCKET).filter(|name| !name.is_empty()) else { return Ok(()) };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(&name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that hangs must not hang us.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), &address).map(drop)
}
