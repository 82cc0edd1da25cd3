//! `exeunt user …`: manages users.

mod add;
mod change;
mod import;
mod list;

use clap::Args;
use serde_json::Value;

use super::context::{Ask, Context, asking};
use super::exit::{Exit, Outcome};
use super::print::Out;
use super::reference;

#[derive(Args)]
pub(super) struct User {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// Create a user
    Add(add::Add),
    /// Import users of another system with their password hashes
    Import(import::Import),
    /// List all users
    List(list::List),
    /// Show a user
    Show(Show),
    /// Disable a user: it cannot log in, and all its sessions end
    Disable(change::Disable),
    /// Enable a disabled user; its old sessions stay ended
    Enable(change::Enable),
    /// Change a user's password and end all its sessions
    Passwd(change::Passwd),
    /// Delete a user permanently: erase its data and end all its sessions
    Remove(change::Remove),
}

impl Ask for User {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

#[derive(Args)]
struct Show {
    #[arg(help = reference::USER)]
    user: String,
}

impl Show {
    async fn run(self, context: &mut Context) -> Outcome {
        let user = reference::user(&mut context.remote, &self.user).await?;
        show(&mut context.out, &user)
    }
}

/// Prints a user.
fn show(out: &mut Out, user: &Value) -> Outcome {
    if out.is_json() {
        out.json(user)?;
        return Ok(Exit::Done);
    }
    let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
    let data = match &user["data"] {
        Value::Object(data) if data.is_empty() => String::new(),
        data => data.to_string(),
    };
    out.record(&[
        ("id", text("id")),
        ("username", text("username")),
        ("email", text("email")),
        ("account number", text("account_number")),
        ("name", format!("{} {}", text("first_name"), text("last_name")).trim().to_owned()),
        ("state", state(user).to_owned()),
        ("data", data),
        ("created", super::print::time(&user["created_at"])),
        ("changed", super::print::time(&user["updated_at"])),
    ])?;
    Ok(Exit::Done)
}

fn state(user: &Value) -> &'static str {
    if user["disabled"] == true { "disabled" } else { "enabled" }
}
