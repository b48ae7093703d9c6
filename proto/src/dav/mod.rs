//! WebDAV and CardDAV bodies and headers: RFC 4918, 5689, 6352, 6578, 3744.

pub mod header;
pub mod href;
pub mod multistatus;
pub mod name;
pub mod precondition;
pub mod request;
pub mod xml;

#[cfg(test)]
mod tests;
