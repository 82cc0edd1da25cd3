//! Decisions that every store shares, decided once: plain functions over records and marks.

pub mod book;
pub mod choice;
pub mod name;
pub mod round;
