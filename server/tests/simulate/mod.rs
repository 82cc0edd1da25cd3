//! Seeded simulations: anything that can happen to a server, in any order, against an oracle that remembers everything.
//!
//! A failing seed is printed; `EXEUNT_SEED=n` runs it alone, `EXEUNT_LONG=1` runs many more.

mod events;
mod family;
mod oracle;
mod place;
mod world;

use std::ops::RangeInclusive;

use family::Counted;
use oracle::Seen;
use place::Place;
use world::World;

/// Histories, and how many with `EXEUNT_LONG`.
const SEEDS: (u64, u64) = (60, 3_000);
/// The same where a store is in a file.
const SEEDS_IN_A_FILE: (u64, u64) = (60, 1_000);
/// Things that happen in a history.
const STEPS: u32 = 250;

#[tokio::test]
async fn the_authority_agrees_with_an_oracle_that_remembers_everything() {
    histories(seeds(SEEDS), Place::memory).await;
}

#[tokio::test]
async fn on_sqlite_the_authority_agrees_with_an_oracle_that_remembers_everything() {
    histories(seeds(SEEDS_IN_A_FILE), Place::file).await;
}

#[tokio::test]
async fn both_stores_agree_about_children_and_grants_with_an_oracle() {
    let (seeds, mut all) = (seeds(SEEDS_IN_A_FILE), Counted::default());
    let several = is_several(&seeds);
    for seed in seeds {
        all.add(family::history(seed, STEPS).await);
    }
    let Counted { children, next, again, reused, withdrawn } = all;
    let few = [again, reused, withdrawn].into_iter().any(|often| often <= 50);
    assert!(!several || (children > 500 && next > 500 && !few), "{all:?}");
}

async fn histories(seeds: RangeInclusive<u64>, place: fn() -> Place) {
    let mut seen = Seen::default();
    let several = is_several(&seeds);
    for seed in seeds {
        seen.add(history(seed, place()).await);
    }
    let Seen { adopted, not_adopted, secrets, unknown, children, orphans } = seen;
    let all = [adopted, not_adopted, secrets, unknown, children, orphans];
    assert!(!several || all.iter().all(|often| *often > 20), "{seen:?}");
}

fn seeds((usual, long): (u64, u64)) -> RangeInclusive<u64> {
    match std::env::var("EXEUNT_SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..=seed
        }
        Err(_) if std::env::var_os("EXEUNT_LONG").is_some() => 1..=long,
        Err(_) => 1..=usual,
    }
}

/// So many that everything must have happened in one of them.
const fn is_several(seeds: &RangeInclusive<u64>) -> bool {
    *seeds.end() - *seeds.start() >= 20
}

/// Logins, adoptions, checks, every kind of logout, changed clients, time, background work, restarts, and a store that
/// fails before or after doing what it was asked.
async fn history(seed: u64, place: Place) -> Seen {
    let (mut world, mut oracle) = World::open(seed, place).await;
    let mut told = Vec::new();
    for _ in 0..STEPS {
        let step = world.choose(&oracle);
        told.push(format!("{step:?}"));
        if let Err(broken) = world.step(step, &mut oracle).await {
            let last = told[told.len().saturating_sub(25)..].join("\n  ");
            panic!("seed {seed}: {broken}, after\n  {last}");
        }
    }
    if let Err(broken) = world.verify_all(&mut oracle).await {
        panic!("seed {seed}: {broken}, at the end");
    }
    oracle.seen
}
