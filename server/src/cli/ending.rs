//! Counts sessions before they are ended, and asks for confirmation.

use clap::Args;
use serde_json::Value;

use super::ask;
use super::context::Context;
use super::exit::{Exit, Failure, Outcome};
use super::print::say;
use super::remote::with_query;

#[derive(Args)]
pub(super) struct Confirmed {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Confirmed {
    /// Whether `--yes` was given.
    pub(super) const fn is_said(&self) -> bool {
        self.yes
    }

    /// Whether to continue: because of `--yes`, or because the user confirms.
    ///
    /// # Errors
    /// `Usage` without a terminal; `Interrupted`.
    pub(super) async fn of(&self, context: &mut Context, what: &str) -> Outcome<bool> {
        if self.yes {
            return Ok(true);
        }
        // The server would close the connection while the user thinks.
        context.remote.rest();
        let sure = ask::confirm(&format!("{what} Continue?")).await?;
        if !sure {
            say("nothing was changed");
        }
        Ok(sure)
    }
}

/// How many sessions a `DELETE` of this path would end now.
///
/// # Errors
/// The server's.
pub(super) async fn would_end(
    context: &mut Context,
    path: &str,
    parameters: &[(&str, &str)],
) -> Outcome<u64> {
    let path = with_query(path, parameters.iter().copied().chain([("dry_run", "1")]));
    let told = context.remote.delete(&path).await?;
    told["would_end"].as_u64().ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "the server's response does not say how many sessions; is it of this version?",
        )
    })
}

/// A number of sessions in words.
pub(super) fn sessions(count: u64) -> String {
    match count {
        0 => "no session".to_owned(),
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}

/// Prints the result of a logout.
pub(super) fn ended(context: &mut Context, what: &str, told: &Value) -> Outcome {
    let out = &mut context.out;
    if out.is_json() {
        out.json(told)?;
        return Ok(Exit::Done);
    }
    let mark = told["mark"]["stamp"].as_u64().map(|stamp| format!(", mark {stamp}")).unwrap_or_default();
    let durable = match &told["confirmed"]["durable"] {
        Value::Bool(false) => ", in memory only",
        _ => "",
    };
    let count = told["ended"].as_u64().map(|count| format!(", {}", sessions(count))).unwrap_or_default();
    let came = match (told["found_alive"].as_bool(), told["mark"]["anchor"]["kind"].as_str()) {
        (Some(false), Some("session")) => "had ended already",
        (Some(false), _) => "is logged out (no session was alive)",
        _ => "is logged out",
    };
    out.line(&format!("{what} {came}{count}{mark}{durable}"))?;
    Ok(Exit::Done)
}
