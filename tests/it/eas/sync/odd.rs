//! Commands that are not whole, or bring no contact.

use super::{CHANGES, id_of, refused, server_id, triple};
use crate::support::{
    phone::{Phone, add, change, commands, delete, indent, responses},
    server::Server,
    tree::{all, text_at},
};

#[test]
fn a_change_that_says_nothing_of_the_contact_leaves_it() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "nothing", "16.1");
    let petit = id_of(&phone.pull(), "Petit");
    let change = format!("AirSync:Change\n  AirSync:ServerId = {petit}\n");
    for (data, status) in [
        ("", None),
        ("  AirSync:ApplicationData\n", None),
        // A message's: refused, as it is no contact's.
        ("  AirSync:ApplicationData\n    Email:Read = 1\n", Some("6")),
    ] {
        let answer = phone.push(&format!("{change}{data}"));
        let said = status.map(|status| triple("Change", &petit, status));
        assert_eq!(responses(&answer), Vec::from_iter(said), "{data}");
        phone.pull();
        let other = Phone::set_up(&server, "alice", "other", "16.1").pull_again();
        assert_eq!(id_of(&other, "Petit"), petit, "{data}");
    }
}

#[test]
fn what_is_no_contact_is_refused_and_kept() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "astray", "14.1");
    let before = phone.pull().len();
    let message = "AirSync:Add\n  AirSync:Class = SMS\n  AirSync:ClientId = sms\n  \
                   AirSync:ApplicationData\n    Email:To = 0612345678\n    Email:Subject = See you\n";
    let task = "AirSync:Add\n  AirSync:ClientId = task\n  AirSync:ApplicationData\n    \
                Tasks:Subject = Buy milk\n    AirSyncBase:Body\n      AirSyncBase:Type = 1\n      \
                AirSyncBase:Data = two bottles\n";
    let answer = phone.push(&(message.to_owned() + task + &add("who", "Contact")));
    assert_eq!(
        responses(&answer),
        [
            triple("Add", "sms", "6"),
            triple("Add", "task", "6"),
            triple("Add", "who", "1"),
        ]
    );
    let kept = refused(&server, "alice");
    for words in ["See you", "Buy milk", "two bottles"] {
        let found = kept.iter().filter(|kept| kept.contains(words)).count();
        assert_eq!(found, 1, "{words}");
    }
    assert_eq!(phone.pull_again().len(), before + 1);
}

#[test]
fn a_date_that_is_none_costs_the_date_alone() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "dates", "16.1");
    let born = |birthday: &str| format!("    Contacts:Birthday = {birthday}\n");
    let answer = phone.push(&(add("1", "Dated") + &born("1980-02-30T00:00:00.000Z")));
    assert_eq!(responses(&answer), [triple("Add", "1", "1")]);
    let id = server_id(&answer);
    // The device learns what was made of it.
    assert_eq!(phone.pull(), [triple("Change", &id, "Dated")]);
    let whole = change(&id, "LastName", "Dated");
    phone.push(&(whole.clone() + &born("1980-02-28T00:00:00.000Z")));
    let answer = phone.push(&(whole + &born("garbage")));
    assert!(responses(&answer).is_empty());
    phone.prime();
    let answer = phone.sync(CHANGES);
    let birthdays = all(&answer, "Birthday");
    let birthdays: Vec<_> = birthdays.iter().map(|element| element.text()).collect();
    assert!(birthdays[0].starts_with("1980-02-28"), "{birthdays:?}");
}

#[test]
fn a_command_without_its_id_costs_its_folder_alone() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "half", "14.1");
    phone.pull();
    for broken in [
        "AirSync:Add\n  AirSync:ApplicationData\n    Contacts:LastName = Nobody\n",
        "AirSync:Delete\n",
    ] {
        let key = phone.key.clone();
        let answer = phone.push(broken);
        assert_eq!(answer.tag.name(), Some("Collection"), "{}", answer.dump());
        assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("4"));
        assert_eq!(phone.key, key);
    }
    // The key is as good as before.
    assert_eq!(
        responses(&phone.push(&add("1", "Whole"))),
        [triple("Add", "1", "1")]
    );
}

#[test]
fn a_read_only_item_that_is_changed_and_deleted_is_told_of_once() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "both", "14.1");
    phone.folder = phone.folder_named("Team");
    phone.prime();
    let roy = id_of(&phone.pull(), "Roy");
    let answer = phone.push(&(change(&roy, "FirstName", "X") + &delete(&roy)));
    assert_eq!(commands(&answer), [triple("Add", &roy, "Roy")]);
}

#[test]
fn a_collection_named_twice_is_answered_once() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "double", "14.1");
    let collection = phone.sync_text(
        &phone.key,
        &format!("AirSync:Commands\n{}", indent(&add("1", "Once"))),
    );
    let again = phone.sync_text(&phone.key, "");
    let (_, again) = again.split_once("AirSync:Collections\n").expect("one");
    let root = phone
        .ask("Sync", &format!("{collection}\n{again}"))
        .expect("an answer");
    let parts = all(&root, "Collection");
    let status = |at: usize| text_at(parts[at], &["Status"]).expect("a status");
    assert_eq!((status(0), status(1)), ("1".to_owned(), "4".to_owned()));
    assert!(commands(&root).is_empty(), "{}", root.dump());
    phone.key = text_at(parts[0], &["SyncKey"]).expect("a key");
    assert!(phone.pull().is_empty());
}

#[test]
fn what_is_said_of_an_item_after_its_deletion_fails_alone() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "twice", "14.1");
    phone.pull();
    for (number, order) in ["DD", "DC", "CDD", "CDC"].iter().enumerate() {
        let name = format!("Gone{number}");
        let id = server_id(&phone.push(&add("1", &name)));
        let said = order.chars().enumerate().map(|(at, what)| match what {
            'D' => delete(&id),
            _ => change(&id, "JobTitle", &format!("Title{number}{at}")),
        });
        let said: String = said.chain([add("2", &format!("Beside{number}"))]).collect();
        let answer = phone.push(&said);
        let late = order.ends_with('C');
        let mut expected = vec![triple("Add", "2", "1")];
        if late {
            expected.insert(0, triple("Change", &id, "8"));
        }
        assert_eq!(responses(&answer), expected, "{order}");
        let told = Vec::from_iter(late.then(|| triple("Delete", &id, "")));
        assert_eq!(commands(&answer), told, "{order}");
        assert!(phone.pull().is_empty(), "{order}");
        let kept = refused(&server, "alice");
        let title = format!("Title{number}{}", order.len() - 1);
        assert_eq!(kept.iter().any(|kept| kept.contains(&title)), late);
    }
    let left = phone.pull_again();
    assert!(left.iter().all(|told| !told.2.starts_with("Gone")));
    assert_eq!(
        left.iter()
            .filter(|told| told.2.starts_with("Beside"))
            .count(),
        4
    );
    server.check();
}

#[test]
fn a_picture_that_is_too_large_costs_the_picture_alone() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "large", "14.1");
    let petit = id_of(&phone.pull(), "Petit");
    let large = "/9j/".to_owned() + &"A".repeat(7 * 1024 * 1024);
    let edit = change(&petit, "MobilePhoneNumber", "0612345678")
        + &format!("    Contacts:Picture = {large}\n");
    // What became of it is sent back in the same answer.
    let answer = phone.push(&edit);
    assert!(responses(&answer).is_empty());
    assert_eq!(commands(&answer), [triple("Change", &petit, "Petit")]);
    let number = all(&answer, "MobilePhoneNumber").remove(0).text();
    assert_eq!(number, "0612345678");
    assert!(all(&answer, "Picture").is_empty());
    server.check();
}

#[test]
fn an_edit_that_fits_nowhere_is_kept_once() {
    let server = Server::start_with(|config| config.max_document = 8_192);
    let mut phone = Phone::set_up(&server, "alice", "nowhere", "14.1");
    let petit = id_of(&phone.pull(), "Petit");
    let edit = change(&petit, "JobTitle", &"t".repeat(9_000))
        + &format!("    Contacts:Picture = /9j/{}\n", "A".repeat(9_000));
    let answer = phone.push(&edit);
    assert_eq!(responses(&answer), [triple("Change", &petit, "6")]);
    assert_eq!(refused(&server, "alice").len(), 1);
    server.check();
}

#[test]
fn a_change_of_a_contact_the_server_does_not_know_is_kept_once() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "ahead", "14.1");
    phone.pull();
    let edit = change("unheard-of", "LastName", "Late");
    for _ in 0..2 {
        let answer = phone.push(&edit);
        assert_eq!(responses(&answer), [triple("Change", "unheard-of", "8")]);
    }
    // Nor is it lost with a key that is not known.
    phone.key = "1.unknown".to_owned();
    phone.push(&change("unheard-of", "LastName", "Later"));
    let kept = refused(&server, "alice");
    let count = |name: &str| kept.iter().filter(|kept| kept.contains(name)).count();
    assert_eq!((count("N:Late;"), count("N:Later;")), (1, 1), "{kept:?}");
}

#[test]
fn a_change_undone_in_its_own_request_leaves_what_was_there() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "undoer", "14.1");
    let petit = id_of(&phone.pull(), "Petit");
    let title = |value: &str| change(&petit, "JobTitle", value);
    phone.push(&title("One"));
    phone.push(&(title("Two") + &title("One")));
    let stored = |phone: &mut Phone| {
        let fetch = format!("AirSync:Fetch\n  AirSync:ServerId = {petit}\n");
        all(&phone.push(&fetch), "JobTitle").remove(0).text()
    };
    assert_eq!(stored(&mut phone), "One");
    // And what comes after it is done.
    phone.push(&(title("Two") + &title("One") + &title("Three")));
    assert_eq!(stored(&mut phone), "Three");
    assert!(phone.pull().is_empty());
    server.check();
}
