//! expand-property (RFC 3253 §3.8): hrefs in a property become responses with the properties wanted.

use carnet_proto::dav::{
    href::segments,
    multistatus::{MultiStatus, Properties, response, status_line},
    name::{DAV, Name},
    request::{AddressData, Expand, PropFind},
    xml::{Element, escape, escape_attribute_into, parse},
};
use futures_util::future::{BoxFuture, FutureExt as _};
use http::StatusCode;

use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, xml},
        path::Resource,
        property::{Cards, Subject, properties},
    },
    domain::{book::Book, error::Error, item::Card},
};

/// Levels below the resource asked; also ends cycles.
const MAX_DEPTH: usize = 3;
/// Properties asked of one resource; each is read by itself.
const MAX_NAMES: usize = 100;
/// Properties one answer reads, of all resources together.
const MAX_READS: usize = 2_000;

/// Answers expand-property, at most three levels deep; of at most 2,000 properties, beyond which
/// hrefs stay what they are.
pub async fn expand(call: &Call, wanted: &[Expand]) -> Result<Answer, Failure> {
    let mut reads = MAX_READS.saturating_sub(wanted.len());
    let found = expanded(call, &call.resource, wanted, MAX_DEPTH, &mut reads).await?;
    let mut out = MultiStatus::new();
    out.properties(&call.href(), &found.ok_or(Error::NotFound)?);
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// None where there is no such resource.
fn expanded<'a>(
    call: &'a Call,
    resource: &'a Resource,
    wanted: &'a [Expand],
    depth: usize,
    reads: &'a mut usize,
) -> BoxFuture<'a, Result<Option<Properties>, Failure>> {
    async move {
        let Some(source) = Source::of(resource).await? else {
            return Ok(None);
        };
        if wanted.len() > MAX_NAMES {
            return Err(Failure::BadRequest(format!(
                "more than {MAX_NAMES} properties"
            )));
        }
        let mut out = Properties::default();
        for expand in wanted {
            let found = source.property(call, &expand.name).await?;
            for (status, names) in found.others {
                names.into_iter().for_each(|name| out.without(status, name));
            }
            let nested = expand.nested.len();
            let hrefs = if nested == 0 || depth == 0 {
                Vec::new()
            } else {
                hrefs(&found.found)
            };
            if hrefs.is_empty() {
                out.found.push_str(&found.found);
                continue;
            }
            let mut inner = String::new();
            for href in hrefs {
                if *reads < nested || !href.starts_with('/') {
                    // Elsewhere, or too much for one answer: it stays what it is.
                    inner.push_str(&format!("<D:href>{}</D:href>", escape(&href)));
                    continue;
                }
                *reads -= nested;
                let path = segments(&href).unwrap_or_default();
                let scoped = call.scope.is_some();
                let target = Resource::find(&call.face, &call.actor, scoped, &path).await;
                let nested = match &target {
                    Ok(target) => expanded(call, target, &expand.nested, depth - 1, reads).await?,
                    Err(_) => None,
                };
                inner.push_str(&match nested {
                    Some(nested) => response(&href, &nested),
                    None => missing(&href),
                });
            }
            wrap(&expand.name, &inner, &mut out.found);
        }
        Ok(Some(out))
    }
    .boxed()
}

/// A resource that is there.
enum Source<'a> {
    Card {
        book: &'a Book,
        book_href: &'a str,
        card: Box<Card>,
    },
    Other(&'a Resource),
}

impl<'a> Source<'a> {
    async fn of(resource: &'a Resource) -> Result<Option<Self>, Failure> {
        Ok(match resource {
            Resource::Card {
                book,
                book_href,
                name,
            } => match book.get(name).await {
                Ok(card) => Some(Source::Card {
                    book,
                    book_href,
                    card: Box::new(card),
                }),
                Err(Error::NotFound) => None,
                Err(error) => return Err(error.into()),
            },
            other => other.has_properties().then_some(Source::Other(other)),
        })
    }

    async fn property(&self, call: &Call, name: &Name) -> Result<Properties, Failure> {
        let one = PropFind::Prop(vec![name.clone()]);
        match self {
            Source::Other(resource) => properties(call, Subject::of(resource), &one).await,
            Source::Card {
                book,
                book_href,
                card,
            } => {
                let data = AddressData::default();
                let cards = Cards::new(call, book, book_href, &one, &data).await?;
                cards.of(card).await
            }
        }
    }
}

/// A response for what is not there.
fn missing(href: &str) -> String {
    let status = status_line(404);
    let href = escape(href);
    format!("<D:response><D:href>{href}</D:href><D:status>{status}</D:status></D:response>")
}

fn wrap(name: &Name, inner: &str, out: &mut String) {
    let local = &name.local;
    match name.prefix() {
        Some(prefix) => out.push_str(&format!("<{prefix}:{local}>{inner}</{prefix}:{local}>")),
        None => {
            out.push_str(&format!("<{local} xmlns=\""));
            escape_attribute_into(&name.namespace, out);
            out.push_str(&format!("\">{inner}</{local}>"));
        }
    }
}

/// The hrefs in ready XML of a property.
fn hrefs(fragment: &str) -> Vec<String> {
    fn collect(element: &Element, out: &mut Vec<String>) {
        if element.name.is(DAV, "href") {
            out.push(element.text());
        }
        element.elements().for_each(|child| collect(child, out));
    }
    let mut body = MultiStatus::new();
    let found = Properties {
        found: fragment.to_owned(),
        ..Properties::default()
    };
    body.properties("", &found);
    let mut out = Vec::new();
    if let Ok(root) = parse(body.finish(None).as_bytes()) {
        let prop = root
            .elements()
            .flat_map(Element::elements)
            .filter(|element| element.name.is(DAV, "propstat"))
            .find_map(|propstat| propstat.child(DAV, "prop"));
        if let Some(prop) = prop {
            collect(prop, &mut out);
        }
    }
    out
}
