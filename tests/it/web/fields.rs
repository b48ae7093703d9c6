//! Every field a card can hold: written on a form, read in the card that is stored.

use crate::support::{
    browser::{Browser, filled_in, hidden},
    dav::Book,
    server::Server,
};

#[test]
fn fields_labels_and_relations_are_lines_of_the_card() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let fields = [
        ("given", "Zoé"),
        ("family", "Brien"),
        ("role", "Captain"),
        ("formatted", "Zoé la Grande"),
        ("phonetic-middle", "Ema"),
        ("gender", "F"),
        ("tel-0", "+33 1 99 00 12 34"),
        ("tel-0-kind", "work"),
        ("tel-0-label", "Boat"),
        ("adr-0-0", "12 rue des Tanneurs"),
        ("adr-0-2", "Lille"),
        ("adr-0-5", "3rd floor"),
        ("adr-0-6", "PO 7"),
        ("related-0", "Max Roy"),
        ("related-0-kind", "friend"),
        ("more-0", "sailing"),
        ("more-0-kind", "hobby"),
        ("custom-0", "42"),
        ("custom-0-label", "Shoe size"),
    ];
    let answer = browser.save("/c/private/new", &fields, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let book = Book::of(&server.address, "bob");
    let (_, _, card) = book.find("Brien").expect("stored");
    for line in [
        "FN:Zoé la Grande\r\n",
        "ROLE:Captain\r\n",
        "X-PHONETIC-MIDDLE-NAME:Ema\r\n",
        "GENDER:F\r\n",
        ":PO 7;3rd floor;12 rue des Tanneurs;Lille;;;\r\n",
        ".TEL;TYPE=WORK:+33 1 99 00 12 34\r\n",
        ".X-ABLabel:Boat\r\n",
        ".X-ABRELATEDNAMES:Max Roy\r\n",
        ".X-ABLabel:_$!<Friend>!$_\r\n",
        "HOBBY:sailing\r\n",
        "X-CARNET-CUSTOM;X-NAME=Shoe size:42\r\n",
    ] {
        assert!(card.contains(line), "{line}: {card}");
    }
    let path = browser
        .card_named("/c/private", "Zoé la Grande")
        .expect("a card");
    let page = browser.page(&path);
    for text in [
        "Boat",
        "Captain",
        "female",
        "Friend",
        "Hobby",
        "Shoe size",
        "PO 7",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }

    // What the form shows comes back unchanged; what is emptied goes, its label too.
    let edit = format!("{path}/edit");
    assert_eq!(browser.save(&edit, &[], None).status, 303);
    assert_eq!(book.find("Brien").expect("stored").2, card);
    let change = [
        ("formatted", ""),
        ("tel-0-label", ""),
        ("related-0", ""),
        ("more-0-kind", "expertise"),
        ("custom-0", ""),
        ("gender", ""),
    ];
    assert_eq!(browser.save(&edit, &change, None).status, 303);
    let (_, _, card) = book.find("Brien").expect("stored");
    assert!(
        card.contains("FN:Zoé Brien\r\n") && card.contains("EXPERTISE:sailing"),
        "{card}"
    );
    for gone in ["Boat", "Friend", "Max Roy", "HOBBY", "CUSTOM", "GENDER:F"] {
        assert!(!card.contains(gone), "{gone}: {card}");
    }
}

#[test]
fn what_a_form_has_no_field_for_is_listed_and_kept() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:odd\r\nN:Odd;Ann;;;\r\nFN:Ann Odd\r\n\
        TITLE:First\r\nTITLE:Second\r\nGEO:geo:50.6,3.0\r\nX-STRANGE;A=B:odd & even\r\n\
        NOTE:one\r\nNOTE:two\r\nEND:VCARD\r\n";
    assert_eq!(
        book.put("odd.vcf", ("If-None-Match", "*"), card).status,
        201
    );
    let path = browser.card_named("/c/private", "Ann Odd").expect("a card");
    let form = browser.page(&format!("{path}/edit"));
    let kept = form.split("Kept as they are").nth(1).expect("what is kept");
    for text in [
        "Second",
        "geo:50.6,3.0",
        "X-STRANGE",
        "odd &#38; even",
        "two",
    ] {
        assert!(kept.contains(text), "{text}: {kept}");
    }
    let answer = browser.save(&format!("{path}/edit"), &[("title", "Chief")], None);
    assert_eq!(answer.status, 303);
    let (_, _, stored) = book.find("Odd").expect("stored");
    // Read as 3.0, which clients get unless they ask for more.
    let read = card
        .replace("VERSION:4.0", "VERSION:3.0")
        .replace("GEO:geo:50.6,3.0", "GEO:50.6;3.0")
        .replace("TITLE:First", "TITLE:Chief");
    assert_eq!(stored, read);
}

#[test]
fn numbers_are_called_written_to_and_faxed_by_the_documents_rules() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:tel\r\nN:Num;Ann;;;\r\nFN:Ann Num\r\n\
        TEL;TYPE=CELL:+33 6 39 98 00 01\r\nTEL;TYPE=WORK:+33 1 99 00 12 34\r\n\
        TEL:+32 470 12 34 56\r\nTEL:+32 2 555 12 12\r\n\
        TEL;TYPE=WORK,FAX:+33 1 99 00 12 35\r\nTEL;TYPE=HOME,FAX:01 99 00 12 36\r\n\
        EMAIL:ann@example.org\r\nEND:VCARD\r\n";
    assert_eq!(
        book.put("tel.vcf", ("If-None-Match", "*"), card).status,
        201
    );
    let path = browser.card_named("/c/private", "Ann Num").expect("a card");
    let page = browser.page(&path);
    for link in [
        "href=\"tel:+33639980001\"",
        "href=\"sms:+33639980001\" title=\"Sign your message",
        "href=\"tel:+33199001234\"",
        // Of no kind, and a mobile number by the rules of its country.
        "href=\"sms:+32470123456\"",
        "href=\"fax:+33199001235\"",
        "href=\"mailto:ann@example.org\"",
    ] {
        assert!(page.contains(link), "{link}: {page}");
    }
    assert_eq!(
        page.matches("href=\"sms:").count(),
        2,
        "mobile numbers only"
    );
    assert_eq!(
        page.matches("href=\"fax:").count(),
        1,
        "international numbers only"
    );
    assert!(!page.contains("tel:+33199001235") && page.contains("valid international form"));
    browser.language = "fr";
    assert!(browser.page(&path).contains("format international valide"));
}

#[test]
fn what_is_said_in_several_languages_is_shown_in_the_readers() {
    const CARD: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:altid\r\n\
        N;ALTID=1;LANGUAGE=en:Cologne;Ada;;;\r\nN;ALTID=1;LANGUAGE=fr:Cologne;Adèle;;;\r\n\
        FN;ALTID=1;LANGUAGE=en:Ada Cologne\r\nFN;ALTID=1;LANGUAGE=fr:Adèle Cologne\r\n\
        TITLE;ALTID=2;LANGUAGE=en:Baker\r\nTITLE;ALTID=2;LANGUAGE=fr-CH:Boulangère\r\n\
        TITLE:Mayor\r\n\
        ADR;ALTID=3;LANGUAGE=de:;;Domstr. 1;Köln;;;\r\n\
        ADR;ALTID=3;LANGUAGE=fr:;;rue du Dôme 1;Cologne;;;\r\n\
        TEL;TYPE=cell:+49 221 5550111\r\nEND:VCARD\r\n";
    let server = Server::start();
    let book = Book::of(&server.address, "bob");
    let answer = book.put("altid.vcf", ("If-None-Match", "*"), CARD);
    assert_eq!(answer.status, 201);
    let mut browser = Browser::of(&server.address, "bob");
    let list = browser.page("/c/private");
    let path = browser
        .card_named("/c/private", "Ada Cologne")
        .unwrap_or_else(|| panic!("a card: {list}"));
    for (language, said, unsaid) in [
        ("en", ["Baker", "Domstr. 1"], ["Boulangère", "rue du Dôme"]),
        ("fr", ["Boulangère", "rue du Dôme 1"], ["Baker", "Domstr."]),
    ] {
        browser.language = language;
        for page in [path.clone(), format!("{path}/edit")] {
            let page = browser.page(&page);
            for word in said {
                assert!(page.contains(word), "{language} {word}: {page}");
            }
            for word in unsaid {
                assert!(!page.contains(word), "{language} {word}: {page}");
            }
        }
    }
    // What is changed in one language leaves the others.
    let edit = format!("{path}/edit");
    assert_eq!(browser.save(&edit, &[], None).status, 303);
    let stored = || {
        let (.., card) = book.find("UID:altid").expect("a card");
        // Given in the version that every client reads.
        card.replace("VERSION:3.0", "VERSION:4.0")
    };
    assert_eq!(stored(), CARD);
    let changes = [
        ("title", "Pâtissière"),
        ("given", "Odile"),
        ("adr-0-2", "Cöln"),
    ];
    let answer = browser.save(&edit, &changes, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let expected = CARD
        .replace("Boulangère", "Pâtissière")
        .replace("Adèle", "Odile")
        .replace("Dôme 1;Cologne", "Dôme 1;Cöln");
    assert_eq!(stored(), expected);
    // A form in one language is of that one, whatever the account speaks once it is sent.
    browser.language = "en";
    let opened = browser.filled(&edit, &[("title", "Cook")]);
    browser.language = "fr";
    let answer = browser.send(&edit, &opened, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let expected = expected.replace("Baker", "Cook");
    assert_eq!(stored(), expected);
    // With a row more it still is.
    browser.language = "en";
    let opened = browser.filled(&edit, &[("title", "Chef"), ("more", "tel")]);
    browser.language = "fr";
    let page = browser.send(&edit, &opened, None).text();
    let answer = browser.send(&edit, &filled_in(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let expected = expected.replace("Cook", "Chef");
    assert_eq!(stored(), expected);
    // What is emptied is emptied in each.
    let answer = browser.save(&edit, &[("title", "")], None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let expected = expected
        .replace("TITLE;ALTID=2;LANGUAGE=en:Chef\r\n", "")
        .replace("TITLE;ALTID=2;LANGUAGE=fr-CH:Pâtissière\r\n", "");
    assert_eq!(stored(), expected);
}

#[test]
fn names_that_turn_their_surroundings_are_shown_straight_and_kept_as_they_are() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:turned\r\nN:One\u{202E};A\u{2066}da;;;\r\n\
        FN:A\u{2066}da One\u{202E}\r\nORG:\u{202E}Works\r\nNOTE:said \u{202E}so\r\nEND:VCARD\r\n";
    let answer = book.put("turned.vcf", ("If-None-Match", "*"), card);
    assert_eq!(answer.status, 201);
    let turns = |text: &str| text.contains(['\u{202E}', '\u{2066}']);
    let list = browser.page("/c/private");
    assert!(list.contains("Ada One") && list.contains("Works"), "{list}");
    assert!(!turns(&list), "{list}");
    let path = browser.card_named("/c/private", "Ada One").expect("a card");
    let page = browser.page(&path);
    let head = page.split("<dl").next().expect("a head");
    assert!(head.contains("<h1>Ada One</h1>") && !turns(head), "{head}");
    assert!(page.contains("said \u{202E}so"), "{page}");
    let found = browser.page("/search?q=works&in=private");
    assert!(
        found.contains("<mark>Works</mark>") && !turns(&found),
        "{found}"
    );
    assert!(!turns(&browser.page("/search/suggest?q=ada&in=private")));
    let printed = browser.page("/c/private/print?layout=list");
    assert!(printed.contains("Ada One") && !turns(&printed), "{printed}");
    assert_eq!(book.find("UID:turned").expect("a card").2, card);
    // Nor do messages that name something.
    let token = hidden(&browser.page("/c/private"), "token");
    let fields = [("token", token.as_str()), ("name", "Choir \u{202E}now")];
    let made = browser.submit("/c/private/lists", &fields);
    assert_eq!(made.status, 303, "{}", made.text());
    let told = browser.page(made.header("location").expect("a card"));
    let told = told.split("<h1>").next().expect("a message");
    assert!(told.contains("Choir now") && !turns(told), "{told}");
}

#[test]
fn typing_goes_on_in_the_first_field_and_in_a_row_that_was_added() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let focused = |page: &str| -> Vec<String> {
        let tags = page.split("<input id=\"").skip(1);
        let tags = tags.filter_map(|piece| piece.split('>').next());
        let focused = tags.filter(|tag| tag.ends_with(" autofocus"));
        let ids = focused.filter_map(|tag| tag.split('"').next());
        ids.map(str::to_owned).collect()
    };
    let page = browser.page("/c/private/new");
    assert_eq!(focused(&page).len(), 1, "{page}");
    let fields = [
        ("given", "Zoé"),
        ("tel-0", "+33 1 99 00 00 01"),
        ("more", "tel"),
    ];
    let page = browser.save("/c/private/new", &fields, None).text();
    let rows = focused(&page);
    assert!(
        matches!(&rows[..], [row] if row.starts_with("tel-") && row != "tel-0"),
        "{rows:?}"
    );
}
