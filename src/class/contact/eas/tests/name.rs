//! Names, addresses, categories.

use super::*;

#[test]
fn file_as_never_alters_the_name() {
    let stored = Kept::put(&card(&["N:Martin;Alice;;;", "FN:Alice Martin"]));
    assert_eq!(
        stored.value(c::FILE_AS).as_deref(),
        Some("Martin, Alice"),
        "computed"
    );
    let after = stored.changed(&[(c::FILE_AS, "Zzz")]);
    assert!(after.card.contains("FN:Alice Martin\r\n"), "{}", after.card);
    assert_eq!(
        after.value(c::FILE_AS).as_deref(),
        Some("Zzz"),
        "kept as it was chosen"
    );
    assert_eq!(
        stored.changed(&[(c::FILE_AS, "Martin, Alice")]),
        stored,
        "an echo"
    );
    // An FN somebody chose stays when the name changes; one that was made of it follows.
    let chosen = Kept::put(&card(&["N:Martin;Alice;;;", "FN:Aunt Alice"]));
    let edit = [(c::LAST_NAME, "Durand"), (c::FILE_AS, "Durand, Alice")];
    assert!(chosen.changed(&edit).card.contains("FN:Aunt Alice\r\n"));
    let after = stored.changed(&edit);
    assert!(after.card.contains("FN:Alice Durand\r\n"), "{}", after.card);
    assert!(
        !after.card.contains("FILE-AS"),
        "what devices compute is not kept"
    );
    // Without names: the company, then FileAs, then the address.
    for (values, name) in [
        (
            &[(c::COMPANY_NAME, "Ateliers"), (c::FILE_AS, "x")][..],
            "Ateliers",
        ),
        (
            &[(c::FILE_AS, "x"), (c::EMAIL1_ADDRESS, "a@b.example")],
            "x",
        ),
        (&[(c::EMAIL1_ADDRESS, "\"A\" <a@b.example>")], "a@b.example"),
    ] {
        let kept = added(values);
        assert!(
            kept.card.contains(&format!("FN:{name}\r\n")),
            "{}",
            kept.card
        );
    }
}

#[test]
fn addresses_are_bare_whatever_stands_around_them() {
    for (sent, address) in [
        ("\"Anna Müller\" <anna@example.org>", "anna@example.org"),
        ("Anna Müller <anna@example.org>", "anna@example.org"),
        (
            "\"Müller, \\\"Anna\\\"\" <anna@example.org>",
            "anna@example.org",
        ),
        ("<anna@example.org>", "anna@example.org"),
        ("anna@example.org (Anna)", "anna@example.org"),
        (" anna@example.org ", "anna@example.org"),
        ("/o=Org/cn=anna", "/o=Org/cn=anna"),
        ("+49 151 2345", "+49 151 2345"),
    ] {
        let kept = added(&[(c::LAST_NAME, "Müller"), (c::EMAIL1_ADDRESS, sent)]);
        assert_eq!(
            kept.value(c::EMAIL1_ADDRESS).as_deref(),
            Some(address),
            "{sent}"
        );
        assert_eq!(kept.changed(&[(c::EMAIL1_ADDRESS, sent)]), kept, "an echo");
    }
    // The name is kept where it says something the contact does not.
    let kept = Kept::put(&card(&["N:Müller;Anna;;;", "FN:Anna Müller"]));
    let after = kept.changed(&[(c::EMAIL1_ADDRESS, "\"Anna Müller\" <a@example.org>")]);
    assert!(
        after.card.contains("EMAIL;TYPE=INTERNET:a@example.org\r\n"),
        "{}",
        after.card
    );
    let after = kept.changed(&[(c::EMAIL1_ADDRESS, "\"Front desk\" <a@example.org>")]);
    assert!(
        after
            .card
            .contains("X-CARNET-PHRASE=Front desk:a@example.org"),
        "{}",
        after.card
    );
}

#[test]
fn streets_hold_lines_and_post_office_boxes() {
    let stored = Kept::put(&card(&[
        "N:M;;;;",
        "FN:M",
        "ADR;TYPE=WORK:BP 3;Bât. B;12 rue\\n2e étage;Lille;;59000;France",
    ]));
    let street = "BP 3\r\nBât. B\r\n12 rue\r\n2e étage";
    assert_eq!(
        stored.value(c::BUSINESS_ADDRESS_STREET).as_deref(),
        Some(street)
    );
    for line_end in ["\r\n", "\n"] {
        let echo = street.replace("\r\n", line_end);
        assert_eq!(
            stored.changed(&[(c::BUSINESS_ADDRESS_STREET, &echo)]),
            stored
        );
    }
    // Another city leaves the three parts; another street replaces them.
    let after = stored.changed(&[(c::BUSINESS_ADDRESS_CITY, "Nancy")]);
    assert_eq!(after.card, stored.card.replace("Lille", "Nancy"));
    let after = stored.changed(&[(c::BUSINESS_ADDRESS_STREET, "1 quai\r\n2e cour")]);
    assert!(
        after
            .card
            .contains("ADR;TYPE=WORK:;;1 quai\\n2e cour;Lille;;59000;France\r\n"),
        "{}",
        after.card
    );
}

#[test]
fn the_city_a_client_misnames_finds_its_address() {
    let empty = Kept::put(&card(&["N:M;;;;", "FN:M"]));
    let android = View {
        misnames_city: true,
        ..View::default()
    };
    let sent_by_android =
        |values: &[(Tag, &str)]| empty.edited(&data(values), &android, &Supported::Absent);
    let both = [
        (c::HOME_ADDRESS_CITY, "Nancy"),
        (c::HOME_ADDRESS_COUNTRY, "France"),
        (c::HOME_ADDRESS_STREET, "1 place"),
        (c::HOME_ADDRESS_CITY, "Nantes"),
        (c::OTHER_ADDRESS_COUNTRY, "France"),
        (c::OTHER_ADDRESS_STREET, "2 quai"),
    ];
    let mut turned = both;
    turned.rotate_left(3);
    let other_alone = &both[3..];
    for sent in [&both[..], &turned[..]] {
        let after = sent_by_android(sent);
        assert_eq!(after.value(c::HOME_ADDRESS_CITY).as_deref(), Some("Nancy"));
        assert_eq!(
            after.value(c::OTHER_ADDRESS_CITY).as_deref(),
            Some("Nantes")
        );
    }
    let after = sent_by_android(other_alone);
    assert_eq!(after.value(c::HOME_ADDRESS_CITY), None);
    assert_eq!(
        after.value(c::OTHER_ADDRESS_CITY).as_deref(),
        Some("Nantes")
    );
    // A city at home is one where the client says both, and wherever a client names it rightly.
    let stored = Kept::put(&card(&[
        "N:M;;;;",
        "FN:M",
        "ADR:;;5 rue;Lyon;;69001;France",
    ]));
    let whole = [
        (c::HOME_ADDRESS_CITY, "Paris"),
        (c::OTHER_ADDRESS_CITY, "Lyon"),
        (c::OTHER_ADDRESS_STREET, "5 rue"),
        (c::OTHER_ADDRESS_POSTAL_CODE, "69001"),
        (c::OTHER_ADDRESS_COUNTRY, "France"),
    ];
    let other = View::default();
    for (sent, view) in [
        (data(&whole), &android),
        (data(&whole), &other),
        (data(&[whole[0], whole[2]]), &other),
    ] {
        let after = stored.edited(&sent, view, &Supported::Absent);
        assert_eq!(after.value(c::HOME_ADDRESS_CITY).as_deref(), Some("Paris"));
        assert_eq!(after.value(c::OTHER_ADDRESS_CITY).as_deref(), Some("Lyon"));
    }
    // Any other element that comes twice: the last one counts.
    let after = empty.changed(&[(c::JOB_TITLE, "first"), (c::JOB_TITLE, "last")]);
    assert_eq!(after.value(c::JOB_TITLE).as_deref(), Some("last"));
}

#[test]
fn categories_empty_many_and_of_books() {
    let categories = |names: &[String]| {
        parent(
            c::CATEGORIES,
            names.iter().map(|name| element(c::CATEGORY, name)),
        )
    };
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M"]));
    assert!(
        stored.shown(&v(141)).child(c::CATEGORIES).is_none(),
        "no empty container"
    );
    let many: Vec<String> = (0..305).map(|number| format!("tag {number}")).collect();
    let full = Kept::put(&card(&[
        "N:M;;;;",
        "FN:M",
        &format!("CATEGORIES:{}", many.join(",")),
    ]));
    let shown = full.shown(&v(141));
    let list = shown.child(c::CATEGORIES).expect("a list");
    assert_eq!(list.children_of(c::CATEGORY).count(), 300);
    // An echo of the 300 keeps the five that were not shown; so does a change.
    assert_eq!(full.edited(&shown, &v(161), &Supported::Absent), full);
    let sent = with(data(&[]), categories(&many[..299]));
    let after = full.edited(&sent, &v(141), &Supported::Absent);
    let kept = Document::parse(after.card.as_bytes()).expect("a card");
    let list = kept.first("CATEGORIES").expect("a line").list();
    assert_eq!(list.len(), 304);
    assert!(list.contains(&"tag 304".to_owned()) && !list.contains(&"tag 299".to_owned()));
    // An empty container clears.
    let some = Kept::put(&card(&["N:M;;;;", "FN:M", "CATEGORIES:a,b"]));
    let sent = with(data(&[]), element(c::CATEGORIES, ""));
    assert_eq!(some.edited(&sent, &v(141), &Supported::Absent), stored);
    // Names of books are shown and taken off again.
    let merged = View {
        labels: vec!["Team".to_owned(), "Sales".to_owned()],
        ..v(141)
    };
    let shown = some.shown(&merged);
    let list = shown.child(c::CATEGORIES).expect("a list");
    let names: Vec<String> = list.children_of(c::CATEGORY).map(Element::text).collect();
    assert_eq!(names, ["a", "b", "Team", "Sales"]);
    assert_eq!(some.edited(&shown, &merged, &Supported::Absent), some);
    let sent = with(
        data(&[]),
        categories(&["b".into(), "c".into(), "Sales".into()]),
    );
    let after = some.edited(&sent, &merged, &Supported::Absent);
    assert!(after.card.contains("CATEGORIES:b,c\r\n"), "{}", after.card);
    // Eight children are all that one client keeps: the ninth is not erased by its silence.
    let names: Vec<String> = (1..=9).map(|number| format!("child {number}")).collect();
    let children = |names: &[String]| {
        with(
            data(&[]),
            parent(
                c::CHILDREN,
                names.iter().map(|name| element(c::CHILD, name)),
            ),
        )
    };
    let family = stored.edited(&children(&names), &v(141), &Supported::Absent);
    let android = View {
        max_children: 8,
        ..v(141)
    };
    assert_eq!(
        family.edited(&children(&names[..8]), &android, &Supported::Absent),
        family
    );
}

#[test]
fn an_empty_contact_is_a_contact() {
    let kept = added(&[]);
    let index = Contact::default()
        .index(kept.card.as_bytes(), None)
        .expect("a card");
    assert_eq!(index.display, "Unnamed");
    let named = kept.changed(&[(c::LAST_NAME, "Martin")]);
    assert!(named.card.contains("FN:Martin\r\n"), "{}", named.card);
}

#[test]
fn a_person_whose_card_has_a_displayed_name_alone_has_a_name_on_every_device() {
    let acme = [
        "FN:John Smith",
        "N:;;;;",
        "ORG:ACME",
        "EMAIL:j@acme.example",
    ];
    let stored = Kept::put(&card(&acme));
    let names = |kept: &Kept| [c::FIRST_NAME, c::LAST_NAME, c::FILE_AS].map(|tag| kept.value(tag));
    let some = |texts: [&str; 3]| texts.map(|text| Some(text.to_owned()));
    assert_eq!(names(&stored), some(["John", "Smith", "Smith, John"]));
    // Sent back they are no change, also where the client leaves nothing out.
    let echo = stored.shown(&v(161));
    assert_eq!(stored.edited(&echo, &v(161), &Supported::Absent), stored);
    let more = with(echo, element(c::JOB_TITLE, "Pilot"));
    let after = stored.edited(&more, &v(161), &Supported::Absent);
    assert!(after.card.contains("FN:John Smith\r\nN:;;;;\r\n"));
    // Whoever changes one of them has both, and the displayed name follows.
    let after = stored.changed(&[(c::LAST_NAME, "Jones")]);
    assert!(after.card.contains("N:Jones;John;;;\r\n"), "{}", after.card);
    assert!(after.card.contains("FN:John Jones\r\n"), "{}", after.card);
    let after = stored.changed(&[(c::TITLE, "Dr.")]);
    assert!(
        after.card.contains("N:Smith;John;;Dr.;\r\n"),
        "{}",
        after.card
    );
    let after = stored.changed(&[(c::LAST_NAME, ""), (c::FIRST_NAME, "")]);
    assert!(after.card.contains("FN:ACME\r\n"), "{}", after.card);
    for (lines, expected) in [
        (
            &["FN:Smith, John"][..],
            [Some("John"), Some("Smith"), Some("Smith, John")],
        ),
        (
            &["FN:Café de la Gare", "ORG:SNCF"],
            [None, Some("Café de la Gare"), Some("Café de la Gare")],
        ),
        // No person, or nobody's name.
        (
            &["FN:ACME", "N:;;;;", "ORG:ACME;Sales"],
            [None, None, Some("ACME")],
        ),
        (
            &["FN:Bakery Blue", "ORG:Azur", "X-ABShowAs:COMPANY"],
            [None, None, Some("Bakery Blue")],
        ),
        (
            &["FN:Bakery Blue", "ORG:Azur", "KIND:org"],
            [None, None, Some("Bakery Blue")],
        ),
        (
            &["FN:a@example.org", "EMAIL:a@example.org"],
            [None, None, Some("a@example.org")],
        ),
        (&["FN:+33 1", "TEL:+33 1"], [None, None, Some("+33 1")]),
        // Nothing to be called by but a number, or nothing at all.
        (
            &["FN:Unnamed", "TEL;VALUE=uri:tel:+33-1"],
            [None, None, Some("+33-1")],
        ),
        (&["FN:Unnamed", "N:;;;;"], [None, None, None]),
    ] {
        let found = names(&Kept::put(&card(lines)));
        assert_eq!(
            found,
            expected.map(|text| text.map(str::to_owned)),
            "{lines:?}"
        );
    }
}

#[test]
fn an_address_for_messages_is_whole_and_keeps_its_service() {
    for (line, shown, sent, expected) in [
        (
            "X-SKYPE:live:anna_1",
            "live:anna_1",
            "live:anna_2",
            "X-SKYPE:live:anna_2",
        ),
        (
            "IMPP:skype:live:bob_2",
            "live:bob_2",
            "live:bob_3",
            "IMPP:skype:live:bob_3",
        ),
        (
            "IMPP:XMPP:a@example.org",
            "a@example.org",
            "b@example.org",
            "IMPP:XMPP:b@example.org",
        ),
        (
            "IMPP:xmpp:a@example.org",
            "a@example.org",
            "sip:a@example.org",
            "IMPP:sip:a@example.org",
        ),
        ("IMPP:live:zoe", "live:zoe", "zoe", "IMPP:zoe"),
        (
            "IMPP:Teams: zoe@x.example",
            "Teams: zoe@x.example",
            "Teams: z@x.example",
            "IMPP:Teams: z@x.example",
        ),
    ] {
        let stored = Kept::put(&card(&["N:M;;;;", "FN:M", line]));
        assert_eq!(
            stored.value(c2::IM_ADDRESS).as_deref(),
            Some(shown),
            "{line}"
        );
        let after = stored.changed(&[(c2::IM_ADDRESS, sent)]);
        assert!(
            after.card.contains(&format!("{expected}\r\n")),
            "{}",
            after.card
        );
    }
    let new = added(&[(c::LAST_NAME, "M"), (c2::IM_ADDRESS, "live:zoe")]);
    assert!(new.card.contains("IMPP:live:zoe\r\n"), "{}", new.card);
    assert_eq!(new.value(c2::IM_ADDRESS).as_deref(), Some("live:zoe"));
}

#[test]
fn numbers_are_read_whatever_the_case_of_their_scheme_and_type() {
    let stored = Kept::put(&card(&[
        "N:M;;;;",
        "FN:M",
        "TEL;TYPE=work;VALUE=uri:TEL:+33-99",
        "TEL;TYPE=MOBILE:+33 6",
    ]));
    assert_eq!(
        stored.value(c::BUSINESS_PHONE_NUMBER).as_deref(),
        Some("+33-99")
    );
    assert_eq!(
        stored.value(c::MOBILE_PHONE_NUMBER).as_deref(),
        Some("+33 6")
    );
    assert_eq!(stored.value(c::HOME_PHONE_NUMBER), None);
    let after = stored.changed(&[(c::BUSINESS_PHONE_NUMBER, "+33 98")]);
    let line = "TEL;TYPE=work;VALUE=uri:tel:+33-98\r\n";
    assert!(after.card.contains(line), "{}", after.card);
}

#[test]
fn what_repeats_a_value_goes_when_the_value_changes() {
    let lines = [
        "N;SORT-AS=\"Harten,Rene\":van der Harten;Rene;;;",
        "FN:Rene van der Harten",
        "SORT-STRING:Harten",
        "ADR;TYPE=HOME;LABEL=\"1 rue, Lille\";GEO=\"geo:50,3\";LANGUAGE=fr:;;1 rue;Lille;;59000;France",
        "ADR;TYPE=WORK:;;2 rue;Lille;;59000;France",
        "ADR;TYPE=WORK:;;3 rue;Lille;;59000;France",
        "LABEL;TYPE=WORK:2 rue\\nLille",
        "LABEL;TYPE=WORK:3 rue\\nLille",
    ];
    let stored = Kept::put(&card(&lines));
    // Sent back, or another part: all of it stays.
    let same = stored.changed(&[
        (c::LAST_NAME, "van der Harten"),
        (c::MIDDLE_NAME, "J."),
        (c::HOME_ADDRESS_CITY, "Lille"),
        (c::BUSINESS_ADDRESS_CITY, "Lille"),
    ]);
    for stale in [
        "SORT-AS",
        "SORT-STRING",
        "LABEL=",
        "GEO=",
        "LABEL;TYPE=WORK:2",
        "LABEL;TYPE=WORK:3",
    ] {
        assert!(same.card.contains(stale), "{stale}\n{}", same.card);
    }
    let after = stored.changed(&[(c::LAST_NAME, "Smith")]);
    assert!(after.card.contains("N:Smith;Rene;;;\r\n"), "{}", after.card);
    assert!(!after.card.contains("SORT-"), "{}", after.card);
    let after = stored.changed(&[
        (c::HOME_ADDRESS_CITY, "Nancy"),
        (c::BUSINESS_ADDRESS_CITY, "Nantes"),
    ]);
    let home = "ADR;TYPE=HOME;LANGUAGE=fr:;;1 rue;Nancy;;59000;France\r\n";
    assert!(after.card.contains(home), "{}", after.card);
    assert!(!after.card.contains("LABEL;TYPE=WORK:2"), "{}", after.card);
    assert!(after.card.contains("LABEL;TYPE=WORK:3"), "{}", after.card);
}

#[test]
fn the_contacts_own_name_before_an_address_is_not_kept() {
    let mail = (c::EMAIL1_ADDRESS, "\"Anna Müller\" <anna@example.org>");
    let new = added(&[(c::FIRST_NAME, "Anna"), (c::LAST_NAME, "Müller"), mail]);
    assert!(!new.card.contains("PHRASE"), "{}", new.card);
    // Nor the one it has only now.
    let stored = Kept::put(&card(&[
        "N:Meier;Anna;;;",
        "FN:Anna Meier",
        "EMAIL:x@example.org",
    ]));
    let after = stored.changed(&[(c::LAST_NAME, "Müller"), mail]);
    assert!(!after.card.contains("PHRASE"), "{}", after.card);
    let desk = (c::EMAIL1_ADDRESS, "\"Front desk\" <anna@example.org>");
    let after = stored.changed(&[(c::LAST_NAME, "Müller"), desk]);
    assert!(after.card.contains("PHRASE=Front desk"), "{}", after.card);
}

#[test]
fn a_category_counts_once() {
    let twice = parent(
        c::CATEGORIES,
        ["a", "b", "a"].map(|name| element(c::CATEGORY, name)),
    );
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M"]));
    let after = stored.edited(&with(data(&[]), twice), &v(141), &Supported::Absent);
    assert!(after.card.contains("CATEGORIES:a,b\r\n"), "{}", after.card);
    let doubled = Kept::put(&card(&[
        "N:M;;;;",
        "FN:M",
        "CATEGORIES:a,b",
        "CATEGORIES:a",
    ]));
    let shown = doubled.shown(&v(141));
    let list = shown.child(c::CATEGORIES).expect("a list");
    let names: Vec<String> = list.children_of(c::CATEGORY).map(Element::text).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(doubled.edited(&shown, &v(141), &Supported::Absent), doubled);
}

#[test]
fn a_value_in_the_forms_of_two_programs_is_changed_and_removed_in_both() {
    let im = &[
        "IMPP;X-SERVICE-TYPE=jabber:xmpp:a@x.example",
        "X-JABBER:a@x.example",
    ][..];
    let spouse = &[
        "X-EVOLUTION-SPOUSE:Ann",
        "item1.X-ABRELATEDNAMES:Ann",
        "item1.X-ABLabel:_$!<Spouse>!$_",
    ];
    let day = &[
        "X-EVOLUTION-ANNIVERSARY:2009-08-08",
        "X-ANNIVERSARY:2009-08-08",
        "item1.X-ABDATE:20090808",
        "item1.X-ABLabel:_$!<Anniversary>!$_",
    ];
    let tests: [(&[&str], Tag, &str, &str); 3] = [
        (im, c2::IM_ADDRESS, "b@x.example", "b@x.example"),
        (spouse, c::SPOUSE, "Bea", "Bea"),
        (
            day,
            c::ANNIVERSARY,
            "2010-09-09T00:00:00.000Z",
            "2010-09-09",
        ),
    ];
    for (lines, tag, sent, shown) in tests {
        let mut all = vec!["N:M;;;;", "FN:M"];
        all.extend(lines);
        let stored = Kept::put(&card(&all));
        let after = stored.changed(&[(tag, sent), (c::LAST_NAME, "M")]);
        let forms = lines
            .iter()
            .filter(|line| !line.contains("ABLabel"))
            .count();
        assert_eq!(after.card.matches(shown).count(), forms, "{}", after.card);
        let after = stored.changed(&[(tag, ""), (c::LAST_NAME, "M")]);
        assert_eq!(after.value(tag), None, "{}", after.card);
        let bare = card(&["N:M;;;;", "FN:M"]);
        assert_eq!(
            after.card.lines().count(),
            bare.lines().count(),
            "{}",
            after.card
        );
    }
    // Another value of the sort stays.
    let two = Kept::put(&card(&[
        "N:M;;;;",
        "FN:M",
        "X-AIM:a",
        "X-JABBER:a",
        "X-ICQ:b",
    ]));
    let after = two.changed(&[(c2::IM_ADDRESS, ""), (c2::IM_ADDRESS2, "b")]);
    assert!(
        !after.card.contains(":a\r") && after.card.contains("X-ICQ:b"),
        "{}",
        after.card
    );
}
