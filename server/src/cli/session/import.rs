//! `exeunt session import`.

use clap::Args;
use serde_json::{Map, Value};

use crate::cli::context::Context;
use crate::cli::exit::Outcome;
use crate::cli::import::{Column, ImportArgs, Kind, Meaning, import};

#[derive(Args)]
pub(super) struct Import {
    #[command(flatten)]
    source: ImportArgs,
    /// The dialect for rows that name neither a dialect nor a client
    #[arg(long, value_name = "NAME", default_value = "native")]
    dialect: String,
    /// The client for rows that name neither a dialect nor a client: an id or name
    #[arg(long, value_name = "CLIENT", conflicts_with = "dialect")]
    client: Option<String>,
    /// A position of the log from before the file was created; whatever was ended here since then stays ended
    /// [default: now]
    #[arg(long, value_name = "POSITION")]
    since: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column("token", Meaning::Text),
    Column("token_sha256", Meaning::Text),
    Column("user", Meaning::Text),
    Column("username", Meaning::Text),
    Column("email", Meaning::Text),
    Column("account_number", Meaning::Text),
    Column("dialect", Meaning::Text),
    Column("client", Meaning::Text),
    Column("issued_at", Meaning::Time),
    Column("last_seen_at", Meaning::Time),
    Column("expires_at", Meaning::Time),
    Column("idle_secs", Meaning::Secs),
    Column("absolute_secs", Meaning::Secs),
    Column("user_agent", Meaning::Text),
    Column("address", Meaning::Text),
];

impl Import {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        let mut beside = Map::new();
        match self.client {
            Some(client) => beside.insert("client".to_owned(), client.into()),
            None => beside.insert("dialect".to_owned(), self.dialect.into()),
        };
        beside.extend(self.since.map(|since| ("since".to_owned(), Value::from(since))));
        let kind = Kind { what: "sessions", path: "/v1/sessions/import", columns: COLUMNS, beside };
        import(context, self.source, kind).await
    }
}
