//! expand-property (RFC 3253 §3.8): hrefs in a property become responses with the properties wanted.

use carnet_proto::dav::{
    href::segments,
    multistatus::{MultiStatus, Properties, response},
    name::{DAV, Name},
    request::{AddressData, Expand, PropFind},
    xml::{Element, parse},
};
use futures_util::future::{BoxFuture, FutureExt as _};
use http::StatusCode;

use crate::dav::{
    Call,
    error::Failure,
    output::{Answer, xml},
    path::Resource,
    property::{Cards, Subject, properties},
};

/// Levels below the resource asked; also ends cycles.
const MAX_DEPTH: usize = 3;
/// Resources one answer visits.
const MAX_VISITS: usize = 500;

/// Answers expand-property, at most three levels deep and for at most 500 resources.
pub async fn expand(call: &Call, wanted: &[Expand]) -> Result<Answer, Failure> {
    let mut out = MultiStatus::new();
    if let Resource::Card {
        book,
        book_href,
        name,
    } = &call.resource
    {
        let card = book.get(name).await?;
        let names = PropFind::Prop(wanted.iter().map(|expand| expand.name.clone()).collect());
        let cards = Cards::new(call, book, book_href, &names, &AddressData::default()).await?;
        cards.write(&[&card], &mut out).await?;
    } else {
        let mut visits = MAX_VISITS;
        let found = expanded(call, &call.resource, wanted, MAX_DEPTH, &mut visits).await?;
        out.properties(&call.href(), &found);
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

fn expanded<'a>(
    call: &'a Call,
    resource: &'a Resource,
    wanted: &'a [Expand],
    depth: usize,
    visits: &'a mut usize,
) -> BoxFuture<'a, Result<Properties, Failure>> {
    async move {
        let mut out = Properties::default();
        for expand in wanted {
            let one = PropFind::Prop(vec![expand.name.clone()]);
            let found = properties(call, Subject::of(resource), &one).await?;
            for (status, names) in found.others {
                names.into_iter().for_each(|name| out.without(status, name));
            }
            let hrefs = match expand.nested.is_empty() || depth == 0 {
                true => Vec::new(),
                false => hrefs(&found.found),
            };
            if hrefs.is_empty() {
                out.found.push_str(&found.found);
                continue;
            }
            let mut inner = String::new();
            for href in hrefs {
                let path = segments(&href).unwrap_or_default();
                let scoped = call.scope.is_some();
                let target = Resource::find(&call.face, &call.actor, scoped, &path).await;
                let (Ok(target), true) = (target, *visits > 0) else {
                    continue;
                };
                *visits -= 1;
                let nested = expanded(call, &target, &expand.nested, depth - 1, visits).await?;
                inner.push_str(&response(&href, &nested));
            }
            wrap(&expand.name, &inner, &mut out.found);
        }
        Ok(out)
    }
    .boxed()
}

fn wrap(name: &Name, inner: &str, out: &mut String) {
    if let Some(prefix) = name.prefix() {
        let local = &name.local;
        out.push_str(&format!("<{prefix}:{local}>{inner}</{prefix}:{local}>"));
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
