//! Personal tags: nobody else sees them and they never change the item. In the owner's Private they
//! are its CATEGORIES.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    actor::Actor,
    batch::{ItemOp, Op, TagOp},
    blocking::carried_on,
    book::Book,
    collection::Place,
    core::Core,
    error::{Error, Result},
    history::TOGETHER,
    id::{ItemId, PlacementId, TagId},
    item::Placement,
    rule::Rule,
    store::Tag,
    undo::Undo,
};

/// Tags of one person, and of one item.
pub const MOST: usize = 1000;
/// Characters of a tag that a card names.
pub const LONGEST: usize = 255;

/// Colours of tags for which nobody chose one, in turn.
const COLOURS: [&str; 8] = [
    "#1f5fbf", "#c2571a", "#2e7d4f", "#8e44ad", "#b3261e", "#0f7c8c", "#8a6d0b", "#c2347f",
];

/// The colour of the next tag of somebody whose tags have these: the first that none has.
pub fn next_colour(own: &[&str]) -> &'static str {
    let unused = COLOURS.iter().find(|colour| !own.contains(colour));
    unused.unwrap_or(&COLOURS[own.len() % COLOURS.len()])
}

impl Core {
    /// The actor's tags by name, each with the number of items that have it, wherever they read them.
    pub async fn tags(&self, actor: &Actor) -> Result<Vec<Tag>> {
        self.store().tags(actor.person).await
    }

    /// Makes a tag, whose name never changes. `Exists` for a name that differs in case alone.
    pub async fn create_tag(&self, actor: &Arc<Actor>, name: &str, colour: &str) -> Result<TagId> {
        let name = name.trim();
        let length = name.chars().count();
        if !(1..=64).contains(&length) || name.chars().any(char::is_control) {
            return Err(Error::Invalid(Rule::TagName));
        }
        self.add_tag(actor, name, colour).await
    }

    /// Makes a tag of any name that a card may have given it.
    async fn add_tag(&self, actor: &Arc<Actor>, name: &str, colour: &str) -> Result<TagId> {
        let colour = checked(colour)?;
        if self.tags(actor).await?.len() >= MOST {
            return Err(Error::Invalid(Rule::Tags(MOST)));
        }
        self.decided(actor, |actor| {
            let op = Op::Tag(TagOp::AddTag {
                person: actor.person,
                name: name.to_owned(),
                colour: colour.clone(),
            });
            async move {
                let committed = self.commit_as(&actor, vec![op]).await?;
                committed.row()
            }
        })
        .await
    }

    /// Gives a tag another colour, `#rrggbb`.
    pub async fn recolour_tag(&self, actor: &Arc<Actor>, tag: TagId, colour: &str) -> Result<()> {
        self.own_tag(actor, tag).await?;
        let colour = checked(colour)?;
        self.decided(actor, |actor| {
            let op = Op::Tag(TagOp::ColourTag {
                tag,
                colour: colour.clone(),
            });
            async move { self.commit_as(&actor, vec![op]).await.map(drop) }
        })
        .await
    }

    /// Deletes a tag with its links, after it removed it from the categories of private items in
    /// commits of [`TOGETHER`]: where that breaks off, the tag is on fewer items. Returns what undoes
    /// it.
    pub async fn delete_tag(self: &Arc<Self>, actor: &Arc<Actor>, tag: TagId) -> Result<Undo> {
        let own = self.own_tag(actor, tag).await?;
        let items = self.store().items_tagged(tag).await?;
        self.remove_tag(actor, tag, &own.name).await?;
        Ok(Undo::TagDeleted {
            name: own.name,
            colour: own.colour,
            items,
        })
    }

    pub(super) async fn remove_tag(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        tag: TagId,
        name: &str,
    ) -> Result<()> {
        let (core, actor, name) = (self.clone(), actor.clone(), name.to_owned());
        carried_on(async move {
            let (core, name) = (&core, &name);
            let removed = |actor: Arc<Actor>| async move {
                let (ops, is_all) = core.tag_removal(&actor, tag, name).await?;
                core.commit_as(&actor, ops).await?;
                Ok(is_all)
            };
            while !core.decided(&actor, removed).await? {}
            Ok(())
        })
        .await
    }

    /// Makes a deleted tag again and puts it on the items that had it; one that has its name by now
    /// takes its place. Returns the number of items.
    pub(super) async fn restore_tag(
        &self,
        actor: &Arc<Actor>,
        name: &str,
        colour: &str,
        items: &[ItemId],
    ) -> Result<usize> {
        let tag = match self.add_tag(actor, name, colour).await {
            Err(Error::Exists(_)) => {
                let tags = self.tags(actor).await?;
                let folded = name.to_lowercase();
                let same = tags
                    .into_iter()
                    .find(|tag| tag.name.to_lowercase() == folded);
                same.ok_or(Error::NotFound)?.id
            }
            made => made?,
        };
        let name = &self.own_tag(actor, tag).await?.name;
        for some in items.chunks(TOGETHER) {
            self.decided(actor, |actor| async move {
                let mut ops = Vec::new();
                for item in some {
                    ops.push(self.tagging(&actor, *item, tag, name).await?);
                }
                self.commit_as(&actor, ops).await.map(drop)
            })
            .await?;
        }
        Ok(items.len())
    }

    /// What puts a tag on an item.
    async fn tagging(&self, actor: &Actor, item: ItemId, tag: TagId, name: &String) -> Result<Op> {
        let private = self.private_placements(actor, item).await?;
        let Some(shown) = private.first() else {
            let linked = true;
            return Ok(Op::Tag(TagOp::LinkTag { tag, item, linked }));
        };
        let before = self.store().tags_of(actor.person, item).await?;
        let mut names = before.clone();
        if !names.contains(name) {
            names.push(name.clone());
        }
        Ok(self.categorised(shown, &before, names))
    }

    /// Where the actor has an item in Private.
    async fn private_placements(&self, actor: &Actor, item: ItemId) -> Result<Vec<Placement>> {
        let mut found = Vec::new();
        for place in self.store().places_of(item).await? {
            let own = place.place == Some(Place::Private(actor.person));
            if own && place.gone_at.is_none() {
                found.extend(self.store().placement(place.placement).await?);
            }
        }
        Ok(found.into_iter().map(|card| card.placement).collect())
    }

    /// The operations that delete a tag of the actor's, or remove it from as many items as one commit
    /// takes; whether they are all.
    pub(super) async fn tag_removal(
        &self,
        actor: &Actor,
        tag: TagId,
        name: &str,
    ) -> Result<(Vec<Op>, bool)> {
        let mut ops = Vec::new();
        let mut seen = BTreeSet::new();
        let tagged = self.store().tagged(tag, Some(TOGETHER)).await?;
        for placement in &tagged {
            if !seen.insert(placement.item) {
                continue;
            }
            let before = self.store().tags_of(actor.person, placement.item).await?;
            let mut names = before.clone();
            names.retain(|other| other != name);
            ops.push(self.categorised(placement, &before, names));
        }
        let is_all = tagged.len() < TOGETHER;
        if is_all {
            ops.push(Op::Tag(TagOp::RemoveTag { tag }));
        }
        Ok((ops, is_all))
    }

    async fn own_tag(&self, actor: &Actor, tag: TagId) -> Result<Tag> {
        let tags = self.tags(actor).await?;
        let found = tags.into_iter().find(|own| own.id == tag);
        found.ok_or(Error::NotFound)
    }

    /// The private placement shows these tags, and so does every private book that holds the item:
    /// they alone move, not the item nor its places in groups.
    fn categorised(&self, placement: &Placement, before: &[String], tags: Vec<String>) -> Op {
        Op::Item(ItemOp::SetOverlay {
            placement: placement.id,
            expected_changed: placement.changed,
            overlay: self.class_named(&placement.class).with_tags(
                &placement.overlay,
                before,
                &tags,
            ),
            tags,
            writer: None,
        })
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
            let (ops, back) = book.retagging(placements, on, off).await?;
            if !ops.is_empty() {
                book.core().commit_as(book.actor(), ops).await?;
            }
            Ok(back)
        })
        .await
    }

    /// The operations that add tags to items of this place and remove others, and what undoes them,
    /// for the items that change.
    pub(super) async fn retagging(
        &self,
        placements: &[Placement],
        on: &[TagId],
        off: &[TagId],
    ) -> Result<(Vec<Op>, Vec<Retag>)> {
        let core = self.core();
        let own = core.tags(self.actor()).await?;
        let name_of = |tag: &TagId| {
            let found = own.iter().find(|own| own.id == *tag);
            found.map(|tag| tag.name.clone()).ok_or(Error::NotFound)
        };
        let on: Vec<(TagId, String)> = named(on, name_of)?;
        let off: Vec<(TagId, String)> = named(off, name_of)?;
        let mut ops = Vec::new();
        let mut back = Vec::new();
        for placement in placements {
            let item = self.current(placement).await?.placement.item;
            let before = self.tags_of(item).await?;
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
            let private = core.private_placements(self.actor(), item).await?;
            let shown = private.first();
            ops.extend(shown.map(|shown| core.categorised(shown, &before, after)));
            if private.is_empty() {
                let linked = on.iter().map(|(tag, _)| (*tag, true));
                let links = linked.chain(off.iter().map(|(tag, _)| (*tag, false)));
                ops.extend(
                    links.map(|(tag, linked)| Op::Tag(TagOp::LinkTag { tag, item, linked })),
                );
            }
        }
        Ok((ops, back))
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
