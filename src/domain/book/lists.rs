//! Lists (cards of the kind *group*) that are generated when they are read: one for each group
//! behind a view, one for each tag of a private book's owner. Writing the list of a tag changes the
//! tags of its contacts.

use std::collections::{HashMap, HashSet};

use super::{Book, Condition, Edit, Moved, Removed, Written};
use crate::domain::{
    class::LIST,
    error::{Error, Result},
    id::{ItemId, PlacementId, RevisionId, Seq, TagId},
    item::{Card, Placement, digest},
    refused::Why,
    retry::Attempted,
    rights::Right,
    rule::Malformed,
    store::{Order, Span, Tag, Want},
};

/// Members of a group's list read at a time.
const CHUNK: usize = 1_000;

/// The source of a generated list.
struct Source<'a> {
    /// Identifies the list among others of the book; less than any item's id.
    item: i64,
    uid: String,
    name: &'a str,
    members: Vec<String>,
}

impl Book {
    /// Whether this book shows generated lists.
    pub(super) fn makes_lists(&self) -> bool {
        self.is_view() || self.categories
    }

    /// All generated lists.
    pub(super) async fn lists(&self) -> Result<Vec<Card>> {
        let mut lists = Vec::new();
        for group in self.groups().await? {
            lists.push(self.list_of_group(&group).await?);
        }
        for tag in self.categories().await? {
            lists.push(self.list_of_tag(&tag).await?);
        }
        Ok(lists)
    }

    /// The cards found under some hrefs, completed with generated lists.
    pub(super) async fn with_lists(
        &self,
        hrefs: &[String],
        mut found: Vec<Option<Card>>,
    ) -> Result<Vec<Option<Card>>> {
        if self.is_view() {
            self.place_cards(found.iter_mut().flatten()).await?;
        }
        for (href, card) in hrefs.iter().zip(&mut found) {
            if card.is_none() {
                *card = self.list_under(href).await?;
            }
        }
        Ok(found)
    }

    async fn list_under(&self, href: &str) -> Result<Option<Card>> {
        for group in self.groups().await? {
            if *href == format!("{}.vcf", group.collection.uuid) {
                return self.list_of_group(&group).await.map(Some);
            }
        }
        match self.category(href).await? {
            Some(tag) => self.list_of_tag(&tag).await.map(Some),
            None => Ok(None),
        }
    }

    /// The owner's tags, where the book shows them as lists.
    async fn categories(&self) -> Result<Vec<Tag>> {
        if self.categories {
            self.core.tags(&self.actor).await
        } else {
            Ok(Vec::new())
        }
    }

    /// The tag whose list has this href here.
    pub(super) async fn category(&self, href: &str) -> Result<Option<Tag>> {
        let mut tags = self.categories().await?.into_iter();
        Ok(tags.find(|tag| *href == format!("{}.vcf", self.uid_of(tag.id))))
    }

    /// The UID of a tag's list: constant for as long as the tag and the book exist.
    fn uid_of(&self, tag: TagId) -> String {
        let made = digest(format!("{} {}", self.collection.uuid, tag.0).as_bytes());
        let parts = [
            &made[..8],
            &made[8..12],
            &made[12..16],
            &made[16..20],
            &made[20..32],
        ];
        parts.join("-")
    }

    async fn list_of_tag(&self, tag: &Tag) -> Result<Card> {
        let tagged = self.core.store().tagged(tag.id, None).await?;
        let here = tagged
            .into_iter()
            .filter(|placement| placement.collection == self.collection.id && !placement.is_list());
        Ok(self.list_card(Source {
            item: -tag.id.0,
            uid: self.uid_of(tag.id),
            name: &tag.name,
            members: here.map(|placement| placement.uid).collect(),
        }))
    }

    async fn list_of_group(&self, group: &Book) -> Result<Card> {
        let collection = group.collection();
        let store = self.core.store();
        let mut members = Vec::new();
        let mut after = Seq(0);
        loop {
            let span = Span {
                after,
                upto: collection.seq,
                limit: CHUNK,
            };
            let cards = store
                .page(collection.id, Order::Born, span, Want::Heads)
                .await?;
            let Some(last) = cards.last() else { break };
            after = last.placement.born;
            let contacts = cards.into_iter().map(|card| card.placement);
            members.extend(contacts.filter(|p| !p.is_list()).map(|p| p.uid));
        }
        Ok(self.list_card(Source {
            item: -collection.id.0,
            uid: collection.uuid.clone(),
            name: &collection.display_name,
            members,
        }))
    }

    fn list_card(&self, source: Source<'_>) -> Card {
        let Source {
            item,
            uid,
            name,
            members,
        } = source;
        let document = self.class().list(name, &uid, &members);
        Card {
            placement: Placement {
                // No stored row: these name nothing.
                id: PlacementId::GENERATED,
                item: ItemId(item),
                collection: self.collection.id,
                href: format!("{uid}.vcf"),
                server_id: uid.clone(),
                uid,
                class: self.class().name().to_owned(),
                kind: LIST.to_owned(),
                display: name.to_owned(),
                creator: self.actor.person,
                origin: None,
                placed_by: self.actor.person,
                born: Seq(0),
                changed: Seq(0),
                gone: None,
                maker: None,
                writer: None,
                rev: 1,
                digest: digest(&document),
                mixed: false,
                size: document.len() as i64,
                created: self.collection.created,
                modified: self.collection.created,
                shown_since: self.collection.created,
                overlay: Vec::new().into(),
                beside: Vec::new().into(),
            },
            document: document.into(),
        }
    }

    /// [`Book::put`] on the list of a tag: contacts added to it are tagged, others lose the tag.
    ///
    /// Without a condition no contact loses the tag, because the author may not have seen which
    /// contacts have it. The name of a tag never changes: a list with another name is refused and
    /// kept.
    pub(super) async fn put_category(
        &self,
        tag: &Tag,
        condition: &Condition,
        edit: &dyn Edit,
    ) -> Attempted<Written> {
        let list = self.list_of_tag(tag).await?;
        let document = edit.apply(Some(&list.document))?;
        let Some((name, wanted)) = self.class().members(&document) else {
            return Err(Error::InvalidDocument(Malformed::Kind).into());
        };
        let refused = match self
            .marks_of([&list.placement])
            .await?
            .hold(condition, &list.placement)
        {
            _ if name != tag.name => Some((
                Error::Forbidden {
                    right: Right::Modify,
                },
                Why::TagName,
            )),
            false => Some((Error::PreconditionFailed, Why::ChangedMeanwhile)),
            true => None,
        };
        if let Some((error, why)) = refused {
            let core = &self.core;
            core.keep_card(&self.actor, document, why).await?;
            return Err(error.into());
        }
        let held = self.class().members(&list.document);
        let held: HashSet<String> = held.into_iter().flat_map(|(_, held)| held).collect();
        let known: HashMap<String, &String> =
            held.iter().map(|uid| (uid.to_lowercase(), uid)).collect();
        let wanted = wanted.into_iter().map(|uid| {
            let same = known.get(&uid.to_lowercase());
            let same = same.filter(|_| !held.contains(&uid));
            same.map_or(uid, |same| (*same).clone())
        });
        let wanted: HashSet<String> = wanted.collect();
        let gained = self.present(wanted.difference(&held)).await?;
        let (mut ops, _) = self.retagging(&gained, &[tag.id], &[]).await?;
        if *condition != Condition::None {
            let lost = self.present(held.difference(&wanted)).await?;
            ops.extend(self.retagging(&lost, &[], &[tag.id]).await?.0);
        }
        if !ops.is_empty() {
            ops.insert(0, self.unmoved());
            self.commit(ops).await?;
        }
        let now = self.reopened().await?;
        let list = now.list_of_tag(tag).await?;
        Ok(Written {
            created: false,
            etag: now.etag_of(&list.placement).await?,
            card: list,
            moved: now.moved(),
        })
    }

    /// [`Book::delete`] on the list of a tag: the tag is deleted, its contacts stay.
    pub(super) async fn delete_category(
        &self,
        tag: &Tag,
        condition: &Condition,
    ) -> Attempted<Removed> {
        let list = self.list_of_tag(tag).await?;
        if !self
            .marks_of([&list.placement])
            .await?
            .hold(condition, &list.placement)
        {
            return Err(Error::PreconditionFailed.into());
        }
        let (mut ops, is_all) = self
            .core
            .tag_removal(&self.actor, tag.id, &tag.name)
            .await?;
        ops.insert(0, self.unmoved());
        self.commit(ops).await?;
        if !is_all {
            self.core.remove_tag(&self.actor, tag.id, &tag.name).await?;
        }
        Ok(Removed {
            removal: RevisionId(0),
            moved: self.reopened().await?.moved(),
        })
    }

    fn moved(&self) -> Moved {
        vec![(self.collection.id, self.collection.seq)]
    }

    /// The contacts here among some UIDs.
    async fn present(&self, uids: impl Iterator<Item = &String>) -> Result<Vec<Placement>> {
        let mut found: Vec<Placement> = Vec::new();
        for uid in uids {
            let Some(card) = self.member(uid).await? else {
                continue;
            };
            // Two spellings may name one contact.
            if found.iter().all(|other| other.id != card.placement.id) {
                found.push(card.placement);
            }
        }
        Ok(found)
    }

    /// The contact a list names by a UID, else by one in other letters: Apple's programs write
    /// UUIDs in capitals.
    pub async fn member(&self, uid: &str) -> Result<Option<Card>> {
        for written in [uid, &uid.to_lowercase(), &uid.to_uppercase()] {
            if let Some(card) = self.by_uid(written).await? {
                return Ok(Some(card));
            }
        }
        Ok(None)
    }
}
