//! The figures, one file each. Each starts the servers that it needs on a fresh copy of the store, and stops them.

mod alone;
mod check;
mod everywhere;
mod full_disk;
mod inside;
mod limit;
mod logout;
mod memory;
mod tail;

use std::time::Duration;

use crate::Figure;
use crate::exeunt::{Exeunt, bearer};
use crate::http::Form;
use crate::load::Plan;
use crate::texts::Texts;

/// All figures, by the name on the command line.
pub(crate) const ALL: &[(&str, Figure)] = &[
    ("memory", memory::figure),
    ("check", check::figure),
    ("logout", logout::figure),
    ("alone", alone::figure),
    ("inside", inside::figure),
    ("everywhere", everywhere::figure),
    ("limit", limit::figure),
    ("tail", tail::figure),
    ("full_disk", full_disk::figure),
];

/// Connections of the measurements under load.
const CONNECTIONS: usize = 64;

/// As many requests as the server answers, for `secs` seconds.
fn flat_out(server: &Exeunt, secs: f64) -> Plan {
    Plan {
        address: server.address,
        connections: CONNECTIONS,
        lasting: Duration::from_secs_f64(secs),
        rate: None,
    }
}

/// `POST /v1/check` with one of these tokens.
fn check_form(tokens: &Texts) -> Form {
    let headers = format!("{}Content-Type: application/json\r\n", bearer());
    Form::new("POST /v1/check", &headers, "{\"token\":\"{}\"}", tokens.each(), "\"active\":true")
}

/// `DELETE /v1/sessions/{id}` of a session that is alive.
fn logout_form() -> Form {
    Form::new("DELETE /v1/sessions/{}", &bearer(), "", 0, "\"found_alive\":true")
}

/// Sessions to log out, each once.
struct Victims<'a> {
    ids: &'a Texts,
    next: usize,
}

impl<'a> Victims<'a> {
    fn of(ids: &'a Texts) -> Self {
        Self { ids, next: 0 }
    }

    fn next(&mut self) -> Option<&'a str> {
        (self.next < self.ids.len()).then(|| {
            self.next += 1;
            self.ids.get(self.next - 1)
        })
    }

    /// The next `count` ids.
    fn some(&mut self, count: usize) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        std::iter::from_fn(|| self.next()).take(count)
    }
}
