//! A wire that can be cut: connections go on to the server until they are cut all at once.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

pub(crate) struct Forwarder {
    pub(crate) address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Forwarder {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(Mutex::new(Vec::new()));
        let kept = open.clone();
        spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), TcpStream::connect(server).unwrap());
                kept.lock().unwrap().push(near.try_clone().unwrap());
                let ends = (near.try_clone().unwrap(), far.try_clone().unwrap());
                spawn(move || carry(near, far));
                spawn(move || carry(ends.1, ends.0));
            }
        });
        Self { address, open }
    }

    /// Cuts every connection that there is.
    pub(crate) fn cut(&self) {
        for connection in self.open.lock().unwrap().drain(..) {
            connection.shutdown(Shutdown::Both).unwrap();
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    // However it ends, the other end is closed too.
    let _carried = copy(&mut from, &mut to);
    let _told = to.shutdown(Shutdown::Both);
}
