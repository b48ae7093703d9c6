//! All data of one person in one archive: the contacts of each book, and the account's data.

use std::{collections::VecDeque, sync::Arc};

use serde_json::json;

use super::export::{CardVersion, Chosen, Export, Exporter, Rendition, archive::Archive};
use crate::domain::{
    actor::Actor,
    book::Book,
    core::Core,
    error::{Error, Result},
};

/// An archive being written: `account.json`, then one vCard file per book.
pub struct Everything {
    archive: Option<Archive>,
    about: Option<Vec<u8>>,
    books: VecDeque<Book>,
    /// The book that is being written.
    exporter: Option<Exporter>,
}

impl Everything {
    /// The archive of a person: their own books and those of groups they read, with their tags and
    /// the comments they may read; profile, settings, tags, groups, devices, app passwords and
    /// sessions.
    pub async fn of(core: &Arc<Core>, actor: &Arc<Actor>) -> Result<Self> {
        let about = about(core, actor).await?;
        let about = serde_json::to_vec_pretty(&about);
        Ok(Self {
            archive: Some(Archive::default()),
            about: Some(about.map_err(|error| Error::Unavailable(error.to_string()))?),
            books: core.books(actor).await?.into(),
            exporter: None,
        })
    }

    /// The next octets of the archive; none at its end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            let Some(archive) = &mut self.archive else {
                return Ok(None);
            };
            if let Some(about) = self.about.take() {
                archive.begin("account", "json")?;
                archive.write(&about)?;
            } else if let Some(exporter) = &mut self.exporter {
                match exporter.next().await? {
                    Some(piece) => archive.write(&piece)?,
                    None => self.exporter = None,
                }
            } else if let Some(book) = self.books.pop_front() {
                let folder = if book.is_private() {
                    "private"
                } else {
                    "group"
                };
                let name = format!("{folder} {}", book.collection().display_name);
                archive.begin(&name, "vcf")?;
                let how = Export {
                    comments: true,
                    ..Export::default()
                };
                let version = Rendition::VCard(CardVersion::V4);
                let exporter = Exporter::new(book, Chosen::All, version, how);
                exporter.logged().await?;
                self.exporter = Some(exporter);
            } else {
                let rest = self.archive.take().map(Archive::end).transpose()?;
                return Ok(rest);
            }
            let Some(archive) = &self.archive else {
                return Ok(None);
            };
            let written = archive.written();
            if !written.is_empty() {
                return Ok(Some(written));
            }
        }
    }
}

/// What the account knows besides contacts; no secret and no digest of one.
async fn about(core: &Arc<Core>, actor: &Arc<Actor>) -> Result<serde_json::Value> {
    let person = core.account(actor).await?;
    let profile = core.profile(actor).await?;
    let tags = core.tags(actor).await?;
    let tags = tags
        .iter()
        .map(|tag| json!({ "name": tag.name, "colour": tag.colour }));
    let groups = actor.memberships.iter().map(|own| {
        json!({ "name": own.name, "display_name": own.display_name, "role": own.role.as_str() })
    });
    let sessions = core.sessions(actor).await?;
    let sessions = sessions.iter().map(|session| {
        json!({
            "browser": session.browser, "address": session.address,
            "began": session.began, "seen": session.seen,
        })
    });
    let refused = core.refused(actor).await?;
    let settings: serde_json::Value = serde_json::from_str(&person.settings).unwrap_or_default();
    Ok(json!({
        "login": person.login,
        "created": person.created,
        "profile": profile,
        "settings": settings,
        "second_factor": person.second_factor,
        "tags": tags.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "devices": core.devices(actor).await?,
        "app_passwords": core.app_passwords(actor).await?,
        "sessions": sessions.collect::<Vec<_>>(),
        "refused_changes": refused.len(),
    }))
}
