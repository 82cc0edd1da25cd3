//! What every store decides alike. [`issue`], [`adopt`], [`turn`], [`end`], [`accounts`], [`consents`] and [`sweep`] run in a
//! transaction of a store, whose rows they read and write through [`Rows`](rows::Rows); the rest are plain functions over records and marks.

pub mod accounts;
pub mod adopt;
mod ancestors;
pub mod book;
pub mod choice;
pub mod consents;
pub mod crowd;
pub mod crowds;
pub mod end;
pub mod issue;
pub mod name;
pub mod room;
pub mod round;
pub mod rows;
pub mod sight;
pub mod sweep;
pub mod turn;
