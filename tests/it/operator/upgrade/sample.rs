//! Data as earlier versions left them: the first so many migrations, with rows written at the first of
//! them and beside each of the others.
//!
//! The rows are written by SQL, in the forms that the programs of each schema wrote according to their
//! source. No file here was written by a program of that time.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use carnet::domain::item::digest;
use rusqlite::{Connection, params};

/// Rows of tables that came later, and the migration they came with; `{day}` is a day ago.
const LATER: &[(usize, &str)] = &[
    (
        2,
        "INSERT INTO notice (person, kind, at, client, collection, since, number)
         VALUES (1, 'mass-deletion', 5, 'CardDAV KDE', 2, 4, 30);
         INSERT INTO invitation VALUES ('0123', 1, 'emil@example.org', 1, 9999999999999);
         INSERT INTO collection (id, kind, person, uuid, segment, display_name, epoch, created)
         VALUES (8, 'removed-group', NULL, 'u8', 'Chess', 'The chess club', 'e8', 1);
         INSERT INTO removed_group VALUES (8, 'Chess', 'The chess club', '{}', 1, '[1,2]', {day});
         INSERT INTO removal_count VALUES (1, 'CardDAV KDE', 2, {day} / 60000, 1);",
    ),
    (
        3,
        "INSERT INTO collection (id, kind, person, uuid, segment, display_name, epoch, created)
         VALUES (20, 'view', 2, 'view-of-bob', 'device-1', 'Contacts', 'e20', 1);
         INSERT INTO view_source VALUES (20, 4, 0);
         INSERT INTO view_placement (id, item, collection, server_id, uid, placed_by, within, born,
             changed, overlay) VALUES (1, 100, 20, 'v100', 'uid-More0', 2, '4', 1, 1, x'');
         UPDATE collection SET seq = 1 WHERE id = 20;
         INSERT INTO device_value VALUES (1, 'folders', CAST('{\"key\":\"f0123\",\"folders\":[
             {\"id\":\"inbox\",\"name\":\"Inbox\",\"kind\":2},{\"id\":\"cu2\",\"name\":\"Contacts\",\"kind\":9}],
             \"previous\":null}' AS BLOB));",
    ),
    (
        4,
        "INSERT INTO dav_client_card VALUES (1, 'CardDAV KDE', 2, 2, 6);
         INSERT INTO push_subscription VALUES ('sub1', 1, 2, 'https://push.example.org/1', x'04', x'05',
             9999999999999);",
    ),
    (
        5,
        "INSERT INTO import (id, person, collection, name, at) VALUES (1, 1, 2, 'old.vcf', {day});
         INSERT INTO import_item SELECT 1, i.id, p.id, i.digest, NULL, x''
         FROM item i JOIN placement p ON p.item = i.id WHERE i.uid = 'uid-Imported';
         INSERT INTO last_search VALUES (1, '{}', {day});",
    ),
    (
        7,
        "INSERT INTO import_mapping VALUES (1, '0123', '[]', {day});",
    ),
    (
        8,
        "INSERT INTO view_version SELECT 1, 1, NULL, id, born FROM placement WHERE item = 100;",
    ),
    (9, "INSERT INTO told_apart VALUES (1, 1, 2);"),
    (
        14,
        "INSERT INTO outbox (channel, name, person, recipient, language, letter, queued, due, until)
         VALUES ('mail', 'old', 1, 'alice@example.org', 'en', '', 1, 1, 2);
         INSERT INTO reset VALUES ('0123', 1, 2);
         INSERT INTO app_password (person, digest, name, scope, created)
         VALUES (1, '{app}', 'Tablet', '{\"protocols\":[\"carddav\"]}', {day});",
    ),
    (
        15,
        "INSERT INTO campaign (person, name, begun, days, reminders, skipped)
         VALUES (1, 'Spring', 1, 14, 1, 0);
         INSERT INTO verification (person, item, collection, campaign, subject, address, language,
             hidden, purpose, asked, letter)
         VALUES (1, 1, 2, 1, 'Ada', 'ada@example.org', 'en', '[]', '', 1, 1);
         INSERT INTO verification_token VALUES ('4567', 1, 2);
         INSERT INTO declined VALUES (1, 2, 'ada@example.org', 1);",
    ),
    (
        17,
        "INSERT INTO second_factor VALUES (3, x'00112233', 1, 7);
         INSERT INTO recovery_code VALUES (3, '89ab');",
    ),
    (
        18,
        "INSERT INTO client (person, label, first_seen, last_seen)
         VALUES (1, 'CardDAV KDE', {day}, {day});
         INSERT INTO account_class (name, contacts) VALUES ('Pupils', 500);
         UPDATE person SET class = 'Pupils' WHERE id = 3;
         INSERT INTO office VALUES ('new-devices', '[[\"tablet\",\"quarantined\"]]');",
    ),
    (
        19,
        "INSERT INTO blob VALUES (1, '{octets}', 15, {day});
         INSERT INTO blob_chunk VALUES (1, 0, CAST('What is planned' AS BLOB));
         INSERT INTO item (id, class, uid, kind, display, sort_first, sort_last, document, digest,
             creator, created, modified, blob, octets)
         VALUES (50, 'document', 'uid-plan', 'text', 'plan.txt', 'plan.txt', 'plan.txt',
             CAST('{details}' AS BLOB), '{said}', 1, {day}, {day}, '{octets}', 15);
         INSERT INTO placement (item, collection, href, server_id, uid, placed_by, placed_at, born,
             changed, creator, sort_first, sort_last)
         SELECT 50, id, 'plan', 'd-50', 'uid-plan', 1, {day}, 1, 1, 1, 'plan.txt', 'plan.txt'
         FROM collection WHERE person = 1 AND class = 'document';
         UPDATE collection SET seq = 1 WHERE person = 1 AND class = 'document';",
    ),
    (20, "INSERT INTO attachment VALUES (1, 50, 1, {day});"),
    (
        23,
        "INSERT INTO sign_in_failure VALUES ('alice', '192.0.2.7', 'password', {day}, 3);",
    ),
    // What was left of a group, and of a book that an account deleted before it ended itself.
    (
        35,
        "UPDATE collection SET seq = 3 WHERE id = 20;
         INSERT INTO view_placement (item, collection, href, server_id, uid, placed_by, within, born,
             changed, overlay) VALUES (1, 20, 'left.vcf', 'left', 'uid-Shared', 1, '5', 2, 3, x'');
         INSERT INTO item (id, class, uid, kind, display, sort_first, sort_last, document, digest,
             creator, created, modified)
         VALUES (900, 'contact', 'left', 'individual', 'Left', 'left', 'left', x'41', 'd', 77, 1, 1);",
    ),
];

/// The secret of the app password of the samples.
pub const APP_PASSWORD: &str = "abcd-efgh-jkmn-pqrs";
/// The cookie of alice's session.
pub const COOKIE: &str = "5e55105e55105e55105e55105e55105e55105e55105e55105e55105e55105e55";
/// The key that alice's device was given of its contacts, and the one before.
pub const KEY: &str = "3.after";
pub const KEY_BEFORE: &str = "2.before";
/// The first schema whose programs wrote what today's reads of the keys of devices.
pub const KEYS_SINCE: usize = 3;

/// The state of a device as programs of a schema wrote it: two generations of its key.
fn record(migrations: usize) -> String {
    let certain = if migrations < KEYS_SINCE {
        ""
    } else {
        r#""certain":true,"#
    };
    let state = |at: i64| {
        format!(r#"{{"base":{at},"horizon":{at},"phase":"Idle","at":{at},"primed":{at}}}"#)
    };
    // One of the device's own contacts was added in the last step.
    let adds = if migrations < 8 {
        r#""added":{"1":"2-4"},"fingerprints":{"0a":"2-4"}"#
    } else {
        r#""adds":[],"withheld":null,"sole":null"#
    };
    let settings = r#"{\"supported\":null,\"truncation\":null,\"window\":100}"#;
    format!(
        r#"{{"epoch":"e2","key":"{KEY}","state":{},{certain}"previous":{{"key":"{KEY_BEFORE}","state":{},
        "end":{},"request":"00","outcomes":[{{"Added":{{"client_id":"1","server_id":"2-4"}}}}],
        "forced":[],"more":false,{adds}}},"settings":"{settings}"}}"#,
        state(6),
        state(5),
        state(6),
    )
}

/// Rows of a migration with what they hold filled in.
fn filled(sql: &str, day: i64) -> String {
    let octets = digest(b"What is planned");
    let details = format!(
        r#"{{"uid":"uid-plan","name":"plan.txt","type":"text/plain","octets":15,"digest":"{octets}"}}"#
    );
    sql.replace("{day}", &day.to_string())
        .replace("{app}", &digest(APP_PASSWORD.replace('-', "").as_bytes()))
        .replace("{said}", &digest(details.as_bytes()))
        .replace("{details}", &details)
        .replace("{octets}", &octets)
}

/// Milliseconds since 1970 a day ago: nothing of then is forgotten by its age.
fn a_day_ago() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("after 1970").as_millis() as i64;
    now - 24 * 60 * 60 * 1000
}

/// The files of the migrations in their order.
pub fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite/schema");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the schema")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// The migrations in their order.
pub fn schema() -> Vec<String> {
    let read = |file: &PathBuf| fs::read_to_string(file).expect("text");
    files().iter().map(read).collect()
}

pub fn card(name: &str, note: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-{name}\r\nN:{name};Ada;;;\r\nFN:Ada {name}\r\n\
         TEL;TYPE=CELL:+33639980001\r\nX-KEPT:as it is\r\nNOTE:{note}\r\nEND:VCARD\r\n"
    )
}

fn list(name: &str, member: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-{name}\r\nN:{name};;;;\r\nFN:{name}\r\n\
         X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{member}\r\n\
         END:VCARD\r\n"
    )
}

/// What a version with so many migrations left, with more contacts of bob's than those of the sample.
pub fn make(data: &Path, migrations: usize, more: usize, password_hash: &str) {
    fs::create_dir_all(data).expect("a folder");
    let mut database = Connection::open(data.join("carnet.db")).expect("a file");
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        .expect("settings");
    let transaction = database.transaction().expect("begun");
    for (number, sql) in schema().iter().enumerate().take(migrations) {
        transaction.execute_batch(sql).expect("a migration");
        if number == 0 {
            fill(&transaction, migrations, more, password_hash);
        }
        for (_, sql) in LATER.iter().filter(|(with, _)| *with == number + 1) {
            let sql = filled(sql, a_day_ago());
            transaction.execute_batch(&sql).expect(&sql);
        }
    }
    let later = schema();
    let derives_anew = |sql: &&String| sql.contains("'derived', 'stale'");
    if later.iter().skip(migrations).any(|sql| derives_anew(&sql)) {
        // That version made what it derives from the cards.
        let sql = "UPDATE meta SET value = 'current' WHERE name = 'derived'";
        transaction.execute(sql, []).expect("noted");
    }
    transaction
        .pragma_update(None, "user_version", migrations as i64)
        .expect("a version");
    let counted = "UPDATE meta SET value = '9' WHERE name = 'commits'";
    transaction.execute(counted, []).expect("noted");
    transaction.commit().expect("written");
    fs::write(data.join("carnet.counter"), format!("{:020}", 9)).expect("a counter");
}

/// Three people, a group, contacts of each kind of fate, by the first schema.
fn fill(database: &Connection, migrations: usize, more: usize, password_hash: &str) {
    let day = a_day_ago();
    let session = digest(COOKIE.as_bytes());
    database
        .execute_batch(&format!(
            "INSERT INTO person (id, login, email, name, admin, password_hash, created) VALUES
                 (1, 'alice', 'alice@example.org', 'Alice A', 1, '{password_hash}', 1),
                 (2, 'bob', NULL, 'Bob B', 0, '{password_hash}', 1),
                 (3, 'carol', NULL, 'Carol C', 0, '{password_hash}', 1);
             INSERT INTO grp VALUES (1, 'Team', 'team', 'The team', '{{}}', 1);
             INSERT INTO membership VALUES (1, 1, 'admin', 1), (1, 2, 'member', 2);
             INSERT INTO collection (id, kind, person, grp, uuid, segment, display_name, epoch, seq, created) VALUES
                 (1, 'home', 1, NULL, 'u1', '', '', 'e1', 2, 1),
                 (2, 'private', 1, NULL, 'u2', 'contacts', 'Contacts', 'e2', 6, 1),
                 (3, 'home', 2, NULL, 'u3', '', '', 'e3', 2, 1),
                 (4, 'private', 2, NULL, 'u4', 'contacts', 'Contacts', 'e4', 0, 1),
                 (5, 'group', NULL, 1, 'u5', 'Team', 'The team', 'e5', 1, 1),
                 (6, 'home', 3, NULL, 'u6', '', '', 'e6', 1, 1),
                 (7, 'private', 3, NULL, 'u7', 'contacts', 'Contacts', 'e7', 0, 1);
             INSERT INTO book_placement (home, book, segment, born, changed) VALUES
                 (1, 2, 'contacts', 1, 1), (1, 5, 'Team', 2, 2),
                 (3, 4, 'contacts', 1, 1), (3, 5, 'Team', 2, 2), (6, 7, 'contacts', 1, 1);
             INSERT INTO grant_group VALUES (1, 2, 'add');
             INSERT INTO tag VALUES (1, 1, 'Friends', 'friends', 'red');
             INSERT INTO device (id, person, device_id, device_type, user_agent, version, first_seen, last_seen)
                 VALUES (1, 1, 'oldphone', 'TestPhone', 'Test/1.0', '14.1', {day}, {day}),
                     (2, 1, 'lostanswer', 'TestPhone', 'Test/1.0', '14.1', {day}, {day});
             INSERT INTO session VALUES ('{session}', 1, 9999999999999);
             INSERT INTO dav_client VALUES (1, 'CardDAV KDE', 2, 6);
             INSERT INTO property VALUES (1, 'book:u2', 'http://apple.com/ns/ical/', 'calendar-color',
                 CAST('<x:calendar-color xmlns:x=\"http://apple.com/ns/ical/\">#ff0000</x:calendar-color>'
                     AS BLOB));
             INSERT INTO refusal_mark (person, collection, item, mark) VALUES (2, 5, 1, 1);
             INSERT INTO audit (at, client, what) VALUES (1, 'command line', 'alice was added');"
        ))
        .expect("people");
    let item = |id: i64, creator: i64, name: &str, document: &str| {
        database
            .execute(
                "INSERT INTO item (id, class, uid, kind, display, sort_first, sort_last, document,
                     digest, creator, created, modified)
                 VALUES (?1, 'contact', ?2, 'individual', ?3, ?3, ?3, ?4, ?5, ?6, 1, 1)",
                params![
                    id,
                    format!("uid-{name}"),
                    format!("Ada {name}"),
                    document.as_bytes(),
                    digest(document.as_bytes()),
                    creator
                ],
            )
            .expect("an item");
    };
    let place = |item: i64, collection: i64, name: &str, by: i64, at: (i64, i64, Option<i64>)| {
        database
            .execute(
                "INSERT INTO placement (item, collection, href, server_id, uid, placed_by, placed_at,
                     born, changed, gone, gone_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, ?10)",
                params![
                    item,
                    collection,
                    format!("{name}.vcf"),
                    format!("{collection}-{item}"),
                    format!("uid-{name}"),
                    by,
                    at.0,
                    at.1,
                    at.2,
                    at.2.map(|_| day)
                ],
            )
            .expect("a placement");
        database.last_insert_rowid()
    };
    item(1, 1, "Shared", &card("Shared", "kept"));
    place(1, 2, "Shared", 1, (1, 1, None));
    place(1, 5, "Shared", 1, (1, 1, None));
    item(2, 1, "Edited", &card("Edited", "the newer note"));
    let edited = place(2, 2, "Edited", 1, (2, 3, None));
    item(3, 1, "Removed", &card("Removed", "in the trash"));
    // A removal and what it removed are two changes: the fourth is the later.
    let removed = place(3, 2, "Removed", 1, (2, 2, Some(4)));
    for (kind, item, placement, name, note) in [
        ("replaced", 2, None, "Edited", "the older note"),
        ("removed", 3, Some(removed), "Removed", "in the trash"),
        ("refused", 2, Some(edited), "Edited", "the refused note"),
    ] {
        let document = card(name, note).into_bytes();
        let (shown, reason) = match kind {
            "refused" => (digest(&document), "the contact had changed meanwhile"),
            _ => (String::new(), ""),
        };
        database
            .execute(
                "INSERT INTO revision (kind, item, collection, placement, at, person, client, document,
                     digest, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, 'web', ?6, ?7, ?8)",
                params![
                    kind,
                    item,
                    placement.map(|_| 2),
                    placement,
                    day,
                    document,
                    shown,
                    reason
                ],
            )
            .expect("a revision");
    }
    database
        .execute_batch(
            "INSERT INTO tag_link VALUES (1, 1);
             INSERT INTO grant_item VALUES (1, 5, 2);
             INSERT INTO comment (item, collection, author, at, text) VALUES (1, 5, 2, 3, 'Nice');",
        )
        .expect("rows");
    database
        .execute(
            "INSERT INTO revision_place SELECT id, ?1, 2, NULL, x'' FROM revision
             WHERE kind = 'replaced'",
            [edited],
        )
        .expect("a version");
    // The owner's tags are lines of the placement.
    let friends = r#"[{"after":8,"line":"CATEGORIES:Friends\r\n"}]"#;
    database
        .execute(
            "UPDATE placement SET overlay = ?1 WHERE item = 1 AND collection = 2",
            [friends.as_bytes()],
        )
        .expect("tagged");
    item(4, 1, "Imported", &card("Imported", "from a file"));
    place(4, 2, "Imported", 1, (5, 5, None));
    item(5, 1, "Choir", &list("Choir", "uid-Shared"));
    place(5, 2, "Choir", 1, (6, 6, None));
    database
        .execute_batch(
            "UPDATE item SET kind = 'group', display = 'Choir', sort_first = 'Choir',
                 sort_last = 'Choir' WHERE id = 5;",
        )
        .expect("a list");
    database
        .execute(
            "INSERT INTO sync_state SELECT id, 2, ?1, ?2 FROM device",
            params![KEY, record(migrations).into_bytes()],
        )
        .expect("a state");
    for number in 0..more as i64 {
        let name = format!("More{number}");
        item(100 + number, 2, &name, &card(&name, "one of many"));
        place(100 + number, 4, &name, 2, (number + 1, number + 1, None));
    }
    database
        .execute("UPDATE collection SET seq = ?1 WHERE id = 4", [more as i64])
        .expect("a sequence");
}
