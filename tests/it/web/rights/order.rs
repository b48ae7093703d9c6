//! The order of names a person set, in every list of people.

use super::Setting;
use crate::support::browser::escaped;

#[test]
fn family_names_come_first_wherever_people_are_listed() {
    let setting = Setting::start();
    let [ada, mia, max] = ["ada", "mia", "max"].map(|login| setting.visit(login));
    let last_first = [("names", "last-first"), ("keys", "1")];
    for person in [&ada, &max] {
        person.done("/settings/display", &last_first);
    }
    let k = mia.card("/g/G", "k");
    mia.done(&format!("{k}/comments"), &[("text", "Call in May")]);
    assert_eq!(mia.edit(&k, "+33 2"), 303);
    assert_eq!(max.edit(&k, "+33 3"), 403);
    let (contact, person) = (escaped("k Contact"), escaped("<i> mia"));
    let (wrong_contact, wrong_person) = ("Contact k", escaped("mia <i>"));
    let ordered = |page: String, path: &str, said: &[&str]| {
        for name in said {
            assert!(page.contains(name), "{path}: {name}: {page}");
        }
        for wrong in [wrong_contact, &wrong_person] {
            assert!(!page.contains(wrong), "{path}: {wrong}: {page}");
        }
    };
    let both = [contact.as_str(), person.as_str()];
    for (path, said) in [
        ("/g/G".to_owned(), &both[..]),
        // The author of the comment and the creator.
        (k.clone(), &both),
        (format!("{k}/history"), &both),
        (format!("{k}/share"), &both),
        (format!("{k}/rights"), &both),
        ("/g/G/members".to_owned(), &both[1..]),
        ("/g/G/rights".to_owned(), &both[1..]),
        ("/search?q=contact&in=g:G".to_owned(), &both[..1]),
        ("/search?advanced=1&in=g:G".to_owned(), &both[1..]),
        ("/g/G/print".to_owned(), &both[..1]),
        ("/g/G/export".to_owned(), &[]),
    ] {
        ordered(ada.page(&path), &path, said);
    }
    let suggested = ada.browser.get("/search/suggest?q=cont&in=g:G").text();
    ordered(suggested, "suggestions", &["k Contact"]);
    ordered(max.page("/refused"), "refused", &both[..1]);
    assert_eq!(ada.delete(&k).status, 303);
    let page = ada.page("/g/G/trash");
    ordered(page.clone(), "trash", &both[..1]);
    assert!(page.contains(&escaped("<i> ada")), "{page}");
}
