//! Personal tags: nobody else sees them and they never change the item. In the owner's Private they
//! are its CATEGORIES.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    actor::Actor,
    batch::Op,
    book::Book,
    collection::Place,
    core::Core,
    error::{Error, Result},
    id::{ItemId, PlacementId, TagId},
    item::Placement,
    rule::Rule,
    store::Tag,
};

/// Tags of one person, and of one item.
pub const MOST: usize = 1000;
/// Characters of a tag that a card names.
pub const LONGEST: usize = 255;

impl Core {
    /// The actor's tags by name, each with the number of their private items that have it.
    pub async fn tags(&self, actor: &Actor) -> Result<Vec<Tag>> {
        self.store().tags(actor.person).await
    }

    /// Makes a tag, whose name never changes. `Exists` for a name that differs in case alone.
    pub async fn create_tag(&self, actor: &Arc<Actor>, name: &str, colour: &str) -> Result<TagId> {
        let name = name.trim();
        let length = name.chars().count();
        if !(1..=64).contains(&length) || name.chars().any(char::is_control) {
            return Err(Error::Invalid("a tag's name has 1 to 64 characters".into()));
        }
        let colour = checked(colour)?;
        if self.tags(actor).await?.len() >= MOST {
            return Err(Error::Invalid(Rule::Tags(MOST)));
        }
        self.decided(actor, |actor| {
            let op = Op::AddTag {
                person: actor.person,
                name: name.to_owned(),
                colour: colour.clone(),
            };
            async move {
                let committed = self.commit_as(&actor, vec![op]).await?;
                Ok(TagId(committed.rows.first().copied().unwrap_or(0)))
            }
        })
        .await
    }

    /// Gives a tag another colour, `#rrggbb`.
    pub async fn recolour_tag(&self, actor: &Arc<Actor>, tag: TagId, colour: &str) -> Result<()> {
        self.own_tag(actor, tag).await?;
        let colour = checked(colour)?;
        self.decided(actor, |actor| {
            let op = Op::ColourTag {
                tag,
                colour: colour.clone(),
            };
            async move { self.commit_as(&actor, vec![op]).await.map(drop) }
        })
        .await
    }

    /// Deletes a tag with its links, and removes it from the categories of private items.
    pub async fn delete_tag(&self, actor: &Arc<Actor>, tag: TagId) -> Result<()> {
        let name = self.own_tag(actor, tag).await?.name;
        let name = &name;
        self.decided(actor, |actor| async move {
            let mut ops = Vec::new();
            for placement in self.store().tagged(tag).await? {
                let before = self.store().tags_of(actor.person, placement.item).await?;
                let mut names = before.clone();
                names.retain(|other| other != name);
                ops.push(self.categorised(&placement, &before, names));
            }
            ops.push(Op::RemoveTag { tag });
            self.commit_as(&actor, ops).await.map(drop)
        })
        .await
    }

    async fn own_tag(&self, actor: &Actor, tag: TagId) -> Result<Tag> {
        let tags = self.tags(actor).await?;
        let found = tags.into_iter().find(|own| own.id == tag);
        found.ok_or(Error::NotFound)
    }

    /// The private placement shows these tags: it alone moves, not the item nor its other places.
    fn categorised(&self, placement: &Placement, before: &[String], tags: Vec<String>) -> Op {
        Op::SetOverlay {
            placement: placement.id,
            expected_changed: placement.changed,
            overlay: self.class_named(&placement.class).with_tags(
                &placement.overlay,
                before,
                &tags,
            ),
            tags,
            writer: None,
        }
    }
}

/// A change of one item's tags, as [`Core::undo`] reverts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retag {
    pub placement: PlacementId,
    pub on: Vec<TagId>,
    pub off: Vec<TagId>,
}

impl Book {
    /// The actor's tags by name, each with the number of items of this place that have it.
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        let (person, here) = (self.actor().person, self.collection().id);
        self.core().store().tags_in(person, here).await
    }

    /// Names of the actor's tags on an item.
    pub async fn tags_of(&self, item: ItemId) -> Result<Vec<String>> {
        self.core().store().tags_of(self.actor().person, item).await
    }

    /// Adds tags to items of this place and removes others; needs *Read* only. Returns what undoes
    /// it, for the items that changed.
    pub async fn tag(
        &self,
        placements: &[Placement],
        on: &[TagId],
        off: &[TagId],
    ) -> Result<Vec<Retag>> {
        self.decided(|book| async move {
            let core = book.core();
            let own = core.tags(book.actor()).await?;
            let name_of = |tag: &TagId| {
                let found = own.iter().find(|own| own.id == *tag);
                found.map(|tag| tag.name.clone()).ok_or(Error::NotFound)
            };
            let on: Vec<(TagId, String)> = named(on, name_of)?;
            let off: Vec<(TagId, String)> = named(off, name_of)?;
            let mut ops = Vec::new();
            let mut back = Vec::new();
            for placement in placements {
                let item = book.current(placement).await?.placement.item;
                let before = book.tags_of(item).await?;
                let mut after = before.clone();
                after.retain(|name| !off.iter().any(|(_, other)| other == name));
                for (_, name) in &on {
                    if !after.contains(name) {
                        after.push(name.clone());
                    }
                }
                if after == before {
                    continue;
                }
                let had = |(_, name): &&(TagId, String)| before.contains(name);
                back.push(Retag {
                    placement: placement.id,
                    on: off.iter().filter(had).map(|(tag, _)| *tag).collect(),
                    off: on
                        .iter()
                        .filter(|tag| !had(tag))
                        .map(|(tag, _)| *tag)
                        .collect(),
                });
                let private = book.private_placements(item).await?;
                ops.extend(
                    private
                        .iter()
                        .map(|placement| core.categorised(placement, &before, after.clone())),
                );
                if private.is_empty() {
                    let linked = on.iter().map(|(tag, _)| (*tag, true));
                    let links = linked.chain(off.iter().map(|(tag, _)| (*tag, false)));
                    ops.extend(links.map(|(tag, linked)| Op::LinkTag { tag, item, linked }));
                }
            }
            if !ops.is_empty() {
                core.commit_as(book.actor(), ops).await?;
            }
            Ok(back)
        })
        .await
    }

    /// Where the actor has an item in Private.
    async fn private_placements(&self, item: ItemId) -> Result<Vec<Placement>> {
        let store = self.core().store();
        let mut found = Vec::new();
        for place in store.places_of(item).await? {
            let own = place.place == Some(Place::Private(self.actor().person));
            if own && place.gone_at.is_none() {
                found.extend(store.placement(place.placement).await?);
            }
        }
        Ok(found.into_iter().map(|card| card.placement).collect())
    }
}

fn named(
    tags: &[TagId],
    name_of: impl Fn(&TagId) -> Result<String>,
) -> Result<Vec<(TagId, String)>> {
    let tags: BTreeSet<&TagId> = tags.iter().collect();
    let tags = tags.into_iter();
    tags.map(|tag| Ok((*tag, name_of(tag)?))).collect()
}

fn checked(colour: &str) -> Result<String> {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(colour.to_ascii_lowercase())
    } else {
        Err(Error::Invalid(Rule::Colour(colour.to_owned())))
    }
}
