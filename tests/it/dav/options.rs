//! What an account chooses for its CardDAV clients: categories as lists, large pictures made
//! smaller.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet::domain::{
    self,
    book::{Condition, Edit},
    error::{Error, Result},
};
use image::GenericImageView as _;

use super::client::*;
use crate::support::{http::Answer, program::works, server::Server};

const MAC: &str = "macOS/14.5 (23F79) AddressBookCore/2594";
const OWN: &str = "/dav/bob/private/contacts/";
const GROUP: &str = "X-ADDRESSBOOKSERVER-KIND:group";

fn set(server: &Server, option: &str, value: &str) {
    works(server.data.path(), &["user", "set", "bob", option, value]);
}

fn at(name: &str) -> String {
    format!("{OWN}{name}.vcf")
}

/// Two contacts, one of them in the category *Choir*, and the address of the category's list.
fn choir(server: &Server, bob: &Client) -> String {
    set(server, "--category-lists", "contacts");
    let tagged = card_with("u-one", "One", &["CATEGORIES:Choir"]);
    assert_eq!(bob.put(&at("one"), &[], tagged).status, 201);
    assert_eq!(bob.put(&at("two"), &[], card("u-two", "Two")).status, 201);
    let lists = lists(bob);
    assert_eq!(lists.len(), 1, "{lists:?}");
    lists[0].clone()
}

fn lists(bob: &Client) -> Vec<String> {
    let listed = bob.propfind(OWN, "1", "<D:getetag/>");
    let hrefs = listed.hrefs().into_iter().skip(1).map(str::to_owned);
    hrefs
        .filter(|href| bob.get(href).text().contains(GROUP))
        .collect()
}

fn with_member(list: &str, uid: &str) -> String {
    let member = format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}\r\nEND:VCARD");
    list.replace("END:VCARD", &member)
}

fn is_in_choir(bob: &Client, name: &str) -> bool {
    bob.get(&at(name)).text().contains("CATEGORIES:Choir")
}

#[test]
fn categories_are_lists_only_where_they_are_wanted() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let list = choir(&server, &bob);
    let text = bob.get(&list).text();
    for line in [
        "VERSION:3.0",
        "N:Choir;;;;",
        "FN:Choir",
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:u-one",
    ] {
        assert!(text.lines().any(|had| had == line), "{line}: {text}");
    }
    assert!(!text.contains("u-two"), "{text}");
    let newest = bob.multiget(
        OWN,
        "<C:address-data content-type=\"text/vcard\" version=\"4.0\"/>",
        &[&list],
    );
    let newest = newest.get(&list).text(CARDDAV, "address-data");
    assert!(newest.contains("KIND:group") && newest.contains("MEMBER:urn:uuid:u-one"));
    // A phone over Exchange ActiveSync and the pages know tags already.
    set(&server, "--category-lists", "");
    assert_eq!(bob.get(&list).status, 404);
    assert_eq!(lists(&bob), [""; 0]);
    server.check();
}

#[test]
fn who_is_put_into_such_a_list_has_the_category_and_who_is_taken_out_no_longer() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let list = choir(&server, &bob);
    let write = |text: &str, condition: &str| -> Answer {
        bob.put(&list, &[("If-Match", condition)], text)
    };
    // Apple's programs write UIDs in capitals.
    let both = with_member(&bob.get(&list).text().replace("u-one", "U-ONE"), "U-TWO");
    assert_eq!(write(&both, "\"another\"").status, 412);
    assert!(!is_in_choir(&bob, "two"));
    assert_eq!(write(&both, &bob.etag(&list)).status, 204);
    assert!(is_in_choir(&bob, "one") && is_in_choir(&bob, "two"));
    let without = both.replace("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:U-ONE\r\n", "");
    // Whoever names no version may not have seen who is in it.
    assert_eq!(bob.put(&list, &[], &without).status, 204);
    assert!(is_in_choir(&bob, "one"));
    assert_eq!(write(&without, &bob.etag(&list)).status, 204);
    assert!(!is_in_choir(&bob, "one") && is_in_choir(&bob, "two"));
    // Names unknown here are nobody's; the name of a tag stays.
    let stranger = with_member(&without, "nobody");
    assert_eq!(write(&stranger, &bob.etag(&list)).status, 204);
    assert!(!bob.get(&list).text().contains("nobody"));
    let renamed = without.replace("FN:Choir", "FN:Chorus");
    assert_eq!(write(&renamed, &bob.etag(&list)).status, 403);
    assert_eq!(write(&card("u", "X"), &bob.etag(&list)).status, 403);
    // Its deletion takes the category away and leaves the contacts.
    assert_eq!(bob.delete(&list).status, 204);
    assert_eq!(bob.get(&list).status, 404);
    assert_eq!(bob.get(&at("two")).status, 200);
    assert!(!is_in_choir(&bob, "two"));
    server.check();
}

/// Writes a list; somebody else writes to the book between what it reads and what it commits.
struct Meanwhile<'a> {
    list: String,
    other: &'a (dyn Fn() + Sync),
    done: AtomicBool,
}

impl Edit for Meanwhile<'_> {
    fn apply(&self, _: Option<&[u8]>) -> Result<Vec<u8>> {
        if !self.done.swap(true, Ordering::Relaxed) {
            std::thread::scope(|scope| scope.spawn(self.other).join()).expect("written");
        }
        Ok(self.list.clone().into_bytes())
    }
}

#[test]
fn a_list_that_changed_meanwhile_is_written_whole_or_not_at_all() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let list = choir(&server, &bob);
    let both = with_member(&bob.get(&list).text(), "u-two");
    let swapped = both.replace("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:u-one\r\n", "");
    let etag = bob.etag(&list);
    let written = |other: &(dyn Fn() + Sync)| {
        let edit = Meanwhile {
            list: swapped.clone(),
            other,
            done: AtomicBool::new(false),
        };
        let (core, person) = (server.core(), server.person("bob"));
        let client = domain::actor::Client {
            category_lists: vec!["contacts".to_owned()],
            ..Default::default()
        };
        server.runtime.block_on(async {
            let actor = Arc::new(core.actor(person, client).await?);
            let book = core.default_book(&actor).await?;
            let href = list.strip_prefix(OWN).expect("of the book");
            book.put(href, &Condition::Match(vec![etag.clone()]), &edit)
                .await
        })
    };
    // One more in the list: it is not what the author saw.
    let tagged = card_with("u-three", "Three", &["CATEGORIES:Choir"]);
    let adds = || {
        let client = Client::with_agent(&server, "bob", MAC);
        assert_eq!(client.put(&at("three"), &[], &*tagged).status, 201);
    };
    assert_eq!(written(&adds).err(), Some(Error::PreconditionFailed));
    assert!(is_in_choir(&bob, "one") && is_in_choir(&bob, "three"));
    assert!(!is_in_choir(&bob, "two"));
    // Another change of the book does not stand in the way.
    assert_eq!(bob.delete(&at("three")).status, 204);
    assert_eq!(bob.etag(&list), etag);
    let elsewhere = || {
        let client = Client::with_agent(&server, "bob", MAC);
        let four = card("u-four", "Four");
        assert_eq!(client.put(&at("four"), &[], four).status, 201);
    };
    assert!(written(&elsewhere).is_ok());
    assert!(!is_in_choir(&bob, "one") && is_in_choir(&bob, "two"));
    server.check();
}

#[test]
fn clients_are_told_of_such_lists_with_what_changes_them() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let list = choir(&server, &bob);
    let first = bob.sync(OWN, "", None);
    assert!(first.changes().0.contains(&&*list), "{}", first.raw);
    assert_eq!(bob.sync(OWN, first.token(), None).responses.len(), 0);
    // The home and the book name the same token.
    assert_eq!(bob.token(OWN), first.token());
    let listed = bob.propfind("/dav/bob/private/", "1", "<D:sync-token/>");
    assert_eq!(listed.get(OWN).text(DAV, "sync-token"), first.token());
    let tagged = card_with("u-two", "Two", &["CATEGORIES:Choir"]);
    let etag = bob.etag(&at("two"));
    bob.put(&at("two"), &[("If-Match", &etag)], tagged);
    let then = bob.sync(OWN, first.token(), None);
    let mut told = then.changes().0;
    told.sort_unstable();
    let mut expected = [&*list, &*at("two")].map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert!(bob.get(&list).text().contains("u-two"));
    // A new category is a new list: clients list the book anew.
    let more = card_with("u-two", "Two", &["CATEGORIES:Choir,Tennis"]);
    let etag = bob.etag(&at("two"));
    bob.put(&at("two"), &[("If-Match", &etag)], more);
    let stale = bob.report(OWN, &sync_body(then.token(), None));
    assert_eq!(preconditions(&stale), ["valid-sync-token"]);
    assert_eq!(lists(&bob).len(), 2);
    server.check();
}

#[test]
fn such_lists_are_told_when_they_change_and_within_the_limit() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let choir = choir(&server, &bob);
    let tennis = card_with("u-three", "Three", &["CATEGORIES:Tennis"]);
    assert_eq!(bob.put(&at("three"), &[], tennis).status, 201);
    let tennis = lists(&bob).into_iter().find(|list| *list != choir);
    let tennis = tennis.expect("another list");
    let edit = |name: &str, lines: &[&str]| {
        let etag = bob.etag(&at(name));
        let text = card_with(&format!("u-{name}"), name, lines);
        let answer = bob.put(&at(name), &[("If-Match", &etag)], text);
        assert_eq!(answer.status, 204, "{name}");
    };
    let told = |token: &str| {
        let delta = bob.sync(OWN, token, None);
        let mut told: Vec<String> = delta.hrefs().into_iter().map(str::to_owned).collect();
        told.sort_unstable();
        (told, delta.token().to_owned())
    };
    let sorted = |mut hrefs: Vec<String>| {
        hrefs.sort_unstable();
        hrefs
    };
    let token = bob.sync(OWN, "", None).token().to_owned();
    // An edit that leaves the categories as they are.
    edit("one", &["CATEGORIES:Choir", "TEL:1"]);
    let (hrefs, token) = told(&token);
    assert_eq!(hrefs, [at("one")]);
    // Put on a list, taken from one, or removed with one.
    edit("two", &["CATEGORIES:Choir"]);
    let (hrefs, token) = told(&token);
    assert_eq!(hrefs, sorted(vec![at("two"), choir.clone()]));
    edit("two", &[]);
    edit("three", &["CATEGORIES:Tennis", "TEL:3"]);
    let (hrefs, token) = told(&token);
    assert_eq!(hrefs, sorted(vec![at("two"), at("three"), choir.clone()]));
    assert_eq!(bob.delete(&at("three")).status, 204);
    let (hrefs, token) = told(&token);
    assert_eq!(hrefs, sorted(vec![at("three"), tennis.clone()]));
    assert_eq!(told(&token).0, [""; 0]);
    // One at a time, after what changed them; a first synchronization has all.
    edit("one", &["CATEGORIES:Choir,Tennis"]);
    for (token, all) in [
        (token, vec![at("one"), choir.clone(), tennis.clone()]),
        (
            String::new(),
            bob.propfind(OWN, "1", "<D:getetag/>").hrefs()[1..]
                .iter()
                .map(|href| (*href).to_owned())
                .collect(),
        ),
    ] {
        let mut token = token;
        let mut seen = Vec::new();
        loop {
            let page = bob.sync(OWN, &token, Some(1));
            token = page.token().to_owned();
            let more = page.find(OWN).is_some();
            assert_eq!(page.responses.len(), 1 + usize::from(more), "{}", page.raw);
            seen.push(page.responses[0].href.clone());
            if !more {
                break;
            }
        }
        assert_eq!(sorted(seen), sorted(all));
        assert_eq!(token, bob.token(OWN), "the end");
    }
    server.check();
}

/// A picture of more than 1 MiB that no compression makes small.
fn large_png() -> Vec<u8> {
    let mut state = 7u32;
    let picture = image::RgbImage::from_fn(1200, 900, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
    });
    let mut out = std::io::Cursor::new(Vec::new());
    let format = image::ImageFormat::Png;
    picture.write_to(&mut out, format).expect("a picture");
    out.into_inner()
}

/// The octets of the picture in a card.
fn picture(card: &str) -> Vec<u8> {
    let card = card.replace("\r\n ", "");
    let line = card.lines().find(|line| line.starts_with("PHOTO"));
    let (_, data) = line
        .and_then(|line| line.rsplit_once([':', ',']))
        .expect("a picture");
    STANDARD.decode(data).expect("base64")
}

#[test]
fn large_pictures_are_given_smaller_where_it_is_wanted_and_never_stored_so() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    let original = large_png();
    assert!(original.len() > 1024 * 1024);
    let crop = "X-ABCROP-RECTANGLE=ABClipRect_1&0&0&900&900";
    let photo = format!(
        "PHOTO;ENCODING=b;TYPE=PNG;{crop}:{}",
        STANDARD.encode(&original)
    );
    let stored = card_with("u-photo", "Photo", &[&photo]);
    assert_eq!(bob.put(&at("photo"), &[], &stored).status, 201);
    assert_eq!(bob.get(&at("photo")).text(), stored);
    set(&server, "--small-photos", "on");
    let given = bob.get(&at("photo")).text();
    let small = picture(&given);
    let decoded = image::load_from_memory(&small).expect("a picture");
    assert_eq!(decoded.dimensions(), (1024, 768));
    assert!(given.len() < stored.len() / 2 && !given.contains("ABCROP"));
    let got = bob.multiget(OWN, "<C:address-data/>", &[&at("photo")]);
    let data = got.get(&at("photo")).text(CARDDAV, "address-data");
    assert_eq!(picture(&data), small);
    // The client edits the name and sends back the picture it was given.
    let edited = given.replace("FN:Photo", "FN:Edited");
    let etag = bob.etag(&at("photo"));
    let answer = bob.put(&at("photo"), &[("If-Match", &etag)], &edited);
    assert_eq!(answer.status, 204);
    assert_eq!(picture(&bob.get(&at("photo")).text()), small);
    set(&server, "--small-photos", "off");
    let whole = bob.get(&at("photo")).text();
    assert!(whole.contains("FN:Edited") && whole.replace("\r\n ", "").contains(crop));
    assert_eq!(picture(&whole), original);
    // Another picture, or none, is what the client wants.
    let other = STANDARD.encode(&small[..small.len() - 1]);
    let changed = card_with(
        "u-photo",
        "Photo",
        &[&format!("PHOTO;ENCODING=b;TYPE=JPEG:{other}")],
    );
    let etag = bob.etag(&at("photo"));
    bob.put(&at("photo"), &[("If-Match", &etag)], changed);
    assert_eq!(
        picture(&bob.get(&at("photo")).text()),
        &small[..small.len() - 1]
    );
    server.check();
}

#[test]
fn a_list_of_a_category_goes_nowhere_and_nothing_takes_its_place() {
    let server = Server::start();
    let bob = Client::with_agent(&server, "bob", MAC);
    let list = choir(&server, &bob);
    let bring = |method: &str, from: &str, to: &str| {
        bob.send(method, from, &[("Destination", to)], "").status
    };
    for method in ["COPY", "MOVE"] {
        // 404 would say that there is no such card any more.
        for to in [at("copy"), "/dav/groups/Team/Team/copy.vcf".to_owned()] {
            assert_eq!(bring(method, &list, &to), 403, "{method} {to}");
            assert_eq!(bob.get(&to).status, 404);
        }
        assert_eq!(bring(method, &at("two"), &list), 403, "{method}");
    }
    let fail = [("Destination", &*list), ("Overwrite", "F")];
    assert_eq!(bob.send("MOVE", &at("two"), &fail, "").status, 412);
    for path in [&list, &at("one"), &at("two")] {
        assert_eq!(bob.get(path).status, 200, "{path}");
    }
    server.check();
}

#[test]
fn a_program_knows_how_large_a_picture_may_be() {
    let server = Server::start();
    let bob = Client::new(&server, "bob");
    let told = || {
        let found = bob.props(OWN, "<C:max-image-size/><C:max-resource-size/>");
        ["max-image-size", "max-resource-size"].map(|name| found.text(CARDDAV, name))
    };
    assert_eq!(told(), ["10485760", "10485760"]);
    works(
        server.data.path(),
        &["class", "set", "small", "--photo", "20"],
    );
    set(&server, "--class", "small");
    assert_eq!(told(), ["20480", "10485760"]);
}
