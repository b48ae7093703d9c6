//! Trash, history, refused changes, and what a client did all at once.

use carnet::domain::{
    actor::Client,
    book::{Condition, Replace},
    rights::GroupRight,
};

use super::{Setting, vcard};
use crate::support::browser::hidden;

#[test]
fn cases_23_to_28_what_is_deleted_comes_back_where_rights_allow() {
    let setting = Setting::start();
    let [ada, mia, max, zed] = ["ada", "mia", "max", "zed"].map(|login| setting.visit(login));
    let k = mia.card("/g/G", "k");
    setting.given("G", "mia", GroupRight::Add);
    assert_eq!(mia.delete(&k).status, 403, "23");
    assert!(
        !mia.page(&k).contains(&format!("{k}/delete")),
        "no dead button"
    );
    setting.given("G", "mia", GroupRight::None);
    setting.given("G", "max", GroupRight::AddDelete);
    assert_eq!(max.edit(&k, "+33 25"), 403, "25");
    max.done(&format!("{k}/comments"), &[("text", "stays with it")]);
    let answer = max.delete(&k);
    assert_eq!(answer.status, 303, "24");
    let page = max.page(answer.header("location").expect("a page"));
    assert!(
        page.contains("Contact k was deleted") && page.contains("Undo"),
        "{page}"
    );
    let undo = hidden(&page, "revisions");

    // 26
    let page = mia.page("/g/G/trash");
    assert!(page.contains("Contact k") && page.contains("web"), "{page}");
    assert!(!page.contains(">Restore<"));
    mia.refused("/g/G/trash/restore", &[("revisions", &undo)], 403);
    zed.refused("/g/G/trash/restore", &[("revisions", &undo)], 403);
    assert!(
        !zed.page("/g/G/trash").contains("Contact k"),
        "not hers to see"
    );
    mia.done("/g/G/trash/copy", &[("revision", &undo)]);
    assert!(mia.lists("/c/private", "k"), "26");
    zed.refused("/g/G/trash/copy", &[("revision", &undo)], 404);

    // 27: undo, with the comment; then ada.
    max.done("/g/G/trash/restore", &[("revisions", &undo), ("undo", "1")]);
    let k = max.card("/g/G", "k");
    assert!(max.page(&k).contains("stays with it"), "27");
    // Pressed once more, it is back as well.
    max.done("/g/G/trash/restore", &[("revisions", &undo)]);
    assert_eq!(max.delete(&k).status, 303);
    let revision = ada.hidden_after("/g/G/trash", "Contact k", "revisions");
    ada.done("/g/G/trash/restore", &[("revisions", &revision)]);
    let k = ada.card("/g/G", "k");
    assert_eq!(ada.delete(&k).status, 303, "28");
    for nonsense in ["", "x", "0", "999999", "9-1", "1-999999999999"] {
        let answer = ada.post("/g/G/trash/restore", &[("revisions", nonsense)]);
        assert!(
            matches!(answer.status, 303 | 404),
            "{nonsense}: {}",
            answer.status
        );
    }
    setting.check();
}

#[test]
fn a_moment_that_is_refused_stays_in_its_field() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    for (form, field, at, why) in [
        ("back", "at", "2999-01-01T10:30", "not possible to go back"),
        (
            "undo-client",
            "since",
            "yesterday",
            "Give a date and a time.",
        ),
    ] {
        let fields = [("at", at), ("client", "web")];
        let page = mia.refused(&format!("/c/private/trash/{form}"), &fields, 422);
        assert!(page.contains(why), "{page}");
        assert!(!page.contains("cannot be stored"), "{page}");
        let input = page.split(&format!("<input id=\"{field}\"")).nth(1);
        let input = input.and_then(|input| input.split('>').next());
        let input = input.expect("a field");
        assert!(input.contains(&format!("value=\"{at}\"")), "{input}");
        assert!(input.contains("aria-invalid"), "{input}");
    }
}

#[test]
fn the_old_address_of_a_restored_contact_leads_to_it() {
    let setting = Setting::start();
    let [mia, max, ivo] = ["mia", "max", "ivo"].map(|login| setting.visit(login));
    for (list, uid) in [("/c/private", "q"), ("/g/G", "k")] {
        let old = mia.card(list, uid);
        let who = setting.visit(if uid == "q" { "mia" } else { "ada" });
        let version = hidden(&who.page(&old), "version");
        let page = who.done(&format!("{old}/delete"), &[("version", &version)]);
        assert_eq!(mia.browser.get(&old).status, 404, "it is in the trash");
        let revisions = hidden(&page, "revisions");
        who.done(
            &format!("{list}/trash/restore"),
            &[("revisions", &revisions)],
        );
        let led = mia.browser.get(&old);
        assert_eq!(led.status, 303, "{}", led.text());
        let now = mia.card(list, uid);
        assert_eq!(led.header("location"), Some(now.as_str()));
        assert_eq!(ivo.browser.get(&old).status, 404, "a stranger");
    }
    // Taken out of the group, it is where its owner still reads it, and nowhere for others.
    let old = mia.card("/g/G", "p");
    let own = mia.card("/c/private", "p");
    let version = hidden(&mia.page(&old), "version");
    mia.done(&format!("{old}/delete"), &[("version", &version)]);
    let led = mia.browser.get(&old);
    assert_eq!(led.header("location"), Some(own.as_str()));
    assert_eq!(max.browser.get(&old).status, 404);
    setting.check();
}

#[test]
fn a_selection_is_deleted_and_undone_with_one_button() {
    let setting = Setting::start();
    let (mia, max) = (setting.visit("mia"), setting.visit("max"));
    let id = |card: String| card.rsplit('/').next().expect("an id").to_owned();
    let (p, k) = (id(mia.card("/g/G", "p")), id(mia.card("/g/G", "k")));
    // She shared p here and may take it away; k was created here.
    let fields = [("id", p.as_str()), ("id", &k), ("id", "nonsense")];
    let page = mia.done("/g/G/selected/delete", &fields);
    assert!(
        page.contains("Deleted: 1.") && page.contains("not possible: 1."),
        "{page}"
    );
    // It is hers in Private still.
    assert!(page.contains("1 of them stays in another place."), "{page}");
    assert!(mia.lists("/g/G", "k") && !mia.lists("/g/G", "p"));
    let undo = hidden(&page, "revisions");
    mia.done("/g/G/trash/restore", &[("revisions", &undo), ("undo", "1")]);
    assert!(mia.lists("/g/G", "p"));
    mia.refused("/g/G/selected/delete", &[], 422);
    // All shown can be checked without script.
    let page = mia.page("/g/G?all=1");
    assert_eq!(page.matches(" checked").count(), 2);

    // A selection is shared and copied.
    setting.given("H", "mia", GroupRight::Add);
    let h = setting.book_id("mia", "H");
    let p = id(mia.card("/g/G", "p"));
    let page = mia.done("/g/G/selected/share", &[("id", &p), ("id", &k), ("to", &h)]);
    assert!(page.contains("Shared: 2."), "{page}");
    assert!(mia.lists("/g/H", "p") && mia.lists("/g/H", "k"));
    let page = max.done("/g/G/selected/copy", &[("id", &p), ("id", &k)]);
    assert!(page.contains("Copied: 2."));
    assert!(max.lists("/c/private", "p") && max.lists("/c/private", "k"));
    setting.check();
}

#[test]
fn a_deletion_tells_where_the_contact_stays() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    for (here, there) in [("/c/private", "G"), ("/g/G", "Private")] {
        let answer = mia.delete(&mia.card(here, "p"));
        let page = mia.page(answer.header("location").expect("a page"));
        let told = format!("Contact p was taken out of this place; it stays in {there}.");
        assert!(page.contains(&told), "{page}");
        assert!(!mia.lists(here, "p"));
        let undo = hidden(&page, "revisions");
        let path = format!("{here}/trash/restore");
        mia.done(&path, &[("revisions", &undo), ("undo", "1")]);
        assert!(mia.lists("/c/private", "p") && mia.lists("/g/G", "p"));
    }
    // What is nowhere else is deleted.
    let answer = mia.delete(&mia.card("/c/private", "q"));
    let page = mia.page(answer.header("location").expect("a page"));
    assert!(page.contains("Contact q was deleted."), "{page}");
    setting.check();
}

#[test]
fn case_63_a_book_is_emptied_only_by_its_count_and_undone() {
    let setting = Setting::start();
    let (coco, mia, max) = (
        setting.visit("coco"),
        setting.visit("mia"),
        setting.visit("max"),
    );
    assert!(!max.page("/g/G").contains("/g/G/empty"), "63");
    max.refused("/g/G/empty", &[("count", "2")], 403);
    for count in ["", "1", "all", "-2"] {
        coco.refused("/g/G/empty", &[("count", count)], 422);
    }
    assert!(coco.page("/g/G/empty").contains("2 contacts of G"));
    let page = coco.done("/g/G/empty", &[("count", "\u{202f}2 ")]);
    assert!(
        page.contains("was emptied") && page.contains("No contacts yet"),
        "63"
    );
    assert!(mia.lists("/c/private", "p"), "63: private originals stay");
    // What others add meanwhile stays.
    setting.given("G", "max", GroupRight::Add);
    assert_eq!(max.create("/g/G", "Meanwhile"), 303);
    let page = coco.done("/undo", &[("kept", &hidden(&page, "kept"))]);
    assert!(page.contains("Taken back: 2."), "{page}");
    assert!(coco.lists("/g/G", "p") && coco.lists("/g/G", "k"));
    assert!(coco.page("/g/G").contains("Meanwhile"));
    coco.refused("/g/G/trash/back", &[("at", "yesterday")], 422);
    setting.check();
}

#[test]
fn going_back_to_a_moment_is_undone_without_what_others_wrote_since() {
    let setting = Setting::start();
    setting.given("G", "max", GroupRight::Add);
    let (coco, max) = (setting.visit("coco"), setting.visit("max"));
    let before = carnet::domain::id::Timestamp::now().0.to_string();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(coco.delete(&coco.card("/g/G", "k")).status, 303);
    std::thread::sleep(std::time::Duration::from_millis(20));
    let page = coco.done("/g/G/trash/back", &[("before", &before)]);
    assert!(coco.lists("/g/G", "k"));
    assert_eq!(max.create("/g/G", "Meanwhile"), 303);
    let page = coco.done("/undo", &[("kept", &hidden(&page, "kept"))]);
    assert!(page.contains("Taken back: 1."), "{page}");
    assert!(!coco.lists("/g/G", "k") && coco.lists("/g/G", "p"));
    assert!(coco.page("/g/G").contains("Meanwhile"));
    setting.check();
}

#[test]
fn what_came_back_and_was_edited_since_stays() {
    let setting = Setting::start();
    let (coco, mia) = (setting.visit("coco"), setting.visit("mia"));
    let before = carnet::domain::id::Timestamp::now().0.to_string();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(coco.delete(&coco.card("/g/G", "k")).status, 303);
    std::thread::sleep(std::time::Duration::from_millis(20));
    let page = coco.done("/g/G/trash/back", &[("before", &before)]);
    mia.edit(&mia.card("/g/G", "k"), "+33 5");
    let page = coco.done("/undo", &[("kept", &hidden(&page, "kept"))]);
    assert!(!page.contains("Taken back: 1."), "{page}");
    assert!(mia.page(&mia.card("/g/G", "k")).contains("+33 5"));
    setting.check();
}

#[test]
fn undoing_what_a_client_did_is_undone_itself() {
    let setting = Setting::start();
    let max = setting.visit("max");
    let before = carnet::domain::id::Timestamp::now().0.to_string();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(max.create("/c/private", "Wanted"), 303);
    let fields = [("client", "web"), ("before", &before[..])];
    let page = max.done("/c/private/trash/undo-client", &fields);
    assert!(page.contains("Removed: 1."), "{page}");
    assert_eq!(max.create("/c/private", "Meanwhile"), 303);
    let page = max.done("/undo", &[("kept", &hidden(&page, "kept"))]);
    assert!(page.contains("Taken back: 1."), "{page}");
    let list = max.page("/c/private");
    assert!(
        list.contains("Wanted") && list.contains("Meanwhile"),
        "{list}"
    );
    setting.check();
}

#[test]
fn a_version_is_shown_with_its_differences_and_brought_back() {
    let setting = Setting::start();
    let (mia, max) = (setting.visit("mia"), setting.visit("max"));
    let k = mia.card("/g/G", "k");
    mia.edit(&k, "+33 2 <x>");
    let history = format!("{k}/history");
    let page = max.page(&history);
    for text in [
        "Phone (work)",
        "+33 1",
        "+33 2 &#60;x&#62;",
        "mia &#60;i&#62;",
        "web",
        "Placed in G",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Bring back"), "he may not modify it");
    let own = mia.page(&format!("{}/history", mia.card("/c/private", "p")));
    assert!(own.contains("Placed in Private") && own.contains("Placed in G"));
    let version = hidden(&page, "revision");
    max.refused(
        &format!("{history}/restore"),
        &[("revision", &version)],
        403,
    );
    // Anybody who read it may take a copy of it.
    max.done(&format!("{history}/copy"), &[("revision", &version)]);
    assert!(max.page(&max.card("/c/private", "k")).contains("+33 1"));
    mia.done(&format!("{history}/restore"), &[("revision", &version)]);
    assert!(!mia.page(&k).contains("+33 2"));
    // A version of another contact is none of this one.
    let q = mia.card("/c/private", "q");
    mia.refused(
        &format!("{q}/history/restore"),
        &[("revision", &version)],
        404,
    );
    mia.refused(&format!("{q}/history/copy"), &[("revision", "x")], 404);
    setting.check();
}

#[test]
fn a_refused_change_is_copied_proposed_accepted_or_dismissed() {
    let setting = Setting::start();
    let [mia, max, zed] = ["mia", "max", "zed"].map(|login| setting.visit(login));
    let k = mia.card("/g/G", "k");
    assert_eq!(max.edit(&k, "+33 15"), 403, "15");
    let page = max.page("/refused");
    for text in ["Contact k", "+33 1", "+33 15", "Propose"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(max.create("/g/G", "Newcomer"), 403);
    let page = max.page("/refused");
    let newest = page.split("</section>").next().expect("an entry");
    assert_eq!(newest.matches(">Name</th>").count(), 1, "{newest}");
    assert!(newest.contains("<ins>Newcomer</ins>"), "{newest}");
    let newcomer = hidden(newest, "revision");
    let page = max.done("/refused/dismiss", &[("revision", &newcomer)]);
    let refused = hidden(&page, "revision");
    for path in ["copy", "propose", "dismiss", "accept", "decline"] {
        zed.refused(&format!("/refused/{path}"), &[("revision", &refused)], 404);
    }
    let page = max.done("/refused/propose", &[("revision", &refused)]);
    assert!(page.contains("proposed to the creator"));
    assert!(!zed.page("/refused").contains("Contact k"));
    let page = mia.page("/refused");
    assert!(
        page.contains("Changes proposed to me") && page.contains("max"),
        "{page}"
    );
    let proposal = hidden(&page, "revision");
    mia.done("/refused/accept", &[("revision", &proposal)]);
    assert!(zed.page(&k).contains("+33 15"));
    let home = max.page("/");
    let told = "mia &#60;i&#62; accepted your change of Contact k.";
    assert!(
        home.contains(told) && home.contains(&format!("href=\"{k}\"")),
        "{home}"
    );
    mia.refused("/refused/accept", &[("revision", &proposal)], 404);

    // Another one is declined, a third dismissed, a fourth copied.
    zed.edit(&k, "+33 16");
    let refused = hidden(&zed.page("/refused"), "revision");
    zed.done("/refused/propose", &[("revision", &refused)]);
    mia.done("/refused/decline", &[("revision", &refused)]);
    assert!(!mia.page(&k).contains("+33 16"));
    zed.edit(&k, "+33 17");
    let refused = hidden(&zed.page("/refused"), "revision");
    zed.done("/refused/dismiss", &[("revision", &refused)]);
    assert!(zed.page("/refused").contains("Nothing was refused"));
    zed.edit(&k, "+33 18");
    let refused = hidden(&zed.page("/refused"), "revision");
    zed.done("/refused/copy", &[("revision", &refused)]);
    assert!(zed.page(&zed.card("/c/private", "k")).contains("+33 18"));
    // A refused new contact has nobody to be proposed to.
    assert_eq!(zed.create("/g/G", "newcomer"), 403);
    let page = zed.page("/refused");
    assert!(page.contains("newcomer") && !page.contains("Propose"));
    setting.check();
}

#[test]
fn a_mass_deletion_is_told_on_every_page_and_undone_with_one_button() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    let delete_all = || async {
        let core = setting.server.core();
        let mia = setting.actor("mia").await;
        let book = core.default_book(&mia).await.expect("a book");
        for n in 0..60 {
            let card = Replace(vcard(&format!("m{n}")).into_bytes());
            let href = format!("m{n}.vcf");
            let put = book.put(&href, &Condition::Absent, &card).await;
            put.expect("stored");
        }
        let person = mia.person;
        let client = Client {
            label: "CardDAV Broken <b>".to_owned(),
            ..Client::default()
        };
        let actor = core.actor(person, client).await.expect("an actor");
        let book = core.default_book(&std::sync::Arc::new(actor)).await;
        let book = book.expect("a book");
        for n in 0..60 {
            let gone = book.delete(&format!("m{n}.vcf"), &Condition::None).await;
            gone.map(drop).expect("obeyed");
        }
    };
    setting.server.runtime.block_on(delete_all());
    for path in ["/c/private", "/groups", "/g/G", "/tags"] {
        let page = mia.page(path);
        assert!(
            page.contains("Broken &#60;b&#62; deleted") && !page.contains("CardDAV Broken"),
            "{path}: {page}"
        );
    }
    assert!(!setting.visit("max").page("/g/G").contains("Broken"));
    let notice = hidden(&mia.page("/c/private"), "notice");
    // Not another's to settle, and they learn nothing.
    for path in ["/notices/undo", "/notices/confirm"] {
        let page = setting.visit("max").done(path, &[("notice", &notice)]);
        assert!(page.contains("This alert is settled already."), "{page}");
    }
    let page = mia.done("/notices/undo", &[("notice", &notice)]);
    assert!(
        page.contains("Brought back:") && !page.contains("class=\"notice alert\""),
        "{page}"
    );
    assert!(mia.lists("/c/private", "m7"));
    // It stood in another tab too.
    for path in ["/notices/undo", "/notices/confirm"] {
        let page = mia.done(path, &[("notice", &notice)]);
        assert!(page.contains("This alert is settled already."), "{page}");
    }
    assert!(mia.lists("/c/private", "m7"));
    let page = mia.done("/undo", &[("kept", &hidden(&page, "kept"))]);
    assert!(page.contains("Taken back: 60."), "{page}");
    assert!(!mia.lists("/c/private", "m7"));
    assert!(mia.lists("/c/private", "p"));
    setting.check();
}

#[test]
fn what_one_client_did_since_a_moment_is_undone() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    let p = mia.card("/c/private", "p");
    let before = "2000-01-01T00:00";
    mia.edit(&p, "+33 99");
    assert_eq!(mia.delete(&mia.card("/c/private", "q")).status, 303);
    let page = mia.page("/c/private/trash");
    assert!(page.contains("<option value=\"web\">") && page.contains("value=\"setting\""));
    mia.refused("/c/private/trash/undo-client", &[("client", "web")], 422);
    let fields = [("client", "web"), ("at", before)];
    let page = mia.done("/c/private/trash/undo-client", &fields);
    assert!(page.contains("Brought back: 1. Changed back: 1."), "{page}");
    assert!(mia.lists("/c/private", "q") && !mia.page(&p).contains("+33 99"));
    // Large deletions are obeyed unless the person wants to confirm them.
    let page = mia.done("/c/private/trash/hold", &[("hold", "1")]);
    assert!(page.contains("name=\"hold\" value=\"1\" checked"));
    let page = mia.done("/c/private/trash/hold", &[]);
    assert!(!page.contains("name=\"hold\" value=\"1\" checked"));
    setting.check();
}

#[test]
fn refused_changes_are_shown_page_by_page() {
    let setting = Setting::start();
    let [mia, max] = ["mia", "max"].map(|login| setting.visit(login));
    let k = mia.card("/g/G", "k");
    for number in 0..22 {
        assert_eq!(max.edit(&k, &format!("+44 {number}")), 403);
    }
    assert!(
        max.page("/")
            .contains("Refused changes waiting for you: 22")
    );
    let shown = |page: &str| page.matches("action=\"/refused/copy\"").count();
    let first = max.page("/refused");
    assert_eq!(shown(&first), 20);
    let older = "rel=\"next\" href=\"/refused?refused=20&#38;proposals=0\"";
    assert!(
        first.contains(older) && !first.contains("rel=\"prev\""),
        "{first}"
    );
    let second = max.page("/refused?refused=20&proposals=0");
    assert_eq!(shown(&second), 2);
    assert!(second.contains("rel=\"prev\" href=\"/refused?refused=0&#38;proposals=0\""));
    assert!(!second.contains("rel=\"next\""));
    let oldest = hidden(&second, "revision");
    max.done("/refused/dismiss", &[("revision", &oldest)]);
    // Beyond the end is the last page.
    assert_eq!(shown(&max.page("/refused?refused=400")), 1);
    setting.check();
}
