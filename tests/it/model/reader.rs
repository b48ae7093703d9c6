//! A CardDAV client: a token, any limit, conditional writes.

use std::collections::BTreeMap;

use carnet::domain::{
    book::{Condition, Member, Replace},
    cursor::Cursor,
    error::Error,
    id::CollectionId,
    store::Want,
};

use super::world::{Scene, Value, number};
use crate::support::dice::Dice;

pub struct Reader {
    pub book: CollectionId,
    pub token: Option<Cursor>,
    pub may_be_stale: bool,
    /// Entity tag and value by href.
    cards: BTreeMap<String, (String, Value)>,
}

impl Reader {
    pub fn new(book: CollectionId) -> Self {
        Self {
            book,
            token: None,
            may_be_stale: false,
            cards: BTreeMap::new(),
        }
    }

    pub fn values(&self) -> BTreeMap<String, Value> {
        let value = |(href, (_, value)): (&String, &(String, Value))| (href.clone(), *value);
        self.cards.iter().map(value).collect()
    }

    /// A few pages, or all there are; the last answer may get lost.
    pub async fn sync(&mut self, scene: &Scene, dice: &mut Dice, told: &mut Vec<String>) {
        let pages = match dice.below(3) {
            0 => usize::MAX,
            some => some,
        };
        let ends = self.pages(scene, dice, pages, told).await;
        if ends {
            assert_eq!(self.values(), scene.reader_items(self.book).await);
        }
    }

    pub async fn settle(&mut self, scene: &Scene, dice: &mut Dice, told: &mut Vec<String>) {
        self.pages(scene, dice, usize::MAX, told).await;
    }

    /// Whether the end was reached.
    async fn pages(
        &mut self,
        scene: &Scene,
        dice: &mut Dice,
        pages: usize,
        told: &mut Vec<String>,
    ) -> bool {
        let mut page = 0;
        while page < pages {
            let limit = [1, 2, 3, 7, 1000][dice.below(5)];
            let book = scene.open(self.book).await;
            let mut changes = match book.changes(self.token.as_ref(), Want::Documents) {
                Err(Error::StaleCursor) => {
                    assert!(self.may_be_stale, "the token was refused");
                    (self.token, self.may_be_stale) = (None, false);
                    self.cards.clear();
                    continue;
                }
                other => other.expect("changes"),
            };
            let members = changes.next(limit).await.expect("members");
            let more = changes.more().await.expect("more");
            if dice.below(5) == 0 && pages != usize::MAX {
                return false;
            }
            assert!(members.len() <= limit);
            for member in members {
                match member {
                    Member::Present(card) => {
                        let value = Value::read(&book.content(&card)).1;
                        let href = card.placement.href.clone();
                        told.push(format!("card {value:?}"));
                        self.cards.insert(
                            href,
                            (book.etag_of(&card.placement).await.expect("a tag"), value),
                        );
                    }
                    Member::Gone(href) => {
                        told.push("gone".to_owned());
                        self.cards.remove(&href);
                    }
                }
            }
            let token = changes.cursor().to_string();
            self.token = Some(Cursor::parse(&token).expect("a token of ours"));
            if !more {
                return true;
            }
            page += 1;
        }
        false
    }

    /// Edits or removes what it knows, if it is still so.
    pub async fn write(&mut self, scene: &Scene, dice: &mut Dice) {
        let mut known: Vec<_> = self.cards.clone().into_iter().collect();
        known.sort_by_key(|(_, (_, value))| (value.name, value.note));
        let Some((href, (etag, seen))) = dice.pick(&known) else {
            return;
        };
        let book = scene.open(self.book).await;
        let Ok(before) = book.get(href).await else {
            return;
        };
        if before.placement.kind == "group" {
            return;
        }
        let (uid, stored) = Value::read(&book.content(&before));
        let condition = Condition::Match(vec![etag.clone()]);
        let done = if dice.below(4) == 0 {
            scene.note_removed(&stored);
            let removed = book.delete(href, &condition).await;
            removed.map(|_| drop(self.cards.remove(href)))
        } else {
            let value = Value {
                name: number(dice),
                ..*seen
            };
            let content = Replace(value.document(&uid));
            let written = book.put(href, &condition, &content).await;
            written.map(|written| drop(self.cards.insert(href.clone(), (written.etag, value))))
        };
        match done {
            Ok(()) => assert_eq!(stored, *seen, "a write buries a version nobody saw"),
            Err(Error::PreconditionFailed) => {
                // A refused write changes the tag, so that the client reads again.
                let book = book.reopened().await.expect("a book");
                let etag = book.etag_of(&before.placement).await.expect("a tag");
                self.cards.insert(href.clone(), (etag, stored));
            }
            Err(error) => panic!("{error}"),
        }
    }
}
