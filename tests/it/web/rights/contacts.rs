//! Rights, sharing, comments and tags of one contact.

use carnet::domain::rights::GroupRight;

use super::{Setting, Visitor};
use crate::support::browser::{escaped, filled_in};

#[test]
fn cases_1_to_18_modify_is_the_creators_and_whom_the_creator_grants_it() {
    let setting = Setting::start();
    let [ada, coco, mia, max, zed] =
        ["ada", "coco", "mia", "max", "zed"].map(|login| setting.visit(login));
    let k = mia.card("/g/G", "k");
    assert_eq!(max.status(&k), 200, "1");
    assert_eq!(setting.visit("hugo").status(&k), 404, "2");
    assert_eq!(setting.visit("ivo").status(&k), 404, "3");
    for (number, person) in [(5, &ada), (6, &coco), (8, &max)] {
        assert_eq!(person.edit(&k, "+33 5"), 403, "{number}");
        let page = person.page(&k);
        assert!(
            !page.contains("/edit\"") && page.contains("ask them"),
            "{number}"
        );
    }
    assert!(!max.page(&k).contains("+33 5"));
    assert_eq!(mia.edit(&k, "+33 7"), 303, "7");
    // The list tells what one may only read, and who created it.
    let list = max.page("/g/G");
    assert!(list.contains("class=\"lock\"") && list.contains(&escaped("mia <i>")));
    assert!(
        !mia.page("/g/G").contains("class=\"lock\""),
        "both are hers"
    );

    let book = setting.book_id("mia", "G");
    let (max_id, zed_id) = (setting.id("max"), setting.id("zed"));
    let (grant, withdraw) = (format!("{k}/rights/grant"), format!("{k}/rights/withdraw"));
    let to = |id: &'static str| vec![("group", ""), ("grantee", id)];
    let group = ("group", book.as_str());
    let max_alone = [group, ("grantee", max_id.as_str())];
    let zed_alone = [group, ("grantee", zed_id.as_str())];
    max.refused(&grant, &zed_alone, 403);
    ada.refused(&grant, &zed_alone, 403);
    assert_eq!(zed.edit(&k, "+33 16"), 403, "16, 17");

    let page = mia.done(&grant, &max_alone);
    assert!(page.contains(&escaped("max <i>")) && page.contains("Only these people"));
    assert_eq!(max.edit(&k, "+33 9"), 303, "9");
    assert_eq!(zed.edit(&k, "+33 9"), 403, "9");
    max.refused(&grant, &zed_alone, 403);
    // Everyone sees who may modify.
    assert!(
        zed.page(&format!("{k}/rights"))
            .contains("by a right granted")
    );

    // 14: leaving ends it, coming back does not revive it.
    max.done("/g/G/members/leave", &[]);
    ada.done("/g/G/members/add", &[("login", "max")]);
    assert_eq!(max.edit(&k, "+33 14"), 403, "14");

    let everyone = [group, ("grantee", "everyone")];
    let page = mia.done(&grant, &everyone);
    assert!(page.contains("People who join later get this too"));
    assert_eq!(zed.edit(&k, "+33 10"), 303, "10");
    ada.done("/g/G/members/add", &[("login", "ivo")]);
    let ivo = setting.visit("ivo");
    assert_eq!(ivo.edit(&k, "+33 11"), 303, "11");
    zed.done("/g/G/members/leave", &[]);
    assert_eq!(zed.status(&k), 404, "13");
    mia.done(&withdraw, &everyone);
    assert_eq!(ivo.edit(&k, "+33 12"), 403);

    // One by one is not dynamic.
    let all = [
        group,
        ("grantee", max_id.as_str()),
        ("grantee", &setting.id("coco")),
    ];
    mia.done(&grant, &all);
    assert_eq!(ivo.edit(&k, "+33 12"), 403, "12");
    assert_eq!(coco.edit(&k, "+33 12"), 303, "12");

    // Nobody, a non-member, a group it is not in.
    mia.refused(&grant, &[group], 422);
    mia.refused(&grant, &[group, ("grantee", &setting.id("hugo"))], 422);
    let elsewhere = setting.book_id("mia", "H");
    mia.refused(
        &grant,
        &[("group", &elsewhere), ("grantee", "everyone")],
        404,
    );
    mia.refused(&grant, &to("everyone"), 404);
    setting.check();
}

#[test]
fn cases_30_to_45_sharing_is_one_contact_in_several_places() {
    let setting = Setting::start();
    let [ada, mia, max, hugo] = ["ada", "mia", "max", "hugo"].map(|login| setting.visit(login));
    let q = mia.card("/c/private", "q");
    let (g, h) = (setting.book_id("mia", "G"), setting.book_id("mia", "H"));
    let page = mia.page(&format!("{q}/share"));
    assert!(page.contains("you may not add content"));
    mia.refused(&format!("{q}/share/add"), &[("to", &g)], 403);
    mia.refused(&format!("{q}/share/add"), &[("to", &h)], 403);
    assert!(!mia.lists("/g/G", "q") && !mia.lists("/g/H", "q"), "31, 32");
    setting.given("G", "mia", GroupRight::Add);
    let page = mia.done(&format!("{q}/share/add"), &[("to", &g)]);
    assert!(page.contains("by you,"), "30: {page}");
    // Twice is a no-op.
    mia.done(&format!("{q}/share/add"), &[("to", &g)]);

    // 33, 34: one content.
    let p = mia.card("/c/private", "p");
    mia.edit(&p, "+33 33");
    let p_in_g = max.card("/g/G", "p");
    assert!(max.page(&p_in_g).contains("+33 33"), "33");
    let fields = [("group", g.as_str()), ("grantee", &setting.id("max"))];
    mia.done(&format!("{p}/rights/grant"), &fields);
    assert_eq!(max.edit(&p_in_g, "+33 34"), 303);
    assert!(mia.page(&p).contains("+33 34"), "34");

    // 39: ada shares p on into H, where she may add.
    setting.given("H", "ada", GroupRight::Add);
    ada.done(&format!("{p_in_g}/share/add"), &[("to", &h)]);
    let p_in_h = hugo.card("/g/H", "p");
    assert!(hugo.page(&p_in_h).contains("+33 34"), "39");
    // Max is not in H and learns no name of it.
    assert!(!max.page(&format!("{p_in_g}/share")).contains(">H<"));

    // 38, 40, 44: mia takes it out of G; it stays in H and Private.
    let placement = mia.hidden_after(&format!("{p}/share"), ">G</a>", "placement");
    mia.done(&format!("{p}/share/remove"), &[("placement", &placement)]);
    assert_eq!(max.status(&p_in_g), 404, "40");
    assert_eq!(hugo.status(&p_in_h), 200, "40");
    assert!(mia.lists("/c/private", "p"), "38");
    // 41: the creator withdraws it from H as well.
    let placement = mia.hidden_after(&format!("{p}/share"), ">H</a>", "placement");
    mia.done(&format!("{p}/share/remove"), &[("placement", &placement)]);
    assert_eq!(hugo.status(&p_in_h), 404, "41");
    mia.refused(
        &format!("{p}/share/remove"),
        &[("placement", &placement)],
        404,
    );

    // 45: the group keeps its contacts to itself.
    ada.done("/g/G/members/options", &[]);
    setting.given("H", "mia", GroupRight::Add);
    let k = ada.card("/g/G", "k");
    hugo.done("/g/H/members/add", &[("login", "max")]);
    setting.given("H", "max", GroupRight::Add);
    let page = max.page(&format!("{k}/share"));
    assert!(page.contains("keeps its contacts to itself"), "45");
    max.refused(&format!("{k}/share/add"), &[("to", &h)], 403);
    ada.done(&format!("{k}/share/add"), &[("to", &h)]);
    assert!(max.lists("/g/H", "k"), "45");
    // A book one may not open does not exist.
    let other = setting.visit("ivo");
    let own = other.page("/c/private");
    assert!(own.contains("No contacts yet"));
    ada.refused(&format!("{k}/share/add"), &[("to", "1")], 404);
    setting.check();
}

#[test]
fn cases_35_to_37_removal_from_one_place_leaves_the_others() {
    let setting = Setting::start();
    let (mia, max) = (setting.visit("mia"), setting.visit("max"));
    setting.given("G", "max", GroupRight::AddDelete);
    let p = mia.card("/c/private", "p");
    max.post(&format!("{p}/delete"), &[("version", "\"x\"")]);
    assert!(mia.lists("/c/private", "p"), "36");
    assert_eq!(max.status(&p), 404, "36");
    let p_in_g = max.card("/g/G", "p");
    assert_eq!(max.delete(&p_in_g).status, 303);
    assert!(
        !max.lists("/g/G", "p") && mia.lists("/c/private", "p"),
        "35"
    );

    let setting = Setting::start();
    let mia = setting.visit("mia");
    let p = mia.card("/c/private", "p");
    assert_eq!(mia.delete(&p).status, 303);
    assert_eq!(mia.edit(&mia.card("/g/G", "p"), "+33 37"), 303, "37");

    // Moving is sharing, then removing; copying makes another contact.
    let q = mia.card("/c/private", "q");
    let g = setting.book_id("mia", "G");
    mia.refused(&format!("{q}/share/move"), &[("to", &g)], 403);
    assert!(mia.lists("/c/private", "q"), "nothing half done");
    setting.given("G", "mia", GroupRight::Add);
    mia.done(&format!("{q}/share/move"), &[("to", &g)]);
    assert!(mia.lists("/g/G", "q") && !mia.lists("/c/private", "q"));
    let max = setting.visit("max");
    let page = max.done(&format!("{}/copy", max.card("/g/G", "k")), &[]);
    assert!(
        page.contains("copy in your private contacts") && page.contains("Contact k"),
        "62"
    );
    assert_eq!(max.edit(&max.card("/c/private", "k"), "+33 62"), 303, "62");
    assert!(!mia.page(&mia.card("/g/G", "k")).contains("+33 62"), "62");
    setting.check();
}

#[test]
fn cases_51_to_54_comments_stay_in_their_place() {
    let setting = Setting::start();
    let [ada, mia, max, zed] = ["ada", "mia", "max", "zed"].map(|login| setting.visit(login));
    let k = max.card("/g/G", "k");
    let text = "<b>Called</b>\n& left word";
    max.refused(&format!("{k}/comments"), &[("text", " ")], 422);
    let page = max.done(&format!("{k}/comments"), &[("text", text)]);
    assert!(
        page.contains(&escaped(text)) && page.contains("in G"),
        "{page}"
    );
    assert!(zed.page(&k).contains(&escaped(text)), "51");
    assert!(zed.page("/g/G").contains("©"), "the list marks it");
    assert!(!zed.page("/c/private").contains("©"));

    // 52, 53
    setting.given("H", "ada", GroupRight::Add);
    let p_in_g = max.card("/g/G", "p");
    assert!(!mia.page("/c/private").contains("©"));
    max.done(&format!("{p_in_g}/comments"), &[("text", "seen in G")]);
    let h = setting.book_id("ada", "H");
    // A list marks the comments of its place; results those that their reader reads anywhere.
    let marked = |visitor: &Visitor, list: &str| visitor.page(list).contains("©");
    assert!(!marked(&mia, "/c/private") && marked(&mia, "/g/G"));
    assert!(marked(&mia, "/search?q=Contact&in=private"));
    ada.done(&format!("{p_in_g}/share/add"), &[("to", &h)]);
    let hugo = setting.visit("hugo");
    assert!(!marked(&hugo, "/g/H") && !marked(&hugo, "/search?q=Contact&in=all"));
    assert!(!marked(&mia, "/g/H"));
    assert!(
        !hugo.page(&hugo.card("/g/H", "p")).contains("seen in G"),
        "52"
    );
    let p = mia.card("/c/private", "p");
    mia.done(&format!("{p}/comments"), &[("text", "for me alone")]);
    assert!(!max.page(&p_in_g).contains("for me alone"), "53");
    // She sees both, labelled.
    let page = mia.page(&p);
    assert!(page.contains("for me alone") && page.contains("seen in G"));

    // 54
    let id = max.hidden_after(&k, "Called", "comment");
    let (edit, delete) = (format!("{k}/comments/edit"), format!("{k}/comments/delete"));
    zed.refused(&delete, &[("comment", &id)], 403);
    ada.refused(&edit, &[("comment", &id), ("text", "Ada's words")], 403);
    max.done(&edit, &[("comment", &id), ("text", "Called twice")]);
    assert!(zed.page(&k).contains("Called twice"));
    ada.done(&delete, &[("comment", &id)]);
    assert!(!zed.page(&k).contains("Called"), "54");
    max.refused(&delete, &[("comment", &id)], 404);
    // A comment elsewhere is no comment of this contact.
    let other = mia.hidden_after(&p, "for me alone", "comment");
    mia.refused(&delete, &[("comment", &other)], 404);
    setting.check();
}

#[test]
fn cases_55_to_57_tags_are_personal() {
    let setting = Setting::start();
    let (mia, max, zed) = (
        setting.visit("mia"),
        setting.visit("max"),
        setting.visit("zed"),
    );
    for (name, colour, status) in [
        ("", "#ff0000", 422),
        ("Urgent", "red", 422),
        ("Urgent", "#ff0000\"><script>", 422),
    ] {
        let fields = [("name", name), ("colour", colour)];
        zed.refused("/tags", &fields, status);
    }
    zed.done("/tags", &[("name", "Urgent"), ("colour", "#FF0000")]);
    zed.refused("/tags", &[("name", "URGENT"), ("colour", "#ff0000")], 409);
    let tag = zed.hidden_after("/tags", ">Urgent", "id");
    let k = zed.card("/g/G", "k");
    assert!(zed.page(&k).contains("advised against"));
    let version = |page: String| crate::support::browser::hidden(&page, "version");
    let before = version(mia.page(&format!("{k}/edit")));
    let page = zed.done(&format!("{k}/tags"), &[("tag", &tag)]);
    assert!(page.contains(&format!("value=\"{tag}\" checked")), "{page}");
    assert_eq!(version(mia.page(&format!("{k}/edit"))), before, "55");
    assert!(
        !max.page("/g/G").contains("Urgent") && !max.page(&k).contains("Urgent"),
        "55"
    );
    // Somebody else's tag is none of one's own.
    max.refused(&format!("{k}/tags"), &[("tag", &tag)], 404);
    max.refused("/tags/delete", &[("id", &tag)], 404);
    max.refused("/tags/colour", &[("id", &tag), ("colour", "#000000")], 404);

    // T5: the list with a tag, counted; the book's name leads back.
    let list = zed.page("/g/G");
    assert!(
        list.contains("Urgent <span class=\"number\">1</span>"),
        "{list}"
    );
    let filtered = zed.page(&format!("/g/G?tag={tag}"));
    assert!(filtered.contains("Contact k") && !filtered.contains("Contact p"));
    assert!(filtered.contains("href=\"/g/G\""));

    // The page of tags counts and shows what has one in any place.
    let tags = zed.page("/tags");
    assert!(
        tags.contains("<td data-label=\"Contacts and documents\">1</td>"),
        "{tags}"
    );
    let all = format!("/search?tag={tag}&amp;in=all");
    assert!(tags.contains(&format!("href=\"{all}\"")), "{tags}");
    let found = zed.page(&all.replace("&amp;", "&"));
    assert!(found.contains("Contact k"), "{found}");

    // 56
    let ada = setting.visit("ada");
    zed.done("/g/G/members/leave", &[]);
    assert!(
        zed.page("/tags")
            .contains("<td data-label=\"Contacts and documents\">0</td>")
    );
    ada.done("/g/G/members/add", &[("login", "zed")]);
    assert!(
        zed.page(&format!("/g/G?tag={tag}")).contains("Contact k"),
        "56"
    );
    // 57: there is no form that renames; the colour changes.
    let page = zed.done(
        "/tags/colour",
        &[("id", &tag), ("colour", "#00ff00"), ("name", "Later")],
    );
    assert!(
        page.contains("fill=\"#00ff00\"") && page.contains("Urgent"),
        "57"
    );
    assert!(!page.contains("Later"), "57");

    // A selection is tagged in one go, and the tag deleted with its links.
    mia.done("/tags", &[("name", "Clients"), ("colour", "#0000ff")]);
    let tag = mia.hidden_after("/tags", ">Clients", "id");
    let ids: Vec<String> = ["p", "q"]
        .iter()
        .map(|uid| {
            mia.card("/c/private", uid)
                .rsplit('/')
                .next()
                .expect("an id")
                .to_owned()
        })
        .collect();
    let fields = [("id", ids[0].as_str()), ("id", &ids[1]), ("tag", &tag)];
    mia.done("/c/private/selected/tag", &fields);
    assert!(
        mia.page("/c/private")
            .contains("Clients <span class=\"number\">2</span>")
    );
    mia.done("/c/private/selected/untag", &fields[1..]);
    assert!(
        mia.page("/c/private")
            .contains("Clients <span class=\"number\">1</span>")
    );
    mia.refused("/c/private/selected/tag", &[("tag", &tag)], 422);
    mia.done("/tags/delete", &[("id", &tag)]);
    assert!(!mia.page("/c/private").contains("Clients"));
    setting.check();
}

#[test]
fn cases_42_and_43_who_placed_it_or_administers_there_takes_it_away() {
    let setting = Setting::start();
    let [ada, hugo, max, mia] = ["ada", "hugo", "max", "mia"].map(|login| setting.visit(login));
    setting.given("H", "ada", GroupRight::Add);
    let p = ada.card("/g/G", "p");
    let share = format!("{p}/share");
    let to = setting.book_id("ada", "H");
    ada.done(&format!("{share}/add"), &[("to", to.as_str())]);
    assert!(hugo.lists("/g/H", "p"), "39");
    let there = ada.hidden_after(&share, "href=\"/g/H\"", "placement");
    ada.done(&format!("{share}/remove"), &[("placement", there.as_str())]);
    assert!(!hugo.lists("/g/H", "p"), "42");
    assert!(max.lists("/g/G", "p"), "42");

    ada.done(&format!("{share}/add"), &[("to", to.as_str())]);
    let p = hugo.card("/g/H", "p");
    assert_eq!(hugo.delete(&p).status, 303, "43");
    assert!(!hugo.lists("/g/H", "p"), "43");
    assert!(max.lists("/g/G", "p") && mia.lists("/c/private", "p"), "43");
    setting.check();
}

#[test]
fn a_contact_taken_out_of_a_group_is_shown_where_it_still_is() {
    let setting = Setting::start();
    let [ada, mia, hugo] = ["ada", "mia", "hugo"].map(|login| setting.visit(login));
    let edit = format!("{}/edit", mia.card("/g/G", "p"));
    let mut typed = mia.browser.filled(&edit, &[("tel-0", "+33 71")]);
    assert_eq!(ada.delete(&ada.card("/g/G", "p")).status, 303);
    let page = mia.browser.send(&edit, &typed, None).text();
    let private = mia.card("/c/private", "p");
    let link = format!("href=\"{private}\">The contact itself is still in Private<");
    assert!(page.contains(&link), "{page}");
    // To others it is in no other place.
    typed.retain(|(name, _)| name != "token");
    for other in [&ada, &hugo] {
        let mut typed = typed.clone();
        typed.push(("token".to_owned(), other.token.clone()));
        let page = other.browser.send(&edit, &typed, None).text();
        assert!(page.contains("not here any more"), "{page}");
        assert!(!page.contains("still in"), "{page}");
    }
    setting.check();
}

#[test]
fn what_was_typed_goes_to_private_where_nothing_may_be_added() {
    let setting = Setting::start();
    let [ada, mia] = ["ada", "mia"].map(|login| setting.visit(login));
    let typed = |uid: &str, number: &str| {
        let edit = format!("{}/edit", mia.card("/g/G", uid));
        let form = mia.browser.filled(&edit, &[("tel-0", number)]);
        (edit, form)
    };
    let (k, of_k) = typed("k", "+33 70");
    let (p, of_p) = typed("p", "+33 71");
    // One is deleted by somebody else, then the group is left.
    assert_eq!(ada.delete(&ada.card("/g/G", "k")).status, 303);
    let gone = mia.browser.send(&k, &of_k, None);
    assert_eq!(gone.status, 409);
    let page = gone.text();
    assert!(page.contains("a new contact in Private"), "{page}");
    // Whoever does not save it is led to a place that is there.
    assert!(page.contains("id=\"cancel\" href=\"/c/private\""), "{page}");
    assert!(!page.contains("still in"), "{page}");
    assert!(mia.page("/refused").contains("Contact k"));
    let answer = mia.browser.send(&k, &filled_in(&page, &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(mia.page(&mia.card("/c/private", "k")).contains("+33 70"));
    assert!(!mia.page("/refused").contains("Contact k"));

    mia.done("/g/G/members/leave", &[]);
    let gone = mia.browser.send(&p, &of_p, None);
    assert_eq!(gone.status, 409, "{}", gone.text());
    assert!(gone.text().contains("+33 71"), "{}", gone.text());
    // The contact itself is hers, and like what she typed.
    let looked = mia.browser.send(&p, &filled_in(&gone.text(), &[]), None);
    assert_eq!(looked.status, 409, "{}", looked.text());
    assert!(looked.text().contains("id=\"cancel\" href=\"/c/private\""));
    let answer = mia.browser.send(&p, &filled_in(&looked.text(), &[]), None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = mia.page(answer.header("location").expect("a card"));
    assert!(page.contains("+33 71"), "{page}");
    // What never was there is not there.
    let never = p.replace("/c/", "/c/f").replace("/g/G", "/c/private");
    assert_eq!(mia.browser.send(&never, &of_p, None).status, 404);
    setting.check();
}

#[test]
fn a_merge_says_which_groups_keep_the_other_contact() {
    let setting = Setting::start();
    let mia = setting.visit("mia");
    let id = |uid: &str| {
        let card = mia.card("/c/private", uid);
        card.rsplit('/').next().expect("an id").to_owned()
    };
    let (p, q) = (id("p"), id("q"));
    let page = mia.page(&format!("/c/private/duplicates/{q}/{p}"));
    assert!(page.contains("“Contact p” is also in: G."), "{page}");
    let page = mia.page(&format!("/c/private/duplicates/{p}/{q}"));
    assert!(!page.contains("is also in"), "{page}");
}

#[test]
fn who_may_modify_once_the_creator_is_gone_is_named() {
    let setting = Setting::start();
    let (mia, max) = (setting.visit("mia"), setting.visit("max"));
    let k = max.card("/g/G", "k");
    assert!(max.page(&k).contains("Only mia"));
    mia.done("/g/G/members/leave", &[("leaving", "copies")]);
    let asked = "Its creator is not in the group any more. To have it modified, ask those who run \
        the group: ada &#60;i&#62;, coco &#60;i&#62;.";
    assert!(max.page(&k).contains(asked), "{}", max.page(&k));
    let form = max.browser.get(&format!("{k}/edit"));
    assert_eq!(form.status, 403);
    assert!(form.text().contains(asked), "{}", form.text());
    let person = setting.server.person("mia");
    setting.server.commit(carnet::domain::batch::Op::Person(
        carnet::domain::batch::PersonOp::RemovePerson { person },
    ));
    let page = max.page(&k);
    assert!(page.contains(asked), "{page}");
    assert!(
        page.contains("Created by a person who has left, "),
        "{page}"
    );
    let rights = max.page(&format!("{k}/rights"));
    assert!(rights.contains("a person who has left"), "{rights}");
    let history = max.page(&format!("{k}/history"));
    assert!(history.contains(" · a person who has left"), "{history}");
    setting.check();
}

#[test]
fn a_shared_list_names_its_absent_members_and_is_not_called_empty() {
    let setting = Setting::start();
    setting.given("G", "mia", GroupRight::Add);
    let (mia, max) = (setting.visit("mia"), setting.visit("max"));
    let id = |card: &str| card.rsplit('/').next().expect("an id").to_owned();
    mia.done("/c/private/lists", &[("name", "Contact board")]);
    let list = mia.card("/c/private", "board");
    assert!(mia.page(&list).contains("put them into it"));
    let share = format!("{list}/share/add");
    mia.done(&share, &[("to", &setting.book_id("mia", "G"))]);
    // Who may not modify it is not invited to fill it.
    let page = max.page(&max.card("/g/G", "board"));
    assert!(page.contains("Nobody is in this list.") && !page.contains("put them into it"));
    let q = id(&mia.card("/c/private", "q"));
    let fields = [("id", q.as_str()), ("list", &id(&list))];
    mia.done("/c/private/selected/list", &fields);
    let page = max.page(&max.card("/g/G", "board"));
    assert!(
        page.contains("Members that are not in this book: 1"),
        "{page}"
    );
    assert!(!page.contains("Nobody is in this list."), "{page}");
    setting.check();
}
