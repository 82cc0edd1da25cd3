//! Ctrl-C and SIGTERM: what is under way gets the grace time and no more, and the program ends well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;

use crate::support::pair::{CURVE, Pair};
use crate::support::scratch::Scratch;
use crate::tls::process::{Process, command, plain};

#[test]
fn a_request_that_never_ends_is_given_up_after_the_grace_time() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = Scratch::new();
        let mut command = plain(folder.path());
        command.env("EXEUNT_LIMITS__GRACE_SECS", "1").env("EXEUNT_LIMITS__BODY_SECS", "3600");
        let process = Process::start(command);
        let mut stream = TcpStream::connect(process.address).unwrap();
        let head = "POST /session/logout HTTP/1.1\r\nHost: exeunt\r\nExpect: 100-continue\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        // The server asks for the body: the request is under way.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        process.signal(signal);
        process.wait("some requests did not finish within limits.grace_secs");
        assert!(process.ended());
        assert_eq!(stream.read(&mut asked).unwrap_or(0), 0);
    }
}

#[test]
fn the_service_manager_is_told() {
    let folder = Scratch::new();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let heard = || {
        let mut text = [0; 64];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    let mut command = plain(folder.path());
    command.env("NOTIFY_SOCKET", &path);
    let process = Process::start(command);
    assert_eq!(heard(), "READY=1");
    assert!(TcpStream::connect(process.address).is_ok());
    process.signal(Signal::TERM);
    assert_eq!(heard(), "STOPPING=1");
    assert!(process.ended());
}

#[test]
fn a_hangup_stops_a_server_that_has_nothing_to_renew() {
    let folder = Scratch::new();
    let process = Process::start(plain(folder.path()));
    process.signal(Signal::HUP);
    process.wait("stopping");
    assert!(process.ended());
    let pair = Pair::make(folder.path(), "a", CURVE);
    let process = Process::start(command(folder.path(), &pair));
    process.signal(Signal::HUP);
    process.wait("the certificate was renewed");
    process.signal(Signal::TERM);
    process.wait("stopping");
    assert!(process.ended());
}
