//! What may go wrong around the server: it is killed, the power fails, the disk fills or fails, files
//! break, clocks jump, the writer hangs.

mod clock;
mod damaged;
mod disk;
mod durable;
mod failing;
mod kill;
mod limits;
mod power;
