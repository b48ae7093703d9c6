//! What of a place is written or printed, as an address or a form says it.

use crate::{
    domain::{
        book::Book,
        direction::straight,
        error::{Error, Result},
        item::Placement,
    },
    transfer::Chosen,
    web::{
        Web,
        contacts::ListParams,
        form::Posted,
        lists::with_members,
        names,
        place::form_encode,
        request::Visit,
        selection::{left_out, params},
        share::name_of,
    },
};

/// The contacts that are written or printed.
pub struct Named {
    pub chosen: Chosen,
    /// How many people they are.
    pub count: usize,
    /// What is said above them: the place, and what of it.
    pub title: String,
}

/// What is written or printed, as an address or a form says it.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub ids: Vec<String>,
    list: ListParams,
    /// Unticked, of all that the list shows.
    without: Vec<String>,
}

impl Scope {
    /// Reads the fields of an address or a form.
    pub fn of<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut scope = Self::default();
        for (name, value) in fields {
            match name {
                "id" => scope.ids.push(value.to_owned()),
                "without" => scope.without.push(value.to_owned()),
                "tag" => scope.list.tag = value.parse().unwrap_or(0),
                "q" => value.clone_into(&mut scope.list.q),
                "show" => value.clone_into(&mut scope.list.show),
                _ => {}
            }
        }
        if !scope.ids.is_empty() {
            scope.list = ListParams::default();
        }
        scope
    }

    /// What is checked in a list, whatever tag its form offers: some contacts, or all of its pages.
    pub fn checked(posted: &Posted) -> Self {
        if posted.checked("everything") {
            let without = left_out(posted).into_iter().map(str::to_owned);
            Self {
                ids: Vec::new(),
                list: params(posted),
                without: without.collect(),
            }
        } else {
            Self {
                ids: posted.values("id").map(str::to_owned).collect(),
                ..Self::default()
            }
        }
    }

    /// The contacts it names in a book; those of a list, where it names one.
    pub async fn named(&self, web: &Web, book: &Book, visit: &Visit) -> Result<Named> {
        let mut title = self
            .list
            .heading(&name_of(book, visit), &book.tags().await?, visit.text);
        let words = self.list.q.trim();
        if !words.is_empty() {
            title = format!("{title} · {}", names::short(words));
        }
        let these = match self.chosen(web, book).await? {
            Chosen::All => {
                let count = usize::try_from(book.count().await?).unwrap_or(0);
                let chosen = Chosen::All;
                return Ok(Named {
                    chosen,
                    count,
                    title,
                });
            }
            Chosen::These(these) => these,
        };
        // Among contacts that were chosen one by one, a list is one of them.
        let heads = if self.ids.is_empty() {
            Vec::new()
        } else {
            book.heads_of(&these).await?
        };
        let are_lists = !heads.is_empty() && heads.iter().flatten().all(Placement::is_list);
        if !are_lists && !self.list.is_of_lists() {
            let (count, chosen) = (these.len(), Chosen::These(these));
            return Ok(Named {
                chosen,
                count,
                title,
            });
        }
        if let [Some(list)] = &heads[..] {
            title = format!("{title} · {}", names::short(&straight(&list.display)));
        }
        let (these, people) = with_members(web, book, &these).await?;
        Ok(Named {
            count: if people == 0 { these.len() } else { people },
            chosen: Chosen::These(these),
            title,
        })
    }

    async fn chosen(&self, web: &Web, book: &Book) -> Result<Chosen> {
        if !self.ids.is_empty() {
            let mut these = Vec::new();
            for id in &self.ids {
                match book.by_server_id(id).await {
                    Ok(card) => these.push(card.placement.id),
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(Chosen::These(these))
        } else if self.list.is_narrowed() || !self.without.is_empty() {
            let query = self.list.narrowing(web);
            let listed = Chosen::listed(book, &query).await?;
            self.less_the_unticked(book, listed).await
        } else {
            Ok(Chosen::All)
        }
    }

    async fn less_the_unticked(&self, book: &Book, chosen: Chosen) -> Result<Chosen> {
        let Chosen::These(mut these) = chosen else {
            return Ok(chosen);
        };
        for id in &self.without {
            match book.by_server_id(id).await {
                Ok(card) => these.retain(|placement| *placement != card.placement.id),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Chosen::These(these))
    }

    /// The selection as hidden fields of a form.
    pub fn hidden(&self) -> Vec<(&'static str, String)> {
        let mut fields: Vec<(&'static str, String)> =
            self.ids.iter().map(|id| ("id", id.clone())).collect();
        fields.extend(self.without.iter().map(|id| ("without", id.clone())));
        let tag = match self.list.tag {
            0 => String::new(),
            tag => tag.to_string(),
        };
        let list = [
            ("tag", &tag),
            ("q", &self.list.q),
            ("show", &self.list.show),
        ];
        let said = list.into_iter().filter(|(_, value)| !value.is_empty());
        fields.extend(said.map(|(name, value)| (name, value.clone())));
        fields
    }

    /// The query of an address that names the same; none where that would be long.
    pub fn query(&self) -> Option<String> {
        let is_short = self.ids.is_empty() && self.without.is_empty();
        is_short.then(|| {
            let fields = self.hidden();
            let pairs = fields.iter().map(|(name, value)| (*name, value.as_str()));
            form_encode(&pairs.collect::<Vec<_>>())
        })
    }
}
