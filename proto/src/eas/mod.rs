//! Exchange ActiveSync messages ([MS-ASHTTP], [MS-ASCMD]).

pub mod request_line;
pub mod sync;

#[cfg(test)]
mod tests;
