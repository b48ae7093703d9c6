//! CardDAV over HTTP. A test named `row_NN` shows that row of `docs/conformance/carddav.md`.

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
