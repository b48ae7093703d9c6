//! Who gets in, by which address, and what strangers learn.

mod doors;
mod matrix;
mod routes;
