//! Documents: their details as JSON, which only pages write; their octets are stored apart.

use carnet_proto::vcard::fold_for_search;

use crate::domain::{
    class::{Blob, Class, DOCUMENT, Difference, Index, IndexText, Merged, Part, Split},
    document::{Details, family},
    error::Result,
    item::random_id,
    principal::Profile,
};

/// One thing that is said of a document.
type Said = fn(&Details) -> String;

/// The document class.
#[derive(Debug, Default)]
pub struct Document;

impl Class for Document {
    fn name(&self) -> &'static str {
        DOCUMENT
    }

    fn new_href(&self) -> String {
        random_id(16)
    }

    fn index(&self, document: &[u8], _uid: Option<&str>) -> Result<Index> {
        let details = Details::read(document)?;
        let sort = fold_for_search(&details.name);
        Ok(Index {
            uid_invented: false,
            mixed: false,
            kind: family(&details.media_type).as_str().to_owned(),
            sort_first: sort.clone(),
            sort_last: sort,
            texts: texts(&details),
            display: details.name,
            uid: details.uid,
            blob: Some(Blob {
                digest: details.digest,
                octets: details.octets,
            }),
        })
    }

    /// A document has no picture of its own.
    fn with_picture_stored(&self, document: &[u8], _most: Option<usize>) -> Result<Vec<u8>> {
        Ok(document.to_vec())
    }

    fn split(&self, document: &[u8]) -> Result<Split> {
        Details::read(document)?;
        Ok(Split {
            document: document.to_vec(),
            ..Split::default()
        })
    }

    fn join(&self, document: &[u8], _overlay: &[u8]) -> Vec<u8> {
        document.to_vec()
    }

    /// Tags are links beside the document, never lines of it.
    fn with_tags(&self, _overlay: &[u8], _before: &[String], _tags: &[String]) -> Vec<u8> {
        Vec::new()
    }

    fn renewed(&self, document: &[u8], uid: &str) -> Result<Vec<u8>> {
        let details = Details {
            uid: uid.to_owned(),
            ..Details::read(document)?
        };
        details.write()
    }

    /// Their octets are no part of their details.
    fn picture(&self, _document: &[u8]) -> usize {
        0
    }

    /// No list of people shows documents.
    fn portrait(&self, _profile: &Profile, _uid: &str) -> Vec<u8> {
        Vec::new()
    }

    /// No client has lists of documents.
    fn list(&self, _name: &str, _uid: &str, _members: &[String]) -> Vec<u8> {
        Vec::new()
    }

    fn members(&self, _document: &[u8]) -> Option<(String, Vec<String>)> {
        None
    }

    fn with_member_replaced(&self, _document: &[u8], _old: &str, _new: &str) -> Option<Vec<u8>> {
        None
    }

    fn differences(&self, before: &[u8], after: &[u8]) -> Vec<Difference> {
        let (before, after) = (Details::read(before).ok(), Details::read(after).ok());
        let properties: [(&str, Said); 5] = [
            ("NAME", |details| details.name.clone()),
            ("TYPE", |details| details.media_type.clone()),
            ("SIZE", |details| details.octets.to_string()),
            ("CONTENT", |details| {
                details.digest.get(..12).unwrap_or_default().to_owned()
            }),
            ("DESCRIPTION", |details| details.description.clone()),
        ];
        let value = |details: &Option<Details>, of: Said| {
            details.as_ref().map(of).filter(|value| !value.is_empty())
        };
        let differs = |(property, of): (&str, Said)| {
            let (before, after) = (value(&before, of), value(&after, of));
            (before != after).then(|| Difference {
                property: property.to_owned(),
                before,
                after,
            })
        };
        properties.into_iter().filter_map(differs).collect()
    }

    /// No device shows documents.
    fn beside(&self, _before: Option<(&[u8], &[u8])>, _after: &[u8], _by_device: bool) -> Vec<u8> {
        Vec::new()
    }

    fn merge(&self, base: &[u8], mine: &[u8], theirs: &[u8]) -> Result<Merged> {
        let (base, mine) = (Details::read(base)?, Details::read(mine)?);
        let mut merged = Details::read(theirs)?;
        let (mut taken, mut lost) = (false, false);
        let mut settle = |changed: bool, free: bool, differs: bool| {
            taken |= changed && free;
            lost |= changed && !free && differs;
            changed && free
        };
        if settle(
            mine.name != base.name,
            merged.name == base.name,
            mine.name != merged.name,
        ) {
            merged.name = mine.name;
        }
        if settle(
            mine.description != base.description,
            merged.description == base.description,
            mine.description != merged.description,
        ) {
            merged.description = mine.description;
        }
        if settle(
            mine.digest != base.digest,
            merged.digest == base.digest,
            mine.digest != merged.digest,
        ) {
            merged.digest = mine.digest;
            merged.octets = mine.octets;
            merged.media_type = mine.media_type;
        }
        Ok(Merged {
            document: merged.write()?,
            taken,
            lost,
        })
    }
}

fn texts(details: &Details) -> Vec<IndexText> {
    let mut texts = vec![
        IndexText::searched("name", details.name.clone(), Part::Name),
        IndexText::searched("type", details.media_type.clone(), Part::Reach),
        IndexText::unsearched("octets", details.octets.to_string()),
    ];
    if !details.description.is_empty() {
        let description = details.description.clone();
        texts.push(IndexText::searched("note", description, Part::Rest));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(name: &str, description: &str, digest: char) -> Vec<u8> {
        let details = Details {
            uid: "u".into(),
            name: name.into(),
            media_type: "text/plain".into(),
            octets: 3,
            digest: digest.to_string().repeat(64),
            description: description.into(),
        };
        details.write().expect("JSON")
    }

    #[test]
    fn the_index_says_what_lists_and_searches_need() {
        let index = Document.index(&details("Été.pdf", "plan", 'a'), None);
        let index = index.expect("an index");
        assert_eq!(
            (&index.uid[..], &index.kind[..], &index.display[..]),
            ("u", "text", "Été.pdf")
        );
        assert_eq!(index.sort_first, "ete.pdf");
        let blob = index.blob.expect("octets");
        assert_eq!((blob.digest.len(), blob.octets), (64, 3));
        assert!(Document.index(b"BEGIN:VCARD", None).is_err());
        let hostile = details("x", "", 'a');
        let hostile = String::from_utf8(hostile)
            .expect("text")
            .replace("\"x\"", "\"../x\"");
        assert!(Document.index(hostile.as_bytes(), None).is_err());
    }

    #[test]
    fn a_merge_takes_what_only_one_side_changed() {
        let base = details("a", "", 'a');
        let merged = Document.merge(&base, &details("b", "", 'a'), &details("a", "note", 'c'));
        let merged = merged.expect("merged");
        assert_eq!(merged.document, details("b", "note", 'c'));
        assert!(merged.taken && !merged.lost);
        let clash = Document.merge(&base, &details("b", "", 'a'), &details("c", "", 'a'));
        let clash = clash.expect("merged");
        assert_eq!(clash.document, details("c", "", 'a'));
        assert!(!clash.taken && clash.lost);
    }

    #[test]
    fn differences_name_what_changed() {
        let changed = Document.differences(&details("a", "", 'a'), &details("b", "x", 'b'));
        let names: Vec<_> = changed.iter().map(|d| d.property.as_str()).collect();
        assert_eq!(names, ["NAME", "CONTENT", "DESCRIPTION"]);
        assert_eq!(changed[2].before, None);
        assert!(
            Document
                .differences(&details("a", "", 'a'), &details("a", "", 'a'))
                .is_empty()
        );
    }
}
