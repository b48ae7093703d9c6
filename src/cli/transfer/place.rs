//! The books that `--to` and `--from` name.

use std::sync::Arc;

use crate::{
    cli::{named_group, person},
    domain::{actor::Actor, book::Book, collection::DEFAULT_BOOK, item::random_id, office::Office},
};

/// A book as its owner, or as somebody who runs the group, would open it. With `make`, a private
/// book that is not there is made.
pub async fn open(office: &Office, place: &str, make: bool) -> Result<Book, String> {
    let core = office.core();
    if let Some(name) = place.strip_prefix("group:") {
        let group = named_group(&**core.store(), name).await?;
        let actor = office.stand_in_for_group(group.id).await;
        let actor = actor.map_err(|_| format!("the group {name} has no members"))?;
        let opened = core.open_group(&actor, &group.name).await;
        return opened.map_err(|error| format!("{place}: {error}"));
    }
    let known = core.store().person_by_login(place).await;
    let known = known.map_err(|error| error.to_string())?;
    // The part before the @ of an address may have a slash.
    let (login, book) = match place.split_once('/') {
        Some((login, book)) if known.is_none() => (login, Some(book)),
        _ => (place, None),
    };
    let actor = owner(office, login).await?;
    let Some(name) = book else {
        let opened = core.open_private(&actor, DEFAULT_BOOK).await;
        return opened.map_err(|error| format!("{place}: {error}"));
    };
    let name = if make { displayed(name)? } else { name };
    match private(office, &actor, name).await? {
        Ok(book) => Ok(book),
        Err(_) if make => {
            let segment = segment_for(name);
            let made = core
                .make_book(&actor, &segment, name.to_owned(), String::new())
                .await;
            made.map_err(|error| format!("{place}: {error}"))?;
            let opened = core.open_private(&actor, &segment).await;
            opened.map_err(|error| format!("{place}: {error}"))
        }
        Err(names) => Err(format!(
            "{login} has no book {name}: there are {}",
            names.join(", ")
        )),
    }
}

/// What a new book may be called, without white space around it.
fn displayed(name: &str) -> Result<&str, String> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err("the name of the book is empty".to_owned()),
        257.. => Err("the name of a book has at most 256 characters".to_owned()),
        _ if name.chars().any(char::is_control) => {
            Err(format!("{name:?}: the name of a book is one line"))
        }
        _ => Ok(name),
    }
}

/// The last part of a new book's address: its name where that says nothing else in an address.
fn segment_for(name: &str) -> String {
    let is_plain = name.len() <= 64
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    // Books of groups and lists of members begin so.
    let is_taken = ["group-", "members-"].iter().any(|p| name.starts_with(p));
    if is_plain && !is_taken {
        name.to_owned()
    } else {
        format!("b{}", random_id(6))
    }
}

/// The person of a login, whose account may be disabled.
pub async fn owner(office: &Office, login: &str) -> Result<Arc<Actor>, String> {
    let person = person(&**office.core().store(), login).await?;
    let actor = office.stand_in(person.id).await;
    actor.map_err(|error| format!("{login}: {error}"))
}

/// A private book by what it is called or by its address, else what there is.
async fn private(
    office: &Office,
    actor: &Arc<Actor>,
    name: &str,
) -> Result<Result<Book, Vec<String>>, String> {
    let books = office.core().books(actor).await;
    let mut books = books.map_err(|error| error.to_string())?;
    books.retain(Book::is_private);
    let by_segment = books
        .iter()
        .position(|book| book.collection().segment == name);
    let named = |book: &Book| book.collection().display_name == name;
    Ok(match by_segment.or_else(|| books.iter().position(named)) {
        Some(at) => Ok(books.swap_remove(at)),
        None => Err(books
            .iter()
            .map(|book| book.collection().segment.clone())
            .collect()),
    })
}
