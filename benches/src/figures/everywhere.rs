//! The logout of a user with 10,000 sessions, compared with the logout of one session.

use anyhow::{Context, Result};

use super::{Victims, logout_form};
use crate::exeunt::{Exeunt, bearer};
use crate::http::{Form, Line};
use crate::report::{Row, time};
use crate::stats::quantile_micros;
use crate::{Bench, clock};

/// Single sessions that are logged out per user.
const SINGLES: usize = 10;
const RATIO_MAX: f64 = 1.5;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let server = Exeunt::start(&bench.store()?, None, &[])?;
    let everywhere = Form::new("DELETE /v1/users/{}/sessions", &bearer(), "", 0, "\"found_alive\":true");
    let mut victims = Victims::of(&bench.seed.ids);
    let (mut users, mut singles) = (Vec::new(), Vec::new());
    let mut line = Line::open(server.address)?;
    let mut timed = |form: &Form, id: &str| {
        let began = clock::now();
        line.ask(form, id).map(|()| clock::now() - began)
    };
    let crowds = &bench.seed.crowds;
    for number in 0..crowds.len() {
        for _ in 0..SINGLES {
            let id = victims.next().context("there were not enough sessions to log out")?;
            singles.push(timed(&logout_form(), id)?);
        }
        users.push(timed(&everywhere, crowds.get(number))?);
    }
    server.stop()?;
    let (user, single) = (quantile_micros(&mut users, 0.5), quantile_micros(&mut singles, 0.5));
    Ok(vec![Row {
        what: "logging out a user with 10,000 sessions, median",
        ours: time(user),
        reference: format!("logging out one session: {}", time(single)),
        ratio: format!("{:.2}", user / single),
        target: "≤ 1.5",
        met: Some(user / single <= RATIO_MAX),
        load: "–".to_owned(),
    }])
}
