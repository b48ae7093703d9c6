//! Documents: the tool, rights, attachments, search, and what strangers send.

mod attachments;
mod deleted;
mod hostile;
mod kept;
mod past;
mod rights;
mod search;
mod tool;

use crate::support::{
    browser::{Browser, hidden},
    http::Answer,
    server::Server,
};

/// The default folder of Private.
const HERE: &str = "/d/private/documents";
/// The default folder of the sample group.
const TEAM: &str = "/d/g/Team/documents";

/// Sends files into a folder with the token of its page.
fn upload(browser: &Browser, folder: &str, files: &[(&str, &[u8])]) -> Answer {
    let token = hidden(&browser.page("/d/private/documents"), "token");
    browser.upload(&format!("{folder}/upload"), &[("token", &token)], files)
}

/// Uploads one document, and gives the address of its details.
fn added(browser: &Browser, folder: &str, name: &str, octets: &[u8]) -> String {
    let answer = upload(browser, folder, &[(name, octets)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let found = browser.card_named(folder, name);
    found.unwrap_or_else(|| panic!("{name} in {}", browser.page(folder)))
}

/// Posts a form with the token of the person's session.
fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page("/d/private/documents"), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    browser.submit(path, &all)
}

/// Posts a form that is obeyed.
fn done(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = post(browser, path, fields);
    assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    answer.header("location").expect("a page").to_owned()
}

/// The number of a target book or folder with this name in a select of a page.
fn option(page: &str, name: &str) -> String {
    let end = page.find(&format!(">{name}</option>")).expect(name);
    let start = page[..end].rfind("value=\"").expect("a value") + 7;
    page[start..end]
        .split('"')
        .next()
        .expect("a value")
        .to_owned()
}

/// Rows of a table that satisfy a condition.
fn count(server: &Server, table: &str) -> i64 {
    let file = server.data.path().join("carnet.db");
    let output = std::process::Command::new("python3")
        .args([
            "-c",
            "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(\
             'SELECT count(*) FROM ' + sys.argv[2]).fetchone()[0])",
        ])
        .arg(file)
        .arg(table)
        .output()
        .expect("python3 runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{:?}", output.stderr))
}

/// Every invariant of the store holds.
fn is_whole(server: &Server) {
    let broken = server.runtime.block_on(server.store().check());
    assert_eq!(broken.expect("read"), Vec::<String>::new());
}
