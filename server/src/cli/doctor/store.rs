//! Checks the database, if no server has it open, and compares the clock with it.

use std::path::Path;

use exeunt_core::Moment;

use super::finding::Finding;
use super::{logins, origins};
use crate::authority::open::CLOCK_BEHIND_SECS_MAX;
use crate::config::Config;
use crate::store::sqlite::inspect::{Look, SCHEMA, is_half_restored, is_in_use, look};
use crate::time::text::readable;

const CHECK: &str = "database";

/// Checks the database. Returns whether a process has it open, and the findings.
pub(super) fn check(path: &Path, config: &Config, now: Moment) -> (bool, Vec<Finding>) {
    if is_half_restored(path) {
        let says = format!("a restore into {} was interrupted; no server starts on it", path.display());
        return (false, vec![Finding::wrong(CHECK, says, "run the same `exeunt restore` again")]);
    }
    if !path.exists() {
        let says = format!("there is no database at {} yet", path.display());
        return (
            false,
            vec![Finding::warning(CHECK, says, "`exeunt serve` creates it; --store gives another")],
        );
    }
    if is_in_use(path) {
        let says = format!("{} is in use, so its server is asked instead", path.display());
        return (true, vec![Finding::well(CHECK, says)]);
    }
    let looked = match look(path) {
        Ok(looked) => looked,
        Err(error) => {
            return (false, vec![Finding::wrong(CHECK, error.public(), "restore a backup: exeunt restore")]);
        }
    };
    let mut findings = vec![state(path, &looked)];
    findings.extend(looked.newest.map(|newest| clock(now, newest)));
    findings.extend(logins::judge(&looked.latest, config));
    findings.extend(origins::judge(&looked.open_to_any_origin));
    (false, findings)
}

fn state(path: &Path, looked: &Look) -> Finding {
    let path = path.display();
    if looked.made_at.is_some() {
        let advice = format!("exeunt restore --in-place --store sqlite:{path}");
        return Finding::wrong(CHECK, format!("{path} is a backup; no server starts on it"), advice);
    }
    let schema = looked.schema;
    match schema.cmp(&SCHEMA) {
        std::cmp::Ordering::Greater => Finding::wrong(
            CHECK,
            format!(
                "{path} was written by a later version (schema {schema}; this version supports {SCHEMA})"
            ),
            "use that version",
        ),
        std::cmp::Ordering::Less => Finding::well(
            CHECK,
            format!("{path} is intact; its schema {schema} is migrated to {SCHEMA} when the server starts"),
        ),
        std::cmp::Ordering::Equal => Finding::well(CHECK, format!("{path} is intact (schema {schema})")),
    }
}

/// Compares the clock with the newest mark: the server does not start if the clock is far behind.
fn clock(now: Moment, newest: Moment) -> Finding {
    let says =
        format!("the clock says {}; the newest mark was raised at {}", readable(now), readable(newest));
    if now.plus_secs(CLOCK_BEHIND_SECS_MAX) >= newest {
        return Finding::well("clock", says);
    }
    Finding::wrong(
        "clock",
        says,
        "set the clock; if it was wrong when that mark was raised: exeunt serve --accept-clock",
    )
}
