//! What a contact typed, over the data as they are when it arrives.

use bytes::Bytes;

use super::shown::{shown, submitted};
use crate::{
    domain::{book::Seen, error::Result, settings::Settings, verification::Asked},
    text::Text,
    web::{
        Web,
        facet::{Changed, Contested, Form, Reader, Submitted},
        when,
    },
};

/// What a contact typed into the form they were shown.
pub struct Typed {
    /// Names the version the form was made from.
    pub version: String,
    sent: Submitted,
    has_photo: bool,
    made_of: Seen,
}

/// The same, over the present data.
pub struct Over {
    pub sent: Submitted,
    /// Changed on both sides: what it is called, and what it says now.
    pub both: Vec<(String, String)>,
    /// Shown, and changed since by others alone.
    pub theirs: Vec<(String, String)>,
}

impl Typed {
    pub async fn read(
        web: &Web,
        asked: &Asked,
        fields: &[(String, String)],
        text: &Text,
    ) -> Result<Self> {
        let version = super::public::value(fields, "version").to_owned();
        let made_of = asked.seen(&version).await?;
        let base = match &made_of {
            Seen::Before(Some(before)) => Bytes::copy_from_slice(before),
            _ => asked.content(),
        };
        let hidden = &asked.verification.asked.hidden;
        let form = shown(web.facet.form(Some(&base), text), hidden);
        Ok(Self {
            version,
            sent: submitted(&form, fields, text),
            has_photo: form.has_photo,
            made_of,
        })
    }

    /// The form again as it was sent, with one more row in a list.
    pub fn form(&self, web: &Web, more: Option<&str>, text: &Text) -> Form {
        self.form_of(web, &self.sent, None, more, text)
    }

    /// The form with what was typed over the present data.
    pub fn form_over(&self, web: &Web, asked: &Asked, over: &Over, text: &Text) -> Form {
        self.form_of(web, &over.sent, Some(&asked.content()), None, text)
    }

    fn form_of(
        &self,
        web: &Web,
        sent: &Submitted,
        now: Option<&[u8]>,
        more: Option<&str>,
        text: &Text,
    ) -> Form {
        let mut form = web.facet.refill(now, sent, more, text);
        form.has_photo = self.has_photo;
        form
    }

    /// The changes of the contact alone, and what others changed meanwhile.
    pub fn over(&self, web: &Web, asked: &Asked, text: &'static Text) -> Result<Over> {
        let mut over = Over {
            sent: self.sent.clone(),
            both: Vec::new(),
            theirs: Vec::new(),
        };
        let Seen::Before(before) = &self.made_of else {
            return Ok(over);
        };
        let now = asked.content();
        let settings = Settings::default();
        let reader = Reader {
            text,
            settings: &settings,
            today: when::today(text),
        };
        let rebased = web
            .facet
            .rebased(before.as_deref(), &now, &self.sent, &reader)?;
        let hidden = &asked.verification.asked.hidden;
        let form = shown(web.facet.form(Some(&now), text), hidden);
        over.sent.fields = rebased.fields;
        let mut left = Vec::new();
        for contested in rebased.contested {
            let is_shown = stands_in(&form, &contested);
            let is_typed = match contested.changed {
                Changed::Theirs => false,
                Changed::Mine | Changed::Both => true,
                // Nothing is taken away for what the contact may not have been shown.
                Changed::Unknown => is_shown && !contested.mine.is_empty(),
            };
            let now = (contested.label, contested.theirs);
            match contested.changed {
                Changed::Mine => {}
                _ if is_typed => over.both.push(now),
                _ if is_shown => over.theirs.push(now),
                _ => {}
            }
            if !is_typed {
                left.push(contested.id);
            }
        }
        let photo = |card: &[u8]| web.facet.photo(card);
        let same_photo = before.as_deref().map(photo) == Some(photo(&now));
        if over.sent.remove_photo && !same_photo {
            over.both.push((text.photo.to_owned(), String::new()));
        }
        over.sent.leave(left);
        Ok(over)
    }
}

fn stands_in(form: &Form, contested: &Contested) -> bool {
    form.sections.iter().any(|section| {
        let mut fields = section.fields.iter();
        let mut lists = section.lists.iter();
        fields.any(|field| field.id == contested.id)
            || lists.any(|list| {
                let rest = contested.id.strip_prefix(list.name.as_str());
                rest.is_some_and(|rest| rest.starts_with('-'))
            })
    })
}
