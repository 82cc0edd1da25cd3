//! HTTP as it is spoken by old, odd and half-closing clients.

mod addresses;
mod forms;
mod half_closed;
mod heads;
