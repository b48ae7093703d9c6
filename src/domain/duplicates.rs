//! Duplicates in a book: suggestions, merging, and pairs marked as different people.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    batch::{ItemOp, Op},
    book::{Book, removal},
    class::{LIST, Part},
    error::{Error, Result},
    id::{ItemId, PlacementId, RevisionId, Seq, TagId},
    item::{Card, Placement},
    likeness::{Key, Likeness},
    rights::Right,
    search::{
        Hit, Plan,
        parse::{Exclusions, LastWord, parse},
    },
    store::{ListQuery, Replaced},
};

/// Identities read at once.
const PAGE: usize = 5_000;
/// What more contacts share identifies nobody.
const SHARED: usize = 8;
/// Names, addresses and numbers of a contact that are compared with a whole place.
const COMPARED: usize = 24;
/// Lists of a place in which a merge replaces a member.
const LISTS: i64 = 1_000;

/// What two contacts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Uid,
    Name,
    Email,
    Mobile,
    Number,
}

impl Reason {
    fn of(key: &Key) -> Self {
        match key {
            Key::Uid(_) => Reason::Uid,
            Key::Name(_) => Reason::Name,
            Key::Email(_) => Reason::Email,
            Key::Mobile(_) => Reason::Mobile,
            Key::Number(_) => Reason::Number,
        }
    }
}

/// Two contacts that may be the same.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The one that was there first.
    pub first: Card,
    pub second: Card,
    pub likeness: Likeness,
    pub reasons: Vec<Reason>,
}

/// A contact of a place that may be the same as one that is not stored.
#[derive(Clone, Debug)]
pub struct Alike {
    pub hit: Hit,
    pub likeness: Likeness,
    pub reasons: Vec<Reason>,
}

impl Book {
    /// Contacts of this place that may be the same as a document that is not stored, the most alike
    /// first; none of a list. Reads what has a name, an address or a number in common, whatever the
    /// size of the place.
    pub async fn alike(&self, document: &[u8]) -> Result<Vec<Alike>> {
        let mut alike = self.all_alike(document, None).await?;
        alike.truncate(SHARED);
        Ok(alike)
    }

    /// The contacts of this place that a contact may be the same as once it becomes `after`, but
    /// not as it is now; without those the person told apart from it.
    pub async fn newly_alike(&self, own: &Card, before: &[u8], after: &[u8]) -> Result<Vec<Alike>> {
        let own = &own.placement;
        let mut found = self.all_alike(after, Some(own.id)).await?;
        if found.is_empty() {
            return Ok(found);
        }
        let known = self.all_alike(before, Some(own.id)).await?;
        let known = known.iter().map(|known| known.hit.placement.id);
        let known: HashSet<PlacementId> = known.collect();
        let store = self.core().store();
        let apart = store.told_apart(self.actor().person).await?;
        let apart: HashSet<(ItemId, ItemId)> = apart.into_iter().collect();
        found.retain(|alike| {
            let other = &alike.hit.placement;
            !known.contains(&other.id) && !apart.contains(&ordered(own, other))
        });
        found.truncate(SHARED);
        Ok(found)
    }

    /// The most alike first, without one of the place.
    async fn all_alike(&self, document: &[u8], but: Option<PlacementId>) -> Result<Vec<Alike>> {
        let index = self.core().class().index(document, None)?;
        if index.is_list() {
            return Ok(Vec::new());
        }
        let keyed = index.texts.iter().filter_map(|text| {
            let key = Key::of(text.field, &text.value)?;
            Some((key, text.value.as_str()))
        });
        let keyed: Vec<(Key, &str)> = keyed.take(COMPARED).collect();
        let mut found: BTreeMap<PlacementId, Alike> = BTreeMap::new();
        for (key, value) in &keyed {
            for hit in self.sharing(key, value, but).await? {
                let of_hit = hit.texts.iter().filter_map(|(f, v)| Key::of(f, v));
                let of_hit: HashSet<Key> = of_hit.collect();
                let common = keyed.iter().filter(|(key, _)| of_hit.contains(key));
                let reasons: BTreeSet<Reason> = common.map(|(key, _)| Reason::of(key)).collect();
                let list = hit.placement.is_list();
                if let Some(likeness) = likeness(&reasons).filter(|_| !list) {
                    let alike = Alike {
                        likeness,
                        reasons: reasons.into_iter().collect(),
                        hit,
                    };
                    found.insert(alike.hit.placement.id, alike);
                }
            }
        }
        let mut alike: Vec<Alike> = found.into_values().collect();
        alike.sort_by_key(|alike| std::cmp::Reverse(alike.likeness));
        Ok(alike)
    }

    /// Contacts that may have a key, without one of the place; none where too many have it.
    async fn sharing(&self, key: &Key, value: &str, but: Option<PlacementId>) -> Result<Vec<Hit>> {
        let (part, query) = match key {
            Key::Uid(_) => return Ok(Vec::new()),
            Key::Name(name) => (Part::Name, format!("\"{}\"", name.replace('"', " "))),
            Key::Email(_) => (Part::Email, value.to_owned()),
            Key::Number(digits) | Key::Mobile(digits) => (Part::Telephone, digits.clone()),
        };
        let Some(node) = parse(&query, LastWord::Whole, Exclusions::NeedWords).root else {
            return Ok(Vec::new());
        };
        let plan = Plan {
            person: Some(self.actor().person),
            places: vec![self.collection().id],
            restricted: vec![(part, node)],
            limit: SHARED + 1 + usize::from(but.is_some()),
            ..Plan::default()
        };
        let mut hits = self.core().store().search(&plan).await?.hits;
        hits.retain(|hit| Some(hit.placement.id) != but);
        Ok(Some(hits)
            .filter(|hits| hits.len() <= SHARED)
            .unwrap_or_default())
    }

    /// Contacts of this place that may be the same, the most alike first, and how many there are.
    pub async fn duplicates(&self, limit: usize) -> Result<(Vec<Suggestion>, usize)> {
        let collection = self.collection().id;
        let store = self.core().store();
        let mut holders: HashMap<Key, Vec<PlacementId>> = HashMap::new();
        let mut after = Seq(0);
        loop {
            let found = store.identities(collection, after, PAGE).await?;
            let Some(last) = found.iter().map(|identity| identity.born).max() else {
                break;
            };
            for identity in found {
                if let Some(key) = Key::of(&identity.field, &identity.value) {
                    let holders = holders.entry(key).or_default();
                    if !holders.contains(&identity.placement) && holders.len() <= SHARED {
                        holders.push(identity.placement);
                    }
                }
            }
            after = last;
        }
        let mut pairs: BTreeMap<(PlacementId, PlacementId), BTreeSet<Reason>> = BTreeMap::new();
        for (key, mut holders) in holders {
            if holders.len() > SHARED {
                continue;
            }
            holders.sort_unstable();
            for (at, first) in holders.iter().enumerate() {
                for second in &holders[at + 1..] {
                    let reasons = pairs.entry((*first, *second)).or_default();
                    reasons.insert(Reason::of(&key));
                }
            }
        }
        let mut alike: Vec<_> = pairs
            .into_iter()
            .filter_map(|(pair, reasons)| Some((likeness(&reasons)?, pair, reasons)))
            .collect();
        alike.sort_by_key(|(likeness, pair, _)| (std::cmp::Reverse(*likeness), *pair));
        self.told(alike, limit).await
    }

    /// The pairs with their cards, without those a person told apart.
    async fn told(
        &self,
        alike: Vec<(Likeness, (PlacementId, PlacementId), BTreeSet<Reason>)>,
        limit: usize,
    ) -> Result<(Vec<Suggestion>, usize)> {
        let store = self.core().store();
        let apart: HashSet<(ItemId, ItemId)> = store
            .told_apart(self.actor().person)
            .await?
            .into_iter()
            .collect();
        let (mut told, mut count) = (Vec::new(), 0);
        for chunk in alike.chunks(200) {
            let ids: Vec<PlacementId> = chunk.iter().flat_map(|(_, (a, b), _)| [*a, *b]).collect();
            let mut heads = self.heads_of(&ids).await?.into_iter();
            for (likeness, _, reasons) in chunk {
                let (Some(Some(first)), Some(Some(second))) = (heads.next(), heads.next()) else {
                    continue;
                };
                let lists = first.is_list() || second.is_list();
                if lists || apart.contains(&ordered(&first, &second)) {
                    continue;
                }
                count += 1;
                if told.len() < limit {
                    let mut pair = self.by_placements(&[first.id, second.id]).await?;
                    let (Some(second), Some(first)) = (pair.pop().flatten(), pair.pop().flatten())
                    else {
                        continue;
                    };
                    told.push(Suggestion {
                        first,
                        second,
                        likeness: *likeness,
                        reasons: reasons.iter().copied().collect(),
                    });
                }
            }
        }
        Ok((told, count))
    }

    /// Remembers that two contacts are not the same: they are not suggested to this person again.
    pub async fn tell_apart(&self, one: &Placement, other: &Placement) -> Result<()> {
        let (first, second) = ordered(one, other);
        let op = Op::TellApart {
            person: self.actor().person,
            first,
            second,
        };
        self.core()
            .commit_personal(self.actor(), vec![op])
            .await
            .map(drop)
    }

    /// Gives one contact the content of both and takes the other away, in one commit; the removal
    /// names the merge for [`Book::unmerge`]. Comments, attached documents and in a group everybody's
    /// tags of both are there, and lists of this place name the one kept, as far as the actor may
    /// modify them. Needs *Modify* on the one kept and *Remove* on the other.
    ///
    /// `PreconditionFailed` when one of them is not as it was seen.
    pub async fn merge(&self, kept: &Card, absorbed: &Card, document: &[u8]) -> Result<RevisionId> {
        if kept.placement.item == absorbed.placement.item {
            return Err(Error::Invalid("a contact is not its own duplicate".into()));
        }
        self.decided(|book| async move { book.merge_once(kept, absorbed, document).await })
            .await
    }

    async fn merge_once(
        &self,
        kept: &Card,
        absorbed: &Card,
        document: &[u8],
    ) -> Result<RevisionId> {
        for seen in [&kept.placement, &absorbed.placement] {
            match self.current(seen).await {
                Ok(now) if now.placement.changed == seen.changed => {}
                Ok(_) | Err(Error::NotFound) => return Err(Error::PreconditionFailed),
                Err(error) => return Err(error),
            }
        }
        self.require(&kept.placement, Right::Modify).await?;
        self.require(&absorbed.placement, Right::Remove).await?;
        self.require_deletions().await?;
        let mut ops = vec![removal(&absorbed.placement)];
        if !self.is_private() {
            let own = self
                .core()
                .store()
                .tags_of(self.actor().person, absorbed.placement.item);
            let own = own.await?;
            let tags = self.core().tags(self.actor()).await?.into_iter();
            let tags: Vec<TagId> = tags
                .filter(|t| own.contains(&t.name))
                .map(|t| t.id)
                .collect();
            let kept = std::slice::from_ref(&kept.placement);
            ops.extend(self.retagging(kept, &tags, &[]).await?.0);
        }
        ops.extend(self.revision(kept, document)?);
        ops.push(Op::Inherit {
            from: absorbed.placement.item,
            into: kept.placement.item,
            collection: self.collection().id,
        });
        let (old, new) = (&absorbed.placement.uid, &kept.placement.uid);
        for list in self.lists_naming(old).await? {
            if !self.permits(&list.placement, Right::Modify).await? {
                continue;
            }
            let class = self.class();
            if let Some(document) = class.with_member_replaced(&self.content(&list), old, new) {
                ops.extend(self.revision(&list, &document)?);
            }
        }
        let committed = self.core().commit_as(self.actor(), ops).await?;
        committed.row()
    }

    /// Lists of this place with a member, by its uid.
    async fn lists_naming(&self, uid: &str) -> Result<Vec<Card>> {
        let query = ListQuery {
            kind: Some(LIST.to_owned()),
            limit: LISTS,
            ..ListQuery::default()
        };
        let rows = self.list(&query).await?.rows.into_iter();
        let hrefs: Vec<String> = rows.map(|row| row.placement.href).collect();
        let lists = self.by_hrefs(&hrefs).await?.into_iter().flatten();
        let names = |list: &Card| {
            let members = self.class().members(&self.content(list));
            members.is_some_and(|(_, members)| {
                let mut members = members.iter();
                members.any(|member| member.eq_ignore_ascii_case(uid))
            })
        };
        Ok(lists.filter(names).collect())
    }

    /// Takes a merge back: the one absorbed returns with what only it had, and the one kept and the
    /// lists are as before, but for what was changed in them since the merge. Where the one absorbed
    /// can return only as a copy, its comments and documents stay on the one kept.
    pub async fn unmerge(&self, kept: &Placement, merge: RevisionId) -> Result<()> {
        self.decided(|book| async move {
            let store = book.core().store();
            let removed = store.removal(merge).await?.ok_or(Error::NotFound)?;
            let card = book.current(kept).await?;
            book.require(&card.placement, Right::Modify).await?;
            let mut ops = Vec::new();
            for outcome in book.restorings(&[merge], &mut ops).await? {
                outcome?;
            }
            // A copy has none of what was inherited: then the one kept is the only one that does.
            let is_itself = |op: &Op| matches!(op, Op::Item(ItemOp::RestorePlacement { .. }));
            if ops.iter().any(is_itself) {
                ops.push(Op::Disinherit {
                    from: removed.item,
                    into: card.placement.item,
                    collection: book.collection().id,
                });
            }
            let replaced = store.replaced_with(merge).await?;
            let placements: Vec<PlacementId> = replaced.iter().map(|one| one.placement).collect();
            let cards = book.by_placements(&placements).await?.into_iter();
            for (one, card) in replaced.iter().zip(cards) {
                let Some(card) = card.filter(|card| card.placement.is_live()) else {
                    continue;
                };
                if book.permits(&card.placement, Right::Modify).await? {
                    ops.extend(book.without(one, &card).await?);
                }
            }
            book.core().commit_as(book.actor(), ops).await.map(drop)
        })
        .await
    }

    /// The operation that takes one change of a card back, and none of those since.
    async fn without(&self, change: &Replaced, card: &Card) -> Result<Option<Op>> {
        let Some(before) = self.content_at(&card.placement, change.before).await? else {
            return Ok(None);
        };
        let current = self.content(card);
        let Some(seq) = change.after else {
            return self.revision(card, &before);
        };
        let Some(after) = self.content_at(&card.placement, seq).await? else {
            return Ok(None);
        };
        let merged = self.class().merge(&after, &before, &current)?;
        self.revision(card, &merged.document)
    }
}

fn ordered(one: &Placement, other: &Placement) -> (ItemId, ItemId) {
    (one.item.min(other.item), one.item.max(other.item))
}

/// The rules of the import hold here too.
fn likeness(reasons: &BTreeSet<Reason>) -> Option<Likeness> {
    let has = |reason| reasons.contains(&reason);
    let reach = has(Reason::Email) || has(Reason::Mobile);
    if has(Reason::Uid) || has(Reason::Name) && (reach || has(Reason::Number)) {
        return Some(Likeness::Certain);
    }
    (has(Reason::Name) || reach).then_some(Likeness::Possible)
}
