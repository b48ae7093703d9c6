//! MoveItems, and what its author is told of the result.

use crate::support::{
    phone::{Phone, add, change, commands, responses},
    server::Server,
    tree::{all, text_at},
};

const CHANGES: &str = "AirSync:GetChanges";

/// The private book and the group's of one device, both up to date.
fn two_books(server: &Server, login: &str, id: &str) -> (Phone, Phone) {
    let mut own = Phone::set_up(server, login, id, "16.1");
    let mut team = own.clone();
    team.folder = own.folder_named("Team");
    team.prime();
    for phone in [&mut own, &mut team] {
        phone.pull();
        assert!(commands(&phone.sync(CHANGES)).is_empty());
    }
    (own, team)
}

/// Moves an item; its new id.
fn shift(from: &Phone, to: &Phone, item: &str) -> String {
    let answer = from.ask(
        "MoveItems",
        &format!(
            "Move:MoveItems\n  Move:Move\n    Move:SrcMsgId = {item}\n    Move:SrcFldId = {}\n    \
             Move:DstFldId = {}",
            from.folder, to.folder
        ),
    );
    let answer = answer.expect("an answer");
    let said = |name| text_at(&answer, &["Response", name]);
    assert_eq!(said("Status").as_deref(), Some("3"));
    said("DstMsgId").expect("an id")
}

fn id_of(phone: &mut Phone, last_name: &str) -> String {
    let told = phone.pull_again();
    assert!(commands(&phone.sync(CHANGES)).is_empty());
    let found = told.into_iter().find(|told| told.2 == last_name);
    found.expect(last_name).1
}

#[test]
fn a_contact_moved_in_an_old_version_is_told_and_buries_nothing() {
    let server = Server::start();
    let (mut own, mut team) = two_books(&server, "alice", "mover");
    let petit = id_of(&mut own, "Petit");
    // One that the device has as it is needs not be told of.
    let haddad = id_of(&mut own, "Haddad");
    shift(&own, &team, &haddad);
    assert!(commands(&team.sync(CHANGES)).is_empty());
    let mut other = Phone::set_up(&server, "alice", "editor", "14.1");
    other.pull();
    other.push(&change(&petit, "JobTitle", "Captain"));
    let new = shift(&own, &team, &petit);
    let edit = change(&new, "LastName", "Petit") + "    Contacts:CompanyName = Acme\n";
    let answer = team.push(&edit);
    assert_eq!(
        responses(&answer),
        [("Change".to_owned(), new.clone(), "7".to_owned())]
    );
    let told = commands(&answer);
    assert_eq!(told, [("Change".to_owned(), new, "Petit".to_owned())]);
    let title = all(&answer, "JobTitle").remove(0).text();
    assert_eq!(title, "Captain");
    server.check();
}

#[test]
fn private_tags_stay_with_their_owner_when_a_phone_moves_a_contact() {
    let server = Server::start();
    let (mut own, mut team) = two_books(&server, "alice", "tagger");
    let tagged = add("1", "Tagged")
        + "    Contacts:FileAs = Tagged\n    Contacts:Categories\n      Contacts:Category = Secret\n";
    let answer = own.push(&tagged);
    let item = text_at(&answer, &["Responses", "Add", "ServerId"]).expect("an id");
    own.pull();
    let new = shift(&own, &team, &item);
    // The device holds it with the tags: what it sends before it is told is no edit of the group's.
    let whole = change(&new, "LastName", "Tagged")
        + "    Contacts:Categories\n      Contacts:Category = Secret\n";
    let answer = team.push(&whole);
    assert_eq!(responses(&answer)[0].2, "7");
    assert!(all(&answer, "Category").is_empty(), "{}", answer.dump());
    assert_eq!(commands(&answer)[0].1, new);
    let mut bob = Phone::set_up(&server, "bob", "reader", "16.1");
    bob.folder = bob.folder_named("Team");
    bob.prime();
    let answer = bob.sync(CHANGES);
    assert!(commands(&answer).iter().any(|told| told.2 == "Tagged"));
    assert!(
        all(&answer, "Category")
            .iter()
            .all(|name| name.text() != "Secret")
    );
}

#[test]
fn a_moved_contact_with_a_right_of_its_own_fails_none_after_it() {
    let server = Server::start();
    let (mut own, mut team) = two_books(&server, "alice", "mover");
    let roy = id_of(&mut team, "Roy");
    let others: Vec<String> = {
        let told = team.pull_again();
        assert!(commands(&team.sync(CHANGES)).is_empty());
        let ids = told.into_iter().map(|told| told.1);
        ids.filter(|id| *id != roy).take(2).collect()
    };
    server.grant_modify("alice", "Roy", "Team", "bob");
    let moves: String = [&roy, &others[0], &others[1]]
        .into_iter()
        .map(|item| {
            format!(
                "\n  Move:Move\n    Move:SrcMsgId = {item}\n    Move:SrcFldId = {}\n    \
                 Move:DstFldId = {}",
                team.folder, own.folder
            )
        })
        .collect();
    let answer = team.ask("MoveItems", &format!("Move:MoveItems{moves}"));
    let statuses: Vec<String> = all(&answer.expect("an answer"), "Status")
        .iter()
        .map(|status| status.text())
        .collect();
    assert_eq!(statuses, ["3", "3", "3"]);
    assert!(commands(&team.sync(CHANGES)).is_empty());
    own.pull_again();
    server.check();
}

#[test]
fn a_move_that_failed_is_not_remembered_as_done() {
    let server = Server::start();
    let (mut own, mut team) = two_books(&server, "alice", "full");
    let (roy, petit) = (id_of(&mut team, "Roy"), id_of(&mut own, "Petit"));
    server.set_quota("alice", 3);
    let one = |item: &str, from: &Phone, to: &Phone| {
        format!(
            "\n  Move:Move\n    Move:SrcMsgId = {item}\n    Move:SrcFldId = {}\n    \
             Move:DstFldId = {}",
            from.folder, to.folder
        )
    };
    let statuses = |moves: &str| -> Vec<String> {
        let answer = own.ask("MoveItems", &format!("Move:MoveItems{moves}"));
        let answer = answer.expect("an answer");
        let statuses = all(&answer, "Status").into_iter();
        statuses.map(|status| status.text()).collect()
    };
    // The second is done, and remembered without the first.
    let said = statuses(&(one(&roy, &team, &own) + &one(&petit, &own, &team)));
    assert_eq!((&said[0][..], &said[1][..]), ("5", "3"));
    assert_eq!(statuses(&one(&roy, &team, &own)), ["5"]);
    assert_eq!(statuses(&one(&petit, &own, &team)), ["3"]);
    id_of(&mut team, "Roy");
    server.check();
}
