//! Rows 43 to 75 and 110: Sync.

use std::{collections::BTreeSet, thread};

use crate::support::{
    phone::{Phone, add, change, commands, delete, document, indent, responses},
    server::Server,
    tree::{all, text_at, wbxml},
};

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
    use carnet::domain::store::Store as _;
    let person = server.person(login);
    let refused = server.runtime.block_on(server.store().refused(person));
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    refused
        .expect("read")
        .into_iter()
        .map(|r| text(r.document))
        .collect()
}

#[test]
fn row_43_and_110_a_prime_holds_no_items_and_no_more_than_it_must() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "primer", "14.1");
    let body = phone.sync_text("0", CHANGES);
    let root = phone.ask("Sync", &body).expect("an answer");
    assert_eq!(text_at(&root, &["Status"]), None, "no status of the whole");
    let collection = all(&root, "Collection").remove(0);
    let names: Vec<_> = collection.elements().filter_map(|e| e.tag.name()).collect();
    assert_eq!(names, ["SyncKey", "CollectionId", "Status"]);
    // With commands nothing is applied.
    let with = phone.sync_key(
        "0",
        &format!("AirSync:Commands\n{}", indent(&add("1", "Early"))),
    );
    assert_eq!(text_at(&with, &["Status"]).as_deref(), Some("1"));
    phone.prime();
    assert!(phone.pull().iter().all(|told| told.2 != "Early"));
}

#[test]
fn row_44_45_windows_page_the_set_once() {
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
fn row_46_the_window_of_the_request_caps_all_collections() {
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
}

#[test]
fn row_47_without_get_changes_only_commands_are_answered() {
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
fn row_48_nothing_new_is_an_empty_answer_or_a_full_one_before_12_1() {
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
fn row_49_50_empty_and_partial_requests_go_by_the_last_one() {
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
    assert!(phone.post("Sync", b"").body.is_empty());
    let mut other = Phone::set_up(&server, "alice", "writer", "14.1");
    other.push(&add("1", "News"));
    let root = document(&phone.post("Sync", b"")).expect("the news");
    assert_eq!(commands(&root)[0].2, "News");
    phone.key = text_at(all(&root, "Collection")[0], &["SyncKey"]).expect("a key");
    other.push(&add("2", "More"));
    let root = phone.ask("Sync", partial).expect("the news");
    assert_eq!(commands(&root)[0].2, "More");
    // The key handed out last is the one meant.
    assert!(phone.post("Sync", b"").body.is_empty());
    // Malformed: no collection at all, both waits.
    let none = "AirSync:Sync\n  AirSync:Collections";
    assert_eq!(status(&phone.ask("Sync", none)).as_deref(), Some("4"));
}

#[test]
fn row_51_options_stay_and_are_replaced_as_a_whole() {
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
fn row_52_omitted_elements_by_version_and_supported() {
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
fn row_53_54_commands_have_results_and_one_failure_is_its_own() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "batch", "14.1");
    let told = phone.pull();
    let (petit, weber) = (id_of(&told, "Petit"), id_of(&told, "Weber"));
    let picture = format!(
        "AirSync:Add\n  AirSync:ClientId = big\n  AirSync:ApplicationData\n    \
         Contacts:Picture = {}\n",
        "A".repeat(16 * 1024 * 1024)
    );
    let answer = phone.push(&format!(
        "{}{}{}{}{}{}",
        add("good", "Good"),
        picture,
        change(&petit, "JobTitle", "Pilot"),
        change("unknown", "JobTitle", "x"),
        delete(&weber),
        delete("unknown"),
    ));
    // Every Add and what failed; a Change or Delete that worked needs no word.
    assert_eq!(
        responses(&answer),
        [
            triple("Add", "good", "1"),
            triple("Add", "big", "6"),
            triple("Change", "unknown", "8"),
        ]
    );
    assert_eq!(
        text_at(&answer, &["Responses", "Add", "ServerId"]).map(|id| id.len()),
        Some(24)
    );
    let answer = phone.push(&format!(
        "AirSync:Fetch\n  AirSync:ServerId = {petit}\nAirSync:Fetch\n  AirSync:ServerId = {weber}\n"
    ));
    assert_eq!(
        responses(&answer),
        [triple("Fetch", &petit, "1"), triple("Fetch", &weber, "8")]
    );
}

#[test]
fn row_55_56_57_58_a_lost_answer_and_what_the_client_does_next() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "lossy", "14.1");
    let key = phone.key.clone();
    let body =
        |adds: &str| wbxml(&phone.sync_text(&key, &format!("AirSync:Commands\n{}", indent(adds))));
    let first = phone.post("Sync", &body(&add("c1", "Once")));
    let again = phone.post("Sync", &body(&add("c1", "Once")));
    assert_eq!(first.body, again.body);
    let id = server_id(all(&document(&first).expect("one"), "Collection")[0]);
    // New ClientId, same data; then the same ClientId with more edits.
    let renamed = document(&phone.post("Sync", &body(&add("c2", "Once")))).expect("one");
    assert_eq!(server_id(all(&renamed, "Collection")[0]), id);
    let more = add("c2", "Once") + &add("c3", "Twice");
    let root = document(&phone.post("Sync", &body(&more))).expect("one");
    let collection = all(&root, "Collection").remove(0);
    assert_eq!(
        responses(collection),
        [triple("Add", "c2", "1"), triple("Add", "c3", "1")]
    );
    assert_eq!(server_id(collection), id);
    phone.key = text_at(collection, &["SyncKey"]).expect("a key");
    let mut witness = Phone::set_up(&server, "bob", "witness", "14.1");
    let mut names: Vec<String> = witness.pull().into_iter().map(|told| told.2).collect();
    names.sort();
    assert_eq!(names, ["Once", "Twice"]);
    // A deletion repeated succeeds by silence.
    let key = phone.key.clone();
    for _ in 0..2 {
        let answer = phone.sync_key(&key, &format!("AirSync:Commands\n{}", indent(&delete(&id))));
        assert!(responses(&answer).is_empty());
    }
}

#[test]
fn row_59_60_keys_too_old_or_of_others_are_unknown() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "older", "16.1");
    let first = phone.key.clone();
    phone.pull();
    phone.push(&add("1", "A"));
    phone.push(&add("2", "B"));
    let status = |phone: &Phone, key: &str| {
        let answer = phone.sync_key(key, CHANGES);
        (
            text_at(&answer, &["Status"]),
            text_at(&answer, &["SyncKey"]),
        )
    };
    let unknown = (Some("3".to_owned()), Some("0".to_owned()));
    assert_eq!(status(&phone, &first), unknown);
    let mut team = phone.clone();
    team.folder = phone.folder_named("Team");
    assert_eq!(status(&team, &phone.key), unknown, "of another collection");
    let other = Phone::set_up(&server, "alice", "another", "16.1");
    assert_eq!(status(&other, &phone.key), unknown, "of another device");
    let bob = Phone::set_up(&server, "bob", "older", "16.1");
    assert_eq!(status(&bob, &phone.key), unknown, "of another person");
}

#[test]
fn row_61_what_was_committed_and_not_answered_is_answered_after_a_restart() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "crash", "14.1");
    let body = wbxml(&phone.sync_text(
        &phone.key,
        &format!("AirSync:Commands\n{}", indent(&add("1", "Kept"))),
    ));
    let lost = phone.post("Sync", &body);
    // The database as it is on disk at this moment.
    let after = Server::start_in(server.copy());
    phone.address = after.address.clone();
    let again = phone.post("Sync", &body);
    assert_eq!(lost.body, again.body);
    after.check();
}

#[test]
fn row_62_63_the_server_wins_with_its_copy_whatever_conflict_says() {
    let server = Server::start();
    for (number, options) in ["AirSync:Conflict = 1", "AirSync:Conflict = 0"]
        .iter()
        .enumerate()
    {
        let mut phone = Phone::set_up(&server, "alice", &format!("loser{number}"), "14.1");
        let mut other = Phone::set_up(&server, "alice", &format!("winner{number}"), "14.1");
        let id = id_of(&phone.pull(), "Petit");
        other.pull();
        other.push(&change(&id, "FirstName", &format!("Server{number}")));
        let answer = phone.push(&change(&id, "FirstName", "Phone"));
        assert_eq!(
            responses(&answer),
            [triple("Change", &id, "7")],
            "{options}"
        );
        assert!(commands(&answer).contains(&triple("Change", &id, "Petit")));
        let quiet = format!(
            "AirSync:GetChanges = 0\nAirSync:Options\n  {options}\nAirSync:Commands\n{}",
            indent(&change(&id, "FirstName", "Again"))
        );
        other.push(&change(&id, "FirstName", &format!("Server{number}b")));
        let answer = phone.sync(&quiet);
        assert_eq!(
            responses(&answer),
            [triple("Change", &id, "7")],
            "{options}"
        );
        let copy = all(&answer, "Commands").remove(0);
        assert_eq!(all(copy, "FirstName")[0].text(), format!("Server{number}b"));
    }
    assert!(
        refused(&server, "alice")
            .iter()
            .any(|kept| kept.contains("Phone"))
    );
}

#[test]
fn row_64_65_deletions_that_cross_edits() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "deleter", "14.1");
    let mut other = Phone::set_up(&server, "alice", "editor", "14.1");
    let told = phone.pull();
    other.pull();
    let (petit, weber) = (id_of(&told, "Petit"), id_of(&told, "Weber"));
    other.push(&change(&petit, "FirstName", "Newer"));
    let answer = phone.push(&delete(&petit));
    assert!(responses(&answer).is_empty());
    assert!(commands(&answer).contains(&triple("Add", &petit, "Petit")));
    other.push(&delete(&weber));
    let answer = phone.push(&change(&weber, "FirstName", "Late"));
    assert_eq!(responses(&answer), [triple("Change", &weber, "8")]);
    assert!(commands(&answer).contains(&triple("Delete", &weber, "")));
    assert!(
        refused(&server, "alice")
            .iter()
            .any(|kept| kept.contains("Late"))
    );
}

#[test]
fn row_66_67_own_changes_are_not_echoed_but_normalised_values_are() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "echo", "14.1");
    let id = server_id(&phone.push(&add("1", "Plain")));
    assert!(phone.pull().is_empty());
    phone.push(&change(&id, "JobTitle", "Boss"));
    assert!(phone.pull().is_empty());
    // A date in another form says the same.
    phone.push(&change(&id, "Birthday", "2000-05-05T22:00:00.000Z"));
    assert!(phone.pull().is_empty());
    // An address with its name is kept as the address alone.
    let quoted = "\"Plain\" <plain@example.org>";
    phone.push(&change(&id, "Email1Address", quoted));
    let answer = phone.sync(CHANGES);
    assert_eq!(commands(&answer), [triple("Change", &id, "Plain")]);
    let address = all(&answer, "Email1Address")[0].text();
    assert_eq!(address, "plain@example.org");
}

#[test]
fn row_68_a_book_to_read_only_takes_everything_back_in_one_answer() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "reader", "14.1");
    phone.folder = phone.folder_named("Team");
    phone.prime();
    let told = phone.pull();
    let (roy, simon) = (id_of(&told, "Roy"), id_of(&told, "Simon"));
    let answer = phone.push(&format!(
        "{}{}{}",
        change(&roy, "FirstName", "X"),
        add("55", "Nope"),
        delete(&simon)
    ));
    // As the specification's vector 12 has it.
    let temporary = server_id(&answer);
    assert!(temporary.starts_with("tmp-"), "{temporary}");
    assert_eq!(
        responses(&answer),
        [triple("Change", &roy, "7"), triple("Add", "55", "1")]
    );
    assert_eq!(
        commands(&answer),
        [
            triple("Change", &roy, "Roy"),
            triple("Delete", &temporary, ""),
            triple("Add", &simon, "Simon"),
        ]
    );
    let order: Vec<_> = answer.elements().filter_map(|e| e.tag.name()).collect();
    assert_eq!(
        order,
        ["SyncKey", "CollectionId", "Status", "Responses", "Commands"]
    );
    // What is said of the id that is gone is swallowed, and kept.
    let answer = phone.push(&(change(&temporary, "LastName", "Later") + &delete(&temporary)));
    assert!(responses(&answer).is_empty() && commands(&answer).is_empty());
    let kept = refused(&server, "bob");
    for text in ["Nope", "Later"] {
        assert!(kept.iter().any(|kept| kept.contains(text)), "{text}");
    }
    // However often it comes again it is kept once.
    let before = refused(&server, "bob").len();
    phone.push(&add("56", "Nope"));
    assert_eq!(refused(&server, "bob").len(), before);
}

#[test]
fn row_70_73_a_folder_that_is_gone_is_told_three_times() {
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
fn row_71_two_requests_with_one_key_are_one_result_and_one_replay() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "racer", "16.1");
    let body = wbxml(&phone.sync_text(
        &phone.key,
        &format!("AirSync:Commands\n{}", indent(&add("1", "Raced"))),
    ));
    let bodies: Vec<Vec<u8>> = thread::scope(|scope| {
        let posts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| phone.post("Sync", &body).body))
            .collect();
        posts
            .into_iter()
            .map(|post| post.join().expect("answered"))
            .collect()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    phone.key =
        text_at(all(&document_of(&bodies[0]), "Collection")[0], &["SyncKey"]).expect("a key");
    assert!(phone.pull().is_empty());
    let mut witness = Phone::set_up(&server, "bob", "witness", "16.1");
    assert_eq!(witness.pull().len(), 1);
}

fn document_of(octets: &[u8]) -> carnet_proto::wbxml::Element {
    carnet_proto::wbxml::decode(octets, &Default::default()).expect("a document")
}

#[test]
fn row_72_more_commands_than_the_letter_allows_are_taken_up_to_a_bound() {
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
fn row_74_75_starting_over_keeps_what_only_the_device_has() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "reset", "14.1");
    let id = id_of(&phone.pull(), "Petit");
    let older = server.copy();
    phone.push(&add("1", "After"));
    let device = server.device("alice", "reset").id;
    server.commit(carnet::domain::batch::Op::ForgetSync {
        device,
        collection: None,
    });
    // With the key that is gone: a contact that was never uploaded, one that was, and an edit.
    let pending = add("2", "Unsaved") + &add("1", "After") + &change(&id, "JobTitle", "Lost");
    for _ in 0..2 {
        let answer = phone.sync(&format!("AirSync:Commands\n{}", indent(&pending)));
        assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
        assert_eq!(text_at(&answer, &["SyncKey"]).as_deref(), Some("0"));
    }
    phone.prime();
    let told = phone.pull();
    assert_eq!(told.len(), 16);
    let count = |name: &str| told.iter().filter(|told| told.2 == name).count();
    assert_eq!((count("Unsaved"), count("After")), (1, 1));
    assert!(
        refused(&server, "alice")
            .iter()
            .any(|kept| kept.contains("Lost"))
    );
    // The same with a database from before: what is pending comes back, nothing is deleted for it.
    let restored = Server::start_in(older);
    restored.sql("UPDATE collection SET epoch = 'restored'");
    phone.address = restored.address.clone();
    let answer = phone.sync(&format!(
        "AirSync:Commands\n{}",
        indent(&add("3", "Pending"))
    ));
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
    phone.prime();
    let told = phone.pull();
    assert!(told.iter().all(|told| told.0 == "Add"));
    assert!(told.iter().any(|told| told.2 == "Pending"));
    restored.check();
}

#[test]
fn a_full_book_is_told_once_and_what_did_not_fit_is_kept() {
    let server = Server::start();
    server.sql("UPDATE person SET quota = 15 WHERE login = 'alice'");
    let mut phone = Phone::set_up(&server, "alice", "quota", "14.1");
    let answer = phone.push(&(add("1", "Fits") + &add("2", "Spills")));
    assert_eq!(
        responses(&answer),
        [triple("Add", "1", "1"), triple("Add", "2", "9")]
    );
    assert!(all(&answer, "MoreAvailable").is_empty());
    for _ in 0..3 {
        phone.push(&add("2", "Spills"));
    }
    let kept = refused(&server, "alice");
    assert_eq!(
        kept.iter().filter(|kept| kept.contains("Spills")).count(),
        1
    );
}

#[test]
fn what_the_server_cannot_hold_is_kept_word_for_word() {
    let server = Server::start();
    let entry = "AirSync:Add\n  AirSync:ClientId = e1\n  AirSync:ApplicationData\n    \
                 Calendar:Subject = Dentist at nine\n    Calendar:StartTime = 20261125T090000Z\n";
    let mut android = Phone::new(&server, "alice", "droid", "14.1");
    android.folder = "calendar".to_owned();
    android.prime();
    assert_eq!(android.key, "e1");
    let answer = android.push(entry);
    assert_eq!(responses(&answer), [triple("Add", "e1", "6")]);
    assert_eq!(android.key, "e2");
    assert!(
        refused(&server, "alice")
            .iter()
            .any(|kept| kept.contains("Dentist at nine"))
    );
    // A client that would send it for ever has it taken, and taken back.
    let mut iphone = android.clone();
    iphone.kind = "iPhone".to_owned();
    iphone.id = "ios1".to_owned();
    iphone.prime();
    let answer = iphone.push(entry);
    let id = server_id(&answer);
    assert_eq!(responses(&answer), [triple("Add", "e1", "1")]);
    assert_eq!(commands(&answer), [triple("Delete", &id, "")]);
    let answer = iphone.push(&(change(&id, "LastName", "x") + &change("other", "LastName", "y")));
    assert_eq!(responses(&answer), [triple("Change", "other", "8")]);
    let unknown = iphone.sync_key("foreign", CHANGES);
    assert_eq!(text_at(&unknown, &["Status"]).as_deref(), Some("3"));
}

#[test]
fn an_item_a_device_cannot_take_is_found_and_held_back() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "choker", "14.1");
    let bad = "Weber";
    let mut seen = BTreeSet::new();
    // The client never takes an answer that holds the bad item: it presents its key again.
    for _ in 0..80 {
        let answer = phone.sync(CHANGES);
        let told = commands(&answer);
        if told.iter().any(|told| told.2 == bad) {
            continue;
        }
        seen.extend(told.into_iter().map(|told| told.2));
        match text_at(&answer, &["SyncKey"]) {
            Some(key) => phone.key = key,
            None => break,
        }
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
    // It is offered again when it changes, as new.
    let mut other = Phone::set_up(&server, "alice", "fixer", "14.1");
    let id = id_of(&other.pull(), bad);
    other.push(&change(&id, "LastName", "Fixed"));
    assert_eq!(
        commands(&phone.sync(CHANGES)),
        [triple("Add", &id, "Fixed")]
    );
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
}
