//! What a rendition cannot say, for the person to read before the file is written.

use super::{CardVersion, Preset, Rendition};

/// Something that does not come back from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Photos,
    Lists,
    UnknownProperties,
    OwnLabels,
    EmailsAfterThird,
    EmailsAfterSecond,
    NumbersBeyondColumns,
    NumbersBeyondOne,
    KindsOfNumbers,
    NamesAndMessaging,
    NamesInFull,
    UrlsAfterFirst,
    AddressesAfterFirst,
    PrivateMark,
    CategoriesAndDates,
    RelatedAndDates,
    NotImported,
}

impl Loss {
    /// In English.
    pub fn as_str(self) -> &'static str {
        match self {
            Loss::Photos => "photos",
            Loss::Lists => "lists of contacts",
            Loss::UnknownProperties => "properties that vCard 2.1 does not know",
            Loss::OwnLabels => "labels of a person's own",
            Loss::EmailsAfterThird => "e-mail addresses after the third",
            Loss::EmailsAfterSecond => "e-mail addresses after the second",
            Loss::NumbersBeyondColumns => "numbers of one kind beyond the program's columns",
            Loss::NumbersBeyondOne => "numbers and addresses beyond one of each kind",
            Loss::KindsOfNumbers => {
                "labels and kinds of numbers other than mobile, work, home and fax"
            }
            Loss::NamesAndMessaging => {
                "phonetic names, nicknames, messaging addresses and other dates"
            }
            Loss::NamesInFull => "middle names, prefixes and suffixes",
            Loss::UrlsAfterFirst => "web addresses after the first",
            Loss::AddressesAfterFirst => "addresses after the first",
            Loss::PrivateMark => "the mark of private contacts",
            Loss::CategoriesAndDates => "categories, related people, anniversaries and other dates",
            Loss::RelatedAndDates => {
                "related people, anniversaries, messaging addresses and other dates"
            }
            Loss::NotImported => "everything that is not printed: a PDF cannot be imported",
        }
    }
}

/// What does not come back from a rendition.
pub fn losses(rendition: Rendition) -> &'static [Loss] {
    match rendition {
        Rendition::VCard(CardVersion::V3 | CardVersion::V4) => &[],
        Rendition::VCard(CardVersion::V21) => {
            &[Loss::UnknownProperties, Loss::OwnLabels, Loss::Lists]
        }
        Rendition::Csv(Preset::Outlook) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::EmailsAfterThird,
            Loss::NumbersBeyondColumns,
            Loss::NamesAndMessaging,
            Loss::UrlsAfterFirst,
        ],
        Rendition::Csv(Preset::Google) => &[Loss::Photos, Loss::Lists, Loss::PrivateMark],
        Rendition::Csv(Preset::Thunderbird) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::EmailsAfterSecond,
            Loss::NamesInFull,
            Loss::NumbersBeyondOne,
            Loss::CategoriesAndDates,
        ],
        Rendition::Csv(Preset::Spreadsheet) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::AddressesAfterFirst,
            Loss::KindsOfNumbers,
            Loss::RelatedAndDates,
        ],
        Rendition::Pdf(_) => &[Loss::NotImported],
    }
}
