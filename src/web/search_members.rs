//! Members found by a part of their name.

use carnet_proto::vcard::fold_for_search;

use super::names;
use crate::{
    domain::{principal::Member, settings::Settings},
    text::{Text, fill},
};

/// Members shown at once.
pub const MEMBERS_SHOWN: usize = 100;

/// One member to choose.
pub struct Choice {
    pub id: i64,
    pub name: String,
    pub login: String,
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

/// The first members that match; and, unless all are shown, how many of how many these are.
pub fn find(members: &[Member], query: &str, text: &Text) -> (Vec<Choice>, Option<String>) {
    let found: Vec<&Member> = members.iter().filter(|m| matches(m, query)).collect();
    let choices = found.iter().take(MEMBERS_SHOWN).map(|member| Choice {
        id: member.person.0,
        name: member.name.clone(),
        login: member.login.clone(),
    });
    let choices = choices.collect();
    (choices, narrowed(found.len(), members.len(), text))
}

/// `12 of 300 members`, where not all are shown.
pub fn narrowed(found: usize, all: usize, text: &Text) -> Option<String> {
    let shown = found.min(MEMBERS_SHOWN);
    (shown < all).then(|| fill(text.members_shown, &[&shown, &all]))
}
