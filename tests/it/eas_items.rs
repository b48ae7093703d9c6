//! Exchange ActiveSync beyond synchronization: the directory, the account, single items and edits.

mod account;
mod directory;
mod edits;
mod items;

use carnet_proto::wbxml::{
    Element, Encoder, Tag,
    page::{gal as g, search as s},
};

use crate::support::{
    eas::Device,
    http::{basic, request},
    server::Server,
};

/// An element with a text, or with children.
enum Part<'a> {
    Text(Tag, &'a str),
    Parent(Tag, Vec<Part<'a>>),
}
use Part::{Parent, Text};

fn encode(part: &Part<'_>, out: &mut Encoder) {
    match part {
        Text(tag, text) => {
            out.text(*tag, text);
        }
        Parent(tag, children) if children.is_empty() => {
            out.empty(*tag);
        }
        Parent(tag, children) => {
            out.open(*tag);
            children.iter().for_each(|child| encode(child, out));
            out.close();
        }
    }
}

fn body(part: &Part<'_>) -> Vec<u8> {
    let mut out = Encoder::new();
    encode(part, &mut out);
    out.finish()
}

fn post(device: &Device, command: &str, part: &Part<'_>) -> Element {
    device.post(command, body(part)).expect("an answer")
}

fn put(server: &Server, login: &str, path: &str, card: &str) -> u16 {
    let headers = [basic(login, "demo")];
    request(&server.address, "PUT", path, &headers, card.as_bytes()).status
}

fn card(uid: &str, lines: &[&str]) -> String {
    let mut card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\n");
    for line in lines {
        card.push_str(line);
        card.push_str("\r\n");
    }
    card + "END:VCARD\r\n"
}

/// The Store of a GAL search.
fn gal(device: &Device, query: &str, range: Option<&str>, picture: Option<[&str; 2]>) -> Element {
    let mut options = Vec::new();
    options.extend(range.map(|range| Text(s::RANGE, range)));
    options.extend(picture.map(|[size, count]| {
        let limits = [(s::MAX_SIZE, size), (s::MAX_PICTURES, count)];
        let limits = limits.into_iter().filter(|(_, limit)| !limit.is_empty());
        Parent(
            s::PICTURE,
            limits.map(|(tag, limit)| Text(tag, limit)).collect(),
        )
    }));
    let answer = post(
        device,
        "Search",
        &Parent(
            s::SEARCH,
            vec![Parent(
                s::STORE,
                vec![
                    Text(s::NAME, "GAL"),
                    Text(s::QUERY, query),
                    Parent(s::OPTIONS, options),
                ],
            )],
        ),
    );
    assert_eq!(answer.text_of(s::STATUS).as_deref(), Some("1"));
    let response = answer.child(s::RESPONSE).expect("a Response");
    response.child(s::STORE).expect("a Store").clone()
}

/// `(DisplayName, EmailAddress)` of the results.
fn people(store: &Element) -> Vec<(String, String)> {
    store
        .children_of(s::RESULT)
        .filter_map(|result| {
            let found = result.child(s::PROPERTIES)?;
            Some((
                found.text_of(g::DISPLAY_NAME)?,
                found.text_of(g::EMAIL_ADDRESS)?,
            ))
        })
        .collect()
}

fn jpeg(edge: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(edge, edge, |x, y| image::Rgb([x as u8, y as u8, 7]));
    let mut out = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut out, image::ImageFormat::Jpeg)
        .expect("a JPEG");
    out.into_inner()
}
