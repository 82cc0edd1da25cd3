//! A seeded simulation: logins, checks, every kind of logout, time, background work, restarts, crashes and a store that
//! fails before or after doing what it was asked, in any order, against an oracle that remembers everything.
//!
//! A failing seed is printed; `EXEUNT_SEED=n` runs it alone, `EXEUNT_LONG=1` runs many more.

#![cfg(test)]

mod oracle;
mod world;

use oracle::Oracle;
use world::World;

/// Histories, and how many with `EXEUNT_LONG`.
const SEEDS: (u64, u64) = (60, 3_000);
/// Things that happen in a history.
const STEPS: u32 = 250;

#[tokio::test]
async fn the_authority_agrees_with_an_oracle_that_remembers_everything() {
    let one = std::env::var("EXEUNT_SEED").ok().map(|seed| seed.parse().unwrap());
    let count = if std::env::var_os("EXEUNT_LONG").is_some() { SEEDS.1 } else { SEEDS.0 };
    for seed in one.map_or(1..count + 1, |seed| seed..seed + 1) {
        let mut told = Vec::new();
        if let Err(broken) = history(seed, &mut told).await {
            let last = told.iter().rev().take(25).rev().cloned().collect::<Vec<_>>().join("\n  ");
            panic!("seed {seed}: {broken}, after\n  {last}");
        }
    }
}

async fn history(seed: u64, told: &mut Vec<String>) -> Result<(), String> {
    let mut world = World::open(seed).await;
    let mut oracle = Oracle::default();
    for _ in 0..STEPS {
        let step = world.choose(&oracle);
        told.push(format!("{step:?}"));
        world.step(step, &mut oracle).await?;
    }
    world.verify_all(&mut oracle).await
}
