//! Archives of several files.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::import::{HERE, begun, ended, imported, sent};
use crate::support::{browser::Browser, server::Server};

#[test]
fn columns_that_were_chosen_once_hold_for_every_member_of_an_archive() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let second = "Chose,Truc\r\nBob Two,+33 6 39 98 00 07\r\n";
    let chosen = [("map-0", "FN"), ("map-1", "TEL;cell")];
    imported(&browser, "second.csv", second.as_bytes(), &chosen);
    let first = "First name,Last name,E-mail\r\nAda,One,ada@example.org\r\n";
    let other = "Chose,Truc\r\nCarl Three,+33 6 39 98 00 08\r\n";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("first.csv", first), ("second.csv", other)] {
        let begun = zip.start_file(name, SimpleFileOptions::default());
        begun.expect("a member");
        zip.write_all(text.as_bytes()).expect("written");
    }
    let zip = zip.finish().expect("an archive").into_inner();
    let check = sent(&browser, &[("both.zip", &zip)]);
    let page = browser.page(&check);
    assert!(
        page.contains("Carl Three") && page.contains("98 00 08"),
        "{page}"
    );
    ended(&browser, &begun(&browser, &check, &[]));
    let card = browser.card_named(HERE, "Carl Three").expect("a card");
    let page = browser.page(&card);
    assert!(page.contains("98 00 08"), "{page}");
}
