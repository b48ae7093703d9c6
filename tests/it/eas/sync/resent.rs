//! New contacts that come again: edited meanwhile, or after the device started over.

use super::{id_of, server_id};
use crate::support::{
    phone::{Phone, add, commands, delete, indent},
    server::Server,
    tree::{all, text_at},
};

/// The mobile numbers of all contacts of a name, as another device is shown them.
fn numbers(server: &Server, login: &str, name: &str) -> Vec<Option<String>> {
    let mut witness = Phone::set_up(server, login, "witness", "14.1");
    witness.prime();
    let told = witness.sync("AirSync:GetChanges\nAirSync:WindowSize = 100");
    let named = |data: &&carnet_proto::wbxml::Element| {
        text_at(data, &["LastName"]).as_deref() == Some(name)
    };
    let found = all(&told, "ApplicationData").into_iter().filter(named);
    let mut numbers: Vec<_> = found
        .map(|data| text_at(data, &["MobilePhoneNumber"]))
        .collect();
    numbers.sort();
    numbers
}

fn with_number(client_id: &str, name: &str, number: &str) -> String {
    add(client_id, name) + &format!("    Contacts:MobilePhoneNumber = {number}\n")
}

#[test]
fn a_new_contact_edited_before_it_is_sent_again_is_one() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "aosp", "14.1");
    phone.agent = "Android/5.1.1-EAS-2.0".to_owned();
    let key = phone.key.clone();
    let lost = server_id(&phone.push(&with_number("new_1_100", "Ng", "1")));
    phone.key = key;
    // The answer was lost, and the person went on: other data under another ClientId.
    let answer = phone.push(&with_number("new_1_200", "Ng", "12"));
    assert_eq!(server_id(&answer), lost);
    assert!(commands(&answer).is_empty());
    phone.pull();
    assert_eq!(numbers(&server, "carol", "Ng"), [Some("12".to_owned())]);
    // Which of two of one name it was nobody can tell: nothing is taken over.
    let key = phone.key.clone();
    phone.push(&(with_number("a", "Ito", "1") + &with_number("b", "Ito", "2")));
    phone.key = key;
    phone.push(&with_number("c", "Ito", "3"));
    phone.pull();
    let all = ["1", "2", "3"].map(|number| Some(number.to_owned()));
    assert_eq!(numbers(&server, "carol", "Ito"), all);
    server.check();
}

#[test]
fn a_new_contact_that_comes_again_after_starting_over_is_one() {
    let server = Server::start();
    for (kind, agent, version) in [
        ("iPhone", "Apple-iPhone14C5/2306.67", "16.1"),
        ("WindowsOutlook15", "Outlook/15.0 (15.0.5571.1000)", "14.0"),
        ("Android", "Android-Mail/2024.1", "14.1"),
    ] {
        let mut phone = Phone::new(&server, "carol", kind, version);
        phone.kind = kind.to_owned();
        phone.agent = agent.to_owned();
        phone.start();
        phone.pull();
        // With a key that is not known, or by an answer that was lost; told before it comes again, or not.
        for (way, (is_unknown, is_told)) in [(true, true), (false, true), (false, false)]
            .into_iter()
            .enumerate()
        {
            let name = format!("{kind}{way}");
            if is_unknown {
                let new = indent(&with_number("1", &name, "1"));
                let answer = phone.sync_key("9.unknown", &format!("AirSync:Commands\n{new}"));
                assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
            } else {
                phone.push(&with_number("1", &name, "1"));
            }
            phone.prime();
            let mut told = Vec::new();
            if is_told {
                told.extend(phone.pull());
            }
            let answer = phone.push(&with_number("2", &name, "1"));
            let made = server_id(&answer);
            told.extend(commands(&answer));
            told.extend(phone.pull());
            let is_deleted = told.contains(&("Delete".to_owned(), made.clone(), String::new()));
            assert!(is_deleted, "{name}: {told:?}");
            let one = [Some("1".to_owned())];
            assert_eq!(numbers(&server, "carol", &name), one, "{name}");
            // Once it is gone, the same is new.
            phone.prime();
            let id = id_of(&phone.pull(), &name);
            phone.push(&delete(&id));
            phone.push(&with_number("3", &name, "1"));
            assert!(phone.pull().is_empty(), "{name}");
            assert_eq!(numbers(&server, "carol", &name), one, "{name}");
        }
    }
    server.check();
}
