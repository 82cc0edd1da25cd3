//! `exeunt user import`.

use clap::Args;
use serde_json::Map;

use crate::cli::context::Context;
use crate::cli::exit::Outcome;
use crate::cli::import::{Column, ImportArgs, Kind, Meaning, import};

#[derive(Args)]
pub(super) struct Import {
    #[command(flatten)]
    source: ImportArgs,
}

const COLUMNS: &[Column] = &[
    Column("username", Meaning::Text),
    Column("email", Meaning::Text),
    Column("account_number", Meaning::Text),
    Column("password_hash", Meaning::Text),
    Column("first_name", Meaning::Text),
    Column("last_name", Meaning::Text),
    Column("data", Meaning::Object),
    Column("disabled", Meaning::Flag),
];

impl Import {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        let kind = Kind { what: "users", path: "/v1/users/import", columns: COLUMNS, beside: Map::new() };
        import(context, self.source, kind).await
    }
}
