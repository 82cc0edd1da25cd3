//! Reports the state of the server to the service manager (sd_notify(3)).

use std::io::Result;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The variable with the manager's socket: a path, or an abstract name after an `@`.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Sends a state to the manager, if there is one. Errors are ignored: the server runs without it as well.
pub(super) fn notify(state: &str) {
    if let Err(error) = send(state) {
        tracing::warn!(%error, "cannot notify the service manager: {state}");
    }
}

fn send(state: &str) -> Result<()> {
    let Some(name) = std::env::var_os(SOCKET).filter(|name| !name.is_empty()) else { return Ok(()) };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(&name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that hangs must not block the server.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), &address).map(drop)
}
