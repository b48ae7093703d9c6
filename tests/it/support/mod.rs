#![allow(dead_code)]
//! A started server, and small clients for each protocol.

pub mod eas;
pub mod http;
pub mod server;
