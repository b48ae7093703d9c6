//! Edits of what others changed meanwhile, and what comes after them.

use super::{CHANGES, id_of, refused, server_id};
use crate::support::{
    http::{basic, request},
    phone::{Phone, add, change, commands, delete, responses},
    server::Server,
    tree::{all, text_at},
};

/// Two phones of a person; the contact as each names it.
fn two(server: &Server, version: &str) -> (Phone, Phone, String, String) {
    let mut one = Phone::set_up(server, "alice", "stale1", version);
    let mut other = Phone::set_up(server, "alice", "stale2", version);
    let here = id_of(&one.pull_again(), "Petit");
    let there = id_of(&other.pull_again(), "Petit");
    (one, other, here, there)
}

#[test]
fn an_edit_after_a_merge_is_an_edit_of_the_merged_copy() {
    for version in ["14.1", "16.1"] {
        let server = Server::start();
        let (mut one, mut other, here, there) = two(&server, version);
        other.push(&change(&there, "JobTitle", "Pilot"));
        let answer = one.push(&change(&here, "MobilePhoneNumber", "+33 1"));
        let merged = all(&answer, "ApplicationData").remove(0);
        assert_eq!(text_at(merged, &["JobTitle"]).as_deref(), Some("Pilot"));
        let answer = one.push(&change(&here, "MobilePhoneNumber", "+33 2"));
        assert!(
            responses(&answer).is_empty(),
            "{version}: {}",
            answer.dump()
        );
        assert!(commands(&answer).is_empty(), "{version}: {}", answer.dump());
        assert!(one.pull().is_empty());
        // At 16.1 what an edit leaves out is cleared, the title of the other too: that is kept.
        assert_eq!(
            refused(&server, "alice").len(),
            usize::from(version == "16.1")
        );
        server.check();
    }
}

#[test]
fn an_edit_after_a_merge_whose_answer_was_lost_is_merged_too() {
    let server = Server::start();
    let (mut one, mut other, here, there) = two(&server, "14.1");
    other.push(&change(&there, "JobTitle", "Pilot"));
    let key = one.key.clone();
    one.push(&change(&here, "MobilePhoneNumber", "+33 1"));
    // The phone has given the edit up, and asks with the key it knows.
    one.key = key;
    let told = one.sync(CHANGES);
    let merged = all(&told, "ApplicationData").remove(0);
    assert_eq!(text_at(merged, &["JobTitle"]).as_deref(), Some("Pilot"));
    let number = text_at(merged, &["MobilePhoneNumber"]);
    assert_eq!(number.as_deref(), Some("+33 1"));
    server.check();
}

#[test]
fn a_conflict_leaves_the_tag_that_other_clients_have() {
    let server = Server::start();
    let (mut one, mut other, here, there) = two(&server, "14.1");
    other.push(&change(&there, "JobTitle", "Pilot"));
    let own = [basic("alice", "demo")];
    let listed = || {
        let body = b"<propfind xmlns='DAV:'><prop><getetag/></prop></propfind>";
        let book = "/dav/alice/private/contacts/";
        let depth = ("Depth".to_owned(), "1".to_owned());
        request(
            &server.address,
            "PROPFIND",
            book,
            &[own[0].clone(), depth],
            body,
        )
        .text()
    };
    let before = listed();
    let answer = one.push(&change(&here, "JobTitle", "Navigator"));
    assert_eq!(responses(&answer)[0].2, "7");
    assert_eq!(refused(&server, "alice").len(), 1);
    assert_eq!(listed(), before);
}

#[test]
fn an_edit_that_fits_alone_and_not_with_that_of_another_is_kept_once() {
    let server = Server::start_with(|config| config.max_document = 8_192);
    let (mut one, mut other, here, there) = two(&server, "14.1");
    other.push(&change(&there, "JobTitle", &"t".repeat(5_000)));
    let answer = one.push(&change(&here, "CompanyName", &"n".repeat(5_000)));
    assert_eq!(responses(&answer)[0].2, "7");
    assert_eq!(refused(&server, "alice").len(), 1);
    server.check();
}

#[test]
fn what_is_kept_of_an_edit_without_the_right_takes_nothing_of_others_back() {
    let server = Server::start();
    let mut owner = Phone::set_up(&server, "alice", "owner", "14.1");
    owner.folder = owner.folder_named("Team");
    owner.prime();
    let theirs = id_of(&owner.pull_again(), "Roy");
    let mut member = Phone::set_up(&server, "bob", "member", "14.1");
    member.folder = member.folder_named("Team");
    member.prime();
    let seen = id_of(&member.pull_again(), "Roy");
    owner.push(&change(&theirs, "MobilePhoneNumber", "+33 2"));
    let answer = member.push(&change(&seen, "JobTitle", "Pilot"));
    assert_eq!(responses(&answer)[0].2, "7");
    let kept = refused(&server, "bob").remove(0);
    for said in ["Pilot", "+33 2"] {
        assert!(kept.contains(said), "{said}: {kept}");
    }
    server.check();
}

/// An edit whose nickname the server writes otherwise than it is sent.
fn nickname(server_id: &str, name: &str) -> String {
    change(server_id, "LastName", "Petit") + &format!("    Contacts2:NickName = {name}\n")
}

#[test]
fn what_the_server_writes_otherwise_comes_in_the_same_answer_and_stays_the_devices_own() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "writer", "14.1");
    let id = id_of(&phone.pull_again(), "Petit");
    let answer = phone.push(&nickname(&id, "a,b"));
    assert_eq!(commands(&answer).len(), 1, "{}", answer.dump());
    let copy = all(&answer, "ApplicationData").remove(0);
    assert_eq!(text_at(copy, &["NickName"]).as_deref(), Some("a, b"));
    // The next edit is no conflict, and nothing is told twice.
    let answer = phone.push(&change(&id, "MobilePhoneNumber", "+33 3"));
    assert!(responses(&answer).is_empty(), "{}", answer.dump());
    assert!(commands(&answer).is_empty(), "{}", answer.dump());
    assert!(phone.pull().is_empty());
    // The answer is lost, and the person edits on.
    let key = phone.key.clone();
    phone.push(&nickname(&id, "c,d"));
    phone.key = key;
    let again = nickname(&id, "e,f") + "    Contacts:MobilePhoneNumber = +33 4\n";
    let answer = phone.push(&again);
    assert!(responses(&answer).is_empty(), "{}", answer.dump());
    let copy = all(&answer, "ApplicationData").remove(0);
    assert_eq!(text_at(copy, &["NickName"]).as_deref(), Some("e, f"));
    let number = text_at(copy, &["MobilePhoneNumber"]);
    assert_eq!(number.as_deref(), Some("+33 4"));
    assert!(phone.pull().is_empty());
    assert!(refused(&server, "alice").is_empty());
    server.check();
}

#[test]
fn an_edit_after_a_copy_of_the_devices_own_is_merged_with_what_others_wrote() {
    let server = Server::start();
    let (mut one, mut other, here, there) = two(&server, "14.1");
    let answer = one.push(&nickname(&here, "a,b"));
    assert_eq!(commands(&answer).len(), 1, "{}", answer.dump());
    other.pull();
    other.push(&change(&there, "JobTitle", "Pilot"));
    let answer = one.push(&change(&here, "MobilePhoneNumber", "+33 1"));
    let merged = all(&answer, "ApplicationData").remove(0);
    for (element, value) in [
        ("NickName", "a, b"),
        ("JobTitle", "Pilot"),
        ("MobilePhoneNumber", "+33 1"),
    ] {
        assert_eq!(text_at(merged, &[element]).as_deref(), Some(value));
    }
    assert!(refused(&server, "alice").is_empty());
    server.check();
}

#[test]
fn a_new_contact_that_the_server_writes_otherwise_may_be_edited_at_once() {
    for removes in [false, true] {
        let server = Server::start();
        let mut phone = Phone::set_up(&server, "bob", "maker", "14.0");
        phone.pull();
        let made = add("1", "Ng") + "    Contacts2:NickName = a,b\n";
        let answer = phone.push(&made);
        // What became of it follows at once.
        assert_eq!(all(&answer, "MoreAvailable").len(), 1, "{}", answer.dump());
        let id = server_id(&answer);
        let edit = if removes {
            delete(&id)
        } else {
            change(&id, "MobilePhoneNumber", "1")
        };
        let answer = phone.push(&edit);
        assert!(responses(&answer).is_empty(), "{}", answer.dump());
        let told = commands(&answer);
        if removes {
            assert!(told.iter().all(|told| told.0 == "Delete"), "{told:?}");
        } else {
            let copy = all(&answer, "ApplicationData").remove(0);
            let number = text_at(copy, &["MobilePhoneNumber"]);
            assert_eq!(number.as_deref(), Some("1"));
            assert_eq!(text_at(copy, &["NickName"]).as_deref(), Some("a, b"));
        }
        assert!(phone.pull().is_empty());
        assert_eq!(phone.pull_again().len(), usize::from(!removes));
        server.check();
    }
}
