//! `exeunt user list`.

use clap::Args;

use super::state;
use crate::cli::context::Context;
use crate::cli::exit::Outcome;
use crate::cli::list::{Limit, list};
use crate::cli::print::{Column, Room, text, time};

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    limit: Limit,
}

const COLUMNS: &[Column] = &[
    Column("ID", Room::Whole),
    Column("USERNAME", Room::Flexible),
    Column("EMAIL", Room::Flexible),
    Column("ACCOUNT", Room::Flexible),
    Column("STATE", Room::Whole),
    Column("CREATED", Room::Whole),
];

impl List {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        list(context, "/v1/users", &[], self.limit, COLUMNS, |user| {
            vec![
                text(&user["id"]),
                text(&user["username"]),
                text(&user["email"]),
                text(&user["account_number"]),
                state(user).to_owned(),
                time(&user["created_at"]),
            ]
        })
        .await
    }
}
