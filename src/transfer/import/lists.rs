//! Lists of a file, stored once all its contacts are: only then it is known who is who.

use std::collections::{BTreeMap, BTreeSet};

use carnet_proto::vcard::Document;

use super::{Choice, Importer, Report, Waiting};
use crate::{
    domain::{
        error::Result,
        likeness::{Key, bare_uid},
    },
    transfer::{Group, Made, unknown_members},
};

/// The prefix before the UID of a member.
const URN: &str = "urn:uuid:";

impl Importer {
    /// Stores the last batch and the lists, and returns the report.
    pub async fn finish(&mut self) -> Result<Report> {
        self.store().await?;
        self.land().await?;
        self.learn().await?;
        let groups = std::mem::take(&mut self.groups);
        let mut uids = self.progress.uids.clone();
        let mut lists = BTreeSet::new();
        for (record, _, group) in &groups {
            let uid = bare_uid(&group.uid);
            let chosen = self.choices.each.get(record);
            let certain = chosen.copied().unwrap_or(self.choices.certain);
            if certain == Choice::CreateAnyway && self.known.has_uid(&uid) {
                let new = uuid::Uuid::new_v4().to_string();
                uids.entry(uid).or_insert_with(|| new.clone());
                lists.insert(new.clone());
                self.list_uids.insert(*record, new);
            } else {
                lists.insert(uid);
            }
        }
        for (record, line, mut group) in groups {
            group.name_by_files(|uid| {
                uids.contains_key(uid) || self.known.has_uid(uid) || lists.contains(uid)
            });
            group.rename(&uids);
            let is_known = |uid: &str| self.known.has_uid(uid) || lists.contains(uid);
            let unknown = unknown_members(&group, is_known);
            for warning in unknown {
                let told = self.progress.report.warnings.iter();
                if !told
                    .clone()
                    .any(|known| known.0 == line && known.2 == warning.about)
                {
                    self.warn(line, warning.code.as_str(), warning.about);
                }
            }
            let card = group.to_card();
            let keys = vec![Key::uid(&group.uid)];
            let made = Made {
                card,
                uid: group.uid,
                name: group.name,
                keys,
                foreign_picture: false,
            };
            self.waiting.push(Waiting { record, line, made });
            self.progress.report.lists += 1;
        }
        self.store().await?;
        self.land().await?;
        let report = &mut self.progress.report;
        report.warnings.sort_by_key(|(line, ..)| *line);
        Ok(report.clone())
    }
}

impl Group {
    /// Names members as the book does, by their bare UIDs in the file.
    fn rename(&mut self, uids: &BTreeMap<String, String>) {
        let renamed = |member: &str| {
            let uid = uids.get(&bare_uid(member))?;
            let prefix = member.get(..URN.len());
            let is_urn = prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(URN));
            Some(format!("{}{uid}", if is_urn { URN } else { "" }))
        };
        for member in &mut self.members {
            if let Some(new) = renamed(member) {
                *member = new;
            }
        }
        let Some(Ok(card)) = self.card.as_ref().map(|card| Document::parse(card)) else {
            return;
        };
        let mut edit = card.edit();
        for (at, line) in card.lines().iter().enumerate() {
            let names = ["MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"];
            if let Some(new) = renamed(line.text().trim())
                && names.iter().any(|name| line.is(name))
            {
                edit.set_text(at, &new);
            }
        }
        self.card = Some(edit.finish().as_bytes().to_vec());
    }
}
