//! `exeunt check`: checks whether the session of a token is alive. The token is read from standard input, since every
//! user of the machine can read arguments.

use clap::Args;
use serde_json::{Value, json};

use super::ask;
use super::context::{Ask, Context};
use super::exit::{Exit, Outcome};
use super::print::{text, time};
use super::remote::with_query;

#[derive(Args)]
pub(super) struct Check {
    /// Do not count this as a use; the idle deadline stays
    #[arg(long)]
    peek: bool,
    /// Say why the session is not alive; requires an administrator's key
    #[arg(long)]
    why: bool,
}

impl Ask for Check {
    async fn run(self, context: &mut Context) -> Outcome {
        let token = ask::secret("Token").await?;
        let switches = [("peek", self.peek), ("why", self.why)];
        let switches = switches.iter().filter(|(_, on)| *on).map(|(name, _)| (*name, "1"));
        let told =
            context.remote.post(&with_query("/v1/check", switches), &json!({ "token": token })).await?;
        let out = &mut context.out;
        let active = told["active"] == true;
        match (out.is_json(), active) {
            (true, _) => out.json(&told)?,
            (false, true) => out.record(&[
                ("active", "yes".to_owned()),
                ("session", text(&told["session"])),
                ("user", text(&told["user"])),
                ("client", text(&told["client"])),
                ("expires", time(&told["expires_at"])),
            ])?,
            (false, false) => out.record(&[("active", "no".to_owned()), ("because", because(&told))])?,
        }
        Ok(if active { Exit::Done } else { Exit::Inactive })
    }
}

fn because(told: &Value) -> String {
    match &told["ended_by"] {
        Value::Null => text(&told["verdict"]),
        mark => format!("{}: {} at {}", text(&told["verdict"]), text(&mark["why"]), time(&mark["when"])),
    }
}
