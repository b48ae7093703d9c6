//! Every sentence a person reads, once per language.
//!
//! A sentence is a field of [`Text`], so a language that lacks one does not compile.

/// Sentences of one area, in both languages side by side: `name: "English", "French";`.
macro_rules! sentences {
    ($area:ident; $($name:ident: $english:literal, $french:literal;)+) => {
        /// The sentences of one language; `{}` stands for a value.
        pub struct $area {
            $(pub $name: &'static str,)+
        }

        pub const EN: $area = $area { $($name: $english,)+ };
        pub const FR: $area = $area { $($name: $french,)+ };

        impl $area {
            /// All sentences with their names, for checks.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

pub mod account;
pub mod admin;
pub mod audit;
pub mod book;
pub mod connect;
pub mod customs;
pub mod dates;
pub mod devices;
pub mod documents;
mod en;
pub mod export;
pub mod first_start;
mod fr;
pub mod mail;
pub mod news;
pub mod transfer;
pub mod zone;

use std::{
    fmt::Display,
    sync::{Mutex, PoisonError},
};

use http::HeaderMap;

use self::zone::Zone;
use crate::domain::{direction::isolated, settings::DateFormat};

pub use en::EN;
pub use fr::FR;

macro_rules! text {
    ($($field:ident),+ $(,)?) => {
        /// The sentences of one language; `{}` stands for a value.
        pub struct Text {
            /// BCP 47 tag.
            pub lang: &'static str,
            /// How numbers, dates and tables are written.
            pub customs: &'static customs::Customs,
            /// How the reader writes dates.
            pub dates: DateFormat,
            /// The time zone of the reader; none: the server's.
            pub zone: Option<&'static Zone>,
            /// Import, export, printing and duplicates.
            pub transfer: &'static transfer::Transfer,
            /// What exported files say.
            pub export: &'static export::Export,
            /// Letters, verification, short messages and faxes.
            pub mail: &'static mail::Mail,
            /// Accounts, passwords, sessions and settings.
            pub account: &'static account::Account,
            /// Lists, cards and forms of contacts.
            pub book: &'static book::Book,
            /// The administration of the server.
            pub admin: &'static admin::Admin,
            /// The guide for connecting devices.
            pub connect: &'static connect::Connect,
            /// Devices and other clients.
            pub device: &'static devices::Devices,
            /// Documents, folders and attachments.
            pub documents: &'static documents::Documents,
            /// The page of the first start.
            pub first_start: &'static first_start::FirstStart,
            /// What others did for a person.
            pub news: &'static news::News,
            /// The lines of the audit trail.
            pub audit: &'static audit::Audit,
            $(pub $field: &'static str,)+
        }

        impl Text {
            /// All sentences with their names, for checks.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                let own = vec![$((stringify!($field), self.$field)),+];
                own.into_iter()
                    .chain(self.transfer.all())
                    .chain(self.export.all())
                    .chain(self.mail.all())
                    .chain(self.account.all())
                    .chain(self.book.all())
                    .chain(self.device.all())
                    .chain(self.connect.all())
                    .chain(self.admin.all())
                    .chain(self.documents.all())
                    .chain(self.first_start.all())
                    .chain(self.news.all())
                    .chain(self.audit.all())
                    .collect()
            }
        }
    };
}

text! {
    sign_in, sign_in_title, sign_out, login_or_email, password, sign_in_failed, sign_in_wait,
    session_ended, skip_to_content, contacts, private, groups, environment, search, search_contacts,
    new_contact, edit, save, cancel, delete, back, undo, deleted, saved, created,
    actions, contacts_count, no_contacts, no_match, page_of, previous, next, name, prefix,
    given_name, middle_name, family_name, suffix, nickname, organization, department, job_title,
    phone, phones, email, emails, address, addresses, street, city, region, postal_code, country,
    kind, home, work, mobile, fax, other, web_page, birthday, anniversary, note, categories,
    photo, photo_of, remove_photo, photo_hint, more_details, read_only, stale_title, stale_text,
    stale_yours, stale_theirs, save_choice, keep_theirs, not_found, not_found_text, forbidden,
    forbidden_text, invalid, too_large, unavailable, refused_kept, go_home, add_row, letter_index,
    open_menu, members_see, company, office, phonetic_given_name, phonetic_family_name,
    phonetic_organization, file_as, messaging, messaging_address, web_pages, related, spouse, child,
    assistant, manager, home_fax, pager, car, radio, company_main, mms, customer_id, government_id,
    account_name, quota_full, no_room, unavailable_title, stale_form,
    stale_page, moment, months, settings, login, place, state, my_groups, no_groups, your_role,
    role, role_member, role_co_admin, role_admin, members, members_shown, search_member,
    found_group, group_name, group_shown_name, group_url_name, group_name_rule,
    group_name_taken, group_founded, add_member, member_added, member_removed, no_such_account,
    invite_by_email, make_invitation, invitation_made, invitation, invited_to, invitation_text,
    invitation_over, invitation_void, invitation_void_here, invited, invited_by,
    withdraw_invitation, invitation_withdrawn, join_group, joined_group, make_co_admin, make_member, hand_over, hand_over_text, hand_over_to,
    remove_member, removed_leave_copies, option_share_outside, option_creators_delete,
    leave_group, leave_text, leave_copies, leave_take_back, left_group, hand_over_first,
    delete_group, delete_group_text, type_group_name, group_deleted, access_rights,
    access_right, rights_granted, rights_by_default, no_rights_granted, to_whom, why,
    everyone_in_group, later_members_too, only_these_people, withdraw, grant, grant_to_members,
    grant_to_everyone, right_none, right_add, right_add_delete, admins_grant, nobody_chosen,
    right_granted, right_withdrawn, who_may_modify, reason_creator, reason_custody,
    reason_granted, nobody_here_modifies, share_first, let_members_modify, let_modify,
    let_everyone_modify, read_only_ask, share, share_with_groups, share_with_group, share_text,
    shared_with, unshare, unshared, you_are_here, may_add_here, may_not_add_here, may_not_share,
    placed_by, placed_by_you, unknown_group, uid_taken, move_where, moved_to,
    copy_to_private, copy_text, copied_to_private, found_in, created_by, created_by_column,
    comment, comments, new_comment, add_comment, comment_in, comments_private, comments_seen_by,
    comment_added, comment_deleted, has_comments, tags, new_tag, colour, tags_text,
    tags_in_groups, tag_rule, tag_exists, tag_created, tag_deleted, save_tags, tags_saved,
    put_tag, take_tag_off, select_all, all_selected, selected_contacts, nothing_selected,
    selection_deleted, selection_shared, selection_copied, selection_restored, selection_left, empty_book,
    empty_private_text, empty_group_text, type_count, count_differs, emptied, trash,
    trash_empty, trash_kept, deleted_when, by_whom, through, restore, restored,
    back_before_this, lost_creations, lost_creations_text, back_to_moment, back_to_moment_text,
    moment_label, since_label, no_moment, moment_rule, go_back, undo_client, undo_client_text,
    undo_everything, large_deletions, hold_deletions, mass_deletion, mass_deletion_held, writes_kept,
    all_is_well, history, history_kept, event_edited, event_tagged, event_placed, event_removed,
    field, before, after, bring_back_version, copy_version, refused_title, refused_explained,
    nothing_refused, no_difference_left, propose, proposal_sent, is_proposed, dismiss,
    refused_dismissed, proposals_title, proposals_text, accept, decline, proposal_accepted,
    proposal_declined,
    home_page, tools, advanced_search, keys_title, search_results, words, search_in,
    private_only, private_and_groups, tag, any, kind_person, kind_company, kind_list,
    kind_contact, birthday_month, birthday_within, created_since, created_before, modified_since,
    modified_before, shared_with_group, has_photo, search_syntax, last_search_of,
    forget_last_search, one_result, results_count, results_of, results_of_more, understood_as,
    notice_empty, notice_only_negative, notice_prefix_too_short,
    notice_query_too_long, notice_widened, also_beginning_with, suggestions, birthdays,
    no_birthdays, refused_waiting, proposals_waiting, devices, device_quarantined,
    device_blocked, device_wiping, device_silent, last_search, welcome, display, name_order,
    first_last, last_first, language, language_browser, keys_on, key_next,
    key_open, key_edit, key_select, key_group, key_escape, enter_key, delete_key, escape_key, sort, sort_modified, skip_to_list, tags_and_more, favourites,
    lists, filter, selected_count, open_details, recolour, print,
    one_contact, select_everything, filter_go, favourite, move_to_group, selection_moved,
    shortcuts,
    gender, gender_unsaid, gender_female, gender_male, gender_other, gender_none, gender_unknown,
    job_role, displayed_name, phonetic_middle_name, address_extension, post_office_box, partner,
    parent, sibling, friend, colleague, emergency, more_values, value, time_zone, hobby,
    interest, expertise, birthplace, deathplace, deathdate, calendar_address, calendar_requests,
    free_busy, organization_directory, own_fields, own_label, custom_label, kept_values,
    kept_values_text, send_sms, send_fax, fax_not_international, sign_your_message,
    no_favourite, make_favourite, list_members, write_to_all, take_out, list_empty, list_absent,
    new_list, list_without_name, put_into_list, put_into_this_list, picture_unreadable,
    picture_too_large, only_members, display_name_rule, no_email_address, not_a_member,
    comment_rule, here_already, keeps_administrator, no_colour, list_stays_list,
}

/// Each language with each way to write dates, the usual one first.
static WRITTEN: [[Text; 4]; 2] = [written(&EN), written(&FR)];

/// The same for readers with a time zone of their own, each made once: never more than there are
/// zones, for each of the ways to write.
static ZONED: Mutex<Vec<&'static Text>> = Mutex::new(Vec::new());

const fn written(text: &Text) -> [Text; 4] {
    [
        in_dates(text, DateFormat::Words),
        in_dates(text, DateFormat::Iso),
        in_dates(text, DateFormat::DayFirst),
        in_dates(text, DateFormat::MonthFirst),
    ]
}

const fn in_dates(text: &Text, dates: DateFormat) -> Text {
    Text { dates, ..*text }
}

/// Every language.
pub fn languages() -> impl Iterator<Item = &'static Text> {
    WRITTEN.iter().map(|[usual, ..]| usual)
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

impl Text {
    /// What is said of so many: in French none is said as one is.
    pub fn of_many(&self, count: impl TryInto<u64>, [one, many]: Plural) -> &'static str {
        match count.try_into() {
            Ok(1) => one,
            Ok(0) if self.customs.none_as_one => one,
            _ => many,
        }
    }

    /// What is said of so many, with the number in its place.
    pub fn counted<N: TryInto<u64> + Display + Copy>(&self, count: N, said: Plural) -> String {
        fill(self.of_many(count, said), &[&self.grouped(count)])
    }

    /// A number as people read it: from five digits on, in groups of three.
    pub fn grouped(&self, count: impl Display) -> String {
        let digits = count.to_string();
        if digits.len() < 5 || digits.contains(|c: char| !c.is_ascii_digit()) {
            return digits;
        }
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(self.customs.thousands);
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A value after what it is called.
    pub fn labelled(&self, label: &str, value: &str) -> String {
        format!("{label}{} {value}", self.mail.colon)
    }

    /// The same language with another way to write dates.
    pub fn dated(&'static self, dates: DateFormat) -> &'static Text {
        let same = |text: &&Text| text.lang == self.lang && text.dates == dates;
        WRITTEN.iter().flatten().find(same).unwrap_or(self)
    }

    /// The same language as a reader writes dates and reads clocks.
    pub fn of_reader(
        &'static self,
        dates: DateFormat,
        zone: Option<&'static Zone>,
    ) -> &'static Text {
        let written = self.dated(dates);
        if zone.is_none() {
            return written;
        }
        let same =
            |text: &&&Text| text.lang == self.lang && text.dates == dates && text.zone == zone;
        let mut zoned = ZONED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = zoned.iter().find(same) {
            return known;
        }
        let text: &'static Text = Box::leak(Box::new(Text { zone, ..*written }));
        zoned.push(text);
        text
    }
}

/// What is said of one thing and of several.
pub type Plural = [&'static str; 2];

/// A language by its tag, regions aside.
pub fn by_tag(tag: &str) -> Option<&'static Text> {
    let primary = tag.split('-').next().unwrap_or_default();
    languages().find(|text| text.lang.eq_ignore_ascii_case(primary))
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

/// Puts values in the places of `{}`, in order, each apart from the direction of the others: for
/// pages.
pub fn fill(sentence: &str, values: &[&dyn Display]) -> String {
    filled(sentence, values, isolated)
}

/// [`fill`] without characters that nobody sees: for letters.
pub fn fill_plain(sentence: &str, values: &[&dyn Display]) -> String {
    filled(sentence, values, |value| value)
}

fn filled(sentence: &str, values: &[&dyn Display], put: fn(String) -> String) -> String {
    let mut out = String::with_capacity(sentence.len() + 16);
    let mut values = values.iter();
    let mut rest = sentence;
    while let Some(at) = rest.find("{}") {
        out.push_str(&rest[..at]);
        if let Some(value) = values.next() {
            out.push_str(&put(value.to_string()));
        }
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn no_sentence_is_left_empty_or_untranslated() {
        // The same word in both languages.
        let same = [
            "iphone",
            "samsung",
            "mac",
            "em_client",
            "gnome",
            "kde",
            "old_phones",
            "minutes",
            "contacts",
            "kind",
            "photo",
            "note",
            "email",
            "radio",
            "service",
            "mms",
            "documents",
            "document",
            "heading_email",
            "heading_fax",
            "short_fax",
            "count_one",
            "one_contact",
            "contacts_count",
            "count_many",
            "fax",
            "channel_fax",
            "family_image",
            "family_audio",
            "family_pdf",
            "description",
            "actions",
        ];
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

    /// Found by the code that is stored, which follows a prefix.
    const OF_CODES: [&str; 6] = ["did_", "word_", "through_", "warn_", "reason_", "failed_"];

    #[test]
    fn every_sentence_is_said_somewhere() {
        let mut fields = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of sources") {
                let path = entry.expect("an entry").path();
                let is_source = path.extension().is_some_and(|e| e == "rs" || e == "html");
                if path.is_dir() {
                    folders.push(path);
                } else if is_source {
                    let source = fs::read_to_string(&path).expect("a source");
                    let names = source.split('.').skip(1).map(|rest| {
                        let is_end = |c: char| c != '_' && !c.is_ascii_alphanumeric();
                        rest.split(is_end).next().unwrap_or_default().to_owned()
                    });
                    fields.extend(names);
                }
            }
        }
        let said =
            |name: &str| OF_CODES.iter().any(|of| name.starts_with(of)) || fields.contains(name);
        let all = EN.all().into_iter();
        let unsaid: Vec<&str> = all
            .map(|(name, _)| name)
            .filter(|name| !said(name))
            .collect();
        assert!(unsaid.is_empty(), "{unsaid:?}");
    }

    #[test]
    fn large_numbers_are_read_in_groups() {
        for (number, english, french) in [
            (0, "0", "0"),
            (9999, "9999", "9999"),
            (10_000, "10,000", "10\u{202f}000"),
            (1_234_567, "1,234,567", "1\u{202f}234\u{202f}567"),
        ] {
            assert_eq!(EN.grouped(number), english);
            assert_eq!(FR.grouped(number), french);
        }
        let said = EN.counted(50_000, ["{} contact", "{} contacts"]);
        assert!(said.contains("50,000"), "{said}");
    }

    #[test]
    fn a_name_from_the_right_turns_no_sentence() {
        let name: &dyn Display = &"מכירות";
        let said = fill("{}: {} contacts", &[name, &7]);
        assert_eq!(said, "\u{2068}מכירות\u{2069}: 7 contacts");
        assert_eq!(fill_plain("{}: {}", &[name, &7]), "מכירות: 7");
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
