//! Sockets that listen before the program that serves them starts: nobody can take its port away, and a client that
//! comes early waits.

use std::net::TcpListener;

use rustix::io::{FdFlags, fcntl_setfd};

/// A socket at a free port of this address, which every child process inherits.
pub(crate) fn inherited(host: &str) -> TcpListener {
    let listener = TcpListener::bind((host, 0)).unwrap();
    fcntl_setfd(&listener, FdFlags::empty()).unwrap();
    listener
}
