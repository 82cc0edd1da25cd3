//! `exeunt key …`: keys of programs that use the native interface.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::context::{Ask, Context, asking};
use super::exit::{Exit, Outcome};
use super::list::{Limit, list};
use super::print::{Column, Room, say, text, time};
use super::{realm, reference};

#[derive(Args)]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// Create a key and show it once; with --realm it is valid in that realm only
    Create(Create),
    /// List all keys
    List(List),
    /// Revoke a key permanently; streams that it opened end
    Revoke(Revoke),
}

impl Ask for Key {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

#[derive(Args)]
struct Create {
    /// What the key is for
    name: String,
    /// What the key allows
    #[arg(long)]
    role: Role,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Everything
    Admin,
    /// Read everything
    Read,
    /// Check tokens only
    Check,
    /// End sessions only
    End,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    limit: Limit,
}

#[derive(Args)]
struct Revoke {
    /// Its id
    #[arg(value_parser = reference::id)]
    key: String,
}

const COLUMNS: &[Column] = &[
    Column("ID", Room::Whole),
    Column("NAME", Room::Flexible),
    Column("ROLE", Room::Whole),
    Column("REALM", Room::Flexible),
    Column("CREATED", Room::Whole),
];

impl Create {
    async fn run(self, context: &mut Context) -> Outcome {
        let role = match self.role {
            Role::Admin => "admin",
            Role::Read => "read",
            Role::Check => "check",
            Role::End => "end",
        };
        let made = context.remote.post("/v1/keys", &json!({ "name": self.name, "role": role })).await?;
        say("the key is shown only once");
        let out = &mut context.out;
        if out.is_json() {
            out.json(&made)?;
            return Ok(Exit::Done);
        }
        out.record(&[
            ("id", text(&made["id"])),
            ("name", text(&made["name"])),
            ("role", text(&made["role"])),
            ("realm", text(&made["realm"])),
            ("created", time(&made["created_at"])),
            ("key", text(&made["key"])),
        ])?;
        Ok(Exit::Done)
    }
}

impl List {
    async fn run(self, context: &mut Context) -> Outcome {
        let names = realm::names(&mut context.remote).await?;
        list(context, "/v1/keys", &[], self.limit, COLUMNS, |key| {
            let realm = text(&key["realm"]);
            let realm =
                if realm.is_empty() { "all" } else { names.get(&realm).map_or(&*realm, String::as_str) };
            vec![
                text(&key["id"]),
                text(&key["name"]),
                text(&key["role"]),
                realm.to_owned(),
                time(&key["created_at"]),
            ]
        })
        .await
    }
}

impl Revoke {
    async fn run(self, context: &mut Context) -> Outcome {
        context.remote.delete(&format!("/v1/keys/{}", self.key)).await?;
        context.out.done(&format!("key {} is revoked", self.key), &json!({ "revoked": self.key }))
    }
}
