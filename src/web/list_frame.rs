//! What lists of contacts and of documents have in common: pages, letters, and the rights on rows.

use super::{
    contacts::{FoundPage, ListParams},
    place::encode_segment,
    request::Visit,
    selection::Whole,
};
use crate::{
    domain::{
        book::{Book, ItemPrivileges},
        error::Result,
        store::{ListQuery, ListRow, Sort},
    },
    text::fill,
};

/// Letters of the index beyond which others are not offered.
const LETTERS: usize = 120;

/// One page of a list, and the ways to the others.
pub struct ListFrame {
    /// Rows on all pages.
    pub total: i64,
    /// The page shown, from 1.
    pub page: i64,
    pub pages: i64,
    pub page_label: String,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// Letter and where it begins; empty unless [`ListFrame::index`] was called.
    pub letters: Vec<(String, String)>,
    /// Some of what is shown, or of the pages besides, may be deleted.
    pub may_delete_some: bool,
    pub whole: Whole,
    by_name: bool,
}

/// A row of the page shown.
pub struct Listed {
    pub row: ListRow,
    pub may: ItemPrivileges,
    /// The letter that begins with this row.
    pub letter: Option<String>,
}

impl ListFrame {
    /// Reads the page of a book's list at `here` that was asked for.
    pub async fn read(
        book: &Book,
        query: &ListQuery,
        (params, here): (&ListParams, &str),
        visit: &Visit,
    ) -> Result<(Self, Vec<Listed>)> {
        let text = visit.text;
        let FoundPage { found, page, pages } = params.found(book, query).await?;
        let placements: Vec<_> = found.rows.iter().map(|row| &row.placement).collect();
        let privileges = book.items_privileges(&placements).await?;
        let by_name = query.sort == Sort::Name;
        let mut begun = None;
        let mut rows = Vec::with_capacity(found.rows.len());
        for (row, may) in found.rows.into_iter().zip(privileges) {
            let own = by_name.then(|| letter_of(&row.letter));
            let letter = own.clone().filter(|_| own != begun);
            begun = own;
            rows.push(Listed { row, may, letter });
        }
        let link = |page: i64, all: &str| params.link(here, page, &params.sort, all);
        let frame = Self {
            total: found.total,
            page,
            pages,
            page_label: fill(text.page_of, &[&page, &pages]),
            previous: (page > 1).then(|| link(page - 1, "")),
            next: (page < pages).then(|| link(page + 1, "")),
            letters: Vec::new(),
            may_delete_some: pages > 1 || rows.iter().any(|row| row.may.remove),
            whole: Whole::of(rows.len(), found.total, &|all| link(page, all), text),
            by_name,
        };
        Ok((frame, rows))
    }

    /// Adds the index of letters to a whole list by name; `counted` are the rows of each first
    /// letter.
    pub fn index(
        &mut self,
        counted: &[(String, i64)],
        (params, here): (&ListParams, &str),
        visit: &Visit,
    ) {
        if !self.by_name || params.is_narrowed() {
            return;
        }
        let mut before = 0;
        for (first, number) in counted {
            let letter = letter_of(first);
            let known = self.letters.iter().any(|(known, _)| *known == letter);
            if !known && self.letters.len() < LETTERS {
                let page = before / visit.settings.rows() + 1;
                let page = params.link(here, page, &params.sort, "");
                let anchor = encode_segment(&letter);
                self.letters
                    .push((letter, format!("{page}#letter-{anchor}")));
            }
            before += number;
        }
    }
}

/// The letter a name is listed under, or `#`.
fn letter_of(first: &str) -> String {
    match first.chars().next().filter(|c| c.is_alphabetic()) {
        Some(letter) => letter.to_uppercase().collect(),
        None => "#".to_owned(),
    }
}
