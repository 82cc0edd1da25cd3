//! `exeunt audit export`: prints the audit trail as JSON lines.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use super::context::{Ask, Context, asking};
use super::exit::{Exit, Failure, Outcome};
use super::print::say;
use super::remote::with_query;

/// Seconds without data after which an export fails.
const SILENCE_SECS: u64 = 60;
/// The longest line, in bytes.
const LINE_BYTES_MAX: usize = 1 << 20;

#[derive(Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// Print the audit trail as JSON lines, newest first
    Export(Export),
}

#[derive(Args)]
struct Export {
    /// Only what happened at this time or later, such as 2026-01-02T00:00:00Z
    #[arg(long, value_name = "TIME")]
    after: Option<String>,
    /// Only what happened before this time
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
}

impl Ask for Audit {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

impl Export {
    async fn run(self, context: &mut Context) -> Outcome {
        let times = [("after", &self.after), ("before", &self.before)];
        let given = times.iter().filter_map(|(name, time)| Some((*name, time.as_deref()?)));
        let mut body = context.remote.stream(&with_query("/v1/audit.jsonl", given), &[]).await?.into_body();
        let (mut rest, mut printed) = (Vec::new(), 0_u64);
        while let Some(piece) = next(&mut body).await? {
            rest.extend_from_slice(&piece);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            for line in rest[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let line: Value = serde_json::from_slice(line).map_err(|_| stranger())?;
                if let Some(end) = line.get("end") {
                    return if end["lines"] == printed { told(context, printed) } else { Err(stranger()) };
                }
                context.out.json(&line)?;
                printed += 1;
            }
            rest.drain(..whole);
            if rest.len() > LINE_BYTES_MAX {
                return Err(stranger());
            }
        }
        context.out.flush()?;
        Err(Failure::new(
            Exit::Unavailable,
            format!("the export was cut off after {printed} lines; run the command again"),
        ))
    }
}

fn told(context: &mut Context, printed: u64) -> Outcome {
    context.out.flush()?;
    say(&format!("{printed} lines; the export is complete"));
    Ok(Exit::Done)
}

async fn next(body: &mut Incoming) -> Outcome<Option<Bytes>> {
    let broken = |why: String| Failure::new(Exit::Unavailable, why);
    match tokio::time::timeout(Duration::from_secs(SILENCE_SECS), body.frame()).await {
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(None) => Ok(None),
        Ok(Some(Err(error))) => Err(broken(format!("the export was cut off: {error}"))),
        Err(_) => Err(broken(format!("the server sent nothing for {SILENCE_SECS} seconds"))),
    }
}

fn stranger() -> Failure {
    Failure::new(
        Exit::Failed,
        "the server's response is not an audit trail; is it Exeunt, and of this version?",
    )
}
