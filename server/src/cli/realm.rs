//! `exeunt realm …`: tenants, each with its own users, clients and sessions.

use std::collections::HashMap;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::context::{Ask, Context, asking};
use super::exit::{Exit, Failure, Outcome};
use super::list::{Limit, list};
use super::print::{Column, Out, Room, text, time};
use super::remote::Remote;

#[derive(Args)]
pub(super) struct Realm {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// Create a realm
    Add(Add),
    /// List all realms
    List(List),
    /// Change how the user names of a realm are compared
    Change(Change),
}

impl Ask for Realm {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

#[derive(Args)]
struct Add {
    /// Its name
    name: String,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    limit: Limit,
}

#[derive(Args)]
struct Change {
    /// Its id or name
    realm: String,
    /// Whether Alice is alice; refused while two user names differ in case only
    #[arg(long)]
    usernames: Usernames,
}

/// How user names are compared.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Usernames {
    /// Letter by letter
    Exact,
    /// Without case
    IgnoreCase,
}

const COLUMNS: &[Column] = &[
    Column("ID", Room::Whole),
    Column("NAME", Room::Flexible),
    Column("USERNAMES", Room::Whole),
    Column("CREATED", Room::Whole),
];

impl Add {
    async fn run(self, context: &mut Context) -> Outcome {
        let made = context.remote.post("/v1/realms", &json!({ "name": self.name })).await?;
        show(&mut context.out, &made)
    }
}

impl Change {
    async fn run(self, context: &mut Context) -> Outcome {
        let named = |(id, name): &(String, String)| *name == self.realm || *id == self.realm;
        let found = names(&mut context.remote).await?.into_iter().find(named);
        let (id, _) =
            found.ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no realm {}", self.realm)))?;
        let usernames = match self.usernames {
            Usernames::Exact => "exact",
            Usernames::IgnoreCase => "ignore_case",
        };
        let changed =
            context.remote.patch(&format!("/v1/realms/{id}"), &json!({ "usernames": usernames })).await?;
        show(&mut context.out, &changed)
    }
}

fn show(out: &mut Out, realm: &Value) -> Outcome {
    if out.is_json() {
        out.json(realm)?;
        return Ok(Exit::Done);
    }
    out.record(&[
        ("id", text(&realm["id"])),
        ("name", text(&realm["name"])),
        ("usernames", text(&realm["usernames"])),
        ("created", time(&realm["created_at"])),
    ])?;
    Ok(Exit::Done)
}

impl List {
    async fn run(self, context: &mut Context) -> Outcome {
        list(context, "/v1/realms", &[], self.limit, COLUMNS, |realm| {
            let columns = ["id", "name", "usernames"].map(|column| text(&realm[column]));
            columns.into_iter().chain([time(&realm["created_at"])]).collect()
        })
        .await
    }
}

/// The names of the realms that the key may see, by id.
///
/// # Errors
/// The server's.
pub(super) async fn names(remote: &mut Remote) -> Outcome<HashMap<String, String>> {
    let (realms, _) = remote.page("/v1/realms").await?;
    Ok(realms.iter().map(|realm| (text(&realm["id"]), text(&realm["name"]))).collect())
}
