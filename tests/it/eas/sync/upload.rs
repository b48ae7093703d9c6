//! What a device says, and what becomes of it.

use carnet::domain::{
    batch::{GroupOp, Op},
    group::Leaving,
};

use super::{CHANGES, id_of, refused, server_id, triple};
use crate::support::{
    browser::{Browser, hidden},
    phone::{Phone, add, change, commands, delete, indent, responses},
    server::Server,
    tree::{all, text_at},
};

#[test]
fn commands_have_results_and_one_failure_is_its_own() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "batch", "14.1");
    let told = phone.pull();
    let (petit, weber) = (id_of(&told, "Petit"), id_of(&told, "Weber"));
    let picture = format!(
        "AirSync:Add\n  AirSync:ClientId = big\n  AirSync:ApplicationData\n    \
         Contacts:Picture = {}\n",
        "A".repeat(7 * 1024 * 1024)
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
fn the_server_wins_with_its_copy_whatever_conflict_says() {
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
fn an_edit_of_the_copy_that_was_sent_is_taken() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "copied", "14.1");
    let mut other = Phone::set_up(&server, "alice", "winner", "14.1");
    let told = phone.pull();
    phone.sync(CHANGES);
    other.pull();
    let id = id_of(&told, "Petit");
    let turn = |phone: &mut Phone, how: &str, value: &str| {
        let edit = indent(&change(&id, "FirstName", value));
        let answer = phone.sync(&format!("{how}\nAirSync:Commands\n{edit}"));
        phone.key = text_at(&answer, &["SyncKey"]).unwrap_or(phone.key.clone());
        answer
    };
    // Others are pending before and behind it, or nothing is asked for.
    for how in ["AirSync:WindowSize = 1", "AirSync:GetChanges = 0"] {
        other.pull();
        for name in ["Weber", "Petit", "Haddad", "Petit", "Haddad"] {
            let id = id_of(&told, name);
            other.push(&change(
                &id,
                "FirstName",
                &format!("{name} of {}", other.key),
            ));
        }
        let answer = turn(&mut phone, how, "Mine");
        assert_eq!(responses(&answer), [triple("Change", &id, "7")], "{how}");
        assert!(commands(&answer).contains(&triple("Change", &id, "Petit")));
        let answer = turn(&mut phone, how, "Mine now");
        assert!(responses(&answer).is_empty(), "{how}: {}", answer.dump());
        // And one of an answer that was lost is not.
        other.pull();
        other.push(&change(&id, "FirstName", "Later"));
        let key = phone.key.clone();
        assert_eq!(responses(&turn(&mut phone, how, "Lost"))[0].2, "7", "{how}");
        phone.key = key;
        assert_eq!(
            responses(&turn(&mut phone, how, "Older"))[0].2,
            "7",
            "{how}"
        );
        phone.pull();
        phone.sync(CHANGES);
    }
    let names = |phone: &mut Phone| {
        phone.prime();
        let answer = phone.sync(CHANGES);
        let names = all(&answer, "FirstName");
        let mut names: Vec<String> = names.iter().map(|name| name.text()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&mut phone), names(&mut other));
}

#[test]
fn deletions_that_cross_edits() {
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
fn own_changes_are_not_echoed_but_normalised_values_are() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "echo", "14.1");
    let id = server_id(&phone.push(&add("1", "Plain")));
    assert!(phone.pull().is_empty());
    phone.push(&change(&id, "JobTitle", "Boss"));
    assert!(phone.pull().is_empty());
    // A date in another form says the same.
    phone.push(&change(&id, "Birthday", "2000-05-05T22:00:00.000Z"));
    assert!(phone.pull().is_empty());
    // So does an address with its name, as Outlook sends it with every edit.
    let quoted = "\"Plain\" <plain@example.org>";
    phone.push(&change(&id, "Email1Address", quoted));
    assert!(phone.pull().is_empty());
    // A link to a number is kept as the number alone.
    let answer = phone.push(&change(&id, "MobilePhoneNumber", "tel:1"));
    assert_eq!(commands(&answer), [triple("Change", &id, "Plain")]);
    assert_eq!(all(&answer, "MobilePhoneNumber")[0].text(), "1");
    assert_eq!(all(&answer, "Email1Address")[0].text(), "plain@example.org");
    assert!(phone.pull().is_empty());
}

#[test]
fn a_book_to_read_only_takes_everything_back_in_one_answer() {
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
    // An item that may not be changed and one that may not be added: their statuses, then the
    // commands that put the device right.
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
fn a_full_book_is_told_once_and_what_did_not_fit_is_kept() {
    let server = Server::start();
    server.set_quota("alice", 15);
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
fn many_adds_of_one_request_are_answered_each_for_itself_and_in_order() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "many", "14.1");
    phone.pull();
    let too_large = "A".repeat(7 * 1024 * 1024);
    let sent: Vec<String> = (0..60)
        .map(|number| match number {
            37 => format!(
                "AirSync:Add\n  AirSync:ClientId = c37\n  AirSync:ApplicationData\n    \
                 Contacts:Picture = {too_large}\n"
            ),
            _ => add(&format!("c{number}"), &format!("Name{number}")),
        })
        .collect();
    let answer = phone.push(&sent.concat());
    let expected: Vec<_> = (0..60)
        .map(|number| {
            let status = if number == 37 { "6" } else { "1" };
            triple("Add", &format!("c{number}"), status)
        })
        .collect();
    assert_eq!(responses(&answer), expected);
    // Under the id that was answered stands what was sent, as another device is told.
    let ids = all(&answer, "ServerId");
    let told = Phone::set_up(&server, "alice", "other", "14.1").pull();
    let mut others = (0..60).filter(|number| *number != 37);
    for id in ids {
        let name = format!("Name{}", others.next().expect("as many as were added"));
        assert_eq!(id_of(&told, &name), id.text());
    }
    assert_eq!(others.next(), None);
}

#[test]
fn many_adds_that_fit_in_part_or_not_at_all_are_kept_all_the_same() {
    let server = Server::start();
    let ten = |name: &str| -> String {
        let adds = (0..10).map(|number| add(&format!("c{number}"), &format!("{name}{number}")));
        adds.collect()
    };
    let told = |statuses: [&str; 10]| -> Vec<_> {
        let numbered = statuses.iter().enumerate();
        let told = numbered.map(|(number, status)| triple("Add", &format!("c{number}"), status));
        told.collect()
    };
    // There is room for four more.
    server.set_quota("alice", 18);
    let mut phone = Phone::set_up(&server, "alice", "crowd", "14.1");
    let answer = phone.push(&ten("Spills"));
    let fit = ["1", "1", "1", "1", "9", "9", "9", "9", "9", "9"];
    assert_eq!(responses(&answer), told(fit));
    let kept = refused(&server, "alice");
    for number in 0..10 {
        let name = format!("Spills{number}");
        let is_kept = kept.iter().any(|kept| kept.contains(&name));
        assert_eq!(is_kept, number >= 4, "{name}");
    }
    // Nothing may be added: taken, taken back in the same answer, and kept.
    let mut reader = Phone::set_up(&server, "bob", "crowd", "14.1");
    reader.folder = reader.folder_named("Team");
    reader.prime();
    reader.pull();
    let answer = reader.push(&ten("Nope"));
    assert_eq!(responses(&answer), told(["1"; 10]));
    let taken_back = commands(&answer);
    assert_eq!(taken_back.len(), 10);
    assert!(taken_back.iter().all(|told| told.0 == "Delete"));
    let kept = refused(&server, "bob");
    for number in 0..10 {
        let name = format!("Nope{number}");
        assert!(kept.iter().any(|kept| kept.contains(&name)), "{name}");
    }
}

#[test]
fn what_the_server_cannot_hold_is_kept_word_for_word() {
    let server = Server::start();
    let entry = "AirSync:Add\n  AirSync:ClientId = e1\n  AirSync:ApplicationData\n    \
                 Calendar:Subject = Dentist at nine\n    Calendar:StartTime = 20261125T090000Z\n    \
                 AirSyncBase:Body\n      AirSyncBase:Type = 2\n      \
                 AirSyncBase:Data = <p>Bring <b>the card</b></p>\n";
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
    // Its author is told, and reads it.
    let mut browser = Browser::of(&server.address, "alice");
    let page = browser.page("/c/private");
    assert!(page.contains("TestPhone wrote"), "{page}");
    let kept = browser.page("/refused");
    assert!(
        kept.contains("<p>Subject: Dentist at nine</p>") && kept.contains("keeps contacts only")
    );
    assert!(kept.contains("<p>Begins: 25 November 2026"), "{kept}");
    assert!(
        kept.contains("Bring the card") && kept.contains("As it was sent"),
        "{kept}"
    );
    browser.language = "fr";
    assert!(
        browser
            .page("/refused")
            .contains("ne garde que des contacts")
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
    // Two clients, two notices; they go with a word, or with what they tell of.
    let page = browser.page("/c/private");
    assert_eq!(page.matches("notice alert").count(), 2);
    let fields = [
        ("token", &hidden(&page, "token")[..]),
        ("notice", &hidden(&page, "notice")),
    ];
    assert_eq!(browser.submit("/notices/undo", &fields).status, 404);
    assert_eq!(browser.submit("/notices/confirm", &fields).status, 303);
    loop {
        let page = browser.page("/refused");
        let fields = [
            ("token", &hidden(&page, "token")[..]),
            ("revision", &hidden(&page, "revision")),
        ];
        if fields[1].1.is_empty() {
            break;
        }
        assert_eq!(browser.submit("/refused/dismiss", &fields).status, 303);
    }
    assert!(!browser.page("/c/private").contains("notice alert"));
    let unknown = iphone.sync_key("foreign", CHANGES);
    assert_eq!(text_at(&unknown, &["Status"]).as_deref(), Some("3"));
}

#[test]
fn outlook_is_told_again_what_it_may_not_do() {
    let server = Server::start();
    let mut outlook = Phone::new(&server, "bob", "deaf", "14.0");
    outlook.kind = "WindowsOutlook15".to_owned();
    outlook.agent = "Outlook/15.0 (15.0.5571.1000; MSI; x64)".to_owned();
    outlook.start();
    let roy = id_of(&outlook.pull(), "Roy");
    let back = [triple("Add", &roy, "Roy")];
    assert_eq!(commands(&outlook.push(&delete(&roy))), back);
    assert!(outlook.pull().is_empty(), "once for the first time");
    // The same again: in this answer, and in the two after it.
    assert_eq!(commands(&outlook.push(&delete(&roy))), back);
    for _ in 0..2 {
        assert_eq!(outlook.pull(), back);
    }
    assert!(outlook.pull().is_empty());
    // Others listen.
    let mut phone = Phone::set_up(&server, "bob", "listens", "14.0");
    phone.folder = phone.folder_named("Team");
    phone.prime();
    let roy = id_of(&phone.pull(), "Roy");
    for _ in 0..2 {
        assert_eq!(commands(&phone.push(&delete(&roy))).len(), 1);
        assert!(phone.pull().is_empty());
    }
}

#[test]
fn a_phone_that_lost_a_contact_learns_nothing_of_what_became_of_it() {
    let server = Server::start();
    server.share("alice", "Petit", "Team");
    let mut phone = Phone::set_up(&server, "bob", "curious", "14.1");
    phone.folder = phone.folder_named("Team");
    phone.prime();
    let petit = id_of(&phone.pull(), "Petit");
    // She takes it away, and writes on.
    server.withdraw("alice", "Petit", "Team");
    server.sql(
        "UPDATE item SET document = CAST(replace(CAST(document AS TEXT), 'END:VCARD',
             'NOTE:LATER-SECRET' || char(13) || char(10) || 'END:VCARD') AS BLOB)
         WHERE display LIKE '%Petit%'",
    );
    phone.pull();
    phone.push(&change(&petit, "JobTitle", "Chef"));
    // Nor with a key the server does not know.
    phone.key = "unknown".to_owned();
    phone.push(&change(&petit, "JobTitle", "Chief"));
    let kept = refused(&server, "bob");
    assert!(kept.iter().any(|kept| kept.contains("Chef")), "{kept:?}");
    assert!(kept.iter().all(|kept| !kept.contains("SECRET")), "{kept:?}");
}

#[test]
fn what_was_written_into_a_folder_that_is_gone_is_kept() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "bob", "leaver", "14.1");
    phone.folder = phone.folder_named("Team");
    phone.prime();
    let roy = id_of(&phone.pull(), "Roy");
    let team = server
        .runtime
        .block_on(server.store().group_by_name("Team"));
    server.commit(Op::Group(GroupOp::RemoveMember {
        group: team.expect("read").expect("a group").id,
        person: server.person("bob"),
        leaving: Leaving::LeaveCopies,
    }));
    let commands = format!(
        "{}{}",
        add("a1", "LateAdd"),
        change(&roy, "JobTitle", "LateJob")
    );
    for _ in 0..2 {
        let answer = phone.sync(&format!("AirSync:Commands\n{}", indent(&commands)));
        assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("12"));
    }
    let kept = refused(&server, "bob");
    assert_eq!(kept.len(), 2, "{kept:?}");
    for words in ["LateAdd", "LateJob"] {
        assert!(kept.iter().any(|kept| kept.contains(words)), "{kept:?}");
    }
}
