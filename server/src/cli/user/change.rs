//! `exeunt user disable|enable|passwd|remove`: each but `enable` ends all sessions of the user, in one transaction with
//! the change.

use clap::Args;
use serde_json::{Value, json};

use super::show;
use crate::cli::ask;
use crate::cli::context::Context;
use crate::cli::ending::{Confirmed, sessions, would_end};
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
    sure: Confirmed,
}

impl Disable {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        change(context, &self.user, json!({ "disabled": true })).await
    }
}

impl Enable {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        change(context, &self.user, json!({ "disabled": false })).await
    }
}

impl Passwd {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        // Finds the user first: without one no password is needed.
        let Named { id, .. } = reference::user_id(&mut context.remote, &self.user).await?;
        context.remote.rest();
        let password = match self.remove {
            true => Value::Null,
            false => ask::new_password(self.password_stdin).await?.into(),
        };
        change(context, &id, json!({ "password": password })).await
    }
}

impl Remove {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        let Named { id, name } = reference::user_id(&mut context.remote, &self.user).await?;
        let count = would_end(context, &format!("/v1/users/{id}/sessions"), &[]).await?;
        let what = format!("This erases user {name} for good and ends {}.", sessions(count));
        if !self.sure.of(context, &what).await? {
            return Ok(Exit::Failed);
        }
        context.remote.delete(&format!("/v1/users/{id}")).await?;
        context.out.done(&format!("user {name} is removed"), &json!({ "removed": id }))
    }
}

async fn change(context: &mut Context, user: &str, change: Value) -> Outcome {
    let Named { id, .. } = reference::user_id(&mut context.remote, user).await?;
    let changed = context.remote.patch(&format!("/v1/users/{id}"), &change).await?;
    show(&mut context.out, &changed)
}
