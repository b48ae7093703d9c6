//! What a format cannot express, listed for the person before the file is written.

use super::{CardVersion, Preset, Rendition};

/// A kind of data that a format cannot hold.
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
    DisplayNames,
    NamesInFull,
    Nicknames,
    PhoneticNames,
    PhoneticOrganizations,
    Messaging,
    UrlsAfterFirst,
    AddressesAfterFirst,
    FurtherAddresses,
    PostBoxes,
    KindsOfEmails,
    KindsOfUrls,
    SocialProfiles,
    RelatedPeople,
    OtherRelations,
    OtherDates,
    Categories,
    CustomFields,
    PrivateMark,
    OfficeAndProfession,
    Particulars,
    NotImported,
    OtherScripts,
}

impl Loss {
    /// The loss in English.
    pub fn as_str(self) -> &'static str {
        match self {
            Loss::Photos => "photos",
            Loss::Lists => "lists of contacts",
            Loss::UnknownProperties => "properties that Carnet keeps without knowing them",
            Loss::OwnLabels => "labels of a person's own",
            Loss::EmailsAfterThird => "e-mail addresses after the third",
            Loss::EmailsAfterSecond => "e-mail addresses after the second",
            Loss::NumbersBeyondColumns => {
                "the kind of numbers for which the program has no column left, and numbers when all are full"
            }
            Loss::NumbersBeyondOne => {
                "addresses beyond one of each kind, web addresses after the second, the kind of numbers without a column of it, and numbers when all columns are full"
            }
            Loss::KindsOfNumbers => "kinds of numbers other than mobile, work, home and fax",
            Loss::DisplayNames => "displayed names that are not made of the other fields",
            Loss::NamesInFull => "middle names, prefixes and suffixes",
            Loss::Nicknames => "nicknames",
            Loss::PhoneticNames => "phonetic names",
            Loss::PhoneticOrganizations => "phonetic names of organizations",
            Loss::Messaging => "messaging addresses",
            Loss::UrlsAfterFirst => "web addresses after the first",
            Loss::AddressesAfterFirst => {
                "addresses after the first, and whether that is at home or at work"
            }
            Loss::FurtherAddresses => {
                "that a second address of a kind is at home or at work, and addresses beyond that"
            }
            Loss::PostBoxes => "post-office boxes",
            Loss::KindsOfEmails => "whether e-mail addresses are at home or at work",
            Loss::KindsOfUrls => "whether web addresses are at home or at work",
            Loss::SocialProfiles => "profiles in social networks",
            Loss::OtherRelations => {
                "related people other than spouse, children, assistant and manager"
            }
            Loss::RelatedPeople => "related people and anniversaries",
            Loss::OtherDates => "other dates",
            Loss::Categories => "categories",
            Loss::CustomFields => "custom fields and favourites",
            Loss::PrivateMark => "the mark of private contacts",
            Loss::OfficeAndProfession => "office and profession",
            Loss::Particulars => "initials, gender, language, hobby and free/busy address",
            Loss::OtherScripts => "characters no font of the server has: they are printed as boxes",
            Loss::NotImported => "everything that is not printed: a PDF cannot be imported",
        }
    }
}

/// The losses of a format.
pub fn losses(rendition: Rendition) -> &'static [Loss] {
    match rendition {
        Rendition::VCard(CardVersion::V3 | CardVersion::V4) => &[],
        Rendition::VCard(CardVersion::V21) => &[
            Loss::Lists,
            Loss::OwnLabels,
            Loss::Nicknames,
            Loss::PhoneticNames,
            Loss::Messaging,
            Loss::SocialProfiles,
            Loss::RelatedPeople,
            Loss::OtherDates,
            Loss::Categories,
            Loss::CustomFields,
            Loss::PrivateMark,
            Loss::Particulars,
            Loss::UnknownProperties,
        ],
        Rendition::Csv(Preset::Outlook) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::DisplayNames,
            Loss::EmailsAfterThird,
            Loss::NumbersBeyondColumns,
            Loss::OwnLabels,
            Loss::Nicknames,
            Loss::PhoneticNames,
            Loss::Messaging,
            Loss::SocialProfiles,
            Loss::UrlsAfterFirst,
            Loss::KindsOfUrls,
            Loss::KindsOfEmails,
            Loss::FurtherAddresses,
            Loss::OtherRelations,
            Loss::OtherDates,
            Loss::CustomFields,
            Loss::UnknownProperties,
        ],
        Rendition::Csv(Preset::Google) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::PhoneticOrganizations,
            Loss::SocialProfiles,
            Loss::PrivateMark,
            Loss::OfficeAndProfession,
            Loss::Particulars,
            Loss::UnknownProperties,
        ],
        Rendition::Csv(Preset::Thunderbird) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::EmailsAfterSecond,
            Loss::NamesInFull,
            Loss::PhoneticNames,
            Loss::NumbersBeyondOne,
            Loss::PostBoxes,
            Loss::KindsOfEmails,
            Loss::OwnLabels,
            Loss::Messaging,
            Loss::SocialProfiles,
            Loss::RelatedPeople,
            Loss::OtherDates,
            Loss::Categories,
            Loss::CustomFields,
            Loss::PrivateMark,
            Loss::OfficeAndProfession,
            Loss::Particulars,
            Loss::UnknownProperties,
        ],
        Rendition::Csv(Preset::Spreadsheet) => &[
            Loss::Photos,
            Loss::Lists,
            Loss::AddressesAfterFirst,
            Loss::PostBoxes,
            Loss::KindsOfEmails,
            Loss::KindsOfUrls,
            Loss::KindsOfNumbers,
            Loss::OwnLabels,
            Loss::PhoneticNames,
            Loss::Messaging,
            Loss::SocialProfiles,
            Loss::RelatedPeople,
            Loss::OtherDates,
            Loss::CustomFields,
            Loss::PrivateMark,
            Loss::OfficeAndProfession,
            Loss::Particulars,
            Loss::UnknownProperties,
        ],
        Rendition::Pdf(_) => &[Loss::NotImported, Loss::OtherScripts],
    }
}
