//! A started server, and small clients for each protocol.

pub mod browser;
pub mod dav;
pub mod dice;
pub mod eas;
pub mod gateway;
pub mod http;
pub mod mutate;
pub mod phone;
pub mod program;
pub mod server;
pub mod smtp;
pub mod tree;
