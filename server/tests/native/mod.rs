//! The native dialect as a whole: its description against its routes and its recorded answers, its roles, its stream of
//! marks, and that no secret leaves it.

mod bounds;
mod description;
mod feed;
mod gate;
mod hung_up;
mod lines;
mod live;
mod process;
mod roles;
mod schema;
mod secrets;
mod sides;

mod stuck;
