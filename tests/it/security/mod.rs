//! Who gets in, by which address, and what strangers learn.

mod bounds;
mod doors;
mod first_start;
mod matrix;
mod routes;
mod scene;
