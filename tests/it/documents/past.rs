//! History, going back and undoing, of documents: in their own words, within their creators' quotas.

use super::{HERE, TEAM, added, done, is_whole, post};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};
use carnet::domain::{
    batch::{Batch, Op},
    document::DocumentOp,
    id::Timestamp,
};

/// Puts new octets in the place of a document's.
fn replace(browser: &Browser, page: &str, name: &str, octets: &[u8]) {
    let form = browser.page(page);
    let (token, version) = (hidden(&form, "token"), hidden(&form, "version"));
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    let answer = browser.upload(&format!("{page}/version"), &fields, &[(name, octets)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
}

fn rename(browser: &Browser, page: &str, name: &str, description: &str) {
    let version = hidden(&browser.page(page), "version");
    let fields = [
        ("version", version.as_str()),
        ("name", name),
        ("description", description),
    ];
    done(browser, &format!("{page}/details"), &fields);
}

fn delete(browser: &Browser, page: &str) {
    let version = hidden(&browser.page(page), "version");
    done(browser, &format!("{page}/delete"), &[("version", &version)]);
}

/// A moment between what was before and what comes.
fn moment() -> String {
    let tick = std::time::Duration::from_millis(5);
    std::thread::sleep(tick);
    let now = Timestamp::now().0.to_string();
    std::thread::sleep(tick);
    now
}

#[test]
fn a_history_speaks_of_files_and_brings_a_version_back() {
    let server = Server::start();
    for (language, words) in [
        (
            "en",
            [
                "<h2>New version of the file</h2>",
                "<h2>Renamed</h2>",
                "<h2>Description changed</h2>",
                "<h2>Placed in Private · Documents</h2>",
                "<del>Text (text/plain)</del>",
                "<ins>PDF (application/pdf)</ins>",
                "<del>3 bytes</del>",
                "<ins>12 bytes</ins>",
                "Fingerprint of the file",
                "File name",
                ">Bring back the version before</button>",
                ">Copy the version before to my documents</button>",
                ">Download the version before</a>",
            ],
        ),
        (
            "fr",
            [
                "<h2>Nouvelle version du fichier</h2>",
                "<h2>Renommé</h2>",
                "<h2>Description modifiée</h2>",
                "<h2>Placé dans Privé · Documents</h2>",
                "<del>Texte (text/plain)</del>",
                "<ins>PDF (application/pdf)</ins>",
                "<del>3 octets</del>",
                "<ins>12 octets</ins>",
                "Empreinte du fichier",
                "Nom du fichier",
                ">Revenir à la version d&#39;avant</button>",
                ">Copier la version d&#39;avant dans mes documents</button>",
                ">Télécharger la version d&#39;avant</a>",
            ],
        ),
    ] {
        let mut browser = Browser::of(&server.address, "alice");
        browser.language = language;
        let page = added(&browser, HERE, &format!("{language}.txt"), b"one");
        replace(&browser, &page, "b.pdf", b"%PDF-1.7 two");
        rename(&browser, &page, &format!("{language}.pdf"), "");
        rename(&browser, &page, &format!("{language}.pdf"), "For the jury");
        let history = browser.page(&format!("{page}/history"));
        for word in words {
            assert!(history.contains(word), "{word}: {history}");
        }
        for contact in ["to my contacts", "mes contacts"] {
            assert!(!history.contains(contact), "{history}");
        }
        // The oldest edit is the one that replaced the octets.
        let last = history.rfind("name=\"revision\"").expect("a version");
        let revision = hidden(&history[last - 30..], "revision");
        let told = done(
            &browser,
            &format!("{page}/history/copy"),
            &[("revision", &revision)],
        );
        let copied = ["in your private documents", "vos documents privés"];
        let told = browser.page(&told);
        assert!(copied.iter().any(|words| told.contains(words)), "{told}");
        let restore = format!("{page}/history/restore");
        done(&browser, &restore, &[("revision", &revision)]);
        assert_eq!(browser.get(&format!("{page}/file")).body, b"one");
        assert!(
            browser
                .page(&page)
                .contains(&format!("<h1>{language}.txt</h1>"))
        );
        // What it replaced is a version too.
        let history = browser.page(&format!("{page}/history"));
        let revision = hidden(&history, "revision");
        done(&browser, &restore, &[("revision", &revision)]);
        assert_eq!(browser.get(&format!("{page}/file")).body, b"%PDF-1.7 two");
    }
    // Nobody else's: no version, no copy of it.
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let page = added(&alice, TEAM, "minutes.txt", b"one");
    replace(&alice, &page, "minutes.txt", b"two");
    let history = bob.page(&format!("{page}/history"));
    assert!(!history.contains(">Bring back"), "{history}");
    assert!(history.contains("Placed in Team · Documents"), "{history}");
    let revision = hidden(&history, "revision");
    let fields = [("revision", revision.as_str())];
    assert_eq!(
        post(&bob, &format!("{page}/history/restore"), &fields).status,
        403
    );
    done(&bob, &format!("{page}/history/copy"), &fields);
    let copy = bob.card_named(HERE, "minutes.txt").expect("a copy");
    assert_eq!(bob.get(&format!("{copy}/file")).body, b"one");
    is_whole(&server);
}

#[test]
fn everything_a_program_did_to_a_groups_documents_is_undone_and_what_others_did_stays() {
    let server = Server::start();
    for (language, button, told) in [
        (
            "en",
            "Undo everything it did",
            "Brought back: 1. Changed back: 1. Removed: 1.",
        ),
        (
            "fr",
            "Annuler tout ce qu&#39;il a fait",
            "Rétablis : 1. Ramenés à leur contenu d&#39;alors : 1. Retirés : 1.",
        ),
    ] {
        let mut alice = Browser::of(&server.address, "alice");
        alice.language = language;
        let bob = Browser::of(&server.address, "bob");
        let plan = added(&alice, TEAM, &format!("plan-{language}.txt"), b"one");
        let lease = added(&alice, TEAM, &format!("lease-{language}.txt"), b"signed");
        let group = hidden(&alice.page(&format!("{plan}/rights")), "group");
        let grantee = server.person("bob").0.to_string();
        done(
            &alice,
            &format!("{plan}/rights/grant"),
            &[("group", &group), ("grantee", &grantee)],
        );
        let since = moment();
        replace(&alice, &plan, "plan.txt", b"two");
        rename(&alice, &plan, &format!("spoilt-{language}.txt"), "");
        delete(&alice, &lease);
        added(&alice, TEAM, &format!("stray-{language}.txt"), b"stray");
        rename(
            &bob,
            &plan,
            &format!("spoilt-{language}.txt"),
            "Bob's remark",
        );

        let trash = alice.page(&format!("{TEAM}/trash"));
        for words in [button, "<option value=\"web\">web</option>"] {
            assert!(trash.contains(words), "{words}: {trash}");
        }
        let fields = [("client", "web"), ("before", since.as_str())];
        let page = done(&alice, &format!("{TEAM}/trash/undo-client"), &fields);
        let page = alice.page(&page);
        assert!(page.contains(told), "{page}");
        let back = alice.page(&plan);
        assert!(
            back.contains(&format!("<h1>plan-{language}.txt</h1>")),
            "{back}"
        );
        assert!(back.contains("Bob&#39;s remark"), "{back}");
        assert_eq!(alice.get(&format!("{plan}/file")).body, b"one");
        let lease = alice.card_named(TEAM, &format!("lease-{language}.txt"));
        let lease = lease.expect("it is back");
        assert_eq!(bob.get(&format!("{lease}/file")).body, b"signed");
        let stray = format!("stray-{language}.txt");
        assert!(alice.card_named(TEAM, &stray).is_none());
        assert!(alice.page(&format!("{TEAM}/trash")).contains(&stray));
    }
    is_whole(&server);
}

#[test]
fn a_folder_goes_back_to_a_moment() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let plan = added(&alice, HERE, "plan.txt", b"one");
    let lease = added(&alice, HERE, "lease.txt", b"signed");
    let at = moment();
    replace(&alice, &plan, "plan.txt", b"two");
    delete(&alice, &lease);
    added(&alice, HERE, "stray.txt", b"stray");
    let page = done(&alice, &format!("{HERE}/trash/back"), &[("before", &at)]);
    let page = alice.page(&page);
    assert!(page.contains("Brought back: 1. Changed back: 1. Removed: 1."));
    assert_eq!(alice.get(&format!("{plan}/file")).body, b"one");
    assert!(alice.card_named(HERE, "lease.txt").is_some());
    assert!(alice.card_named(HERE, "stray.txt").is_none());
    is_whole(&server);
}

#[test]
fn what_comes_back_fits_its_creators_quota() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let op = Op::Document(DocumentOp::SetDocumentQuota {
        person: server.person("alice"),
        quota: Some(10),
    });
    let batch = Batch {
        ops: vec![op],
        ..Batch::default()
    };
    let set = server.core().commit(batch);
    server.runtime.block_on(set).expect("committed");
    let first = added(&alice, HERE, "first.txt", b"8 octets");
    let at = moment();
    delete(&alice, &first);
    let second = added(&alice, HERE, "second.txt", b"8 octets!");
    // Going back takes the second away first, and both at once do not fit.
    let trash = alice.page(&format!("{HERE}/trash"));
    assert!(!trash.contains("/trash/copy"), "it comes back as it is");
    let revision = hidden(&trash, "revisions");
    let fields = [("revisions", revision.as_str())];
    let answer = post(&alice, &format!("{HERE}/trash/restore"), &fields);
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(answer.text().contains("quota of documents of 10 bytes"));
    done(&alice, &format!("{HERE}/trash/back"), &[("before", &at)]);
    assert!(alice.card_named(HERE, "first.txt").is_some());
    assert_eq!(alice.get(&second).status, 404);

    // An earlier, longer version does not fit any more either.
    let first = alice.card_named(HERE, "first.txt").expect("the first");
    let since = moment();
    replace(&alice, &first, "first.txt", b"short");
    let other = added(&alice, HERE, "other.txt", b"other");
    let fields = [("before", since.as_str())];
    let one = format!("{first}/history/restore");
    let revision = hidden(&alice.page(&format!("{first}/history")), "revision");
    assert_eq!(post(&alice, &one, &[("revision", &revision)]).status, 507);
    assert_eq!(alice.get(&format!("{first}/file")).body, b"short");
    done(&alice, &format!("{HERE}/trash/back"), &fields);
    assert_eq!(alice.get(&format!("{first}/file")).body, b"8 octets");
    assert_eq!(alice.get(&other).status, 404);
    is_whole(&server);
}
