//! The directory: the people one shares a group with, and the contacts of the books one reads.

use std::{collections::HashSet, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    actor::Actor, book::Book, core::Core, error::Result, item::Card, principal::Member,
    search::token::fold, store::ListQuery,
};

/// A match in the directory.
#[derive(Clone)]
pub enum Listed {
    /// An account.
    Person(Member),
    /// A contact, and the book it was found in.
    Contact(Box<Card>, Box<Book>),
}

/// A page of matches, with the number of all.
pub struct Found {
    pub total: usize,
    pub page: Vec<Listed>,
}

/// Characters of a name that are read ([MS-ASCMD] 2.2.3.183 has as many for To).
const MAX_CHARS: usize = 256;
/// Words that are looked for: each is a condition of its own.
const MAX_WORDS: usize = 16;

/// Words to look for: each must begin a word of somebody's name, e-mail address, company... A number
/// is one word, however it is written in groups; a sign alone is none. Each is there once, and 16 at
/// most.
pub fn words_of(text: &str) -> Vec<String> {
    let folded = fold(&text.chars().take(MAX_CHARS).collect::<String>());
    // Some programs end a word with a star.
    let parts: Vec<&str> = folded
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .map(|part| part.trim_end_matches('*'))
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect();
    let mut words = Vec::new();
    for run in parts.chunk_by(|one, next| is_number(one) && is_number(next)) {
        let digits: String = run.concat().chars().filter(char::is_ascii_digit).collect();
        match is_number(run[0]) && digits.len() >= GROUPED {
            true if run[0].starts_with('+') => words.push(format!("+{digits}")),
            true => words.push(digits),
            false => words.extend(run.iter().map(|word| (*word).to_owned())),
        }
    }
    let mut seen = HashSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words.truncate(MAX_WORDS);
    words
}

/// Digits in groups that are one number.
const GROUPED: usize = 4;

fn is_number(part: &str) -> bool {
    part.chars()
        .all(|c| c.is_ascii_digit() || "+()-./".contains(c))
}

impl Core {
    /// Searches the directory: people first, then contacts of Private and group books, each by
    /// name. Without words nothing is found.
    pub async fn directory(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        text: &str,
        offset: usize,
        limit: usize,
    ) -> Result<Found> {
        let words = words_of(text);
        let mut found = Found {
            total: 0,
            page: Vec::new(),
        };
        if words.is_empty() {
            return Ok(found);
        }
        let people = self.people_named(actor, &words).await?;
        found.total = people.len();
        found.page.extend(
            people
                .into_iter()
                .skip(offset)
                .take(limit)
                .map(Listed::Person),
        );
        let books = self.books(actor).await?;
        let (total, contacts) = among(
            &books,
            &words,
            offset.saturating_sub(found.total),
            limit - found.page.len(),
        )
        .await?;
        found.total += total;
        found.page.extend(
            contacts
                .into_iter()
                .map(|(card, book)| Listed::Contact(Box::new(card), Box::new(book))),
        );
        Ok(found)
    }

    /// People who share a group with the actor and match the words, by name, each once.
    async fn people_named(&self, actor: &Actor, words: &[String]) -> Result<Vec<Member>> {
        let mut seen = HashSet::new();
        let mut people = Vec::new();
        for membership in &actor.memberships {
            for member in self.store().members(membership.group).await? {
                if !member.disabled && begins(&member, words) && seen.insert(member.person) {
                    people.push(member);
                }
            }
        }
        people.sort_by_cached_key(|member| (fold(&member.name), member.login.clone()));
        Ok(people)
    }
}

impl Core {
    /// The picture of a person the actor found in the directory; none for one who has none.
    pub async fn portrait(&self, member: &Member) -> Result<Option<Vec<u8>>> {
        let profile = self.store().profile(member.person).await?;
        let picture = profile.and_then(|profile| profile.picture);
        Ok(picture.and_then(|text| STANDARD.decode(text).ok()))
    }
}

impl Book {
    /// A page of the contacts that meet all words of a text, as the book shows them, and the number
    /// of all; without words there are none.
    pub async fn meeting(
        &self,
        text: &str,
        offset: usize,
        limit: usize,
    ) -> Result<(usize, Vec<Card>)> {
        let words = words_of(text);
        if words.is_empty() {
            return Ok((0, Vec::new()));
        }
        let union = self.core().union_of(self).await?;
        let is_view = union.is_some();
        let books = union.map_or_else(|| vec![self.clone()], |union| union.books);
        let (total, found) = among(&books, &words, offset, limit).await?;
        let mut cards = Vec::with_capacity(found.len());
        for (card, _) in found {
            if is_view {
                let store = self.core().store();
                let shown = store.in_view(self.collection().id, card.placement.item);
                cards.extend(shown.await?);
            } else {
                cards.push(card)
            }
        }
        if is_view {
            self.place_cards(cards.iter_mut()).await?;
        }
        Ok((total, cards))
    }
}

/// A page of the contacts of some books that meet all words, by book and name, and the number of
/// all. Whoever is in several books is found in the first of them.
async fn among(
    books: &[Book],
    words: &[String],
    offset: usize,
    limit: usize,
) -> Result<(usize, Vec<(Card, Book)>)> {
    let mut total = 0;
    let mut page = Vec::new();
    let mut passed = Vec::new();
    for book in books {
        let query = ListQuery {
            words: words.to_vec(),
            reach: true,
            beyond: passed.clone(),
            offset: number(offset.saturating_sub(total)),
            limit: number(limit - page.len()),
            ..ListQuery::default()
        };
        let list = book.list(&query).await?;
        passed.push(book.collection().id);
        total += usize::try_from(list.total).unwrap_or(0);
        let rows = list.rows.into_iter();
        let hrefs: Vec<String> = rows.map(|row| row.placement.href).collect();
        let cards = book.by_hrefs(&hrefs).await?.into_iter().flatten();
        page.extend(cards.map(|card| (card, book.clone())));
    }
    Ok((total, page))
}

fn begins(member: &Member, words: &[String]) -> bool {
    let Member {
        name,
        login,
        organization,
        ..
    } = member;
    let email = member.email.as_deref().unwrap_or_default();
    let folded = fold(&format!("{name} {login} {email} {organization}"));
    let parts: Vec<&str> = folded
        .split_whitespace()
        .chain(folded.split(|c: char| !c.is_alphanumeric()))
        .collect();
    words
        .iter()
        .all(|word| parts.iter().any(|part| part.starts_with(word.as_str())))
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_words_are_looked_for_and_no_more() {
        assert_eq!(words_of("Ann bea ANN; bea,cal"), ["ann", "bea", "cal"]);
        let many: String = (b'a'..=b'z')
            .map(|letter| format!("{} ", char::from(letter)))
            .collect();
        assert_eq!(words_of(&many).len(), MAX_WORDS);
        let late = format!("{}late", "a ".repeat(MAX_CHARS / 2));
        assert_eq!(words_of(&late), ["a"]);
    }
}
