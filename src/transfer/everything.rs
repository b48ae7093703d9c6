//! All data of one person in one archive: the contacts of each book, the documents of each folder,
//! and the account's data.

use std::{collections::VecDeque, sync::Arc};

use serde_json::json;

use super::export::{CardVersion, Chosen, Export, Exporter, Rendition, archive::Archive};
use crate::domain::{
    actor::Actor,
    book::Book,
    collection::Place,
    core::Core,
    document::Details,
    error::{Error, Result},
    id::PlacementId,
    store::ListQuery,
};

/// An archive being written: `account.json`, one vCard file per book, then each document under
/// `documents/`.
pub struct Everything {
    core: Arc<Core>,
    archive: Option<Archive>,
    about: Option<Vec<u8>>,
    books: VecDeque<Book>,
    /// The book that is being written.
    exporter: Option<Exporter>,
    folders: VecDeque<Book>,
    /// The folder whose documents are being written, its name in the archive, and what is left of it.
    folder: Option<(Book, Vec<String>, VecDeque<PlacementId>)>,
    /// The document that is being written.
    document: Option<Document>,
}

/// A document as far as it was written.
struct Document {
    details: Details,
    chunk: i64,
    octets: i64,
}

impl Everything {
    /// The archive of a person: their own books and those of groups they read, with their tags and
    /// the comments they may read; the documents of their folders and of those groups; profile, settings, tags, groups, devices, app passwords and
    /// sessions.
    pub async fn of(core: &Arc<Core>, actor: &Arc<Actor>) -> Result<Self> {
        let about = about(core, actor).await?;
        let about = serde_json::to_vec_pretty(&about);
        Ok(Self {
            core: core.clone(),
            archive: Some(Archive::default()),
            about: Some(about.map_err(|error| Error::Unavailable(error.to_string()))?),
            books: core.books(actor).await?.into(),
            exporter: None,
            folders: core.folders(actor).await?.into(),
            folder: None,
            document: None,
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
            } else if let Some(document) = &mut self.document {
                match self.core.chunk(&document.details, document.chunk).await? {
                    Some(octets) => {
                        archive.write(&octets)?;
                        document.chunk += 1;
                        document.octets += octets.len() as i64;
                    }
                    None if document.octets == document.details.octets => self.document = None,
                    None => return Err(Error::NotFound),
                }
            } else if let Some((folder, path, left)) = &mut self.folder {
                match left.pop_front() {
                    Some(placement) => {
                        let found = folder.by_placements(&[placement]).await?;
                        let found = found.into_iter().flatten();
                        if let Some(card) = found.into_iter().find(|card| card.placement.is_live())
                        {
                            let details = Details::read(&card.document)?;
                            archive.begin_in(path, &details.name, details.octets)?;
                            self.document = Some(Document {
                                details,
                                chunk: 0,
                                octets: 0,
                            });
                        }
                    }
                    None => self.folder = None,
                }
            } else if let Some(folder) = self.folders.pop_front() {
                self.folder = Some(opened(folder).await?);
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

/// A folder with its name in the archive and its documents.
async fn opened(folder: Book) -> Result<(Book, Vec<String>, VecDeque<PlacementId>)> {
    let place = match folder.collection().place {
        Place::Group(group) => folder.actor().membership(group).map_or_else(
            || "group".to_owned(),
            |own| format!("group {}", own.display_name),
        ),
        _ => "private".to_owned(),
    };
    let name = folder.collection().display_name.clone();
    let path = vec!["documents".to_owned(), place, name];
    let left = match Chosen::listed(&folder, &ListQuery::default()).await? {
        Chosen::These(these) => these.into(),
        Chosen::All => VecDeque::new(),
    };
    Ok((folder, path, left))
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
    let (refused, _) = core.waiting(actor).await?;
    // Damaged ones as they are stored.
    let settings =
        serde_json::from_str(&person.settings).unwrap_or_else(|_| json!(person.settings));
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
        "refused_changes": refused,
    }))
}
