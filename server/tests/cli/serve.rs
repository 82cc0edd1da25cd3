//! `exeunt serve` that cannot.

use std::net::TcpListener;

use crate::support::command_line::{bare, ran};
use crate::support::scratch::Scratch;

/// A key that the server on that address does not know would be taken for the right one from then on.
#[test]
fn a_server_whose_address_is_taken_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for arguments in [&["--listen", &taken][..], &["--listen", "127.0.0.1:0", "--admin-listen", &taken]] {
        let mut serve = bare(&[&["serve"], arguments].concat());
        let ran = ran(serve.current_dir(scratch.path()), "");
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains("cannot listen on"), "{}", ran.err);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "{arguments:?}");
    }
}
