//! `exeunt marks`: reads or follows the log of marks, in which every logout of any kind is one mark.

mod events;
mod follow;

use clap::Args;
use serde_json::{Value, json};

use super::context::{Ask, Context};
use super::exit::{Exit, Outcome};
use super::print::{Column, Room, Table, say, text, time};
use super::remote::with_query;

/// Marks per request.
const PAGE: u64 = 1000;
/// The server's name for the oldest position in the log.
const OLDEST: &str = "oldest";

#[derive(Args)]
pub(super) struct Marks {
    /// Keep printing marks as they are raised; without --after, start now
    #[arg(long)]
    follow: bool,
    /// Start after this position, as printed by an earlier call [default: the beginning of
    /// the log]
    #[arg(long, value_name = "POSITION")]
    after: Option<String>,
    /// Print at most this many [default: all]
    #[arg(long, value_name = "COUNT", conflicts_with = "follow")]
    limit: Option<u64>,
}

const COLUMNS: &[Column] = &[
    Column("STAMP", Room::Whole),
    Column("WHEN", Room::Whole),
    Column("WHY", Room::Whole),
    Column("WHAT", Room::Whole),
    Column("ID", Room::Whole),
    Column("BY", Room::Flexible),
    Column("VIA", Room::Whole),
    Column("FROM", Room::Flexible),
];

impl Ask for Marks {
    async fn run(self, context: &mut Context) -> Outcome {
        if self.follow {
            return follow::follow(context, self.after).await;
        }
        let mut left = self.limit.unwrap_or(u64::MAX);
        let mut after = self.after;
        let mut log = Log::new(context.out.is_json(), Table::new(&mut context.out, COLUMNS));
        while left > 0 {
            let limit = left.min(PAGE).to_string();
            let here = after.iter().map(|after| ("after", after.as_str()));
            let path = with_query("/v1/marks", here.chain([("limit", limit.as_str())]));
            let page = match context.remote.get(&path).await {
                Err(failure) if failure.exit == Exit::Gone && after.is_none() => {
                    say("older marks were deleted; the log begins here");
                    after = Some(OLDEST.to_owned());
                    continue;
                }
                page => page?,
            };
            let marks = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            let position = text(&page["position"]);
            let life = position.split('.').next().unwrap_or_default();
            marks.iter().try_for_each(|mark| log.mark(mark, &format!("{life}.{}", mark["stamp"])))?;
            log.flush()?;
            left = left.saturating_sub(marks.len() as u64);
            after = Some(position);
            if page["next"].is_null() {
                break;
            }
        }
        say_position(after.as_deref());
        Ok(Exit::Done)
    }
}

/// Prints on standard error where to continue later.
fn say_position(position: Option<&str>) {
    if let Some(position) = position {
        say(&format!("to continue from here: --after {position}"));
    }
}

/// Prints marks.
struct Log<'a> {
    json: bool,
    table: Table<'a>,
}

impl<'a> Log<'a> {
    const fn new(json: bool, table: Table<'a>) -> Self {
        Self { json, table }
    }

    /// Prints a mark, and `position`, after which to continue.
    fn mark(&mut self, mark: &Value, position: &str) -> Outcome<()> {
        if self.json {
            let mut mark = mark.clone();
            mark["position"] = position.into();
            return self.table.out().json(&mark);
        }
        let by = format!("{} {}", text(&mark["by"]["kind"]), text(&mark["by"]["id"]));
        self.table.row(&[
            mark["stamp"].to_string(),
            time(&mark["when"]),
            text(&mark["why"]),
            text(&mark["anchor"]["kind"]),
            text(&mark["anchor"]["id"]),
            by.trim().to_owned(),
            text(&mark["via"]),
            text(&mark["from"]),
        ])
    }

    /// Says that marks are missing and the marks in force follow instead.
    fn reset(&mut self, position: &str) -> Outcome<()> {
        say("the log no longer reaches back to that position, or the store was restored; these are the \
             marks in force");
        let told = json!({ "reset": true, "position": position });
        if self.json { self.table.out().json(&told) } else { Ok(()) }
    }

    /// Writes the output, and fails if its reader has gone.
    fn flush(&mut self) -> Outcome<()> {
        self.table.flush()?;
        self.table.out().look_for_reader()
    }
}
