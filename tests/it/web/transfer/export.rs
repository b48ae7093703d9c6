//! Export and printing: every format, of everything or of some, and what it leaves out.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use crate::support::{
    browser::{Browser, escaped, hidden},
    http::Answer,
    server::Server,
};

const HERE: &str = "/c/private";

fn exported(browser: &Browser, place: &str, fields: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page(&format!("{place}/export")), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    browser.submit(&format!("{place}/export"), &all)
}

fn id_of(browser: &Browser, place: &str, name: &str) -> String {
    let path = browser.card_named(place, name).expect("a card");
    path.rsplit('/').next().expect("an id").to_owned()
}

/// A server where alice has three contacts with what exports are about.
fn setting() -> (Server, Browser) {
    let server = Server::start();
    let photo = "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////\r\n";
    let cards = [
        ("a", "Ada Ému", photo, "CATEGORIES:Friends\r\nNOTE:=1+1\r\n"),
        (
            "b",
            "Bea Ten",
            "",
            "TEL;TYPE=CELL:+33639980001\r\nitem1.URL:https://a.example\r\n",
        ),
        (
            "c",
            "Cyd Ten",
            "",
            "EMAIL:cyd@example.org\r\nX-WORD:kept\r\n",
        ),
    ];
    let cards = cards.map(|(uid, name, photo, more)| {
        let (given, family) = name.split_once(' ').expect("two words");
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{family};{given};;;\r\n{photo}{more}END:VCARD\r\n"
        )
        .into_bytes()
    });
    server.fill("bob", cards.to_vec());
    let browser = Browser::of(&server.address, "bob");
    (server, browser)
}

#[test]
fn a_book_is_written_in_every_format() {
    let (_server, browser) = setting();
    for (format, name, media_type, begins, holds) in [
        (
            "vcard-3.0",
            ".vcf\"; filename*=UTF-8''Private%20",
            "text/vcard",
            "BEGIN:VCARD\r\nVERSION:3.0",
            "X-WORD:kept",
        ),
        (
            "vcard-4.0",
            ".vcf\"; filename*=UTF-8''Private%20",
            "text/vcard",
            "BEGIN:VCARD\r\nVERSION:4.0",
            "X-WORD:kept",
        ),
        (
            "vcard-2.1",
            ".vcf\"; filename*=UTF-8''Private%20",
            "text/vcard",
            "BEGIN:VCARD\r\nVERSION:2.1",
            "Bea",
        ),
        (
            "csv-spreadsheet",
            ".csv\"; filename*=UTF-8''Private%20",
            "text/csv",
            "\u{FEFF}Prefix,First name",
            "'=1+1",
        ),
        (
            "csv-google",
            ".csv\"; filename*=UTF-8''Private%20",
            "text/csv",
            "\u{FEFF}First Name,",
            "=1+1",
        ),
        (
            "csv-outlook",
            ".csv\"; filename*=UTF-8''Private%20",
            "text/csv",
            "\u{FEFF}\"Title\",",
            "\"Ten\"",
        ),
        (
            "csv-thunderbird",
            ".csv\"; filename*=UTF-8''Private%20",
            "text/csv",
            "\u{FEFF}First Name,",
            "Cyd Ten",
        ),
        (
            "pdf-list",
            ".pdf\"; filename*=UTF-8''Private%20",
            "application/pdf",
            "%PDF-",
            "/StructTreeRoot",
        ),
        (
            "pdf-cards",
            ".pdf\"; filename*=UTF-8''Private%20",
            "application/pdf",
            "%PDF-",
            "/StructTreeRoot",
        ),
    ] {
        let file = exported(&browser, HERE, &[("format", format), ("photos", "1")]);
        assert_eq!(file.status, 200, "{format}: {}", file.text());
        let header = |name: &str| file.header(name).unwrap_or_default().to_owned();
        assert!(header("content-type").starts_with(media_type), "{format}");
        assert!(header("content-disposition").contains(name), "{format}");
        let text = file.text();
        assert!(text.starts_with(begins), "{format}: {}", &text[..200]);
        assert!(text.contains(holds), "{format}: {text}");
    }
    // Spreadsheets of the French expect semicolons.
    let mut french = browser;
    french.language = "fr";
    let file = exported(&french, HERE, &[("format", "csv-spreadsheet")]).text();
    assert!(file.contains("Prénom;"), "{file}");
    assert!(file.contains("+33 6 39 98 00 01"), "{file}");
}

#[test]
fn one_a_selection_a_tag_a_search_or_all_are_written() {
    let (_server, browser) = setting();
    let (ada, bea) = (
        id_of(&browser, HERE, "Ada Ému"),
        id_of(&browser, HERE, "Bea Ten"),
    );
    let list = browser.page(HERE);
    let at = list.find("?tag=").expect("a tag") + 5;
    let tag: String = list[at..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let names = |file: &Answer| -> Vec<String> {
        let text = file.text();
        let lines = text.lines().filter_map(|line| line.strip_prefix("FN:"));
        let mut names: Vec<String> = lines.map(str::to_owned).collect();
        names.sort();
        names
    };
    let all = ["Ada Ému", "Bea Ten", "Cyd Ten"];
    for (scope, expected) in [
        (&[][..], &all[..]),
        (&[("id", ada.as_str())], &all[..1]),
        (&[("id", &ada), ("id", &bea)], &all[..2]),
        // The form of a list names a tag too.
        (&[("id", &bea), ("tag", &tag)], &all[1..2]),
        (&[("tag", &tag)], &all[..1]),
        (&[("q", "ten")], &all[1..]),
    ] {
        let mut fields = vec![("format", "vcard-3.0")];
        fields.extend_from_slice(scope);
        assert_eq!(
            names(&exported(&browser, HERE, &fields)),
            expected,
            "{scope:?}"
        );
        let query: Vec<String> = scope.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let page = browser.page(&format!("{HERE}/export?{}", query.join("&")));
        let button = match expected.len() {
            1 => ">Export 1 contact<".to_owned(),
            several => format!(">Export {several} contacts<"),
        };
        assert!(page.contains(&button), "{scope:?}: {page}");
    }
    let token = hidden(&list, "token");
    let fields = [("token", token.as_str()), ("id", &ada), ("id", &bea)];
    let page = browser.submit(&format!("{HERE}/selected/export"), &fields);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Export 2 contacts"));
    // All pages of what the list shows.
    let fields = [
        ("token", token.as_str()),
        ("everything", "1"),
        ("q", "ten"),
        ("tag", &tag),
        ("id", &ada),
    ];
    let page = browser.submit(&format!("{HERE}/selected/export"), &fields);
    assert!(page.text().contains("Export 2 contacts"));
    // Nothing is checked, nothing is there, no such format, no token.
    let page = browser.submit(&format!("{HERE}/selected/export"), &[("token", &token)]);
    assert_eq!(page.status, 422);
    assert!(page.text().contains("class=\"contacts\""), "the list again");
    for (fields, status) in [
        (&[("format", "vcard-3.0"), ("id", "none")][..], 422),
        (&[("format", "docx")], 422),
        (&[("format", "vcard-3.0"), ("q", "nobody")], 422),
    ] {
        let answer = exported(&browser, HERE, fields);
        assert_eq!(answer.status, status, "{fields:?}");
        assert!(
            answer.text().contains("nothing to export"),
            "{}",
            answer.text()
        );
    }
    let answer = browser.submit(&format!("{HERE}/export"), &[("format", "vcard-3.0")]);
    assert_eq!(answer.status, 403);
    assert_eq!(browser.get("/g/Nothing/export").status, 404);
}

#[test]
fn cards_come_apart_and_without_photos_or_tags_when_asked() {
    let (_server, browser) = setting();
    let options = [
        ("format", "vcard-3.0"),
        ("apart", "1"),
        ("photos", "1"),
        ("tags", "1"),
    ];
    let file = exported(&browser, HERE, &options);
    assert_eq!(file.header("content-type"), Some("application/zip"));
    let mut archive = ZipArchive::new(Cursor::new(file.body)).expect("an archive");
    let mut names: Vec<String> = (0..archive.len())
        .map(|at| {
            archive
                .by_index(at)
                .expect("a member")
                .name()
                .expect("a name")
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["Ada Ému.vcf", "Bea Ten.vcf", "Cyd Ten.vcf"]);
    let mut card = String::new();
    let mut member = archive.by_name("Ada Ému.vcf").expect("a member");
    member.read_to_string(&mut card).expect("text");
    assert!(
        card.contains("PHOTO") && card.contains("CATEGORIES:Friends"),
        "{card}"
    );
    assert!(
        card.starts_with("BEGIN:VCARD") && card.ends_with("END:VCARD\r\n"),
        "{card}"
    );

    let plain = exported(&browser, HERE, &[("format", "vcard-3.0")]).text();
    assert!(
        !plain.contains("PHOTO") && !plain.contains("CATEGORIES"),
        "{plain}"
    );
    assert!(plain.contains("X-WORD:kept"), "{plain}");
}

#[test]
fn outlook_gets_its_old_encoding_and_groups_their_columns() {
    let (server, browser) = setting();
    let options = [("format", "csv-outlook"), ("windows", "1")];
    let file = exported(&browser, HERE, &options);
    assert_eq!(
        file.header("content-type"),
        Some("text/csv; charset=windows-1252")
    );
    assert!(file.body.starts_with(b"\"Title\","));
    assert!(file.body.windows(3).any(|three| three == b"\xC9mu"));
    // Whoever reads may export; the columns of a group say whose each contact is.
    let file = exported(&browser, "/g/Team", &[("format", "csv-spreadsheet")]).text();
    let header = file.lines().next().expect("a header");
    assert!(header.ends_with("Group,Created by,Modified"), "{header}");
    assert!(file.contains(",Team,Alice"), "{file}");
    // Comments of this place alone, and only when asked.
    let alice = Browser::of(&server.address, "alice");
    let path = alice.card_named("/g/Team", "Max Roy").expect("a card");
    let token = hidden(&alice.page(&path), "token");
    let comment = [("token", token.as_str()), ("text", "met in Lyon")];
    assert_eq!(
        alice.submit(&format!("{path}/comments"), &comment).status,
        303
    );
    let with = [("format", "vcard-3.0"), ("comments", "1")];
    let file = exported(&browser, "/g/Team", &with).text();
    assert!(
        file.contains("X-CARNET-COMMENT;X-AUTHOR=") && file.contains("met in Lyon"),
        "{file}"
    );
    let file = exported(&browser, "/g/Team", &with[..1]).text();
    assert!(!file.contains("met in Lyon"), "{file}");
}

#[test]
fn what_a_format_cannot_say_is_told_in_both_languages() {
    let (_server, mut browser) = setting();
    for (language, told) in [
        (
            "en",
            [
                "everything comes back",
                "e-mail addresses after the third",
                "apostrophe",
            ],
        ),
        (
            "fr",
            [
                "tout revient",
                "les adresses e-mail après la troisième",
                "apostrophe",
            ],
        ),
    ] {
        browser.language = language;
        let page = browser.page(&format!("{HERE}/export"));
        for words in told {
            assert!(
                page.contains(&escaped(words)),
                "{language}: {words}: {page}"
            );
        }
    }
}

#[test]
fn one_a_selection_or_all_are_printed_in_two_layouts() {
    let (_server, mut browser) = setting();
    let ada = id_of(&browser, HERE, "Ada Ému");
    let one = browser.page(&format!("{HERE}/print?id={ada}"));
    // One contact is a card with its picture and note.
    assert!(
        one.contains("printed-card") && one.contains("=1+1"),
        "{one}"
    );
    assert!(
        one.contains(&format!("{HERE}/c/{ada}/photo")) && !one.contains("Bea")
            // What waits to be scrolled to is not there when it is printed.
            && !one.contains("loading="),
        "{one}"
    );
    let all = browser.page(&format!("{HERE}/print"));
    for text in [
        "printed-list",
        "Ada Ému",
        "Bea Ten",
        "cyd@example.org",
        "3 contacts",
    ] {
        assert!(all.contains(text), "{text}: {all}");
    }
    let letters = all.matches("class=\"letter\"").count();
    assert_eq!(letters, 3, "{all}");
    let token = hidden(&all, "token");
    let fields = [("token", token.as_str()), ("id", &ada), ("layout", "list")];
    let some = browser.submit(&format!("{HERE}/selected/print"), &fields);
    assert_eq!(some.status, 200);
    assert!(some.text().contains("printed-list") && !some.text().contains("Bea"));
    let none = browser.submit(&format!("{HERE}/selected/print"), &fields[..1]);
    assert_eq!(none.status, 422);
    assert!(none.text().contains("class=\"contacts\""), "the list again");
    assert_eq!(browser.get(&format!("{HERE}/print?id=gone")).status, 404);
    browser.language = "fr";
    let page = browser.page(&format!("{HERE}/print?layout=cards"));
    assert!(
        page.contains("En fiches") && page.contains("mob. +33639980001"),
        "{page}"
    );
    let style = browser.get("/static/carnet.css").text();
    assert!(style.contains("@page") && style.contains("break-inside: avoid"));
}

#[test]
fn exports_and_prints_keep_to_the_favourites_the_list_shows() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let card = browser
        .card_named("/c/private", "Élodie Vanbrabant")
        .expect("a card");
    let token = hidden(&browser.page(&card), "token");
    let fields = [("token", token.as_str()), ("on", "1")];
    let made = browser.submit(&format!("{card}/favourite"), &fields);
    assert_eq!(made.status, 303);
    let list = browser.page("/c/private?show=favourites");
    for path in ["export", "print"] {
        let address = format!("/c/private/{path}?show=favourites");
        assert!(list.contains(&format!("href=\"{address}\"")), "{list}");
    }
    let page = browser.page("/c/private/export?show=favourites");
    assert!(page.contains("Export 1 contact<"), "{page}");
    let fields = [
        ("token", token.as_str()),
        ("show", "favourites"),
        ("format", "vcard-3.0"),
    ];
    let answer = browser.submit("/c/private/export", &fields);
    let name = answer.header("content-disposition").expect("a name");
    assert!(name.contains("''Private%20Favourites%20"), "{name}");
    let file = answer.text();
    assert_eq!(file.matches("BEGIN:VCARD").count(), 1);
    assert!(file.contains("Vanbrabant"), "{file}");
    let printed = browser.page("/c/private/print?show=favourites");
    assert!(
        printed.contains("Vanbrabant") && !printed.contains("Lefèvre"),
        "{printed}"
    );
    // What is printed is said above it, in either layout.
    assert!(
        printed.contains("<h1>Private · Favourites</h1>"),
        "{printed}"
    );
    let cards = "href=\"/c/private/print?show=favourites&#38;layout=cards\"";
    assert!(printed.contains(cards), "{printed}");
    assert!(browser.page("/c/private/print").contains("Lefèvre"));
    let found = browser.page("/c/private/print?q=vanbrabant");
    assert!(found.contains("<h1>Private · vanbrabant</h1>"), "{found}");
}

#[test]
fn a_list_is_printed_and_exported_as_its_members() {
    let (_server, browser) = setting();
    let token = hidden(&browser.page(HERE), "token");
    let fields = [("token", token.as_str()), ("name", "Board")];
    let made = browser.submit(&format!("{HERE}/lists"), &fields);
    let to = made.header("location").expect("a page");
    let list = to.split('?').next().expect("a card").to_owned();
    let list = list.rsplit('/').next().expect("an id");
    let [ada, bea] = ["Ada Ému", "Bea Ten"].map(|name| id_of(&browser, HERE, name));
    let fields = [
        ("token", token.as_str()),
        ("id", &ada),
        ("id", &bea),
        ("list", list),
    ];
    let added = browser.submit(&format!("{HERE}/selected/list"), &fields);
    assert_eq!(added.status, 303, "{}", added.text());
    let is_of_members = |text: &str| {
        let named = text.contains("Ada") && text.contains("Bea");
        assert!(named && !text.contains("Cyd"), "{text}");
    };
    let printed = browser.page(&format!("{HERE}/print?id={list}"));
    is_of_members(&printed);
    assert!(printed.contains("<h1>Private · Board</h1>") && printed.contains("2 contacts"));
    // The other layout is asked of the same list.
    assert_eq!(hidden(&printed, "id"), list);
    is_of_members(&browser.page(&format!("{HERE}/print?show=lists")));
    let page = browser.page(&format!("{HERE}/export?id={list}"));
    assert!(page.contains("Export 2 contacts"), "{page}");
    for (format, cards) in [("csv-spreadsheet", 0), ("vcard-4.0", 3)] {
        let fields = [("id", list), ("format", format), ("tags", "1")];
        let file = exported(&browser, HERE, &fields).text();
        is_of_members(&file);
        assert_eq!(file.matches("BEGIN:VCARD").count(), cards, "{file}");
    }
}

#[test]
fn characters_no_font_has_are_named_before_a_pdf_is_given() {
    let server = Server::start_with(|config| config.pdf_fonts.clear());
    let mut browser = Browser::of(&server.address, "bob");
    let ada =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ada\r\nFN:Ada Ému\r\nN:Ému;Ada;;;\r\nEND:VCARD\r\n";
    server.fill("bob", vec![ada.as_bytes().to_vec()]);
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:li\r\nFN:Li 李雷\r\nN:李;Li;;;\r\nEND:VCARD\r\n";
    server.fill("bob", vec![card.as_bytes().to_vec()]);
    for (language, words) in [
        (
            "en",
            [
                "these characters: 李 雷.",
                "pdf_fonts",
                "Export all the same",
            ],
        ),
        (
            "fr",
            [
                "ces caractères : 李 雷.",
                "pdf_fonts",
                "Exporter quand même",
            ],
        ),
    ] {
        browser.language = language;
        let asked = [
            ("format", "pdf-cards"),
            ("paper", "letter"),
            ("comments", "1"),
        ];
        let answer = exported(&browser, HERE, &asked);
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let page = answer.text();
        for words in words {
            assert!(page.contains(words), "{words}: {page}");
        }
        // What was chosen is still chosen.
        for chosen in [
            "value=\"pdf-cards\" selected",
            "value=\"letter\" selected",
            "name=\"comments\" value=\"1\" checked",
            "name=\"photos\" value=\"1\">",
            "name=\"boxes\" value=\"1\"",
        ] {
            assert!(page.contains(chosen), "{chosen}: {page}");
        }
        let fields = [asked.to_vec(), vec![("boxes", "1")]].concat();
        let file = exported(&browser, HERE, &fields);
        assert_eq!(file.header("content-type"), Some("application/pdf"));
        assert!(file.body.starts_with(b"%PDF-"));
    }
    // Where every character has a font, the file comes at once.
    let id = id_of(&browser, HERE, "Ada Ému");
    let answer = exported(&browser, HERE, &[("format", "pdf-list"), ("id", &id)]);
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
}
