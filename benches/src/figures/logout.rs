//! Durable logouts over HTTP, compared with the alternatives: an update in PostgreSQL, a deletion in Redis.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{CONNECTIONS, Victims, flat_out, logout_form};
use crate::Bench;
use crate::exeunt::Exeunt;
use crate::load::{self, Load, Plan};
use crate::postgres::Postgres;
use crate::redis::{Deletes, Redis};
use crate::report::{Row, per_sec, share};
use crate::stats::{median, quantile_micros};

/// Logouts per round.
const COUNT: usize = 60_000;
const PGBENCH_SECS: u64 = 4;
/// An upper bound for the time of a round.
const SECS_MAX: f64 = 60.0;
const POSTGRES_MIN: f64 = 2.5;
const REDIS_MIN: f64 = 0.9;

pub(super) fn figure(bench: &Bench) -> Result<Vec<Row>> {
    let server = Exeunt::start(&bench.store()?, None, &[])?;
    let redis = Redis::start(&bench.folder)?;
    let postgres = Postgres::start(&bench.folder)?;
    let mut victims = Victims::of(&bench.seed.ids);
    let [mut ours, mut deletes, mut updates] = <[Vec<f64>; 3]>::default();
    let [mut our_shares, mut redis_shares, mut postgres_shares] = <[Vec<f64>; 3]>::default();
    let mut slowest = Vec::new();
    for round in 0..bench.rounds {
        let mut load = logouts(&server, &mut victims)?;
        ours.push(load.per_sec());
        our_shares.push(load.share());
        slowest.push(quantile_micros(&mut load.times, 0.99));
        let load = deletions(&redis, round)?;
        deletes.push(load.per_sec());
        redis_shares.push(load.share());
        let (rate, share) = postgres.updates(CONNECTIONS, PGBENCH_SECS)?;
        updates.push(rate);
        postgres_shares.push(share);
    }
    postgres.stop()?;
    redis.stop()?;
    server.stop()?;
    let rate = median(&ours);
    let row = |what, name, reference: f64, shares: &[f64], target, min| Row {
        what,
        ours: format!("{} (p99 {:.1} ms)", per_sec(rate), median(&slowest) / 1e3),
        reference: format!("{name}: {}", per_sec(reference)),
        ratio: format!("{:.2}", rate / reference),
        target,
        met: Some(rate / reference >= min),
        load: format!("{}, {}", share(median(&our_shares)), share(median(shares))),
    };
    Ok(vec![
        row(
            "durable logouts over HTTP at 64 connections, beside PostgreSQL",
            "PostgreSQL 15 `UPDATE`, prepared",
            median(&updates),
            &postgres_shares,
            "≥ 2.5",
            POSTGRES_MIN,
        ),
        row(
            "the same, beside Redis",
            "Redis `DEL`, `appendfsync always`",
            median(&deletes),
            &redis_shares,
            "≥ 0.9",
            REDIS_MIN,
        ),
    ])
}

fn logouts(server: &Exeunt, victims: &mut Victims<'_>) -> Result<Load> {
    let load = load::run(&flat_out(server, SECS_MAX), &mut logout_form().with(victims.some(COUNT)))?;
    ensure!(load.times.len() == COUNT, "there were not enough sessions to log out");
    Ok(load)
}

fn deletions(redis: &Redis, round: usize) -> Result<Load> {
    let numbers = round * COUNT..(round + 1) * COUNT;
    redis.fill(numbers.clone())?;
    let lasting = Duration::from_secs_f64(SECS_MAX);
    let plan = Plan { address: redis.address, connections: CONNECTIONS, lasting, rate: None };
    load::run(&plan, &mut Deletes(numbers))
}
