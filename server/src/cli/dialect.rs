//! `exeunt dialect …`: shows which clients still use legacy dialects.

use clap::Args;

use super::context::{Ask, Context, asking};
use super::exit::Outcome;
use super::list::{Limit, list};
use super::print::{Column, Room, text, time};

#[derive(Args)]
pub(super) struct DialectCommand {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// List which client makes which legacy call, how often, and when last
    Usage(Usage),
}

impl Ask for DialectCommand {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

#[derive(Args)]
struct Usage {
    #[command(flatten)]
    limit: Limit,
}

const COLUMNS: &[Column] = &[
    Column("DIALECT", Room::Whole),
    Column("CALL", Room::Whole),
    Column("COUNT", Room::Whole),
    Column("LAST", Room::Whole),
    Column("CLIENT", Room::Whole),
    Column("NAME", Room::Flexible),
];

impl Usage {
    async fn run(self, context: &mut Context) -> Outcome {
        list(context, "/v1/dialects/usage", &[], self.limit, COLUMNS, |usage| {
            vec![
                text(&usage["dialect"]),
                text(&usage["call"]),
                usage["count"].to_string(),
                time(&usage["last_at"]),
                text(&usage["client"]),
                text(&usage["client_name"]),
            ]
        })
        .await
    }
}
