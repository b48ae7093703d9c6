//! Sync: what devices are told and say, lost answers, odd commands, stale edits.

mod download;
mod lost;
mod odd;
mod owed;
mod resent;
mod stale;
mod upload;

use crate::support::{server::Server, tree::text_at};

const CHANGES: &str = "AirSync:GetChanges";

fn triple(what: &str, id: &str, text: &str) -> (String, String, String) {
    (what.to_owned(), id.to_owned(), text.to_owned())
}

/// The id of a contact by last name, after a pull.
fn id_of(told: &[(String, String, String)], last_name: &str) -> String {
    let found = told.iter().find(|told| told.2 == last_name);
    found.unwrap_or_else(|| panic!("{last_name}")).1.clone()
}

fn server_id(answer: &carnet_proto::wbxml::Element) -> String {
    text_at(answer, &["Responses", "Add", "ServerId"]).expect("a ServerId")
}

fn refused(server: &Server, login: &str) -> Vec<String> {
    let person = server.person(login);
    let refused = server.runtime.block_on(server.store().refused(person));
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    refused
        .expect("read")
        .into_iter()
        .map(|r| text(r.document))
        .collect()
}
