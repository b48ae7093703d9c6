//! CardDAV over HTTP. Rows are those of `docs/conformance/carddav.md`, which names the tests of each.

pub mod client;
mod conditions;
mod devices;
mod discovery;
mod fidelity;
mod members;
mod merged;
mod mkcol;
mod negotiation;
mod options;
mod programs;
mod properties;
mod push;
mod put;
mod queries;
mod quirks;
mod reports;
mod rights;
mod robustness;
mod settings;
mod sync;
mod transfer;
mod uploads;
mod versions;
