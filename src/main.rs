//! The `carnet` program.

use std::process::ExitCode;

/// Gives back what a burst of large answers took; the system's keeps it in an arena per thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    carnet::cli::main()
}
