//! Groups and the rights on them.

use carnet::domain::{
    batch::{Batch, Op},
    id::Timestamp,
    rights::GroupRight,
};

use super::{Setting, Visitor};
use crate::support::{
    browser::{Browser, escaped, hidden},
    people::person,
};

#[test]
fn a_group_is_founded_filled_renamed_left_and_deleted() {
    let setting = Setting::start();
    let ivo = setting.visit("ivo");
    assert!(ivo.page("/groups").contains("not in a group yet"));
    for (name, status) in [("a/b", 422), ("", 422), ("g", 409), ("..", 422)] {
        let page = ivo.refused("/groups", &[("name", name), ("shown", "Kept <b>")], status);
        assert!(page.contains(&escaped("Kept <b>")), "what was typed stays");
    }
    let name = "Équipe & co <1>";
    let page = ivo.done("/groups", &[("name", name), ("shown", "")]);
    assert!(page.contains(&escaped(name)) && page.contains("administrator"));
    let path = "/g/%C3%89quipe%20%26%20co%20%3C1%3E";
    let members = format!("{path}/members");

    let page = ivo.refused(&format!("{members}/add"), &[("login", "nobody")], 422);
    assert!(page.contains("no account") && page.contains("nobody"));
    ivo.done(&format!("{members}/add"), &[("login", "max")]);
    ivo.done(&format!("{members}/add"), &[("login", "zed")]);
    // Added twice is added.
    ivo.done(&format!("{members}/add"), &[("login", "zed")]);
    ivo.done(&format!("{members}/rename"), &[("shown", "Team <3>")]);
    assert!(ivo.page("/groups").contains(&escaped("Team <3>")));
    ivo.refused(&format!("{members}/rename"), &[("shown", " ")], 422);
    // What was typed is there to be put right.
    for (form, name, typed) in [
        ("rename", "shown", "x".repeat(101)),
        ("add", "login", "nobody-here".to_owned()),
        ("invite", "email", "no address".to_owned()),
    ] {
        let page = ivo.refused(&format!("{members}/{form}"), &[(name, &typed)], 422);
        assert!(page.contains(&format!("value=\"{typed}\"")), "{page}");
    }

    // Every member sees who is in, and may leave; the administrator hands over first.
    let max = setting.visit("max");
    let page = max.page(&members);
    assert!(page.contains("zed") && page.contains("ivo"));
    assert!(!page.contains("members/remove") && !page.contains("members/add"));
    ivo.refused(&format!("{members}/leave"), &[], 422);
    let (zed_id, max_id) = (setting.id("zed"), setting.id("max"));
    let ivo_id = setting.id("ivo");
    let role = format!("{members}/role");
    max.refused(&role, &[("person", &zed_id), ("role", "co-admin")], 403);
    ivo.done(&role, &[("person", &max_id), ("role", "co-admin")]);
    // A co-administrator adds and removes members, names nobody, deletes nothing.
    max.refused(&role, &[("person", &zed_id), ("role", "co-admin")], 403);
    max.refused(&format!("{members}/rename"), &[("shown", "Mine")], 403);
    max.refused(&format!("{members}/delete"), &[("typed", name)], 403);
    let remove = format!("{members}/remove");
    max.refused(&remove, &[("person", &setting.id("ivo"))], 403);
    max.done(&remove, &[("person", &zed_id)]);
    max.refused(&remove, &[("person", &zed_id)], 422);
    ivo.done(&role, &[("person", &max_id), ("role", "admin")]);
    assert!(max.page("/groups").contains("administrator"));
    // One stays on the page of the members that the button stood on.
    let zed = [("login", "zed")];
    max.done(&format!("{members}/add"), &zed);
    for (verb, from, shown) in [
        ("co-admin", ("", "3"), "?page=3&"),
        ("member", ("ze", "1"), "?q=ze&"),
    ] {
        let (of_q, of_page) = from;
        let fields = [
            ("person", zed_id.as_str()),
            ("role", verb),
            ("of-q", of_q),
            ("of-page", of_page),
        ];
        let answer = max.post(&role, &fields);
        let led = answer.header("location").expect("a page");
        assert!(led.starts_with(&format!("{members}{shown}")), "{led}");
    }
    let fields = [("person", "0"), ("role", "member"), ("of-q", "ze")];
    let page = max.post(&role, &fields).text();
    assert!(page.contains("name=\"of-q\" value=\"ze\""), "{page}");
    max.done(&remove, &[("person", &zed_id)]);
    let page = ivo.done(&format!("{members}/leave"), &[("leaving", "copies")]);
    assert!(page.contains("You left") && page.contains("not in a group yet"));
    assert_eq!(ivo.status(&members), 404);

    // An invitation is used once.
    let answer = max.post(
        &format!("{members}/invite"),
        &[("email", "ivo@example.org")],
    );
    let page = answer.text();
    // To be sent on, not to be followed.
    assert!(page.contains(">http://127.0.0.1:"), "{page}");
    assert!(page.contains("data-copy=\"invitation-link\""), "{page}");
    let at = page.find("/join/").expect("a link");
    let link = page[at..].split('<').next().expect("a link").to_owned();
    // Whoever is in the group already leaves it to whom it is for.
    let own = max.page(&link);
    assert!(
        own.contains("send this link to the person invited"),
        "{own}"
    );
    assert!(!own.contains("Join the group"), "{own}");
    let refused = max.refused(&link, &[], 422);
    assert!(refused.contains("already in this group"), "{refused}");
    // Signing in, one is told what for, and says as whom one joins.
    let mut stranger = Browser::open(&setting.server.address);
    let asked = stranger.get(&link);
    let sign_in = asked.header("location").expect("the sign-in").to_owned();
    let form = stranger.page(&sign_in);
    assert!(form.contains(&escaped("Team <3>")), "{form}");
    assert!(form.contains(&escaped("max <i>")) && form.contains("Sign in to answer"));
    let wrong = stranger.page("/login?next=/join/ffff");
    assert!(!wrong.contains("Sign in to answer"), "{wrong}");
    stranger.sign_in("zed", "demo");
    let page = stranger.page(&link);
    assert!(page.contains(&format!("You are signed in as {}", escaped("zed <i>"))));
    let other = [("next", link.as_str())];
    let answer = stranger.submit("/logout", &other);
    assert_eq!(answer.header("location"), Some(sign_in.as_str()));
    assert_eq!(stranger.get(&link).status, 303, "signed out");
    let asked = ivo.page(&link);
    assert!(asked.contains("Join the group"), "{asked}");
    assert!(
        asked.contains(&escaped("Team <3>")) && asked.contains(&escaped("max <i>")),
        "{asked}"
    );
    ivo.done(&link, &[]);
    assert_eq!(ivo.status(&members), 200);
    setting.visit("zed").refused(&link, &[], 404);
    max.refused(
        &format!("{members}/invite"),
        &[("email", "no address")],
        422,
    );

    // Who runs the group sees who is invited, and withdraws.
    let invite = |by: &Visitor, email: &str| {
        let page = by
            .post(&format!("{members}/invite"), &[("email", email)])
            .text();
        let at = page.find("/join/").expect("a link");
        let link = page[at..].split('<').next().expect("a link").to_owned();
        let at = page.find(&format!(">{email}<")).expect("who is invited");
        (link, hidden(&page[at..], "invitation"))
    };
    let mia = setting.visit("mia");
    let (link, invitation) = invite(&max, "mia@example.org");
    assert!(!ivo.page(&members).contains("mia@example.org"));
    let uninvite = format!("{members}/uninvite");
    let fields = [("invitation", invitation.as_str())];
    ivo.refused(&uninvite, &fields, 403);
    let page = max.done(&uninvite, &fields);
    assert!(page.contains("was withdrawn") && !page.contains("mia@example.org"));
    max.refused(&uninvite, &fields, 404);
    mia.refused(&link, &[], 404);
    assert_eq!(
        mia.status(&link),
        404,
        "what nobody can accept is said at once"
    );

    // Another one to the same address takes its place.
    let (first, _) = invite(&max, "Eve@example.org");
    let (_, invitation) = invite(&max, "eve@example.org");
    assert_eq!(mia.status(&first), 404);
    let page = max.done(&uninvite, &[("invitation", &invitation)]);
    assert!(!page.contains("ve@example.org"), "{page}");

    // It holds for as long as who made it runs the group.
    let page = max.done(&role, &[("person", &ivo_id), ("role", "co-admin")]);
    let told = escaped("ivo <i>");
    assert!(
        page.contains(&format!("{told} is a co-administrator of the group now.")),
        "{page}"
    );
    let (link, _) = invite(&ivo, "mia@example.org");
    let page = max.done(&role, &[("person", &ivo_id), ("role", "member")]);
    assert!(
        page.contains(&format!("{told} is a plain member of the group now.")),
        "{page}"
    );
    assert!(max.page(&members).contains("No longer valid"));
    let page = mia.refused(&link, &[], 422);
    assert!(page.contains("does not run the group any more"), "{page}");
    assert_eq!(mia.status(&members), 404);
    max.done(&role, &[("person", &ivo_id), ("role", "co-admin")]);
    mia.done(&link, &[]);
    assert_eq!(mia.status(&members), 200);

    // A member whose account is disabled is marked.
    assert!(!max.page(&members).contains("(disabled)"));
    setting.disable("mia");
    assert!(max.page(&members).contains("(disabled)"));

    // Deleting asks for the name.
    max.refused(&format!("{members}/delete"), &[("typed", "Team")], 422);
    let page = max.done(&format!("{members}/delete"), &[("typed", name)]);
    assert!(page.contains("was deleted"));
    assert_eq!(ivo.status(path), 404);
    setting.check();
}

#[test]
fn the_pages_of_a_group_do_not_exist_for_outsiders() {
    let setting = Setting::start();
    let ivo = setting.visit("ivo");
    let k = setting.visit("max").card("/g/G", "k");
    let pages = ["", "/members", "/rights", "/trash", "/empty", "/new"];
    let mut paths: Vec<String> = pages.iter().map(|page| format!("/g/G{page}")).collect();
    paths.retain(|path| path != "/g/G/new");
    paths.extend(["", "/edit", "/share", "/rights", "/history"].map(|page| format!("{k}{page}")));
    for path in paths {
        assert_eq!(ivo.status(&path), 404, "{path}");
    }
    let mia = setting.id("mia");
    for (path, fields) in [
        ("/g/G/members/add", &[("login", "ivo")][..]),
        ("/g/G/members/invite", &[("email", "a@example.org")]),
        ("/g/G/members/uninvite", &[("invitation", "x")]),
        ("/g/G/members/remove", &[("person", mia.as_str())]),
        ("/g/G/members/role", &[("person", &mia), ("role", "admin")]),
        ("/g/G/members/leave", &[]),
        ("/g/G/members/delete", &[("typed", "G")]),
        (
            "/g/G/rights/grant",
            &[("grantee", "everyone"), ("right", "add")],
        ),
        ("/g/G/selected/delete", &[("id", "x")]),
        ("/g/G/empty", &[("count", "2")]),
        ("/g/G/trash/restore", &[("revisions", "1-9")]),
        ("/g/G/trash/back", &[("before", "1")]),
    ] {
        ivo.refused(path, fields, 404);
    }
    for page in [
        "comments",
        "tags",
        "copy",
        "share/add",
        "rights/grant",
        "history/restore",
    ] {
        let fields = [("text", "x"), ("grantee", "everyone")];
        ivo.refused(&format!("{k}/{page}"), &fields, 404);
    }
    // Names that are none, in addresses.
    for name in [
        "g",
        "%00",
        "%FF",
        "..%2F..",
        "%3Cscript%3E",
        "G%0D%0AX: y",
        "a%2Fb",
    ] {
        let name = name.replace(' ', "%20");
        let ada = setting.visit("ada");
        let answer = ada.browser.get(&format!("/g/{name}/members"));
        assert_eq!(answer.status, 404, "{name}");
        assert!(answer.header("x").is_none() && !answer.text().contains("<script>"));
    }
    setting.check();
}

#[test]
fn a_form_without_the_token_of_the_session_changes_nothing() {
    let setting = Setting::start();
    let (ada, mia) = (setting.visit("ada"), setting.visit("mia"));
    let k = mia.card("/g/G", "k");
    let id = setting.id("max");
    for token in ["", "forged", &ada.token] {
        for (path, fields) in [
            ("/groups".to_owned(), &[("name", "Forged")][..]),
            ("/g/G/members/leave".to_owned(), &[]),
            (
                "/tags".to_owned(),
                &[("name", "Forged"), ("colour", "#000000")],
            ),
            (format!("{k}/comments"), &[("text", "Forged")]),
            (format!("{k}/rights/grant"), &[("grantee", id.as_str())]),
            (format!("{k}/delete"), &[]),
            ("/c/private/empty".to_owned(), &[("count", "2")]),
        ] {
            let mut all = vec![("token", token)];
            all.extend_from_slice(fields);
            let answer = mia.browser.submit(&path, &all);
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.text().contains("too old"), "{path}");
        }
    }
    assert!(!mia.page("/groups").contains("Forged<"));
    assert!(!mia.page("/tags").contains(">Forged<"));
    assert!(!mia.page(&k).contains("<p class=\"text\">"));
    assert!(mia.lists("/c/private", "p") && mia.lists("/g/G", "k"));
}

#[test]
fn cases_19_to_22_and_29_add_is_granted_to_members_and_to_everyone() {
    let setting = Setting::start();
    let (ada, coco) = (setting.visit("ada"), setting.visit("coco"));
    let (mia, max, zed) = (
        setting.visit("mia"),
        setting.visit("max"),
        setting.visit("zed"),
    );
    assert_eq!(mia.create("/g/G", "nineteen"), 403, "19");
    assert!(!mia.page("/g/G").contains("/g/G/new"), "no dead button");
    assert_eq!(coco.create("/g/G", "twenty-one"), 303, "21");

    // Members are searched by part of their name, and several granted at once.
    let page = ada.page("/g/G/rights?q=MA");
    assert!(page.contains("> max") && !page.contains("> zed"), "{page}");
    // Whoever was ticked before, and the right, stay.
    let ticked = setting.id("zed");
    let more = format!("/g/G/rights?q=MA&grantee={ticked}&grantee=x&right=add-delete");
    let page = ada.page(&more);
    let zed_box = format!("name=\"grantee\" value=\"{ticked}\" checked> zed");
    assert!(page.contains(&zed_box) && page.contains("> max"), "{page}");
    assert_eq!(page.matches(" checked").count(), 1);
    assert!(page.contains("value=\"add-delete\" selected"), "{page}");
    let k = mia.card("/g/G", "k");
    let group = hidden(&mia.page(&format!("{k}/rights")), "group");
    let more = format!("{k}/rights?group={group}&q=coco&grantee={ticked}");
    let page = mia.page(&more);
    assert!(page.contains(&zed_box) && page.contains("> coco"), "{page}");
    let (mia_id, max_id) = (setting.id("mia"), setting.id("max"));
    let grant = "/g/G/rights/grant";
    let both = [
        ("grantee", mia_id.as_str()),
        ("grantee", &max_id),
        ("right", "add"),
    ];
    let page = coco.done(grant, &both);
    assert!(page.contains("Only these people"));
    assert_eq!(mia.create("/g/G", "twenty"), 303, "20");
    assert_eq!(max.create("/g/G", "twenty too"), 303, "20");
    assert_eq!(zed.create("/g/G", "not zed"), 403);

    max.refused(
        grant,
        &[("grantee", &setting.id("zed")), ("right", "add")],
        403,
    );
    assert_eq!(zed.create("/g/G", "twenty-nine"), 403, "29");
    // Members see who has what, without buttons.
    let page = zed.page("/g/G/rights");
    assert!(page.contains(&escaped("mia <i>")) && !page.contains("/rights/withdraw"));

    let page = ada.done(grant, &[("grantee", "everyone"), ("right", "add")]);
    assert!(page.contains("People who join later get this too"));
    assert_eq!(zed.create("/g/G", "twenty-two"), 303, "22");
    ada.done("/g/G/rights/withdraw", &[("grantee", "everyone")]);
    assert_eq!(zed.create("/g/G", "no more"), 403);
    assert_eq!(mia.create("/g/G", "still"), 303, "her own line stays");

    // Nobody chosen, no member, no right: refused, nothing half done.
    let (ivo_id, zed_id) = (setting.id("ivo"), setting.id("zed"));
    ada.refused(grant, &[("right", "add")], 422);
    ada.refused(grant, &[("grantee", &zed_id), ("right", "modify")], 422);
    let mixed = [
        ("grantee", zed_id.as_str()),
        ("grantee", &ivo_id),
        ("right", "add"),
    ];
    ada.refused(grant, &mixed, 422);
    assert_eq!(zed.create("/g/G", "half done"), 403);
    setting.check();
}

#[test]
fn cases_46_to_50_leaving_keeps_copies_or_takes_back() {
    for (leaving, stays) in [("copies", true), ("take-back", false)] {
        let setting = Setting::start();
        let (ada, mia, max) = (
            setting.visit("ada"),
            setting.visit("mia"),
            setting.visit("max"),
        );
        mia.done("/g/G/members/leave", &[("leaving", leaving)]);
        assert_eq!(mia.status("/g/G"), 404);
        // 46: the administrators have custody of what she created here.
        let k = ada.card("/g/G", "k");
        assert_eq!(ada.edit(&k, "+33 46"), 303, "46");
        // 47
        let book = setting.book_id("ada", "G");
        let grant = format!("{k}/rights/grant");
        let zed_id = setting.id("zed");
        ada.done(&grant, &[("group", &book), ("grantee", &zed_id)]);
        let zed = setting.visit("zed");
        assert_eq!(zed.edit(&k, "+33 47"), 303, "47");
        // 49, 50
        assert_eq!(max.lists("/g/G", "p"), stays, "{leaving}");
        let p = mia.card("/c/private", "p");
        assert_eq!(mia.edit(&p, "+33 49"), 303);
        if stays {
            let page = max.page(&max.card("/g/G", "p"));
            assert!(page.contains("+33 1") && !page.contains("+33 49"), "49");
        }
        // 48: she returns, custody ends, the grant stays.
        ada.done("/g/G/members/add", &[("login", "mia")]);
        assert_eq!(ada.edit(&k, "+33 48"), 403, "48");
        assert_eq!(mia.edit(&k, "+33 48"), 303, "48");
        assert_eq!(zed.edit(&k, "+33 480"), 303, "48");
        setting.check();
    }
}

#[test]
fn case_75_a_deleted_group_leaves_private_contacts_and_can_be_founded_again() {
    let setting = Setting::start();
    let (ada, mia) = (setting.visit("ada"), setting.visit("mia"));
    ada.done("/g/G/members/delete", &[("typed", "G")]);
    assert!(mia.lists("/c/private", "p"));
    // L3: what she created can be copied at any time.
    let page = mia.page("/c/private/trash");
    assert!(
        page.contains("Created by me") && page.contains("Contact k"),
        "{page}"
    );
    let revision = mia.hidden_after("/c/private/trash", "Contact k", "revision");
    mia.done("/c/private/trash/copy", &[("revision", &revision)]);
    assert!(mia.lists("/c/private", "k"));
    ada.done("/groups", &[("name", "G"), ("shown", "")]);
    let revision = ada.hidden_after("/g/G/trash", "Contact k", "revisions");
    ada.done("/g/G/trash/restore", &[("revisions", &revision)]);
    assert!(ada.lists("/g/G", "k"), "75");
    setting.check();
}

#[test]
fn every_page_speaks_both_languages() {
    let setting = Setting::start();
    setting.given("G", "mia", GroupRight::AddDelete);
    let mut ada = setting.visit("ada");
    ada.browser.language = "fr";
    let k = ada.card("/g/G", "k");
    for (path, french) in [
        ("/groups".to_owned(), "Fonder un groupe"),
        ("/g/G/members".to_owned(), "Retirer"),
        ("/g/G/rights".to_owned(), "Ajouter et supprimer du contenu"),
        ("/g/G/trash".to_owned(), "La corbeille est vide"),
        ("/g/G/empty".to_owned(), "Vider le carnet"),
        ("/tags".to_owned(), "Nouvelle étiquette"),
        ("/refused".to_owned(), "Rien n"),
        (k.clone(), "Partager avec groupes"),
        (format!("{k}/share"), "Retirer d"),
        (format!("{k}/rights"), "Qui peut modifier"),
        (format!("{k}/history"), "Placé dans G"),
    ] {
        let page = ada.page(&path);
        assert!(
            page.contains("lang=\"fr\"") && page.contains(french),
            "{path}: {page}"
        );
    }
}

#[test]
fn a_deleted_group_comes_back_whatever_the_case_of_its_name() {
    let setting = Setting::start();
    let ada = setting.visit("ada");
    ada.done("/groups", &[("name", "Élan"), ("shown", "")]);
    assert_eq!(ada.create("/g/%C3%89lan", "Zora"), 303);
    ada.done("/g/%C3%89lan/members/delete", &[("typed", "Élan")]);
    let page = ada.done("/groups", &[("name", "élan"), ("shown", "")]);
    assert!(page.contains("Élan"), "{page}");
    assert!(ada.page("/g/%C3%89lan/trash").contains("Zora"));
    assert_eq!(ada.status("/g/%C3%A9lan"), 404);
    let page = ada.refused("/groups", &[("name", "members")], 422);
    assert!(page.contains("choose another one"), "{page}");
    let add = "/g/%C3%89lan/members/add";
    let page = ada.refused(add, &[("login", " ")], 422);
    assert!(page.contains("Write a login"), "{page}");
    setting.check();
}

#[test]
fn names_with_accents_stand_where_people_look_for_them() {
    let setting = Setting::start();
    let ada = setting.visit("ada");
    for name in ["Zoo", "abeilles", "Été", "Équipe"] {
        ada.done("/groups", &[("name", name), ("shown", "")]);
        ada.done("/tags", &[("name", name), ("colour", "#aa0000")]);
        let folder = [("name", name)];
        ada.done("/d/private/documents/folders", &folder);
    }
    for path in ["/groups", "/tags", "/d/private/documents"] {
        let page = ada.page(path);
        let main = &page[page.find("<main").expect("a page")..];
        let places = ["abeilles", "Équipe", "Été", "Zoo"].map(|name| main.find(name));
        assert!(
            places.is_sorted() && places[0].is_some(),
            "{path}: {places:?}"
        );
    }
}

#[test]
fn who_may_not_empty_a_group_is_not_asked_how_much_it_holds() {
    let setting = Setting::start();
    assert_eq!(setting.visit("mia").status("/g/G/empty"), 403);
    assert_eq!(setting.visit("ada").status("/g/G/empty"), 200);
}

#[test]
fn the_members_of_a_large_group_are_on_pages() {
    let setting = Setting::start();
    let add = async {
        let core = setting.server.core();
        let group = core.group(&setting.actor("ada").await, "G").await;
        let group = group.expect("a group");
        for n in 0..120 {
            let login = format!("n{n:03}");
            let op = Op::from(person(&login));
            let batch = Batch {
                client: "command line".to_owned(),
                at: Timestamp::now(),
                ops: vec![op],
                ..Batch::default()
            };
            core.commit(batch).await.expect("an account");
            group.add_member(&login).await.expect("added");
        }
    };
    setting.server.runtime.block_on(add);
    let ada = setting.visit("ada");
    let page = ada.page("/g/G/members");
    assert!(page.contains("Page 1 of 2"), "{page}");
    assert!(page.contains(">n000<") && !page.contains(">n119<"));
    let page = ada.page("/g/G/members?page=2");
    assert!(page.contains("Page 2 of 2") && page.contains(">n119<"));
    assert!(page.contains("rel=\"prev\"") && !page.contains("rel=\"next\""));
    let page = ada.page("/g/G/members?q=n0");
    assert!(page.contains("100 of 125 members") && !page.contains("Page 1"));
    assert!(ada.page("/g/G/members?page=99").contains("Page 2 of 2"));
}
