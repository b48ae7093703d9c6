//! Members found by a part of their name.

use carnet_proto::vcard::fold_for_search;

use super::names;
use crate::{
    domain::{id::PersonId, principal::Member, settings::Settings},
    text::{Text, fill},
};

/// Members shown at once.
const MEMBERS_SHOWN: usize = 100;

/// One member to choose.
pub struct Choice {
    pub id: i64,
    pub name: String,
    pub login: String,
    pub ticked: bool,
}

/// What a form in which members are chosen holds.
#[derive(Default)]
pub struct Choosing {
    /// What is searched among them.
    pub query: String,
    pub ticked: Vec<PersonId>,
    /// The right chosen.
    pub right: String,
}

impl Choosing {
    /// The form in an address, or as it was posted.
    pub fn of<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name {
                "q" => value.clone_into(&mut form.query),
                "right" => value.clone_into(&mut form.right),
                "grantee" => form.ticked.extend(value.parse().ok().map(PersonId)),
                _ => {}
            }
        }
        form
    }
}

/// One page of a list of people, and the ways to the others.
pub struct Pages {
    pub pages: usize,
    pub page_label: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl Pages {
    /// The part of `all` on a page, from 1; the last page, where there are fewer.
    pub fn part<'a, T>(
        all: &'a [T],
        page: usize,
        link: impl Fn(usize) -> String,
        text: &Text,
    ) -> (&'a [T], Self) {
        let pages = all.len().div_ceil(MEMBERS_SHOWN).max(1);
        let page = page.clamp(1, pages);
        let shown = all.chunks(MEMBERS_SHOWN).nth(page - 1).unwrap_or_default();
        let ways = Self {
            pages,
            page_label: fill(text.page_of, &[&page, &pages]),
            previous: (page > 1).then(|| link(page - 1)),
            next: (page < pages).then(|| link(page + 1)),
        };
        (shown, ways)
    }
}

/// Members, named and sorted in the reader's order of names.
pub fn in_order(mut members: Vec<Member>, settings: &Settings) -> Vec<Member> {
    for member in &mut members {
        member.name = names::of_account(&member.name, settings);
    }
    members.sort_by_cached_key(|member| fold_for_search(&member.name));
    members
}

/// Whether every word searched is part of the member's name, login or e-mail address.
pub fn matches(member: &Member, query: &str) -> bool {
    let known = fold_for_search(&format!(
        "{} {} {}",
        member.name,
        member.login,
        member.email.as_deref().unwrap_or_default()
    ));
    let query = fold_for_search(query);
    query.split_whitespace().all(|word| known.contains(word))
}

/// The members ticked and the first that match; and, unless all match, how many of how many do.
pub fn find(members: &[Member], form: &Choosing, text: &Text) -> (Vec<Choice>, Option<String>) {
    let is_ticked = |member: &&Member| form.ticked.contains(&member.person);
    let found: Vec<&Member> = members
        .iter()
        .filter(|member| matches(member, &form.query))
        .collect();
    let shown = found.iter().take(MEMBERS_SHOWN);
    let ticked = members.iter().filter(is_ticked);
    let rest = shown.copied().filter(|member| !is_ticked(member));
    let choices = ticked.chain(rest).map(|member| Choice {
        id: member.person.0,
        name: member.name.clone(),
        login: member.login.clone(),
        ticked: is_ticked(&member),
    });
    let shown = found.len().min(MEMBERS_SHOWN);
    let narrowed =
        (shown < members.len()).then(|| fill(text.members_shown, &[&shown, &members.len()]));
    (choices.collect(), narrowed)
}
