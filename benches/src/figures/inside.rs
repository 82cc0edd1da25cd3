//! Durable logouts without HTTP, by 64 callers in this process, compared with a minimal log that commits in groups.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use exeunt::app::App;
use exeunt::authority::realm::MAIN;
use exeunt_core::{RealmId, SessionId};
use tokio::task::JoinSet;

use super::CONNECTIONS;
use crate::journal::Journal;
use crate::report::{Row, per_sec};
use crate::seed::{call, open, plain};
use crate::stats::median;
use crate::{Bench, clock};

/// Logouts and appends per round.
const COUNT: usize = 100_000;
const RATIO_MIN: f64 = 0.6;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let store = bench.store()?;
    let (mut ours, mut journals) = (Vec::new(), Vec::new());
    bench.runtime.block_on(async {
        let (app, _) = open(&store).await?;
        let realm = app.authority.realm(MAIN).map_err(plain)?.id;
        for round in 0..bench.rounds {
            let ids: Vec<SessionId> = (round * COUNT..(round + 1) * COUNT)
                .map(|number| bench.seed.ids.get(number).parse().context("an id"))
                .collect::<Result<_>>()?;
            ours.push(logouts(&app, realm, ids).await?);
            journals.push(appends(&bench.folder.join("journal.log")).await?);
        }
        app.authority.close().await.map_err(plain)
    })?;
    let (ours, plain) = (median(&ours), median(&journals));
    Ok(vec![Row {
        what: "durable logouts in process, 64 callers",
        ours: per_sec(ours),
        reference: format!("plain group-committed log: {}", per_sec(plain)),
        ratio: format!("{:.2}", ours / plain),
        target: "≥ 0.6",
        met: Some(ours / plain >= RATIO_MIN),
        load: "in the same process".to_owned(),
    }])
}

/// Runs the logouts; returns how many a second.
async fn logouts(app: &App, realm: RealmId, ids: Vec<SessionId>) -> Result<f64> {
    let count = ids.len();
    let ids = Arc::new(Mutex::new(ids));
    let began = clock::now();
    let mut callers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (app, ids) = (app.clone(), ids.clone());
        callers.spawn(async move {
            while let Some(id) = { ids.lock().unwrap_or_else(PoisonError::into_inner).pop() } {
                app.authority.end_session(&call(&app), realm, id).await.map_err(plain)?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = callers.join_next().await {
        done??;
    }
    Ok(count as f64 / (clock::now() - began).as_secs_f64())
}

/// Runs the appends; returns how many a second.
async fn appends(file: &std::path::Path) -> Result<f64> {
    let journal = Arc::new(Journal::open(file)?);
    let began = clock::now();
    let mut callers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let journal = journal.clone();
        callers.spawn(async move {
            for _ in 0..COUNT / CONNECTIONS {
                journal.append().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = callers.join_next().await {
        done??;
    }
    let rate = (COUNT / CONNECTIONS * CONNECTIONS) as f64 / (clock::now() - began).as_secs_f64();
    Arc::into_inner(journal).context("no caller is left")?.close()?;
    Ok(rate)
}
