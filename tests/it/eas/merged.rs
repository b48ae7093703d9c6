//! Clients that show one contacts folder.

use std::sync::Arc;

use carnet::domain::{
    actor::Client,
    batch::{DeviceOp, GroupOp, Op},
    grant::Grantee,
    rights::GroupRight,
    view::{Mode, Shown},
};

use crate::support::{
    http::{basic, request},
    phone::{Phone, add, change, commands, delete, responses},
    server::Server,
    tree::{all, text_at},
};

fn outlook(server: &Server, login: &str, id: &str) -> Phone {
    let mut phone = Phone::new(server, login, id, "14.0");
    phone.kind = "WindowsOutlook15".to_owned();
    phone.agent = "Outlook/15.0 (15.0.5571.1000; MSI; x64)".to_owned();
    phone.start();
    phone
}

fn show(server: &Server, login: &str, id: &str, mode: Option<Mode>, hidden: &[&str]) {
    let device = server.device(login, id).id;
    let books = server
        .runtime
        .block_on(server.store().books(server.person(login)));
    let hidden = books
        .expect("read")
        .into_iter()
        .filter(|book| hidden.contains(&book.display_name.as_str()))
        .map(|book| book.uuid)
        .collect();
    server.commit(Op::Device(DeviceOp::ShowBooks {
        device,
        shown: Shown { mode, hidden },
    }));
}

fn id_of(told: &[(String, String, String)], last_name: &str) -> String {
    let found = told.iter().find(|told| told.2 == last_name);
    found
        .unwrap_or_else(|| panic!("{last_name} in {told:?}"))
        .1
        .clone()
}

fn categories(answer: &carnet_proto::wbxml::Element) -> Vec<String> {
    all(answer, "Category").iter().map(|c| c.text()).collect()
}

#[test]
fn a_device_keeps_its_folders_when_a_request_names_another_program() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "alice", "renamed", "14.1");
    phone.agent = "Android/6.0-EAS-2.0".to_owned();
    phone.start();
    let (key, one) = phone.folders("0");
    phone.prime();
    phone.pull();
    for agent in ["Test/2.0", "Android/6.0-EAS-2.0"] {
        phone.agent = agent.to_owned();
        let answer = phone.folder_sync(&key);
        assert_eq!(
            text_at(&answer, &["Changes", "Count"]).as_deref(),
            Some("0")
        );
        assert!(phone.pull().is_empty(), "{agent}");
    }
    phone.agent = "Test/2.0".to_owned();
    let (_, anew) = phone.folders("0");
    assert_eq!(anew.len(), one.len() + 1, "each book is a folder");
}

#[test]
fn one_folder_holds_all_books_and_writes_find_theirs() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "outlook1");
    let (_, folders) = one.folders("0");
    let contacts: Vec<_> = folders
        .iter()
        .filter(|f| f.2 == "9" || f.2 == "14")
        .collect();
    assert_eq!(contacts.len(), 1);
    let told = one.pull();
    assert_eq!(told.len(), 20);
    // Names of groups are categories, and come off again on upload.
    let roy = id_of(&told, "Roy");
    let fetch = one.push(&format!("AirSync:Fetch\n  AirSync:ServerId = {roy}\n"));
    assert_eq!(categories(&fetch), ["Team"]);
    let edit = change(&roy, "JobTitle", "Director")
        + "    Contacts:Categories\n      Contacts:Category = Team\n";
    assert!(responses(&one.push(&edit)).is_empty());
    assert!(one.pull().is_empty(), "its own write is not echoed");
    let mut apart = Phone::set_up(&server, "alice", "phone1", "16.1");
    assert_eq!(apart.pull().len(), 14);
    let mut team = apart.clone();
    team.folder = apart.folder_named("Team");
    team.prime();
    let answer = team.sync("AirSync:GetChanges");
    let title = all(&answer, "ApplicationData")
        .into_iter()
        .find(|data| text_at(data, &["LastName"]).as_deref() == Some("Roy"))
        .map(|data| (text_at(data, &["JobTitle"]), categories(data)));
    assert_eq!(title, Some((Some("Director".to_owned()), vec![])));
    // New contacts go to the own book.
    let answer = one.push(&add("1", "Novel"));
    let novel = text_at(&answer, &["Responses", "Add", "ServerId"]).expect("an id");
    assert!(one.pull().is_empty());
    let told = apart.pull();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2, "Novel");
    // Deletions too, from where the contact is.
    one.push(&(delete(&novel) + &delete(&roy)));
    assert_eq!(apart.pull()[0].0, "Delete");
    assert!(one.pull().is_empty());
    server.check();
}

#[test]
fn the_one_folder_keeps_its_name() {
    let server = Server::start();
    let one = outlook(&server, "alice", "outlook1");
    let (key, _) = one.folders("0");
    let rename = format!(
        "FolderHierarchy:FolderUpdate\n  FolderHierarchy:SyncKey = {key}\n  \
         FolderHierarchy:ServerId = {}\n  FolderHierarchy:ParentId = 0\n  \
         FolderHierarchy:DisplayName = Mine",
        one.folder
    );
    let answer = one.ask("FolderUpdate", &rename).expect("a status");
    assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("2"));
}

#[test]
fn a_contact_in_two_books_appears_once() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "outlook2");
    let petit = id_of(&one.pull(), "Petit");
    // Shared into the group: still one contact, with the group's name.
    server.share("alice", "Petit", "Team");
    let answer = one.sync("AirSync:GetChanges");
    assert_eq!(
        commands(&answer),
        [("Change".to_owned(), petit.clone(), "Petit".to_owned())]
    );
    assert_eq!(categories(&answer), ["Team"]);
    one.key = text_at(&answer, &["SyncKey"]).expect("a key");
    // Taken away from the own book it is still in the group's: the same contact comes back.
    let answer = one.push(&delete(&petit));
    assert!(commands(&answer).contains(&("Add".to_owned(), petit.clone(), "Petit".to_owned())));
    one.pull();
    // A second deletion takes it from the group too.
    one.push(&delete(&petit));
    assert!(one.pull().is_empty());
    let mut again = outlook(&server, "alice", "outlook3");
    assert!(again.pull().iter().all(|told| told.2 != "Petit"));
    server.check();
}

#[test]
fn what_may_only_be_read_is_reverted_in_the_view_too() {
    let server = Server::start();
    let mut one = outlook(&server, "bob", "outlook4");
    let told = one.pull();
    assert_eq!(told.len(), 6);
    let roy = id_of(&told, "Roy");
    let answer = one.push(&change(&roy, "FirstName", "Mine"));
    assert_eq!(responses(&answer)[0].2, "7");
    assert!(commands(&answer).contains(&("Change".to_owned(), roy.clone(), "Roy".to_owned())));
    let answer = one.push(&delete(&roy));
    assert!(commands(&answer).contains(&("Add".to_owned(), roy, "Roy".to_owned())));
    // A lost answer is made again, here as elsewhere.
    let key = one.key.clone();
    let first = one.push(&add("c1", "Once"));
    one.key = key;
    assert_eq!(one.push(&add("c1", "Once")), first);
    assert!(one.pull().is_empty());
    server.check();
}

#[test]
fn switching_leaves_no_duplicates() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "switcher", "16.1");
    assert_eq!(phone.pull().len(), 14);
    let (key, _) = phone.folders("0");
    for (mode, expected, contacts) in [
        (Some(Mode::Merged), 20, 1),
        (Some(Mode::OwnOnly), 14, 1),
        (None, 14, 2),
        (Some(Mode::Merged), 20, 1),
    ] {
        show(&server, "alice", "switcher", mode, &[]);
        let (_, folders) = phone.folders("0");
        let shown = folders.iter().filter(|f| f.2 == "9" || f.2 == "14").count();
        assert_eq!(shown, contacts, "{mode:?}");
        // The folder keeps its id; what was in it is told anew when it is another set.
        let answer = phone.sync("AirSync:GetChanges");
        if text_at(&answer, &["Status"]).as_deref() == Some("3") {
            phone.prime();
            let told = phone.pull();
            assert_eq!(told.len(), expected, "{mode:?}");
            let mut ids: Vec<_> = told.iter().map(|told| &told.1).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), expected);
        }
    }
    let _ = key;
    server.check();
}

#[test]
fn a_book_hidden_on_a_device_is_gone_there_and_nowhere_else() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "hider", "16.1");
    let other = Phone::set_up(&server, "alice", "sees", "16.1");
    let (key, _) = phone.folders("0");
    show(&server, "alice", "hider", None, &["Team"]);
    let answer = phone.folder_sync(&key);
    assert_eq!(all(&answer, "Delete").len(), 1);
    assert!(other.folders("0").1.iter().any(|folder| folder.1 == "Team"));
    let mut one = outlook(&server, "alice", "hiding");
    assert_eq!(one.pull().len(), 20);
    show(&server, "alice", "hiding", None, &["Team"]);
    one.prime();
    assert_eq!(one.pull().len(), 14);
}

#[test]
fn edits_of_different_fields_are_merged_in_a_view_as_in_a_book() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "merging");
    let mut other = Phone::set_up(&server, "alice", "apart", "14.1");
    let mut team = other.clone();
    team.folder = other.folder_named("Team");
    team.prime();
    // Of the own book, and of a group's.
    for (apart, name) in [(&mut other, "Petit"), (&mut team, "Roy")] {
        let seen = id_of(&one.pull_again(), name);
        let id = id_of(&apart.pull_again(), name);
        apart.push(&change(&id, "JobTitle", "Pilot"));
        let answer = one.push(&change(&seen, "MobilePhoneNumber", "+33 1"));
        assert!(responses(&answer).is_empty(), "{}", answer.dump());
        let merged = all(&answer, "ApplicationData").remove(0);
        assert_eq!(text_at(merged, &["JobTitle"]).as_deref(), Some("Pilot"));
        let number = text_at(merged, &["MobilePhoneNumber"]);
        assert_eq!(number.as_deref(), Some("+33 1"));
        assert_eq!(apart.pull().len(), 1);
        // What both changed is the server's.
        apart.push(&change(&id, "JobTitle", "Captain"));
        let answer = one.push(&change(&seen, "JobTitle", "Navigator"));
        assert_eq!(responses(&answer)[0].2, "7");
        let title = all(&answer, "JobTitle").remove(0).text();
        assert_eq!(title, "Captain");
    }
    server.check();
}

#[test]
fn a_group_contact_keeps_its_own_categories_in_the_view() {
    let server = Server::start();
    let path = "/dav/groups/Team/Team/board.vcf";
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:board\r\nN:Board;;;;\r\nFN:Board\r\n\
                CATEGORIES:Council\r\nEND:VCARD\r\n";
    let own = [basic("alice", "demo")];
    let put = request(&server.address, "PUT", path, &own, card.as_bytes());
    assert_eq!(put.status, 201);
    let mut one = outlook(&server, "alice", "categories");
    let id = id_of(&one.pull(), "Board");
    let shown = one.push(&format!("AirSync:Fetch\n  AirSync:ServerId = {id}\n"));
    assert_eq!(categories(&shown), ["Council", "Team"]);
    let edit = |title: &str, names: &[&str]| {
        let names: String = names
            .iter()
            .map(|name| format!("      Contacts:Category = {name}\n"))
            .collect();
        change(&id, "JobTitle", title) + "    Contacts:Categories\n" + &names
    };
    let stored = || request(&server.address, "GET", path, &own, b"").text();
    one.push(&edit("Chair", &["Council", "Team"]));
    assert!(stored().contains("CATEGORIES:Council\r\n"), "{}", stored());
    one.push(&edit("Chair", &["Council", "Team", "Paid"]));
    assert!(
        stored().contains("CATEGORIES:Council,Paid\r\n"),
        "{}",
        stored()
    );
    assert!(stored().contains("TITLE:Chair\r\n"));
}

#[test]
fn an_item_fetched_by_itself_shows_the_books_it_is_in() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "fetcher");
    let petit = id_of(&one.pull(), "Petit");
    server.share("alice", "Petit", "Team");
    one.pull();
    let fetch = |schema: &str| {
        let tree = format!(
            "ItemOperations:ItemOperations\n  ItemOperations:Fetch\n    ItemOperations:Store = Mailbox\n    \
             AirSync:CollectionId = {}\n    AirSync:ServerId = {petit}{schema}",
            one.folder
        );
        one.ask("ItemOperations", &tree).expect("an answer")
    };
    assert_eq!(categories(&fetch("")), ["Team"]);
    // What a Schema names, and nothing else ([MS-ASCMD] 2.2.3.154).
    let schema = "\n    ItemOperations:Options\n      ItemOperations:Schema\n        \
                  Contacts:FileAs\n        Contacts:LastName";
    let answer = fetch(schema);
    let shown = all(&answer, "Properties")[0];
    let names: Vec<_> = shown.elements().map(|element| element.tag.name()).collect();
    assert_eq!(names.len(), 2, "{}", shown.dump());
    assert_eq!(text_at(shown, &["LastName"]).as_deref(), Some("Petit"));
    assert!(text_at(shown, &["FileAs"]).is_some_and(|text| text.starts_with("Petit, ")));
}

#[test]
fn a_client_nobody_knows_is_shown_every_book_whatever_it_calls_itself() {
    let server = Server::start();
    let mut phone = Phone::new(&server, "alice", "smart", "14.1");
    phone.kind = "SmartPhone".to_owned();
    assert!(phone.folders("0").1.iter().any(|folder| folder.1 == "Team"));
    // Windows Mobile shows one folder.
    let mut old = Phone::new(&server, "alice", "mobile", "12.1");
    old.kind = "SmartPhone".to_owned();
    assert!(old.folders("0").1.iter().all(|folder| folder.1 != "Team"));
}

#[test]
fn a_search_finds_in_the_folder_that_is_shown() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "seeker");
    let petit = id_of(&one.pull(), "Petit");
    server.share("alice", "Petit", "Team");
    one.pull();
    let tree = "Search:Search\n  Search:Store\n    Search:Name = Mailbox\n    Search:Query\n      \
                Search:And\n        AirSync:Class = Contacts\n        Search:FreeText = petit";
    let answer = one.ask("Search", tree).expect("an answer");
    let ids: Vec<String> = all(&answer, "LongId").iter().map(|id| id.text()).collect();
    assert_eq!(ids, [format!("{}:{petit}", one.folder)]);
    assert_eq!(categories(&answer), ["Team"]);
}

#[test]
fn a_name_of_a_book_that_an_edit_takes_off_comes_back() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "labels");
    let roy = id_of(&one.pull(), "Roy");
    let edit = |names: &[&str]| {
        let names = names.iter();
        let names: String = names
            .map(|name| format!("      Contacts:Category = {name}\n"))
            .collect();
        change(&roy, "JobTitle", "Pilot") + "    Contacts:Categories\n" + &names
    };
    for _ in 0..2 {
        let answer = one.push(&edit(&["Red", "Green"]));
        assert!(responses(&answer).is_empty());
        assert_eq!(categories(&answer), ["Red", "Green", "Team"]);
    }
    let answer = one.push(&edit(&["Red", "Green", "Team"]));
    assert!(commands(&answer).is_empty(), "{}", answer.dump());
    assert!(one.pull().is_empty());
    server.check();
}

#[test]
fn a_name_of_a_book_that_an_edit_puts_on_is_taken_back() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "naming");
    let petit = id_of(&one.pull(), "Petit");
    let names = "    Contacts:Categories\n      Contacts:Category = Red\n      \
                 Contacts:Category = Team\n";
    let answer = one.push(&(change(&petit, "JobTitle", "Pilot") + names));
    assert!(responses(&answer).is_empty(), "{}", answer.dump());
    assert_eq!(categories(&answer), ["Red"]);
    let answer = one.push(&(add("1", "Neuf") + names));
    let told: Vec<String> = commands(&answer).into_iter().map(|told| told.2).collect();
    let told = if told.is_empty() {
        one.pull().into_iter().map(|told| told.2).collect()
    } else {
        told
    };
    assert_eq!(told, ["Neuf"], "{}", answer.dump());
    server.check();
}

#[test]
fn a_group_that_is_renamed_leaves_its_old_name_on_no_contact() {
    let server = Server::start();
    let mut one = outlook(&server, "alice", "renamed");
    let roy = id_of(&one.pull(), "Roy");
    one.sync("AirSync:GetChanges");
    let mut apart = Phone::set_up(&server, "alice", "phone1", "16.1");
    apart.folder = apart.folder_named("Team");
    apart.prime();
    let seen = id_of(&apart.pull(), "Roy");
    let team = server.store().group_by_name("Team");
    let group = server
        .runtime
        .block_on(team)
        .expect("read")
        .expect("a group")
        .id;
    server.commit(Op::Group(GroupOp::ChangeGroup {
        group,
        display_name: Some("Crew".to_owned()),
        options: None,
    }));
    // Outlook was shown the old name.
    let names = "    Contacts:Categories\n      Contacts:Category = Team\n      \
                 Contacts:Category = Customer\n";
    let answer = one.push(&(change(&roy, "JobTitle", "Pilot") + names));
    assert!(responses(&answer).is_empty(), "{}", answer.dump());
    assert_eq!(categories(&answer)[..2], ["Customer", "Crew"]);
    // The others of the group come with the new one.
    assert_eq!(commands(&answer).len(), 6);
    assert!(!categories(&answer).contains(&"Team".to_owned()));
    let fetch = apart.push(&format!("AirSync:Fetch\n  AirSync:ServerId = {seen}\n"));
    assert_eq!(categories(all(&fetch, "Fetch").remove(0)), ["Customer"]);
    one.pull();
    assert!(one.pull().is_empty());
    server.check();
}

#[test]
fn a_contact_changed_and_deleted_at_once_is_taken_from_where_that_is_allowed() {
    let server = Server::start();
    // Bob may modify it in one group, and delete it from the other.
    server.share("alice", "Petit", "Team");
    server.grant_modify("alice", "Petit", "Team", "bob");
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    let core = server.core().clone();
    server.runtime.block_on(async {
        let actor = async || {
            let actor = core.actor(alice, Client::default()).await;
            Arc::new(actor.expect("an actor"))
        };
        let founded = core.found_group(&actor().await, "Zeta", "").await;
        founded.expect("founded");
        let group = core.group(&actor().await, "Zeta").await.expect("a group");
        group.add_member("bob").await.expect("added");
        let group = core.group(&actor().await, "Zeta").await.expect("a group");
        let bob = [Grantee::Member(bob)];
        let granted = group.grant(&bob, GroupRight::AddDelete);
        granted.await.expect("granted");
    });
    server.share("alice", "Petit", "Zeta");
    let mut one = outlook(&server, "bob", "outlook5");
    let petit = id_of(&one.pull(), "Petit");
    let answer = one.push(&(change(&petit, "JobTitle", "Director") + &delete(&petit)));
    assert!(responses(&answer).is_empty(), "{answer:?}");
    // It is in the other group still.
    assert!(commands(&answer).contains(&("Add".to_owned(), petit, "Petit".to_owned())));
    one.pull();
    server.check();
}
