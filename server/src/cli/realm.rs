//! `exeunt realm …`: tenants, each with its own users, clients and sessions.

use std::collections::HashMap;

use clap::Args;
use serde_json::json;

use super::desk::{Ask, Desk, asking};
use super::exit::{Exit, Outcome};
use super::list::{Limit, list};
use super::print::{Column, Room, text, time};
use super::remote::Remote;

#[derive(Args)]
pub(super) struct Realm {
    #[command(subcommand)]
    what: What,
}

asking! { What with desk:
    /// Make a realm
    Add(Add),
    /// List all realms
    List(List),
}

impl Ask for Realm {
    async fn run(self, desk: &mut Desk) -> Outcome {
        self.what.run(desk).await
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

const COLUMNS: &[Column] =
    &[Column("ID", Room::Whole), Column("NAME", Room::Flexible), Column("CREATED", Room::Whole)];

impl Add {
    async fn run(self, desk: &mut Desk) -> Outcome {
        let made = desk.remote.post("/v1/realms", &json!({ "name": self.name })).await?;
        let out = &mut desk.out;
        if out.is_json() {
            out.json(&made)?;
            return Ok(Exit::Done);
        }
        out.record(&[
            ("id", text(&made["id"])),
            ("name", text(&made["name"])),
            ("created", time(&made["created_at"])),
        ])?;
        Ok(Exit::Done)
    }
}

impl List {
    async fn run(self, desk: &mut Desk) -> Outcome {
        list(desk, "/v1/realms", &[], self.limit, COLUMNS, |realm| {
            vec![text(&realm["id"]), text(&realm["name"]), time(&realm["created_at"])]
        })
        .await
    }
}

/// The names of the realms that the key opens, by their ids.
///
/// # Errors
/// The server's.
pub(super) async fn names(remote: &mut Remote) -> Outcome<HashMap<String, String>> {
    let (realms, _) = remote.page("/v1/realms").await?;
    Ok(realms.iter().map(|realm| (text(&realm["id"]), text(&realm["name"]))).collect())
}
