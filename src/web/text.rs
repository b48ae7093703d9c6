//! Every sentence a person reads, once per language.
//!
//! A sentence is a field of [`Text`], so a language that lacks one does not compile.

mod en;
mod fr;

use http::HeaderMap;

pub use en::EN;
pub use fr::FR;

macro_rules! text {
    ($($field:ident),+ $(,)?) => {
        /// The sentences of one language; `{}` stands for a value.
        pub struct Text {
            /// BCP 47 tag.
            pub lang: &'static str,
            $(pub $field: &'static str,)+
        }

        impl Text {
            /// All sentences with their names, for checks.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), self.$field)),+]
            }
        }
    };
}

text! {
    sign_in, sign_in_title, sign_out, login_or_email, password, sign_in_failed, sign_in_wait,
    session_ended, skip_to_content, contacts, private, groups, environment, search, search_contacts,
    new_contact, edit, save, cancel, delete, delete_question, back, undo, deleted, saved, created,
    actions, contacts_count, no_contacts, no_match, page_of, previous, next, name, prefix,
    given_name, middle_name, family_name, suffix, nickname, organization, department, job_title,
    phone, phones, email, emails, address, addresses, street, city, region, postal_code, country,
    kind, home, work, mobile, fax, other, web_page, birthday, anniversary, note, categories,
    photo, photo_of, remove_photo, photo_hint, more_details, read_only, stale_title, stale_text,
    stale_yours, stale_theirs, take_mine, keep_theirs, not_found, not_found_text, forbidden,
    forbidden_text, invalid, too_large, unavailable, refused_kept, go_home, add_row, letter_index,
    open_menu, members_see, company, office, phonetic_given_name, phonetic_family_name,
    phonetic_organization, file_as, messaging, messaging_address, web_pages, related, spouse, child,
    assistant, manager, home_fax, pager, car, radio, company_main, mms, customer_id, government_id,
    account_name, other_details, quota_full, unavailable_title, stale_form,
}

/// The language of a request: the person's setting, else the browser's, else English.
pub fn choose(setting: Option<&str>, headers: &HeaderMap) -> &'static Text {
    if let Some(text) = setting.and_then(by_tag) {
        return text;
    }
    headers
        .get(http::header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(preferred)
        .unwrap_or(&EN)
}

/// A language by its tag, regions aside.
pub fn by_tag(tag: &str) -> Option<&'static Text> {
    let primary = tag.split('-').next().unwrap_or_default();
    [&EN, &FR]
        .into_iter()
        .find(|text| text.lang.eq_ignore_ascii_case(primary))
}

/// The first language of an Accept-Language list, by weight, that there is.
fn preferred(list: &str) -> Option<&'static Text> {
    let mut ranges: Vec<(f32, &str)> = list
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';');
            let tag = parts.next()?.trim();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.parse().ok())
                .unwrap_or(1.0);
            Some((weight, tag))
        })
        .collect();
    ranges.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranges.into_iter().find_map(|(_, tag)| by_tag(tag))
}

/// Puts values in the places of `{}`, in order.
pub fn fill(sentence: &str, values: &[&dyn std::fmt::Display]) -> String {
    let mut out = String::with_capacity(sentence.len() + 16);
    let mut values = values.iter();
    let mut rest = sentence;
    while let Some(at) = rest.find("{}") {
        out.push_str(&rest[..at]);
        if let Some(value) = values.next() {
            out.push_str(&value.to_string());
        }
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sentence_is_left_empty_or_untranslated() {
        // The same word in both languages.
        let same = ["contacts", "photo", "note", "radio", "mms"];
        for ((name, english), (_, french)) in EN.all().into_iter().zip(FR.all()) {
            assert!(!english.is_empty() && !french.is_empty(), "{name}");
            assert_eq!(
                english.matches("{}").count(),
                french.matches("{}").count(),
                "{name}"
            );
            if !same.contains(&name) {
                assert_ne!(english, french, "{name}");
            }
        }
    }

    #[test]
    fn the_language_follows_setting_then_browser() {
        let header = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::ACCEPT_LANGUAGE, value.parse().expect("ASCII"));
            headers
        };
        for (setting, accept, expected) in [
            (None, "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
            (None, "de,en;q=0.5,fr;q=0.7", "fr"),
            (None, "de", "en"),
            (Some("en"), "fr", "en"),
            (None, "", "en"),
        ] {
            assert_eq!(choose(setting, &header(accept)).lang, expected, "{accept}");
        }
    }
}
