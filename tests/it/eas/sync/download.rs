//! What a device is told.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{CHANGES, server_id, triple};
use crate::support::{
    phone::{Phone, add, change, commands, delete, document, indent, responses},
    server::Server,
    tree::{all, text_at, wbxml},
};

#[test]
fn a_prime_holds_no_items_and_no_more_than_it_must() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "primer", "14.1");
    let body = phone.sync_text("0", CHANGES);
    let root = phone.ask("Sync", &body).expect("an answer");
    assert_eq!(text_at(&root, &["Status"]), None, "no status of the whole");
    let collection = all(&root, "Collection").remove(0);
    let names: Vec<_> = collection.elements().filter_map(|e| e.tag.name()).collect();
    assert_eq!(names, ["SyncKey", "CollectionId", "Status"]);
    // With commands nothing is applied, and nothing is taken for done.
    let early = format!("AirSync:Commands\n{}", indent(&add("1", "Early")));
    let mut inbox = phone.clone();
    "inbox".clone_into(&mut inbox.folder);
    for phone in [&phone, &inbox] {
        let refusal = phone.sync_key("0", &early);
        assert_eq!(text_at(&refusal, &["Status"]).as_deref(), Some("4"));
        assert_eq!(text_at(&refusal, &["SyncKey"]).as_deref(), Some("0"));
    }
    phone.prime();
    assert!(phone.pull().iter().all(|told| told.2 != "Early"));
}

#[test]
fn windows_page_the_set_once() {
    let server = Server::start();
    for window in ["1", "4", "0", "513"] {
        let mut phone = Phone::set_up(&server, "alice", &format!("w{window}"), "16.1");
        let mut seen = BTreeSet::new();
        loop {
            let before = phone.key.clone();
            let answer = phone.sync(&format!("{CHANGES}\nAirSync:WindowSize = {window}"));
            phone.key = text_at(&answer, &["SyncKey"]).expect("a key");
            let told = commands(&answer);
            let limit = window
                .parse()
                .ok()
                .filter(|w| (1..=512).contains(w))
                .unwrap_or(512);
            assert!(told.len() <= limit);
            for (what, id, _) in told {
                assert!(what == "Add" && seen.insert(id));
            }
            if all(&answer, "MoreAvailable").is_empty() {
                break;
            }
            assert_ne!(before, phone.key, "more comes under a new key");
        }
        assert_eq!(seen.len(), 14, "{window}");
    }
}

#[test]
fn the_window_of_the_request_caps_all_collections() {
    let server = Server::start();
    let mut own = Phone::set_up(&server, "alice", "global", "14.1");
    let mut team = own.clone();
    team.folder = own.folder_named("Team");
    team.prime();
    own.prime();
    let collection = |phone: &Phone| {
        format!(
            "    AirSync:Collection\n      AirSync:SyncKey = {}\n      AirSync:CollectionId = {}\n",
            phone.key, phone.folder
        )
    };
    let mut total = 0;
    for _ in 0..10 {
        let body = format!(
            "AirSync:Sync\n  AirSync:Collections\n{}{}  AirSync:WindowSize = 8",
            collection(&own),
            collection(&team)
        );
        let Some(root) = own.ask("Sync", &body) else {
            break;
        };
        let told = all(&root, "Add").len();
        assert!(told <= 8, "{told}");
        total += told;
        for answer in all(&root, "Collection") {
            let key = text_at(answer, &["SyncKey"]).expect("a key");
            match text_at(answer, &["CollectionId"]) {
                Some(id) if id == own.folder => own.key = key,
                _ => team.key = key,
            }
        }
    }
    assert_eq!(total, 20);
    // A folder for which the answer has no room says that there is more.
    let mut writers = [own.clone(), team.clone()].map(|mut phone| {
        phone.id = "writer".to_owned();
        phone.prime();
        phone.pull();
        phone
    });
    for writer in &mut writers {
        writer.push(&(add("1", "One") + &add("2", "Two") + &add("3", "Three")));
    }
    let ask = |own: &Phone, team: &Phone| {
        let collections = collection(own) + &collection(team);
        let body =
            format!("AirSync:Sync\n  AirSync:Collections\n{collections}  AirSync:WindowSize = 3");
        own.ask("Sync", &body).expect("news")
    };
    let first = ask(&own, &team);
    assert_eq!(first, ask(&own, &team), "a lost answer is made again");
    let parts = all(&first, "Collection");
    let counts: Vec<_> = parts.iter().map(|part| commands(part).len()).collect();
    assert_eq!(counts, [3, 0]);
    assert!(all(parts[0], "MoreAvailable").is_empty());
    assert_eq!(all(parts[1], "MoreAvailable").len(), 1);
    own.key = text_at(parts[0], &["SyncKey"]).expect("a key");
    team.key = text_at(parts[1], &["SyncKey"]).expect("a key");
    assert_eq!(team.pull().len(), 3);
    assert!(own.ask("Sync", &own.sync_text(&own.key, "")).is_none());
}

#[test]
fn without_get_changes_only_commands_are_answered() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "quiet", "14.1");
    let answer = phone.sync("AirSync:GetChanges = 0");
    assert!(answer.elements().next().is_none());
    let commands = format!(
        "AirSync:GetChanges = 0\nAirSync:Commands\n{}",
        indent(&add("1", "One"))
    );
    let answer = phone.sync(&commands);
    assert_eq!(responses(&answer), [triple("Add", "1", "1")]);
    assert!(all(&answer, "Commands").is_empty());
}

#[test]
fn nothing_new_is_an_empty_answer_or_a_full_one_before_12_1() {
    let server = Server::start_with(|config| config.eas_legacy = true);
    for version in ["2.5", "12.0", "12.1", "14.0", "16.1"] {
        let mut phone = Phone::set_up(&server, "carol", &format!("q{version}"), version);
        phone.pull();
        let answer = phone.post("Sync", &wbxml(&phone.sync_text(&phone.key, CHANGES)));
        match version {
            "2.5" | "12.0" => {
                let root = document(&answer).expect("an answer");
                let collection = all(&root, "Collection").remove(0);
                let text = |name| text_at(collection, &[name]);
                assert_eq!(text("Class").as_deref(), Some("Contacts"));
                assert_eq!(text("SyncKey").as_ref(), Some(&phone.key));
                assert_eq!(text("Status").as_deref(), Some("1"));
            }
            _ => assert_eq!((answer.status, answer.body.len()), (200, 0), "{version}"),
        }
    }
}

#[test]
fn empty_and_partial_requests_go_by_the_last_one() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "alice", "partial", "14.1");
    let status = |answer: &Option<carnet_proto::wbxml::Element>| {
        answer.as_ref().and_then(|root| text_at(root, &["Status"]))
    };
    phone.folder = "inbox".to_owned();
    let partial = "AirSync:Sync\n  AirSync:Partial";
    assert_eq!(
        status(&document(&phone.post("Sync", b""))).as_deref(),
        Some("13")
    );
    assert_eq!(status(&phone.ask("Sync", partial)).as_deref(), Some("13"));
    phone.start();
    phone.pull();
    // The answer that moved the key may be lost: a request has to say it.
    assert_eq!(
        status(&document(&phone.post("Sync", b""))).as_deref(),
        Some("13")
    );
    phone.sync(CHANGES);
    assert!(phone.post("Sync", b"").body.is_empty());
    let mut other = Phone::set_up(&server, "alice", "writer", "14.1");
    other.push(&add("1", "News"));
    let root = document(&phone.post("Sync", b"")).expect("the news");
    assert_eq!(commands(&root)[0].2, "News");
    phone.key = text_at(all(&root, "Collection")[0], &["SyncKey"]).expect("a key");
    // Whether that was received only a request with its key says.
    assert!(phone.sync(CHANGES).elements().next().is_none());
    other.push(&add("2", "More"));
    let root = phone.ask("Sync", partial).expect("the news");
    assert_eq!(commands(&root)[0].2, "More");
    phone.key = text_at(all(&root, "Collection")[0], &["SyncKey"]).expect("a key");
    phone.sync(CHANGES);
    // The key handed out last is the one meant.
    assert!(phone.post("Sync", b"").body.is_empty());
    // Malformed: no collection at all, both waits.
    let none = "AirSync:Sync\n  AirSync:Collections";
    assert_eq!(status(&phone.ask("Sync", none)).as_deref(), Some("4"));
}

#[test]
fn a_lost_answer_to_an_empty_request_is_asked_for_with_the_key() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "lossy", "14.1");
    phone.pull();
    phone.sync(CHANGES);
    let empty = |phone: &Phone| document(&phone.post("Sync", b""));
    let status = |root: Option<carnet_proto::wbxml::Element>| {
        text_at(&root.expect("an answer"), &["Status"])
    };
    assert_eq!(empty(&phone), None);
    let mut other = Phone::set_up(&server, "alice", "writer", "14.1");
    other.push(&add("1", "News"));
    let lost = empty(&phone).expect("the news");
    // The client repeats what was not answered: its key is not known to be the last one.
    for _ in 0..2 {
        assert_eq!(status(empty(&phone)).as_deref(), Some("13"));
    }
    let again = phone.sync(CHANGES);
    assert_eq!(commands(&again), commands(&lost));
    phone.key = text_at(&again, &["SyncKey"]).expect("a key");
    assert!(phone.sync(CHANGES).elements().next().is_none());
    assert_eq!(empty(&phone), None);
    // An answer to a request with a key may be lost as well.
    other.push(&add("2", "More"));
    let lost = phone.sync(CHANGES);
    assert_eq!(commands(&lost)[0].2, "More");
    for _ in 0..2 {
        assert_eq!(status(empty(&phone)).as_deref(), Some("13"));
    }
    assert_eq!(commands(&phone.sync(CHANGES)), commands(&lost));
    // A folder without any key: the request is not complete.
    let mut fresh = Phone::new(&server, "bob", "fresh", "14.1");
    fresh.folder = fresh.folders("0").1[8].0.clone();
    assert_eq!(
        text_at(&fresh.sync_key("1.x", CHANGES), &["Status"]).as_deref(),
        Some("3")
    );
    assert_eq!(status(empty(&fresh)).as_deref(), Some("13"));
}

#[test]
fn options_stay_and_are_replaced_as_a_whole() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "notes", "14.1");
    let mut writer = Phone::set_up(&server, "carol", "writer", "14.1");
    let note = "AirSync:Add\n  AirSync:ClientId = 1\n  AirSync:ApplicationData\n    \
                Contacts:LastName = Noted\n    AirSyncBase:Body\n      AirSyncBase:Type = 1\n      \
                AirSyncBase:Data = 0123456789\n";
    let id = server_id(&writer.push(note));
    let options = "AirSync:Options\n  AirSyncBase:BodyPreference\n    AirSyncBase:Type = 1\n    \
                   AirSyncBase:TruncationSize = 4";
    let length = |answer: &carnet_proto::wbxml::Element| {
        all(answer, "Data").first().map(|data| data.text().len())
    };
    let mut turn = |more: &str| {
        let answer = phone.sync(&format!("{CHANGES}{more}"));
        phone.key = text_at(&answer, &["SyncKey"]).unwrap_or(phone.key.clone());
        length(&answer)
    };
    assert_eq!(turn(&format!("\n{options}")), Some(4));
    writer.push(&change(&id, "JobTitle", "a"));
    assert_eq!(turn(""), Some(4), "they stay");
    writer.push(&change(&id, "JobTitle", "b"));
    assert_eq!(
        turn("\nAirSync:Options\n  AirSync:Conflict = 1"),
        Some(10),
        "as a whole"
    );
    let twice = "\nAirSync:Options\nAirSync:Options";
    let answer = phone.sync(&format!("{CHANGES}{twice}"));
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("4"));
}

/// What an edit that omits JobTitle leaves of it, by version and Supported.
fn after_omission(server: &Server, version: &str, supported: &str, id: &str) -> Option<String> {
    let mut phone = Phone::new(server, "carol", id, version);
    let (_, folders) = phone.folders("0");
    phone.folder = folders
        .iter()
        .find(|folder| folder.2 == "9")
        .expect("one")
        .0
        .clone();
    let primed = phone.sync_key("0", supported);
    phone.key = text_at(&primed, &["SyncKey"]).expect("a key");
    let add = "AirSync:Add\n  AirSync:ClientId = 1\n  AirSync:ApplicationData\n    \
               Contacts:LastName = Ghost\n    Contacts:JobTitle = Boss\n    \
               Contacts:MobilePhoneNumber = 1\n";
    let item = server_id(&phone.push(add));
    phone.push(&(change(&item, "LastName", "Ghost") + "    Contacts:MobilePhoneNumber = 2\n"));
    let fetch = phone.push(&format!("AirSync:Fetch\n  AirSync:ServerId = {item}\n"));
    let data = all(&fetch, "ApplicationData").remove(0);
    assert_eq!(text_at(data, &["MobilePhoneNumber"]).as_deref(), Some("2"));
    let title = text_at(data, &["JobTitle"]);
    phone.push(&delete(&item));
    title
}

#[test]
fn omitted_elements_by_version_and_supported() {
    let server = Server::start();
    let listed = "AirSync:Supported\n  Contacts:LastName\n  Contacts:JobTitle\n  \
                  Contacts:MobilePhoneNumber";
    let others = "AirSync:Supported\n  Contacts:LastName\n  Contacts:MobilePhoneNumber";
    let empty = "AirSync:Supported";
    let kept = Some("Boss".to_owned());
    for (number, (version, supported, expected)) in [
        ("14.1", "", kept.clone()),
        ("14.1", listed, None),
        ("14.1", others, kept.clone()),
        ("14.1", empty, kept.clone()),
        ("16.1", "", None),
        ("16.1", listed, None),
        ("16.1", others, kept.clone()),
        ("16.1", empty, kept),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("ghost{number}");
        let title = after_omission(&server, version, supported, &id);
        assert_eq!(title, expected, "{version} {supported}");
    }
}

#[test]
fn a_folder_that_is_gone_is_told_three_times() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "stale", "14.1");
    phone.pull();
    let mut gone = phone.clone();
    gone.folder = "cnowhere".to_owned();
    for _ in 0..3 {
        let answer = gone.sync_key("1.old", CHANGES);
        assert_eq!(answer.tag.name(), Some("Sync"));
        assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("12"));
    }
    assert!(gone.sync_key("1.old", CHANGES).elements().next().is_none());
    // Another folder in the same request is answered from then on.
    let mut other = Phone::set_up(&server, "alice", "writer", "14.1");
    other.push(&add("1", "Beside"));
    let body = format!(
        "{}\n    AirSync:Collection\n      AirSync:SyncKey = 1\n      AirSync:CollectionId = cnowhere",
        phone.sync_text(&phone.key, "")
    );
    let root = phone.ask("Sync", &body).expect("an answer");
    assert_eq!(commands(&root)[0].2, "Beside");
}

#[test]
fn more_commands_than_the_letter_allows_are_taken_up_to_a_bound() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "many", "14.1");
    let adds = |count: usize| {
        (0..count)
            .map(|n| add(&n.to_string(), &format!("N{n}")))
            .collect::<String>()
    };
    let answer = phone.push(&adds(300));
    assert_eq!(responses(&answer).len(), 300);
    assert!(responses(&answer).iter().all(|response| response.2 == "1"));
    let answer = phone.sync(&format!("AirSync:Commands\n{}", indent(&adds(1001))));
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("4"));
    let many = (0..301)
        .map(|n| format!("    AirSync:Collection\n      AirSync:SyncKey = 0\n      AirSync:CollectionId = x{n}\n"))
        .collect::<String>();
    let root = phone
        .ask(
            "Sync",
            &format!("AirSync:Sync\n  AirSync:Collections\n{many}"),
        )
        .expect("one");
    assert_eq!(text_at(&root, &["Status"]).as_deref(), Some("15"));
    assert_eq!(text_at(&root, &["Limit"]).as_deref(), Some("300"));
}

#[test]
fn get_item_estimate_counts_what_a_sync_would_tell() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "counter", "14.1");
    let estimate = |folder: &str, key: &str| {
        let body = format!(
            "GetItemEstimate:GetItemEstimate\n  GetItemEstimate:Collections\n    \
             GetItemEstimate:Collection\n      AirSync:SyncKey = {key}\n      \
             GetItemEstimate:CollectionId = {folder}"
        );
        let root = phone.ask("GetItemEstimate", &body).expect("an answer");
        let text = |path: &[&str]| text_at(&root, path).unwrap_or_default();
        (
            text(&["Response", "Status"]),
            text(&["Response", "Collection", "Estimate"]),
        )
    };
    let said = |status: &str, count: &str| (status.to_owned(), count.to_owned());
    let (folder, primed) = (phone.folder.clone(), phone.key.clone());
    assert_eq!(estimate(&folder, &primed), said("1", "14"));
    assert_eq!(estimate(&folder, "0"), said("3", ""));
    assert_eq!(estimate(&folder, "9.bad"), said("4", ""));
    assert_eq!(estimate("nowhere", &primed), said("2", ""));
    assert_eq!(estimate("inbox", "e1"), said("1", "0"));
    let mut puller = phone.clone();
    puller.pull();
    assert_eq!(estimate(&folder, &puller.key), said("1", "0"));
    // The answer may have been lost: the key before still counts.
    assert_eq!(estimate(&folder, &primed).0, "1");
    // More than are counted at a time.
    let many = (0..1_100).map(|n| {
        let name = format!("Bulk {n}");
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:b{n}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n"
        )
    });
    server.fill("alice", many.map(String::into_bytes).collect());
    assert_eq!(estimate(&folder, &puller.key), said("1", "1100"));
}

#[test]
fn large_pictures_take_the_place_of_several_contacts() {
    let server = Server::start();
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) as u8;
    let picture = image::RgbImage::from_fn(180, 180, |x, y| {
        image::Rgb([noise(x, y), noise(y, x), noise(x + 7, y + 3)])
    });
    let mut jpeg = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .expect("a JPEG");
    let photo = STANDARD.encode(jpeg.into_inner());
    assert!(photo.len() > 32 * 1024, "{}", photo.len());
    let card = |number: usize| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:p{number}\r\nN:P{number};;;;\r\nFN:P{number}\r\n\
             PHOTO;ENCODING=b;TYPE=JPEG:{photo}\r\nEND:VCARD\r\n"
        )
    };
    let cards = (0..10).map(|number| card(number).into_bytes());
    server.fill("bob", cards.collect());
    let mut phone = Phone::set_up(&server, "bob", "pictures", "16.1");
    let mut pages = Vec::new();
    for window in [12, 1, 512] {
        let answer = phone.sync(&format!("{CHANGES}\nAirSync:WindowSize = {window}"));
        phone.key = text_at(&answer, &["SyncKey"]).expect("a key");
        pages.push(commands(&answer).len());
    }
    // However small the window, one goes out.
    assert_eq!(pages[1], 1);
    assert!((3..=6).contains(&pages[0]), "{pages:?}");
    assert_eq!(pages.iter().sum::<usize>(), 10);
}
