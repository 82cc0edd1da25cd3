//! Follows the log of marks: a stream that is resumed where it broke off, so that no mark is missed.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use super::events::{Event, Events};
use super::{COLUMNS, Log, say_position};
use crate::cli::ask::interrupts;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::print::{Out, Table, say, text};
use crate::cli::remote::{Remote, with_query};

/// Seconds without data after which a stream is dead: the server sends its position every second.
const SILENCE_SECS: u64 = 10;
/// Milliseconds before a broken stream is retried: the first and the longest pause.
const PAUSE_MILLIS: (u64, u64) = (250, 8_000);

/// Prints marks until it is interrupted.
///
/// # Errors
/// `Unavailable` if the first connection fails; later ones are retried without end. Other errors of the server.
pub(super) async fn follow(context: &mut Context, after: Option<String>) -> Outcome {
    let out: &mut Out = &mut context.out;
    let mut reader = Reader {
        remote: &mut context.remote,
        log: Log::new(out.is_json(), Table::new(out, COLUMNS)),
        after,
        connected: false,
        pause_millis: PAUSE_MILLIS.0,
    };
    let mut interrupt = interrupts()?;
    let failure = tokio::select! {
        failure = reader.read() => failure,
        _ = interrupt.recv() => Failure::interrupted(),
    };
    if failure.exit != Exit::Done {
        say_position(reader.after.as_deref());
    }
    Err(failure)
}

struct Reader<'a> {
    remote: &'a mut Remote,
    log: Log<'a>,
    /// The position up to which everything is printed; `None` if the server has sent none yet.
    after: Option<String>,
    connected: bool,
    pause_millis: u64,
}

impl Reader<'_> {
    /// Reads and retries until a failure that a retry cannot fix.
    async fn read(&mut self) -> Failure {
        loop {
            let broken = match self.stream_or_snapshot().await {
                Ok(()) => "the stream ended".to_owned(),
                Err(failure) if failure.exit == Exit::Unavailable && self.connected => failure.to_string(),
                Err(failure) => return failure,
            };
            say(&format!("{broken}; trying again"));
            tokio::time::sleep(Duration::from_millis(self.pause_millis)).await;
            self.pause_millis = (self.pause_millis * 2).min(PAUSE_MILLIS.1);
        }
    }

    /// Reads one stream to its end; if the log does not reach back far enough, prints a snapshot before it.
    async fn stream_or_snapshot(&mut self) -> Outcome<()> {
        loop {
            match self.stream().await {
                Err(failure) if failure.exit == Exit::Gone => self.start_anew().await?,
                outcome => return outcome,
            }
        }
    }

    /// Reads one stream to its end.
    async fn stream(&mut self) -> Outcome<()> {
        let after = self.after.iter().map(|after| ("after", after.as_str()));
        let path = with_query("/v1/feed", after);
        let mut body = self.remote.stream(&path, &[]).await?.into_body();
        self.connected = true;
        let mut events = Events::default();
        while let Some(piece) = next(&mut body).await? {
            let stranger = || {
                Failure::new(
                    Exit::Failed,
                    "the server's response is not a stream of marks; is it Exeunt, and of this version?",
                )
            };
            for event in events.take(&piece).ok_or_else(stranger)? {
                self.take(event)?;
            }
            self.log.flush()?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Outcome<()> {
        match event.kind.as_str() {
            "mark" => {
                let mark: Value = serde_json::from_str(&event.data).unwrap_or_default();
                self.log.mark(&mark, &event.id)?;
            }
            "reset" => return Err(Failure::new(Exit::Gone, "")),
            "position" => self.pause_millis = PAUSE_MILLIS.0,
            _ => return Ok(()),
        }
        self.after = Some(event.id);
        Ok(())
    }

    /// Marks are missing: prints the marks in force instead, and continues from their position.
    async fn start_anew(&mut self) -> Outcome<()> {
        let mut cursor: Option<String> = None;
        loop {
            let here = cursor.iter().map(|cursor| ("cursor", cursor.as_str()));
            let page = self.remote.get(&with_query("/v1/snapshot", here)).await?;
            // All pages have the same position.
            let position = text(&page["position"]);
            if cursor.is_none() {
                self.log.reset(&position)?;
            }
            for mark in page["items"].as_array().into_iter().flatten() {
                self.log.mark(mark, &position)?;
            }
            self.log.flush()?;
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                self.after = Some(position);
                return Ok(());
            }
        }
    }
}

async fn next(body: &mut Incoming) -> Outcome<Option<bytes::Bytes>> {
    let broken = |why: String| Failure::new(Exit::Unavailable, why);
    match tokio::time::timeout(Duration::from_secs(SILENCE_SECS), body.frame()).await {
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(None) => Ok(None),
        Ok(Some(Err(error))) => Err(broken(format!("the stream was cut off: {error}"))),
        Err(_) => Err(broken(format!("the server sent nothing for {SILENCE_SECS} seconds"))),
    }
}
