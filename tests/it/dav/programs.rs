//! What single programs need: to be told apart, other forms of a ctag and of a UID.

use super::client::*;
use crate::support::server::Server;

const THUNDERBIRD: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.3.1";
const DAVX5: &str = "DAVx5/4.4.5-ose (dav4jvm; okhttp/4.12.0) Android/14";

fn base() -> String {
    card_with("shared", "Base Name", &["TEL;TYPE=work:1", "NOTE:old"])
}

#[test]
fn programs_of_one_family_are_told_apart() {
    let server = Server::start();
    let path = format!("{BOOK}shared.vcf");
    let other = Client::with_agent(&server, "alice", DAVX5);
    assert_eq!(other.put(&path, &[], base()).status, 201);
    let desk = Client::with_agent(&server, "alice", THUNDERBIRD);
    let laptop =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.0";
    for agent in [laptop, "Thunderbird CardBook/97.1"] {
        desk.sync(BOOK, "", None);
        let before = other.get(&path).text();
        let newer = before.replace("END:", "EMAIL:new@example.org\r\nEND:");
        let etag = other.etag(&path);
        assert_eq!(other.put(&path, &[("If-Match", &etag)], &newer).status, 204);
        // It has the newer one; the one at the desk has not.
        Client::with_agent(&server, "alice", agent).sync(BOOK, "", None);
        let edit = before.replace("END:", "TITLE:At the desk\r\nEND:");
        assert_eq!(desk.put(&path, &[], edit).status, 204, "{agent}");
        let now = other.get(&path).text();
        assert!(
            now.contains("EMAIL:new@example.org") && now.contains("TITLE:At the desk"),
            "{agent}: {now}"
        );
        desk.sync(BOOK, "", None);
        let etag = other.etag(&path);
        assert_eq!(other.put(&path, &[("If-Match", &etag)], base()).status, 204);
    }
}

#[test]
fn linphone_is_given_a_ctag_that_it_can_count_with() {
    let server = Server::start();
    let phone = Client::with_agent(
        &server,
        "alice",
        "Linphone Desktop/5.2.6 (Linux) LinphoneCore/5.3.0",
    );
    let ctag = || {
        let found = phone.propfind(BOOK, "0", "<CS:getctag/>");
        let ctag = found.get(BOOK).text(CALENDARSERVER, "getctag").to_owned();
        ctag.parse::<i64>().expect("a number")
    };
    let before = ctag();
    assert_eq!(phone.put(&format!("{BOOK}a.vcf"), &[], base()).status, 201);
    assert!(ctag() > before);
}

#[test]
fn a_uid_is_the_same_with_and_without_its_urn() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}shared.vcf");
    let bare = base();
    let with = |urn: &str| bare.replace("UID:", &format!("UID:{urn}"));
    assert_eq!(alice.put(&path, &[], &bare).status, 201);
    for urn in ["urn:uuid:", "URN:UUID:", "urn:uuid:urn:uuid:", ""] {
        let card = with(urn);
        let etag = alice.etag(&path);
        let answer = alice.put(&path, &[("If-Match", &etag)], &card);
        assert_eq!(answer.status, 204, "{urn}");
        assert_eq!(
            alice.get(&path).text(),
            card,
            "the line stays as it was sent"
        );
        let twin = alice.put(&format!("{BOOK}twin.vcf"), &[], with("urn:uuid:"));
        assert_eq!(twin.status, 409, "{urn}");
    }
    let other = bare.replace("UID:", "UID:urn:uuid:x");
    let etag = alice.etag(&path);
    assert_eq!(alice.put(&path, &[("If-Match", &etag)], other).status, 409);
}

#[test]
fn a_contact_whose_key_is_of_before_is_edited_as_any() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let path = format!("{BOOK}shared.vcf");
    let card = base().replace("UID:", "UID:urn:uuid:urn:uuid:");
    assert_eq!(alice.put(&path, &[], &card).status, 201);
    let file = server.data.path().join("carnet.db");
    let database = rusqlite::Connection::open(file).expect("opened");
    for table in ["item", "placement"] {
        let sql = format!("UPDATE {table} SET uid = 'urn:uuid:' || uid WHERE uid = 'shared'");
        assert_eq!(database.execute(&sql, []), Ok(1));
    }
    let edited = card.replace("NOTE:old", "NOTE:new");
    let etag = alice.etag(&path);
    assert_eq!(
        alice.put(&path, &[("If-Match", &etag)], &edited).status,
        204
    );
    assert_eq!(alice.get(&path).text(), edited);
    server.check();
}
