//! Prints lists of the server, page by page, as a table or as JSON lines.

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::exit::{Exit, Outcome};
use super::print::{Column, Table};
use super::remote::with_query;

#[derive(Args)]
pub(super) struct Limit {
    /// Print at most this many [default: all]
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
}

/// Prints a list of the server, one row per item.
///
/// # Errors
/// The server's, the output's. Pages before the error stay printed.
pub(super) async fn list(
    context: &mut Context,
    path: &str,
    parameters: &[(&str, &str)],
    limit: Limit,
    columns: &'static [Column],
    row: impl Fn(&Value) -> Vec<String>,
) -> Outcome {
    let mut left = limit.limit.unwrap_or(u64::MAX);
    let mut cursor = None;
    let json = context.out.is_json();
    let mut table = Table::new(&mut context.out, columns);
    while left > 0 {
        let here = cursor.iter().map(|cursor: &String| ("cursor", cursor.as_str()));
        let (items, next) =
            context.remote.page(&with_query(path, parameters.iter().copied().chain(here))).await?;
        for item in items.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            match json {
                true => table.out().json(item)?,
                false => table.row(&row(item))?,
            }
            left -= 1;
        }
        table.flush()?;
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    Ok(Exit::Done)
}
