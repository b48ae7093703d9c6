//! The `carnet` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    carnet::cli::main()
}
