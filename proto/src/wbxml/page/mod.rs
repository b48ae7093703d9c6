//! The code pages of Exchange ActiveSync, one table each, in the order of [MS-ASWBXML] 2.1.2.1.

use super::Tag;

/// Tokens and names of one page.
pub struct Page {
    pub number: u8,
    pub name: &'static str,
    /// `(token, name)`
    pub tags: &'static [(u8, &'static str)],
}

macro_rules! code_page {
    ($number:literal, $page:literal; $($constant:ident = $token:literal, $name:literal;)+) => {
        use super::{Page, Tag};

        $(pub const $constant: Tag = Tag { page: $number, token: $token };)+

        /// The table of this page.
        pub const PAGE: Page = Page {
            number: $number,
            name: $page,
            tags: &[$(($token, $name)),+],
        };
    };
}

pub mod air_notify;
pub mod air_sync;
pub mod air_sync_base;
pub mod calendar;
pub mod compose_mail;
pub mod contacts;
pub mod contacts2;
pub mod document_library;
pub mod email;
pub mod email2;
pub mod find;
pub mod folder_hierarchy;
pub mod gal;
pub mod get_item_estimate;
pub mod item_operations;
pub mod meeting_response;
pub mod move_items;
pub mod notes;
pub mod ping;
pub mod provision;
pub mod resolve_recipients;
pub mod rights_management;
pub mod search;
pub mod settings;
pub mod tasks;
pub mod validate_cert;

/// All pages.
pub const PAGES: &[Page] = &[
    air_sync::PAGE,
    contacts::PAGE,
    email::PAGE,
    air_notify::PAGE,
    calendar::PAGE,
    move_items::PAGE,
    get_item_estimate::PAGE,
    folder_hierarchy::PAGE,
    meeting_response::PAGE,
    tasks::PAGE,
    resolve_recipients::PAGE,
    validate_cert::PAGE,
    contacts2::PAGE,
    ping::PAGE,
    provision::PAGE,
    search::PAGE,
    gal::PAGE,
    air_sync_base::PAGE,
    settings::PAGE,
    document_library::PAGE,
    item_operations::PAGE,
    compose_mail::PAGE,
    email2::PAGE,
    notes::PAGE,
    rights_management::PAGE,
    find::PAGE,
];

impl Tag {
    /// The name in [MS-ASWBXML]; none for an unknown page or token.
    pub fn name(self) -> Option<&'static str> {
        let page = PAGES.iter().find(|page| page.number == self.page)?;
        let (_, name) = page.tags.iter().find(|(token, _)| *token == self.token)?;
        Some(name)
    }

    /// `Page:Tag` as in traces.
    pub fn full_name(self) -> Option<String> {
        let page = PAGES.iter().find(|page| page.number == self.page)?;
        Some(format!("{}:{}", page.name, self.name()?))
    }

    /// Finds a tag by the names of its page and its own.
    pub fn by_name(page: &str, name: &str) -> Option<Self> {
        let page = PAGES.iter().find(|known| known.name == page)?;
        let (token, _) = page.tags.iter().find(|(_, known)| *known == name)?;
        Some(Self {
            page: page.number,
            token: *token,
        })
    }
}
