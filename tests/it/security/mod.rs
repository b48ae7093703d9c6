//! Who gets in, by which address, and what strangers learn.

mod bounds;
mod dav;
mod doors;
mod eas;
mod first_start;
mod forms;
mod matrix;
mod routes;
mod scene;
