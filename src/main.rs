//! The `carnet` program.

use std::process::ExitCode;

/// Serves SQLite too (`override`): half of what a write allocates is its.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    carnet::cli::main()
}
