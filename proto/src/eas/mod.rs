//! Exchange ActiveSync messages ([MS-ASHTTP], [MS-ASCMD]).

mod command;
pub mod request_line;
pub mod status;
pub mod sync;

pub use command::Command;

#[cfg(test)]
mod tests;
