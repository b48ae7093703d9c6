//! The `carnet` program.

use std::process::ExitCode;

/// Also used by SQLite (`override`), which makes half of the allocations of a write.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    carnet::cli::main()
}
