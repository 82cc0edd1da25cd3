//! Backing up, restoring, upgrading, and looking after a store: real files, and the real binary.

mod backed_up;
mod doctor;
mod document;
mod full_disk;
mod refused;
mod restored;
mod stage;
mod turned_back;
mod upgraded;
