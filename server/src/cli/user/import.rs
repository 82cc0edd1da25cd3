//! `exeunt user import`.

use clap::Args;
use serde_json::Map;

use crate::cli::desk::Desk;
use crate::cli::exit::Outcome;
use crate::cli::import::{Column, Kind, Meaning, Source, import};

#[derive(Args)]
pub(super) struct Import {
    #[command(flatten)]
    source: Source,
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
    pub(super) async fn run(self, desk: &mut Desk) -> Outcome {
        let kind = Kind { what: "users", path: "/v1/users/import", columns: COLUMNS, beside: Map::new() };
        import(desk, self.source, kind).await
    }
}
