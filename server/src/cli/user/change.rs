//! `exeunt user disable|enable|passwd|remove`: each but `enable` ends all sessions of the user, in one transaction with
//! the change.

use clap::Args;
use serde_json::{Value, json};

use super::show;
use crate::cli::ask;
use crate::cli::desk::Desk;
use crate::cli::ending::{Sure, sessions, would_end};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::reference::{self, Named};

#[derive(Args)]
pub(super) struct Disable {
    #[arg(help = reference::USER)]
    user: String,
}

#[derive(Args)]
pub(super) struct Enable {
    #[arg(help = reference::USER)]
    user: String,
}

#[derive(Args)]
pub(super) struct Passwd {
    #[arg(help = reference::USER)]
    user: String,
    /// Read the password from standard input, one line, instead of asking for it
    #[arg(long, conflicts_with = "remove")]
    password_stdin: bool,
    /// Take the password away: the user cannot log in with one any more
    #[arg(long)]
    remove: bool,
}

#[derive(Args)]
pub(super) struct Remove {
    #[arg(help = reference::USER)]
    user: String,
    #[command(flatten)]
    sure: Sure,
}

impl Disable {
    pub(super) async fn run(self, desk: &mut Desk) -> Outcome {
        change(desk, &self.user, json!({ "disabled": true })).await
    }
}

impl Enable {
    pub(super) async fn run(self, desk: &mut Desk) -> Outcome {
        change(desk, &self.user, json!({ "disabled": false })).await
    }
}

impl Passwd {
    pub(super) async fn run(self, desk: &mut Desk) -> Outcome {
        // Who is not there needs no password.
        let Named { id, .. } = reference::user_id(&mut desk.remote, &self.user).await?;
        desk.remote.rest();
        let password = match self.remove {
            true => Value::Null,
            false => ask::new_password(self.password_stdin).await?.into(),
        };
        change(desk, &id, json!({ "password": password })).await
    }
}

impl Remove {
    pub(super) async fn run(self, desk: &mut Desk) -> Outcome {
        let Named { id, name } = reference::user_id(&mut desk.remote, &self.user).await?;
        let count = would_end(desk, &format!("/v1/users/{id}/sessions"), &[]).await?;
        let what = format!("This erases user {name} for good and ends {}.", sessions(count));
        if !self.sure.of(desk, &what).await? {
            return Ok(Exit::Failed);
        }
        desk.remote.delete(&format!("/v1/users/{id}")).await?;
        desk.out.done(&format!("user {name} is removed"), &json!({ "removed": id }))
    }
}

async fn change(desk: &mut Desk, user: &str, change: Value) -> Outcome {
    let Named { id, .. } = reference::user_id(&mut desk.remote, user).await?;
    let changed = desk.remote.patch(&format!("/v1/users/{id}"), &change).await?;
    show(&mut desk.out, &changed)
}
