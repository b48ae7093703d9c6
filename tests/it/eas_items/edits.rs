//! Edits of a device, and what its author and other devices have afterwards.

use carnet_proto::wbxml::Element;

use super::put;
use crate::support::{
    http::{basic, request},
    phone::{Phone, commands, responses},
    server::Server,
    tree::{all, text_at},
};

/// Lines below ApplicationData.
fn data(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("  AirSync:ApplicationData\n{lines}")
}

/// A new contact; its id.
fn made(phone: &mut Phone, lines: &[&str]) -> String {
    let answer = phone.push(&format!(
        "AirSync:Add\n  AirSync:ClientId = n\n{}",
        data(lines)
    ));
    text_at(&answer, &["Responses", "Add", "ServerId"]).expect("a ServerId")
}

/// A Change; the answer.
fn changed(phone: &mut Phone, id: &str, lines: &[&str]) -> Element {
    phone.push(&format!(
        "AirSync:Change\n  AirSync:ServerId = {id}\n{}",
        data(lines)
    ))
}

/// The data of the contact in an answer.
fn told(answer: &Element) -> &Element {
    let found = all(answer, "ApplicationData");
    assert_eq!(found.len(), 1, "{}", answer.dump());
    found[0]
}

fn fetched(phone: &mut Phone, id: &str) -> Element {
    let answer = phone.push(&format!("AirSync:Fetch\n  AirSync:ServerId = {id}\n"));
    let fetched = all(&answer, "Fetch").remove(0);
    text_at(fetched, &["Status"])
        .filter(|status| status == "1")
        .expect("fetched");
    all(fetched, "ApplicationData").remove(0).clone()
}

fn texts(data: &Element, name: &str) -> Vec<String> {
    all(data, name)
        .iter()
        .map(|element| element.text())
        .collect()
}

fn options(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("AirSync:GetChanges\nAirSync:Options\n  AirSyncBase:BodyPreference\n{lines}")
}

/// Asks for notes in another way from now on.
fn prefer(phone: &mut Phone, lines: &str) {
    let answer = phone.sync(&options(lines));
    if let Some(key) = text_at(&answer, &["SyncKey"]) {
        phone.key = key;
    }
}

#[test]
fn the_end_of_a_note_outlives_every_edit_of_its_beginning() {
    let server = Server::start();
    let whole: String = (0..2000).map(|number| format!("{number:04}.")).collect();
    let whole = whole.as_str();
    let body = |text: &str| format!("  AirSyncBase:Data = {text}");
    let note = |text: &str| {
        [
            "AirSyncBase:Body".to_owned(),
            "  AirSyncBase:Type = 1".to_owned(),
            body(text),
        ]
    };
    let mut writer = Phone::set_up(&server, "carol", "writer", "14.1");
    let lines = note(whole);
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.insert(0, "Contacts:LastName = Noted");
    let id = made(&mut writer, &lines);
    let mut phone = Phone::set_up(&server, "carol", "phone", "14.1");
    prefer(
        &mut phone,
        "AirSyncBase:Type = 1\nAirSyncBase:TruncationSize = 1000",
    );
    phone.pull();
    let mut edit = |text: &str| {
        let lines = note(text);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let answer = changed(&mut phone, &id, &lines);
        let told = told(&answer);
        assert_eq!(text_at(told, &["Body", "Truncated"]).as_deref(), Some("1"));
        text_at(told, &["Body", "Data"]).expect("the beginning")
    };
    // The author is shown what follows now, so that it edits that too.
    let tail = &whole[1000..];
    let shown = edit("hello");
    assert_eq!(shown, format!("hello{}", &tail[..995]));
    let longer = shown.replacen("hello", "hello again", 1);
    edit(&longer);
    let stored = fetched(&mut writer, &id);
    let note = text_at(&stored, &["Body", "Data"]).expect("a note");
    assert_eq!(note, format!("hello again{tail}"));
}

#[test]
fn the_end_of_a_note_outlives_another_way_of_cutting_it() {
    let server = Server::start();
    let whole: String = (0..120).map(|number| format!("{number:04}.")).collect();
    let mut writer = Phone::set_up(&server, "carol", "writer", "14.1");
    let lines = |text: &str| {
        format!(
            "    AirSyncBase:Body\n      AirSyncBase:Type = 1\n      AirSyncBase:Data = {text}\n"
        )
    };
    let options = [
        "AirSync:Options\n  AirSync:Conflict = 1",
        "AirSync:Options\n  AirSyncBase:BodyPreference\n    AirSyncBase:Type = 1\n    \
         AirSyncBase:TruncationSize = 32768",
    ];
    // The other way comes with the edit, or before it.
    for (number, (options, before)) in [
        (options[0], false),
        (options[1], false),
        (options[0], true),
        (options[1], true),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Noted{number}");
        let answer = writer.push(&(crate::support::phone::add("n", &name) + &lines(&whole)));
        let id = text_at(&answer, &["Responses", "Add", "ServerId"]).expect("an id");
        let mut phone = Phone::set_up(&server, "carol", &format!("cut{number}"), "16.1");
        prefer(
            &mut phone,
            "AirSyncBase:Type = 1\nAirSyncBase:TruncationSize = 55",
        );
        phone.pull();
        if before {
            let answer = phone.sync(&format!("AirSync:GetChanges\n{options}"));
            phone.key = text_at(&answer, &["SyncKey"]).unwrap_or(phone.key.clone());
        }
        let edit = crate::support::phone::change(&id, "LastName", &name)
            + "    Contacts:JobTitle = Boss\n"
            + &lines(&whole[..55]);
        let edit = crate::support::phone::indent(&edit);
        let answer = phone.sync(&format!("{options}\nAirSync:Commands\n{edit}"));
        assert!(responses(&answer).is_empty());
        let stored = fetched(&mut writer, &id);
        assert_eq!(text_at(&stored, &["JobTitle"]).as_deref(), Some("Boss"));
        let note = text_at(&stored, &["Body", "Data"]);
        assert_eq!(note.as_ref(), Some(&whole), "{options} {before}");
    }
}

#[test]
fn children_a_client_does_not_keep_move_up_before_its_eyes() {
    let server = Server::start();
    let kids = |numbers: &[usize]| {
        let mut lines = vec!["Contacts:Children".to_owned()];
        lines.extend(numbers.iter().map(|n| format!("  Contacts:Child = Kid{n}")));
        lines
    };
    let names =
        |numbers: &[usize]| -> Vec<String> { numbers.iter().map(|n| format!("Kid{n}")).collect() };
    let mut writer = Phone::set_up(&server, "carol", "writer", "14.1");
    let mut lines = kids(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    lines.insert(0, "Contacts:LastName = Parent".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let id = made(&mut writer, &lines);
    let mut phone = Phone::new(&server, "carol", "android", "14.1");
    phone.agent = "Android/5.1.1-EAS-2.0".to_owned();
    phone.start();
    let shown = phone.pull();
    let here = &shown.iter().find(|told| told.2 == "Parent").expect("one").1;
    // It keeps eight and takes one away: the two it never kept move up, and it is told.
    let lines = kids(&[0, 1, 2, 3, 4, 5, 6]);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let answer = changed(&mut phone, here, &lines);
    let left = [0, 1, 2, 3, 4, 5, 6, 8, 9];
    assert_eq!(texts(told(&answer), "Child"), names(&left));
    let mut lines = kids(&left[..8]);
    lines.push("Contacts:FirstName = Ann".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    changed(&mut phone, here, &lines);
    writer.pull();
    assert_eq!(texts(&fetched(&mut writer, &id), "Child"), names(&left));
}

#[test]
fn categories_left_out_are_cleared_in_a_group_as_elsewhere() {
    let server = Server::start();
    let team = |id: &str| {
        let mut phone = Phone::set_up(&server, "alice", id, "16.1");
        phone.folder = phone.folder_named("Team");
        phone.prime();
        phone.pull();
        phone
    };
    let (mut phone, mut other) = (team("one"), team("two"));
    let id = made(
        &mut phone,
        &[
            "Contacts:LastName = Tagged",
            "Contacts:Categories",
            "  Contacts:Category = Paid",
        ],
    );
    other.pull();
    assert_eq!(texts(&fetched(&mut other, &id), "Category"), ["Paid"]);
    changed(&mut phone, &id, &["Contacts:LastName = Tagged"]);
    other.pull();
    assert!(texts(&fetched(&mut other, &id), "Category").is_empty());
}

#[test]
fn what_the_server_makes_of_an_edit_is_told_its_author() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "author", "14.1");
    let id = made(
        &mut phone,
        &[
            "Contacts:FirstName = Anna",
            "Contacts:LastName = Old",
            "Contacts:FileAs = Old, Anna",
            "Contacts:Email1Address = one@example.org",
            "Contacts:Email2Address = two@example.org",
            "Contacts:HomePhoneNumber = 111",
            "Contacts:Home2PhoneNumber = 222",
        ],
    );
    // FileAs follows the name.
    let answer = changed(&mut phone, &id, &["Contacts:LastName = New"]);
    let file_as = text_at(told(&answer), &["FileAs"]);
    assert_eq!(file_as.as_deref(), Some("New, Anna"));
    // A FileAs of somebody's choice does not, and there is nothing to tell.
    changed(&mut phone, &id, &["Contacts:FileAs = Boss"]);
    let answer = changed(&mut phone, &id, &["Contacts:LastName = Newer"]);
    assert!(commands(&answer).is_empty(), "{}", answer.dump());
    // Addresses that change places do.
    let swapped = [
        "Contacts:Email1Address = two@example.org",
        "Contacts:Email2Address = one@example.org",
    ];
    let answer = changed(&mut phone, &id, &swapped);
    assert!(commands(&answer).is_empty(), "{}", answer.dump());
    let stored = fetched(&mut phone, &id);
    let first = text_at(&stored, &["Email1Address"]);
    assert_eq!(first.as_deref(), Some("two@example.org"));
    // Numbers do not (one client gives both back in any order): it is told where they are.
    let swapped = [
        "Contacts:HomePhoneNumber = 222",
        "Contacts:Home2PhoneNumber = 111",
    ];
    let answer = changed(&mut phone, &id, &swapped);
    let first = text_at(told(&answer), &["HomePhoneNumber"]);
    assert_eq!(first.as_deref(), Some("111"));
}

#[test]
fn a_date_nobody_can_read_removes_none_and_is_put_right() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "dates", "14.1");
    let id = made(
        &mut phone,
        &[
            "Contacts:LastName = Born",
            "Contacts:Birthday = 1972-04-15T00:00:00.000Z",
        ],
    );
    let answer = changed(&mut phone, &id, &["Contacts:Birthday = garbage"]);
    assert!(responses(&answer).is_empty());
    let right = ("Change".to_owned(), id.clone(), "Born".to_owned());
    assert_eq!(commands(&answer), [right]);
    let day = |phone: &mut Phone| text_at(&fetched(phone, &id), &["Birthday"]);
    assert!(day(&mut phone).is_some_and(|day| day.starts_with("1972-04-15")));
    changed(&mut phone, &id, &["Contacts:Birthday"]);
    assert_eq!(day(&mut phone), None);
}

#[test]
fn notes_written_in_html_are_read_as_they_are_shown() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "html", "14.1");
    let html = "<html><head><title>x</title></head><body><!-- <p>no --><p>caf&eacute; &#8217;n&apos; \
                th&#xE9;<p>1 < 2 &amp;lt; &unknown;<ul><li>one</li><li>two&nbsp;</li></ul>three<br/>\
                <table><tr><td>a</td><td>b</td></tr></table></body></html>";
    let note = format!("  AirSyncBase:Data = {html}");
    let id = made(
        &mut phone,
        &[
            "Contacts:LastName = Html",
            "AirSyncBase:Body",
            "  AirSyncBase:Type = 2",
            &note,
        ],
    );
    let stored = fetched(&mut phone, &id);
    assert_eq!(
        text_at(&stored, &["Body", "Data"]).as_deref(),
        Some("café ’n' thé\r\n1 < 2 &lt; &unknown;\r\none\r\ntwo \r\nthree\r\na b")
    );
}

#[test]
fn a_note_is_cut_to_the_octet_or_left_out() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "cuts", "14.1");
    let text = "<0123456789> & more of it";
    let note = format!("  AirSyncBase:Data = {text}");
    let id = made(
        &mut phone,
        &[
            "Contacts:LastName = Cut",
            "AirSyncBase:Body",
            "  AirSyncBase:Type = 1",
            &note,
        ],
    );
    let mut body = |preference: &str| {
        prefer(&mut phone, preference);
        let data = fetched(&mut phone, &id);
        let of = |name: &str| text_at(&data, &["Body", name]);
        (of("EstimatedDataSize"), of("Truncated"), of("Data"))
    };
    let some = |text: &str| Some(text.to_owned());
    // [MS-ASAIRS] 2.2.2.40: the size of the whole, even where nothing of it is sent.
    let nothing = (some("25"), some("1"), None);
    assert_eq!(
        body("AirSyncBase:Type = 1\nAirSyncBase:TruncationSize = 0"),
        nothing
    );
    let whole = "AirSyncBase:Type = 1\nAirSyncBase:TruncationSize = 5\nAirSyncBase:AllOrNone = 1";
    assert_eq!(body(whole), nothing);
    let cut = (some("25"), some("1"), some("<0123"));
    assert_eq!(
        body("AirSyncBase:Type = 1\nAirSyncBase:TruncationSize = 5"),
        cut
    );
    let (size, truncated, html) = body("AirSyncBase:Type = 2\nAirSyncBase:TruncationSize = 40");
    let all = "<html><body>&lt;0123456789&gt; &amp; more of it</body></html>";
    assert_eq!((size, truncated), (Some(all.len().to_string()), some("1")));
    assert_eq!(html, some("<html><body>&lt;0123456789</body></html>"));
    let fits = format!(
        "AirSyncBase:Type = 2\nAirSyncBase:TruncationSize = {}",
        all.len()
    );
    assert_eq!(body(&fits), (Some(all.len().to_string()), None, some(all)));
}

#[test]
fn lists_within_a_name_survive_another_last_name() {
    let server = Server::start();
    let path = "/dav/carol/private/contacts/list.vcf";
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:list\r\n\
                N:Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.\r\n\
                FN:Dr. John Philip Paul Stevenson Jr. M.D.\r\nEND:VCARD\r\n";
    assert_eq!(put(&server, "carol", path, card), 201);
    let mut phone = Phone::set_up(&server, "carol", "lists", "14.1");
    let told = phone.pull();
    let id = &told
        .iter()
        .find(|told| told.2 == "Stevenson")
        .expect("one")
        .1;
    // Several middle names are one text.
    let middle = text_at(&fetched(&mut phone, id), &["MiddleName"]);
    assert_eq!(middle.as_deref(), Some("Philip Paul"));
    changed(
        &mut phone,
        id,
        &[
            "Contacts:LastName = Stevens",
            "Contacts:MiddleName = Philip Paul",
        ],
    );
    let stored = request(&server.address, "GET", path, &[basic("carol", "demo")], b"");
    let expected = card.replace("Stevenson", "Stevens");
    assert_eq!(stored.text(), expected);
}

#[test]
fn thunderbird_is_told_what_is_gone_and_removes_no_picture_it_never_had() {
    let server = Server::start();
    let path = "/dav/carol/private/contacts/tb.vcf";
    let card = |lines: &str| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:tb\r\nN:Adler;Zoe;;;\r\nFN:Zoe Adler\r\n{lines}\
             PHOTO;VALUE=uri:https://example.org/p.jpg\r\nEND:VCARD\r\n"
        )
    };
    let full = card("TITLE:Pilot\r\nNOTE:one\r\nNICKNAME:Zo\r\n");
    assert_eq!(put(&server, "carol", path, &full), 201);
    let client = |id: &str, kind: &str| {
        let mut phone = Phone::new(&server, "carol", id, "14.1");
        phone.kind = kind.to_owned();
        phone.start();
        phone.pull();
        phone
    };
    let (mut thunderbird, mut other) = (client("tb", "TbSync"), client("other", "TestPhone"));
    put(&server, "carol", path, &card(""));
    let absent = ["JobTitle", "Categories", "NickName", "Picture", "Birthday"];
    for (phone, is_told) in [(&mut other, false), (&mut thunderbird, true)] {
        let answer = phone.sync("AirSync:GetChanges");
        phone.key = text_at(&answer, &["SyncKey"]).expect("a key");
        let data = told(&answer);
        assert_eq!(text_at(data, &["LastName"]).as_deref(), Some("Adler"));
        for name in absent {
            let shown = text_at(data, &[name]);
            assert_eq!(shown, is_told.then(String::new), "{name}");
        }
        assert_eq!(all(data, "Body").len(), usize::from(is_told));
    }
    let told = thunderbird.pull_again();
    let id = &told.iter().find(|told| told.2 == "Adler").expect("one").1;
    changed(
        &mut thunderbird,
        id,
        &["Contacts:MobilePhoneNumber = +33 6", "Contacts:Picture"],
    );
    let stored = request(&server.address, "GET", path, &[basic("carol", "demo")], b"").text();
    assert!(stored.contains("PHOTO;VALUE=uri:https://example.org/p.jpg"));
    assert!(stored.contains("+33 6"), "{stored}");
}

#[test]
fn a_note_as_rich_text_is_kept_for_its_author_and_the_stored_one_comes_back() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "carol", "rich", "14.1");
    let id = made(
        &mut phone,
        &[
            "Contacts:LastName = Noted",
            "AirSyncBase:Body",
            "  AirSyncBase:Type = 1",
            "  AirSyncBase:Data = the note",
        ],
    );
    let rich = [
        "Contacts:JobTitle = Pilot",
        "AirSyncBase:Body",
        "  AirSyncBase:Type = 3",
        "  AirSyncBase:Data = {\\rtf1 another note}",
    ];
    let answer = changed(&mut phone, &id, &rich);
    assert!(responses(&answer).is_empty());
    let back = told(&answer);
    assert_eq!(
        text_at(back, &["Body", "Data"]).as_deref(),
        Some("the note")
    );
    assert_eq!(text_at(back, &["JobTitle"]).as_deref(), Some("Pilot"));
    // However often it is sent.
    changed(&mut phone, &id, &rich);
    let person = server.person("carol");
    let kept = server.runtime.block_on(server.store().refused(person));
    let kept = kept.expect("read");
    let notes = kept
        .iter()
        .filter(|kept| String::from_utf8_lossy(&kept.document).contains("another note"));
    assert_eq!(notes.count(), 1);
}
