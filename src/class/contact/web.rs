//! Contacts on the web: the details page, and a form that patches only what it changed.

mod erase;
mod fields;
mod form;
pub(super) mod list;
mod merge;
mod rebase;
mod service;
mod typed;
mod view;

use std::sync::Arc;

use carnet_proto::vcard::{Binary, Document, fold_for_search};
use rlibphonenumber::{PhoneNumber, Region};

use self::{
    fields::LISTS,
    form::{WebEdit, form_of, rows, values},
};
use super::{Contact, eas::beyond, parse, picture};
use crate::{
    domain::{book::Edit, error::Result},
    text::Text,
    web::facet::{CardView, Form, Reader, Rebased, Side, Submitted, WebFacet},
};

impl WebFacet for Contact {
    fn view(&self, document: &[u8], reader: &Reader) -> CardView {
        match Document::parse(document) {
            Ok(card) => view::view(&card.spoken(reader.text.lang), reader, self.country),
            Err(_) => CardView::default(),
        }
    }

    fn name(&self, document: &[u8], reader: &Reader) -> String {
        let card = Document::parse(document);
        card.map_or_else(|_| String::new(), |card| view::name(&card, reader))
    }

    fn form(&self, document: Option<&[u8]>, text: &Text) -> Form {
        match document.and_then(|document| Document::parse(document).ok()) {
            Some(card) => {
                let card = card.spoken(text.lang);
                Form {
                    kept: view::kept(&card),
                    ..form_of(&values(&card), text, card.photo().is_some())
                }
            }
            None => form_of(&[], text, false),
        }
    }

    fn beyond_phones(&self, document: &[u8]) -> Vec<String> {
        let card = Document::parse(document);
        card.map_or_else(|_| Vec::new(), |card| beyond(&card))
    }

    fn refill(
        &self,
        shown: Option<&[u8]>,
        submitted: &Submitted,
        more: Option<&str>,
        text: &Text,
    ) -> Form {
        let mut values = service::written(&submitted.fields);
        if let Some(card) = shown.and_then(|shown| Document::parse(shown).ok()) {
            let stored = self::values(&card.spoken(submitted.language)).into_iter();
            values.extend(stored.filter(|(name, _)| submitted.leaves(name)));
        }
        if let Some(list) = LISTS.iter().find(|list| Some(list.name) == more) {
            values.push((
                format!("{}-{}", list.name, rows(&values, list)),
                String::new(),
            ));
        }
        form_of(&values, text, false)
    }

    fn edit(&self, shown: Option<&[u8]>, submitted: &Submitted) -> Result<Arc<dyn Edit>> {
        let before = match shown {
            Some(shown) => values(&parse(shown)?.spoken(submitted.language)),
            None => Vec::new(),
        };
        let value_before = |name: &str| {
            before
                .iter()
                .find(|(known, _)| known == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let changes: Vec<(String, String)> = service::written(&submitted.fields)
            .iter()
            .map(|(name, value)| typed::tidy(name, value, submitted.month_first))
            .filter(|(name, value)| {
                let before = value_before(name).trim();
                // A field of one line sends what has several without their ends.
                before != value && before.replace(['\r', '\n'], "") != *value
            })
            .collect();
        typed::check(&changes)?;
        let photo = match (&submitted.photo, submitted.remove_photo) {
            (Some(octets), _) => Some(picture::for_storage(octets, submitted.photo_limit)?),
            (None, true) => Some(Vec::new()),
            (None, false) => None,
        };
        let language = submitted.language;
        Ok(Arc::new(WebEdit {
            changes,
            photo,
            language,
        }))
    }

    fn rebased(
        &self,
        base: Option<&[u8]>,
        later: &[u8],
        submitted: &Submitted,
        reader: &Reader,
    ) -> Result<Rebased> {
        let spoken = |card: &[u8]| parse(card).map(|card| card.spoken(submitted.language));
        let base = base.map(spoken).transpose()?;
        let fields: Vec<_> = service::written(&submitted.fields)
            .iter()
            .map(|(name, value)| typed::tidy(name, value, submitted.month_first))
            .collect();
        Ok(rebase::rebased(
            base.as_ref(),
            &spoken(later)?,
            &fields,
            reader,
        ))
    }

    fn picture(&self, octets: &[u8], most: Option<usize>) -> Result<Vec<u8>> {
        picture::for_storage(octets, most)
    }

    fn favourite(&self, on: bool) -> Arc<dyn Edit> {
        Arc::new(list::Favourite(on))
    }

    fn is_favourite(&self, document: &[u8]) -> bool {
        Document::parse(document).is_ok_and(|card| card.first(super::FAVOURITE).is_some())
    }

    fn new_list(&self, name: &str) -> Arc<dyn Edit> {
        Arc::new(list::NewList(name.to_owned()))
    }

    fn members(&self, document: &[u8]) -> Option<Vec<String>> {
        list::members(&Document::parse(document).ok()?)
    }

    fn change_members(&self, add: &[String], remove: &[String]) -> Arc<dyn Edit> {
        Arc::new(list::Members {
            add: add.to_vec(),
            remove: remove.to_vec(),
        })
    }

    fn erased(&self) -> Arc<dyn Edit> {
        Arc::new(erase::Erase)
    }

    fn text_of_html(&self, html: &str) -> String {
        super::eas::html::to_text(html)
    }

    fn addresses(&self, document: &[u8]) -> Vec<String> {
        let Ok(card) = Document::parse(document) else {
            return Vec::new();
        };
        let mut lines: Vec<_> = card.all("EMAIL").collect();
        lines.sort_by_key(|line| !line.is_preferred());
        let addresses = lines.iter().map(|line| line.text().trim().to_owned());
        addresses.filter(|address| !address.is_empty()).collect()
    }

    fn words(&self, query: &str) -> Vec<String> {
        fold_for_search(query)
            .split_whitespace()
            .take(16)
            .map(str::to_owned)
            .collect()
    }

    fn property(&self, name: &str, text: &Text) -> String {
        view::property(name, text)
    }

    fn value(&self, name: &str, value: &str, text: &Text) -> String {
        view::value(name, value, text)
    }

    fn is_country(&self, code: &str) -> bool {
        let region = code.parse::<Region>().ok();
        // A number without a country code can be read in countries only.
        region.is_some_and(|region| PhoneNumber::parse("123456", Some(region)).is_ok())
    }

    fn postal_addresses(&self, document: &[u8], text: &Text) -> Vec<String> {
        let Ok(card) = Document::parse(document) else {
            return Vec::new();
        };
        let card = card.spoken(text.lang);
        let lines = card.all("ADR").map(|line| {
            let parts = line.components();
            let part = |at: usize| parts.get(at).map_or("", |part| part.trim());
            let town = format!("{} {}", part(5), part(3));
            let parts = [part(2), town.trim(), part(4), part(6)];
            let said = parts.into_iter().filter(|part| !part.is_empty());
            said.collect::<Vec<_>>().join(", ").replace('\n', ", ")
        });
        lines.filter(|line| !line.is_empty()).collect()
    }

    fn sides(&self, first: &[u8], second: &[u8], text: &Text) -> Result<Vec<Side>> {
        merge::sides(first, second, text)
    }

    fn merged(&self, first: &[u8], second: &[u8], picked: &[String]) -> Result<Vec<u8>> {
        merge::merged(first, second, picked)
    }

    fn photo(&self, document: &[u8]) -> Option<(String, Vec<u8>)> {
        match Document::parse(document).ok()?.photo()? {
            Binary::Inline { media_type, octets } => Some((media_type, octets)),
            Binary::Uri(_) => None,
        }
    }
}
