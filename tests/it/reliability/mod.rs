//! What may go wrong around the server: it is killed, the disk fills, files break, clocks jump.

mod clock;
mod disk;
mod kill;
mod limits;
