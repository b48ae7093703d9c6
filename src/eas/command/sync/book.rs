//! One contacts folder of a Sync.

use std::sync::Arc;

use carnet_proto::{
    eas::{
        status,
        sync::{Collection, Command as Sent},
    },
    wbxml::{Element, Tag},
};
use serde::{Deserialize, Serialize};

use super::{
    super::super::{
        facet::{Cut, EasFacet, Supported, View, make_ready},
        polls::Poll,
        quirk,
        request::{Call, SHORT},
    },
    DEFAULT_WINDOW, MAX_COMMANDS, Part, Said,
    note::note,
    standard, window_of,
};
use crate::domain::{
    actor::Actor,
    book::{Book, Edit},
    device_sync::{Answer, Change, Command, DeviceBook, SyncCall, SyncReply},
    error::{Error, Result},
    item::{digest_of, random_id},
    json,
    refused::Why,
};

/// Ways of sending notes that are remembered.
const MAX_CUTS: usize = 8;
/// Names of books that are remembered.
const MAX_LABELS: usize = 64;

/// Settings stored with the key of a collection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// `(page, token)` of the elements the client manages.
    supported: Option<Vec<(u8, u8)>>,
    #[serde(flatten)]
    cut: Cut,
    window: Option<u32>,
    /// How notes were sent since the first key.
    #[serde(default)]
    cuts: Vec<Cut>,
    /// Names of books that were shown as categories since then.
    #[serde(default)]
    labels: Vec<String>,
}

/// An answer of the domain, with what encoding it needs.
pub struct BookAnswer {
    pub answer: Answer,
    pub book: Book,
    pub view: View,
}

/// Answers one collection; `room` is the number of items the whole answer may still hold.
///
/// `Unavailable` also when a newer request takes its place.
pub async fn answer(
    call: &Call,
    book: Book,
    collection: &Arc<Collection>,
    room: usize,
    poll: &Poll,
) -> Result<Part> {
    let part = |key: &str, said| Part {
        id: collection.id.clone(),
        key: key.to_owned(),
        said,
    };
    if collection.commands.len() > MAX_COMMANDS {
        return Ok(part(
            &collection.key,
            Said::Status(status::Sync::ProtocolError),
        ));
    }
    let device_book = DeviceBook::new(book.clone(), call.device_id());
    let is_prime = collection.key == "0";
    if is_prime && !collection.commands.is_empty() {
        // Nothing is applied before the first key, and nothing is taken for done.
        return Ok(part("0", Said::Status(status::Sync::ProtocolError)));
    }
    if quirk::is_probe(&call.device.device_id) {
        // Nothing is kept of the device, so its key is never valid.
        return Ok(if is_prime {
            part(&random_id(8), Said::Status(status::Sync::Success))
        } else {
            part("0", Said::Status(status::Sync::InvalidSyncKey))
        });
    }
    let (key, mut kept) = kept(&device_book, collection).await?;
    let mut view = call.view(kept.cut);
    view.labels = device_book.labels().await?.into_values().collect();
    if !is_prime {
        kept.remember(&mut view);
    }
    let window = kept.window.map_or(DEFAULT_WINDOW, window_of);
    let prepared = Prepared::of(call, collection, &view, kept.supported()).await?;
    prepared.keep_aside(call, &book, collection).await?;
    let sync = SyncCall {
        key: (!is_prime).then(|| collection.key.clone()),
        commands: prepared.commands,
        get_changes: collection.get_changes.unwrap_or(!is_prime),
        window: window.min(room),
        request: prepared.request,
        repeats_reverts: quirk::ignores_reverts(&call.device),
        stores_ids_last: quirk::stores_ids_last(&call.device),
        settings: serde_json::to_string(&kept).ok(),
    };
    let reply = device_book.sync_while(&sync, &|| !poll.is_ended()).await?;
    let repeated = key.is_some_and(|key| key != collection.key);
    note(call, &book, collection, repeated, &reply);
    Ok(match reply {
        SyncReply::Primed { key } => part(&key, Said::Status(status::Sync::Success)),
        SyncReply::UnknownKey => part("0", Said::Status(status::Sync::InvalidSyncKey)),
        SyncReply::Answer(answer) if !answer.new_key => part(&answer.key, Said::Nothing),
        SyncReply::Answer(answer) => {
            let key = answer.key.clone();
            let pictures = call.face.core.pictures();
            make_ready(&call.face.facet, pictures, documents(&answer)).await;
            let said = Said::Book(Box::new(BookAnswer { answer, book, view }));
            part(&key, said)
        }
    })
}

/// Keeps what a device wrote into a folder that is gone for it among the person's refused changes:
/// the device gives it up with the folder.
pub async fn keep(call: &Call, actor: &Actor, collection: &Collection) -> Result<()> {
    let (facet, view) = (&call.face.facet, call.view(Cut::default()));
    let supported = Kept::default().supported();
    for sent in collection.commands.iter().take(MAX_COMMANDS) {
        let (about, data) = match sent {
            Sent::Add { data, .. } => ("", data),
            Sent::Change { server_id, data } => (server_id.as_str(), data),
            Sent::Delete { .. } | Sent::Fetch { .. } => continue,
        };
        let edit = facet.clone().edit(data, &view, &supported);
        if let Ok(document) = edit.apply(None) {
            // However often it is sent.
            let identity = format!("{about} {}", facet.fingerprint(data));
            let core = &call.face.core;
            core.keep_card_once(actor, &identity, document, Why::BookGone)
                .await?;
        }
    }
    Ok(())
}

/// Whether a command brings a message or a task, say, into a folder of contacts.
fn is_of_another_class(facet: &dyn EasFacet, sent: &Sent) -> bool {
    match sent {
        Sent::Add { class, data, .. } => {
            let is_named = class.as_ref().is_some_and(|class| class != "Contacts");
            is_named || !facet.is_of_class(data)
        }
        Sent::Change { data, .. } => !facet.is_of_class(data),
        Sent::Delete { .. } | Sent::Fetch { .. } => false,
    }
}

/// Octets of what commands say.
fn octets(commands: &[Sent]) -> usize {
    fn of(element: &Element) -> usize {
        element.text_len() + element.elements().map(of).sum::<usize>()
    }
    let of_command = |sent: &Sent| match sent {
        Sent::Add { data, .. } | Sent::Change { data, .. } => of(data),
        Sent::Delete { .. } | Sent::Fetch { .. } => 0,
    };
    commands.iter().map(of_command).sum()
}

/// The documents that an answer contains.
fn documents(answer: &Answer) -> Vec<Vec<u8>> {
    let changes = answer.changes.iter().filter_map(|change| match change {
        Change::Add(card) | Change::Change(card) => Some(card),
        Change::Delete(_) => None,
    });
    changes
        .chain(answer.fetched.values())
        .map(|card| card.document.to_vec())
        .collect()
}

/// What a request says, read.
struct Prepared {
    commands: Vec<Command>,
    /// Digest of it.
    request: String,
    /// Data that hold something no item keeps, as words.
    unkept: Vec<String>,
}

impl Prepared {
    /// Reads a request, away from the threads of requests where it says much: pictures take long.
    async fn of(
        call: &Call,
        collection: &Arc<Collection>,
        view: &View,
        supported: Supported,
    ) -> Result<Self> {
        let (facet, version) = (call.face.facet.clone(), call.version);
        let (collection, view) = (collection.clone(), view.clone());
        let is_short = octets(&collection.commands) <= SHORT;
        let read = move || {
            let unkept = collection.commands.iter().filter_map(|sent| match sent {
                Sent::Add { data, .. } | Sent::Change { data, .. }
                    if !is_of_another_class(&*facet, sent) =>
                {
                    Some(facet.unkept(data)?.dump())
                }
                _ => None,
            });
            Self {
                unkept: unkept.collect(),
                request: digest_of(format_args!("{version} {collection:?}")),
                commands: commands(&facet, &collection, &view, &supported),
            }
        };
        if is_short {
            Ok(read())
        } else {
            call.face.core.pictures().blocking(read).await
        }
    }

    /// Keeps for their author what no item of the book can hold.
    async fn keep_aside(&self, call: &Call, book: &Book, collection: &Collection) -> Result<()> {
        let place = book.shown_place();
        let place = place.as_deref().unwrap_or("Contacts");
        for sent in &collection.commands {
            if let Sent::Add { data, .. } | Sent::Change { data, .. } = sent
                && is_of_another_class(&*call.face.facet, sent)
            {
                standard::keep(call, &call.actor, place, data).await?;
            }
        }
        for words in &self.unkept {
            // However often it is sent.
            let core = &call.face.core;
            let place = place.to_owned();
            let (text, why) = (words.clone().into_bytes(), Why::PlainNotes { place });
            core.keep_words_once(&call.actor, words, text, why).await?;
        }
        Ok(())
    }
}

fn commands(
    facet: &Arc<dyn EasFacet>,
    collection: &Collection,
    view: &View,
    supported: &Supported,
) -> Vec<Command> {
    let edit = |sent: &Sent, data: &Element| -> Arc<dyn Edit> {
        if is_of_another_class(&**facet, sent) {
            Arc::new(NoContact)
        } else {
            facet.clone().edit(data, view, supported)
        }
    };
    collection
        .commands
        .iter()
        .map(|sent| match sent {
            Sent::Add {
                client_id, data, ..
            } => Command::Add {
                client_id: client_id.clone(),
                fingerprint: facet.fingerprint(data),
                name: facet.name(data),
                edit: edit(sent, data),
            },
            Sent::Change { server_id, data } => Command::Change {
                server_id: server_id.clone(),
                edit: edit(sent, data),
            },
            Sent::Delete { server_id } => Command::Delete {
                server_id: server_id.clone(),
            },
            Sent::Fetch { server_id } => Command::Fetch {
                server_id: server_id.clone(),
            },
        })
        .collect()
}

/// The current key, and the stored settings updated with those of the request.
async fn kept(book: &DeviceBook, collection: &Collection) -> Result<(Option<String>, Kept)> {
    let (key, kept) = match collection.key.as_str() {
        "0" => (None, None),
        _ => book.current().await?.unzip(),
    };
    let mut kept: Kept = kept
        .and_then(|kept| json::read("what a device asks for in a Sync", kept.as_bytes()))
        .unwrap_or_default();
    if let Some(supported) = &collection.supported {
        kept.supported = Some(supported.iter().map(|tag| (tag.page, tag.token)).collect());
    }
    // Options replace the former ones as a whole.
    if let Some(options) = &collection.options {
        kept.cut = options.into();
    }
    kept.window = collection.window.or(kept.window);
    Ok((key, kept))
}

impl Kept {
    /// Adds the present view to what the device was shown, and what it was shown before to the view.
    fn remember(&mut self, view: &mut View) {
        let now = view.cut;
        view.former_cuts = self.cuts.clone();
        view.former_cuts.retain(|cut| *cut != now);
        self.cuts.retain(|cut| *cut != now);
        self.cuts.push(now);
        let oldest = self.cuts.len().saturating_sub(MAX_CUTS);
        self.cuts.drain(..oldest);
        view.former_labels = self.labels.clone();
        view.former_labels
            .retain(|name| !view.labels.contains(name));
        let mut labels = view.labels.clone();
        labels.sort_unstable();
        self.labels.retain(|name| !labels.contains(name));
        self.labels.append(&mut labels);
        let oldest = self.labels.len().saturating_sub(MAX_LABELS);
        self.labels.drain(..oldest);
    }

    fn supported(&self) -> Supported {
        match &self.supported {
            None => Supported::Absent,
            Some(list) => {
                let tag = |(page, token): &(u8, u8)| Tag {
                    page: *page,
                    token: *token,
                };
                Supported::Listed(list.iter().map(tag).collect())
            }
        }
    }
}

/// Data of another class: this command alone is refused with Status 6.
struct NoContact;

impl Edit for NoContact {
    fn apply(&self, _current: Option<&[u8]>) -> Result<Vec<u8>> {
        Err(Error::InvalidDocument("not a contact".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stored_with_a_key_are_read_whenever_they_were_stored() {
        let before = r#"{"supported":null,"truncation":512,"html":true,"window":25}"#;
        let kept: Kept = serde_json::from_str(before).expect("settings");
        let cut = Cut {
            truncation: Some(512),
            html: true,
            all_or_none: false,
        };
        assert_eq!((kept.cut, kept.window), (cut, Some(25)));
        let stored = serde_json::to_value(&kept).expect("JSON");
        assert_eq!(
            (&stored["truncation"], &stored["html"]),
            (&512.into(), &true.into())
        );
    }
}
