//! What an answer leaves to the next one: clients look the ids of Commands up before they store those
//! of Responses.

use std::collections::BTreeSet;

use carnet_proto::wbxml::Element;

use super::{CHANGES, id_of, lost::wait_for_hours, refused, server_id, triple};
use crate::support::{
    phone::{Phone, add, change, commands, indent, responses},
    server::Server,
    tree::{all, text_at},
};

fn says_more(answer: &Element) -> bool {
    !all(answer, "MoreAvailable").is_empty()
}

/// The contact as another device is shown it.
fn shown(server: &Server, login: &str, name: &str) -> Element {
    let mut witness = Phone::set_up(server, login, "witness", "16.1");
    let told = witness.sync(CHANGES);
    let found = all(&told, "ApplicationData")
        .into_iter()
        .find(|data| text_at(data, &["LastName"]).as_deref() == Some(name))
        .cloned();
    witness.key.clear();
    found.expect(name)
}

#[test]
fn what_others_made_of_a_new_contact_is_told_after_its_id_and_buried_by_no_edit() {
    for (kind, agent, version) in [
        ("iPhone", "Apple-iPhone14C5/2306.67", "16.1"),
        ("Android", "Android/5.1.1-EAS-2.0", "14.1"),
    ] {
        let server = Server::start();
        let mut phone = Phone::new(&server, "carol", "lossy", version);
        phone.kind = kind.to_owned();
        phone.agent = agent.to_owned();
        phone.start();
        phone.pull();
        let mut other = Phone::set_up(&server, "carol", "other", "14.1");
        let key = phone.key.clone();
        phone.push(&add("c1", "Ng"));
        let theirs = id_of(&other.pull(), "Ng");
        other.push(&change(&theirs, "MobilePhoneNumber", "555"));
        // The answer was lost; this client makes a new ClientId with each attempt.
        phone.key = key;
        let answer = phone.push(&add("c2", "Ng"));
        assert_eq!(responses(&answer), [triple("Add", "c2", "1")], "{kind}");
        assert!(commands(&answer).is_empty() && says_more(&answer), "{kind}");
        let id = server_id(&answer);
        // The person edits what they see: a contact without the number.
        let key = phone.key.clone();
        let edit = change(&id, "HomePhoneNumber", "777") + "    Contacts:LastName = Ng\n";
        for _ in 0..2 {
            phone.key = key.clone();
            let answer = phone.push(&edit);
            assert_eq!(responses(&answer), [triple("Change", &id, "7")], "{kind}");
            assert_eq!(commands(&answer), [triple("Change", &id, "Ng")], "{kind}");
        }
        assert!(phone.pull().is_empty(), "{kind}");
        let contact = shown(&server, "carol", "Ng");
        let mobile = text_at(&contact, &["MobilePhoneNumber"]);
        assert_eq!(mobile.as_deref(), Some("555"), "{kind}");
        let kept = refused(&server, "carol");
        assert!(kept.len() == 1 && kept[0].contains("777"), "{kept:?}");
        // From now on its edits are of the present version.
        let answer = phone.push(&edit);
        assert!(responses(&answer).is_empty(), "{kind}");
        server.check();
    }
}

#[test]
fn what_is_left_to_the_next_answer_is_news_and_is_told_again_when_that_is_lost() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "lossy", "14.1");
    phone.pull();
    let mut other = Phone::set_up(&server, "carol", "other", "14.1");
    let key = phone.key.clone();
    phone.push(&add("c1", "Ng"));
    let id = id_of(&other.pull(), "Ng");
    other.push(&change(&id, "MobilePhoneNumber", "555"));
    phone.key = key.clone();
    for _ in 0..2 {
        // The answer to the second attempt is lost as well.
        phone.key = key.clone();
        assert!(commands(&phone.push(&add("c2", "Ng"))).is_empty());
    }
    let ping = phone.ping(600, &[&phone.folder]);
    assert_eq!(text_at(&ping, &["Status"]).as_deref(), Some("2"));
    let told = [triple("Change", &id, "Ng")];
    for more in [
        CHANGES,
        CHANGES,
        "AirSync:GetChanges\nAirSync:WindowSize = 5",
    ] {
        assert_eq!(commands(&phone.sync(more)), told, "{more}");
    }
    assert_eq!(phone.pull(), told);
    assert!(phone.pull().is_empty());
    server.check();
}

#[test]
fn a_new_contact_that_reads_otherwise_may_be_edited_before_that_is_told() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "lossy", "14.1");
    let key = phone.key.clone();
    let birthday = "    Contacts:Birthday = 2001-02-30T00:00:00.000Z\n";
    phone.push(&(add("c1", "Ng") + birthday));
    phone.key = key;
    let answer = phone.push(&(add("c2", "Ng") + birthday));
    assert!(commands(&answer).is_empty() && says_more(&answer));
    let id = server_id(&answer);
    let answer = phone.push(&change(&id, "JobTitle", "Pilot"));
    assert!(responses(&answer).is_empty());
    assert_eq!(commands(&answer), [triple("Change", &id, "Ng")]);
    assert!(phone.pull().is_empty());
    let contact = shown(&server, "carol", "Ng");
    assert_eq!(text_at(&contact, &["JobTitle"]).as_deref(), Some("Pilot"));
    assert!(refused(&server, "carol").is_empty());
}

#[test]
fn of_several_copies_the_one_a_device_cannot_take_is_found() {
    for bad in [0, 3] {
        let server = Server::start();
        let mut phone = Phone::set_up(&server, "bob", "choker", "14.1");
        phone.folder = phone.folder_named("Team");
        phone.prime();
        let told = phone.pull();
        let ids: Vec<String> = told[..4].iter().map(|told| told.1.clone()).collect();
        let edits: String = ids.iter().map(|id| change(id, "FirstName", "X")).collect();
        let mut asked = format!("AirSync:Commands\n{}", indent(&edits));
        let mut seen = BTreeSet::new();
        // It never takes an answer that holds the bad one: it asks again with the same key.
        for _ in 0..60 {
            let answer = phone.sync(&asked);
            let told = commands(&answer);
            if told.iter().any(|told| told.1 == ids[bad]) {
                wait_for_hours(&server);
                continue;
            }
            seen.extend(told.into_iter().map(|told| told.1));
            match text_at(&answer, &["SyncKey"]) {
                Some(key) => phone.key = key,
                None => break,
            }
            CHANGES.clone_into(&mut asked);
        }
        let mut others: BTreeSet<String> = ids.iter().cloned().collect();
        others.remove(&ids[bad]);
        assert_eq!(seen, others, "{bad}");
        assert!(phone.pull().is_empty());
    }
}

#[test]
fn an_android_is_told_in_the_next_answer_what_it_may_not_add() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "bob", "gmail", "14.1");
    phone.agent = "Android-Mail/2024.1".to_owned();
    phone.start();
    phone.folder = phone.folder_named("Team");
    phone.prime();
    phone.pull();
    let answer = phone.push(&add("55", "Nope"));
    assert_eq!(responses(&answer), [triple("Add", "55", "1")]);
    assert!(commands(&answer).is_empty() && says_more(&answer));
    let temporary = server_id(&answer);
    // What is said of its id meanwhile is swallowed, and kept.
    let answer = phone.push(&change(&temporary, "LastName", "Later"));
    assert!(responses(&answer).is_empty());
    assert_eq!(commands(&answer), [triple("Delete", &temporary, "")]);
    assert!(phone.pull().is_empty());
    let kept = refused(&server, "bob");
    for text in ["Nope", "Later"] {
        assert!(kept.iter().any(|kept| kept.contains(text)), "{text}");
    }
}
