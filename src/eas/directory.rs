//! Entries of the directory as Search, Find and ResolveRecipients show them ([MS-ASCMD] 2.2.3.47).

use carnet_proto::{
    eas::status,
    wbxml::{
        Encoder, Tag,
        page::{gal as g, resolve_recipients as r},
    },
};

use super::{
    facet::{Entry, make_ready, reduced},
    request::Call,
};
use crate::domain::{directory::Listed, error::Result};

/// Results in one answer.
pub const MAX_RESULTS: usize = 100;

/// The pictures a client requests, and how many it was given.
pub struct Pictures {
    /// Octets of one picture, at most.
    max_size: usize,
    left: usize,
}

impl Pictures {
    /// The limits in the Picture option of a request; empty options set none.
    pub fn wanted(max_size: Option<u32>, max_pictures: Option<u32>) -> Self {
        let limit = |number: Option<u32>| {
            number.map_or(usize::MAX, |number| {
                usize::try_from(number).unwrap_or(usize::MAX)
            })
        };
        Self {
            max_size: limit(max_size),
            left: limit(max_pictures),
        }
    }

    /// The status of the next entry's picture, and the picture.
    fn next(&mut self, picture: Option<Vec<u8>>) -> (status::Picture, Option<Vec<u8>>) {
        match picture {
            None => (status::Picture::NoPicture, None),
            Some(_) if self.left == 0 => (status::Picture::PictureLimitReached, None),
            Some(octets) if octets.len() > self.max_size => {
                (status::Picture::PictureTooLarge, None)
            }
            Some(octets) => {
                self.left -= 1;
                (status::Picture::Success, Some(octets))
            }
        }
    }
}

/// Tags of a picture: its element, its status, its data.
pub const GAL_PICTURE: [Tag; 3] = [g::PICTURE, g::STATUS, g::DATA];
/// [`GAL_PICTURE`] in the code page of ResolveRecipients.
pub const RECIPIENT_PICTURE: [Tag; 3] = [r::PICTURE, r::STATUS, r::DATA];

/// A directory entry for a match.
pub fn entry(call: &Call, listed: &Listed) -> Entry {
    match listed {
        Listed::Person(member) => {
            let (first, last) = member
                .name
                .rsplit_once(' ')
                .unwrap_or((member.name.as_str(), ""));
            Entry {
                display_name: member.name.clone(),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                alias: member.login.clone(),
                company: member.organization.clone(),
                email: member.email.clone().unwrap_or_default(),
                addresses: member.email.clone().into_iter().collect(),
                ..Entry::default()
            }
        }
        Listed::Contact(card, _) => call.face.facet.directory(&card.document),
    }
}

/// Writes the elements of an entry in the order of the schema, with its picture if requested.
pub async fn write(
    call: &Call,
    listed: &Listed,
    pictures: Option<&mut Pictures>,
    out: &mut Encoder,
) -> Result<()> {
    let entry = entry(call, listed);
    // Some clients need the names and the address even when there are none.
    let always = [
        g::DISPLAY_NAME,
        g::FIRST_NAME,
        g::LAST_NAME,
        g::EMAIL_ADDRESS,
    ];
    for (tag, value) in [
        (g::DISPLAY_NAME, &entry.display_name),
        (g::PHONE, &entry.phone),
        (g::OFFICE, &entry.office),
        (g::TITLE, &entry.title),
        (g::COMPANY, &entry.company),
        (g::ALIAS, &entry.alias),
        (g::FIRST_NAME, &entry.first_name),
        (g::LAST_NAME, &entry.last_name),
        (g::HOME_PHONE, &entry.home_phone),
        (g::MOBILE_PHONE, &entry.mobile_phone),
        (g::EMAIL_ADDRESS, &entry.email),
    ] {
        if !value.is_empty() || always.contains(&tag) {
            out.text(tag, value);
        }
    }
    if let Some(pictures) = pictures {
        write_picture(call, listed, pictures, GAL_PICTURE, out).await;
    }
    Ok(())
}

/// Writes a person's picture, or the status that says why there is none.
pub async fn write_picture(
    call: &Call,
    listed: &Listed,
    pictures: &mut Pictures,
    [element, status, data]: [Tag; 3],
    out: &mut Encoder,
) {
    use base64::Engine as _;
    let (facet, decoders) = (&call.face.facet, call.face.core.pictures());
    // One that is not sent is not made either.
    let is_left = pictures.left > 0;
    let octets = match listed {
        Listed::Person(member) => match call.face.core.portrait(member).await {
            Ok(Some(portrait)) if is_left => reduced(facet, decoders, portrait).await,
            Ok(portrait) => portrait,
            Err(_) => None,
        },
        Listed::Contact(card, _) if is_left => {
            make_ready(facet, decoders, [card.document.to_vec()]).await;
            facet.picture(&card.document)
        }
        Listed::Contact(card, _) => facet.has_picture(&card.document).then(Vec::new),
    };
    let (code, octets) = pictures.next(octets);
    out.open(element).number(status, code);
    if let Some(octets) = octets {
        let text = base64::engine::general_purpose::STANDARD.encode(octets);
        out.text(data, &text);
    }
    out.close();
}

/// Parses a Range: `0-99`, zero-based and inclusive.
pub fn range_of(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}
