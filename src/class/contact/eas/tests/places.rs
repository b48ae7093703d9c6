//! Addresses and numbers stay where a device puts them, with their lines and labels.

use proptest::prelude::*;

use super::*;

const EMAILS: [Tag; 3] = [c::EMAIL1_ADDRESS, c::EMAIL2_ADDRESS, c::EMAIL3_ADDRESS];

fn martin(lines: &[&str]) -> Kept {
    Kept::put(&card(&[&["N:Martin;;;;", "FN:Martin"], lines].concat()))
}

/// TbSync at 14.1.
fn tb_sync() -> View {
    View {
        sends_whole_families: true,
        ..v(141)
    }
}

fn emails(kept: &Kept) -> [Option<String>; 3] {
    EMAILS.map(|tag| kept.value(tag))
}

fn places(values: [&str; 3]) -> [Option<String>; 3] {
    values.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty()))
}

fn lines(kept: &Kept, name: &str) -> Vec<String> {
    let of_name = kept.card.lines().filter(|line| line.contains(name));
    of_name.map(str::to_owned).collect()
}

fn outdates(before: &Kept, values: &[(Tag, &str)], view: &View) -> bool {
    let edit = contact().edit(&data(values), view, &Supported::Absent);
    let former = (before.card.as_bytes(), &before.beside[..]);
    let made = edit.apply_beside(former.0, former.1).expect("applied");
    let beside = edit.places(former.0, former.1, &made).expect("places");
    edit.outdates(former, &made, &beside)
}

#[test]
fn a_client_that_writes_a_list_may_remove_any_value() {
    let two = martin(&[
        "EMAIL:a@x",
        "EMAIL:b@x",
        "TEL;TYPE=HOME:1",
        "TEL;TYPE=HOME:2",
    ]);
    let sent = [
        (c::LAST_NAME, "Martin"),
        (c::EMAIL1_ADDRESS, "b@x"),
        (c::HOME_PHONE_NUMBER, "2"),
    ];
    for view in [tb_sync(), v(141)] {
        let mut kept = two.edited(&data(&sent), &view, &Supported::Absent);
        for number in ["3", "4", "5"] {
            assert_eq!(lines(&kept, "EMAIL"), ["EMAIL:b@x"]);
            assert_eq!(emails(&kept), places(["b@x", "", ""]));
            assert_eq!(lines(&kept, "HOME"), ["TEL;TYPE=HOME:2"]);
            let more = [&sent[..], &[(c::MOBILE_PHONE_NUMBER, number)]].concat();
            // It has what it says: there is nothing to tell.
            assert!(!outdates(&kept, &more, &view));
            kept = kept.edited(&data(&more), &view, &Supported::Absent);
        }
    }
    // A client that keeps the second where it was is told that it is there no more.
    assert!(outdates(&two, &sent, &v(141)));
    assert!(!outdates(&two, &sent, &tb_sync()));
    // The last value of a list goes as well where its family is said; what is of no family stays.
    let all = martin(&[
        "TEL;TYPE=HOME:1",
        "TEL;TYPE=CELL:2",
        "TITLE:Buyer",
        "IMPP:x",
    ]);
    let left = [(c::LAST_NAME, "Martin"), (c::MOBILE_PHONE_NUMBER, "2")];
    let after = all.edited(&data(&left), &tb_sync(), &Supported::Absent);
    assert_eq!(lines(&after, "TEL"), ["TEL;TYPE=CELL:2"]);
    assert_eq!(
        lines(&after, "TITLE").len() + lines(&after, "IMPP").len(),
        2
    );
}

#[test]
fn what_stays_of_several_values_keeps_its_line_and_its_label() {
    let three = martin(&[
        "EMAIL;TYPE=HOME:home@x",
        "EMAIL;TYPE=WORK:work@x",
        "item1.EMAIL:club@x",
        "item1.X-ABLabel:Club",
        "TEL;TYPE=HOME,PREF:1",
        "TEL;TYPE=HOME;X-NOTE=y:2",
    ]);
    let kept = ["EMAIL;TYPE=WORK:work@x", "item1.EMAIL:club@x"];
    // The first is removed on a phone that moves the others up.
    let left = [
        (c::LAST_NAME, "Martin"),
        (c::EMAIL1_ADDRESS, "work@x"),
        (c::EMAIL2_ADDRESS, "club@x"),
        (c::HOME_PHONE_NUMBER, "2"),
    ];
    let listed = Supported::Listed([&EMAILS[..], &[c::HOME2_PHONE_NUMBER]].concat());
    for (view, supported) in [
        (v(161), Supported::Absent),
        (v(141), listed),
        (tb_sync(), Supported::Absent),
    ] {
        let after = three.edited(&data(&left), &view, &supported);
        assert_eq!(lines(&after, "EMAIL"), kept);
        assert!(
            after.card.contains("item1.X-ABLabel:Club\r\n"),
            "{}",
            after.card
        );
        assert_eq!(emails(&after), places(["work@x", "club@x", ""]));
        assert_eq!(lines(&after, "TEL"), ["TEL;TYPE=HOME;X-NOTE=y:2"]);
        assert_eq!(after.value(c::HOME_PHONE_NUMBER).as_deref(), Some("2"));
        assert_eq!(after.value(c::HOME2_PHONE_NUMBER), None);
        // The next edit of such a phone changes nothing of it.
        assert_eq!(after.edited(&data(&left), &view, &supported), after);
    }
    // A new one at the end, in the same edit.
    let more = [&left[..3], &[(c::EMAIL3_ADDRESS, "new@x")]].concat();
    let after = three.edited(&data(&more), &v(161), &Supported::Absent);
    assert_eq!(lines(&after, "EMAIL")[..2], kept);
    assert_eq!(emails(&after), places(["work@x", "club@x", "new@x"]));
    // Only what is new takes over a line.
    let after = three.changed(&[(c::EMAIL2_ADDRESS, "office@x")]);
    assert!(lines(&after, "EMAIL").contains(&"EMAIL;TYPE=WORK:office@x".to_owned()));
}

#[test]
fn a_device_finds_its_values_where_it_put_them() {
    let two = martin(&["EMAIL;TYPE=HOME:a@x", "EMAIL;TYPE=WORK:b@x"]);
    // In each other's places: the card stays as it is.
    let swapped = two.changed(&[(c::EMAIL1_ADDRESS, "b@x"), (c::EMAIL2_ADDRESS, "a@x")]);
    assert_eq!(swapped.card, two.card);
    assert_eq!(emails(&swapped), places(["b@x", "a@x", ""]));
    let back = swapped.changed(&[(c::EMAIL1_ADDRESS, "a@x"), (c::EMAIL2_ADDRESS, "b@x")]);
    assert_eq!(back, two);
    // One replaced by another at the end.
    let after = two.changed(&[(c::EMAIL1_ADDRESS, "b@x"), (c::EMAIL2_ADDRESS, "c@x")]);
    assert_eq!(emails(&after), places(["b@x", "c@x", ""]));
    // A new one before the others.
    let all = EMAILS.into_iter().zip(["c@x", "a@x", "b@x"]);
    let after = two.changed(&all.collect::<Vec<_>>());
    assert_eq!(emails(&after), places(["c@x", "a@x", "b@x"]));
    // CardDAV moves none of them.
    let turned = after.replaced(&card(&[
        "N:Martin;;;;",
        "FN:Martin",
        "EMAIL:b@x",
        "EMAIL:c@x",
    ]));
    assert_eq!(emails(&turned), places(["c@x", "", "b@x"]));
    // A phone that moves up what is in the second place finds it in the first.
    let second = two.changed(&[(c::EMAIL1_ADDRESS, "")]);
    assert_eq!(emails(&second), places(["", "b@x", ""]));
    let up = second.changed(&[(c::EMAIL1_ADDRESS, "b@x"), (c::EMAIL2_ADDRESS, "")]);
    assert_eq!(emails(&up), places(["b@x", "", ""]));
}

#[test]
fn an_address_that_comes_back_with_a_name_is_no_other() {
    let one = martin(&["EMAIL:an@x.org"]);
    for sent in ["\"Ol, An\" <an@x.org>", "an@x.org ", "an@x.org"] {
        let values = [(c::EMAIL1_ADDRESS, sent), (c::MOBILE_PHONE_NUMBER, "1")];
        let edit = contact().edit(&data(&values), &v(140), &Supported::Absent);
        let made = edit
            .apply_beside(one.card.as_bytes(), &[])
            .expect("applied");
        assert!(!edit.alters(&made, &[]), "{sent}");
    }
}

/// A client: whether it says all places, or moves its values up and leaves the rest out.
#[derive(Clone, Copy, Debug)]
enum Client {
    AllPlaces,
    Supported,
    Full,
    TbSync,
}

/// What a person does with the list a client shows.
#[derive(Clone, Copy, Debug)]
enum Act {
    Remove(usize),
    Replace(usize),
    Append,
    Prepend,
    Swap(usize, usize),
    /// On CardDAV: another order of lines, and one line less.
    Turn,
    Drop(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0usize..3).prop_map(Act::Remove),
        (0usize..3).prop_map(Act::Replace),
        Just(Act::Append),
        Just(Act::Prepend),
        (0usize..3, 0usize..3).prop_map(|(one, other)| Act::Swap(one, other)),
        Just(Act::Turn),
        (0usize..5).prop_map(Act::Drop),
    ]
}

fn client() -> impl Strategy<Value = Client> {
    prop::sample::select(vec![
        Client::AllPlaces,
        Client::Supported,
        Client::Full,
        Client::TbSync,
    ])
}

/// The values of a client after a person did something; none where nothing can be done.
fn said(client: Client, shown: &[Option<String>; 3], act: Act, new: String) -> Option<Vec<String>> {
    let mut values: Vec<String> = match client {
        Client::AllPlaces => shown.clone().map(Option::unwrap_or_default).to_vec(),
        _ => shown.iter().flatten().cloned().collect(),
    };
    let full = |at: usize| values.get(at).is_some_and(|value| !value.is_empty());
    match (act, client) {
        (Act::Remove(at), Client::AllPlaces) if full(at) => values[at].clear(),
        (Act::Remove(at), _) if full(at) => drop(values.remove(at)),
        (Act::Replace(at), _) if full(at) => values[at] = new,
        (Act::Append, Client::AllPlaces) => *values.iter_mut().find(|v| v.is_empty())? = new,
        (Act::Append, _) if values.len() < 3 => values.push(new),
        (Act::Prepend, _) if values.len() < 3 => values.insert(0, new),
        (Act::Swap(one, other), _) if full(one) && full(other) => values.swap(one, other),
        _ => return None,
    }
    Some(values)
}

proptest! {
    #[test]
    fn addresses_stay_whichever_clients_edit_them(
        count in 0usize..6,
        acts in prop::collection::vec((client(), act()), 1..12),
    ) {
        let own: Vec<String> = (0..count).map(|at| format!("EMAIL;TYPE=t{at}:{at}@x")).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut kept = martin(&own);
        for (number, (client, act)) in acts.into_iter().enumerate() {
            let before = kept.clone();
            let mut before_lines = lines(&before, "EMAIL");
            match act {
                Act::Turn | Act::Drop(_) => {
                    if let Act::Drop(at) = act
                        && at < before_lines.len()
                    {
                        before_lines.remove(at);
                    } else {
                        before_lines.reverse();
                    }
                    let left: Vec<&str> = before_lines.iter().map(String::as_str).collect();
                    kept = before.replaced(&martin(&left).card);
                    // What is there stays where it was.
                    for (was, is) in emails(&before).into_iter().zip(emails(&kept)) {
                        let stays = was.as_ref().is_some_and(|was| kept.card.contains(&format!(":{was}\r\n")));
                        prop_assert!(!stays || was == is, "{:?} {:?}", before, kept);
                    }
                    continue;
                }
                _ => {}
            }
            let shown = emails(&before);
            let Some(values) = said(client, &shown, act, format!("n{number}@x")) else {
                continue;
            };
            let mut sent: Vec<(Tag, &str)> = vec![(c::LAST_NAME, "Martin")];
            sent.extend(EMAILS.into_iter().zip(values.iter().map(String::as_str)));
            // TbSync says nothing of a family it has nothing of.
            if matches!(client, Client::TbSync) && values.is_empty() {
                continue;
            }
            let (view, supported) = match client {
                Client::AllPlaces => (v(141), Supported::Absent),
                Client::Supported => (v(141), Supported::Listed(EMAILS.to_vec())),
                Client::Full => (v(161), Supported::Absent),
                Client::TbSync => (tb_sync(), Supported::Absent),
            };
            kept = before.edited(&data(&sent), &view, &supported);
            // Where it said, and nowhere else: it need not be told, and the next edit is of the same.
            let mut expected = values.clone();
            expected.resize(3, String::new());
            let found = emails(&kept).map(Option::unwrap_or_default).to_vec();
            prop_assert_eq!(&found, &expected, "{:?} {:?}", before, kept);
            prop_assert_eq!(&kept.edited(&data(&sent), &view, &supported), &kept);
            // Nothing twice, nothing lost that has no place, and each in the line it had.
            let after_lines = lines(&kept, "EMAIL");
            let unseen = before_lines.len() - shown.iter().flatten().count();
            let said = values.iter().filter(|value| !value.is_empty()).count();
            prop_assert_eq!(after_lines.len(), unseen + said);
            let value = |line: &String| line.rsplit(':').next().map(str::to_owned);
            for line in &after_lines {
                let had = before_lines.iter().find(|had| value(had) == value(line));
                prop_assert!(had.is_none_or(|had| had == line), "{:?} {}", had, line);
            }
        }
    }
}
