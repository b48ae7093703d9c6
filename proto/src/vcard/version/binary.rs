//! PHOTO, LOGO, SOUND and KEY: octets in version 3.0 (RFC 2426 §2.4.2), URIs in 4.0.

use super::{NewLine, drop_param, param};
use crate::vcard::{
    line::Line,
    value::{Binary, media_type, to_base64},
};

pub(super) fn to_v4(line: &Line, new: &mut NewLine) {
    if let Some(Binary::Inline { media_type, octets }) = line.binary() {
        keep_places(new);
        drop_param(new, "ENCODING");
        drop_param(new, "VALUE");
        new.raw = format!("data:{media_type};base64,{}", to_base64(&octets));
    }
}

pub(super) fn to_v3(line: &Line, new: &mut NewLine) {
    match line.binary() {
        Some(Binary::Inline {
            media_type: found,
            octets,
        }) => {
            keep_places(new);
            for name in ["ENCODING", "VALUE", "MEDIATYPE"] {
                drop_param(new, name);
            }
            let mut types = Vec::from_iter(type_of(&line.name, &found));
            if let Some(at) = new.params.iter().position(is_type) {
                types.extend(new.params.remove(at).values);
            }
            new.params.push(param("ENCODING", "b"));
            if !types.is_empty() {
                let mut all = param("TYPE", "");
                all.values = types;
                new.params.push(all);
            }
            new.raw = to_base64(&octets);
        }
        Some(Binary::Uri(_)) if line.param("VALUE").is_none() => {
            new.params.push(param("VALUE", "uri"));
        }
        _ => {}
    }
}

/// Whether octets in a card of version 3.0 are in another form than its own: encoded as `b`, of a
/// type in one word.
pub(super) fn is_of_v4(line: &Line) -> bool {
    let encodings = line
        .params
        .iter()
        .filter(|param| param.name.eq_ignore_ascii_case("ENCODING"))
        .flat_map(|param| &param.values);
    let encodings: Vec<&String> = encodings.collect();
    let is_encoded = matches!(encodings[..], [one] if one.eq_ignore_ascii_case("b"));
    let mut types = line.types();
    types.retain(|kind| !is_place(kind));
    let is_a_word = match &types[..] {
        [] => true,
        [one] => !one.contains('/') || type_of(&line.name, one).is_none_or(|word| word == *one),
        _ => false,
    };
    let is_binary = line
        .param("VALUE")
        .is_none_or(|value| value.eq_ignore_ascii_case("binary"));
    let is_of_v3 = is_encoded && is_a_word && is_binary && !line.raw.contains(&b':');
    !is_of_v3 && is_inline(line)
}

/// Whether octets in a card of version 4.0 are in another form than its own, a `data` URI.
pub(super) fn is_of_v3(line: &Line) -> bool {
    let is_data = line
        .raw
        .trim_ascii_start()
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"));
    let is_of_v4 = is_data && line.param("ENCODING").is_none() && !line.raw.contains(&b'\\');
    !is_of_v4 && is_inline(line)
}

fn is_inline(line: &Line) -> bool {
    matches!(line.binary(), Some(Binary::Inline { .. }))
}

fn is_place(kind: &str) -> bool {
    ["home", "work", "pref"]
        .iter()
        .any(|place| kind.eq_ignore_ascii_case(place))
}

/// Keeps only those types that say nothing of the octets: `home`, `work`, `pref`.
fn keep_places(new: &mut NewLine) {
    for types in new.params.iter_mut().filter(|param| is_type(param)) {
        types.values.retain(|value| is_place(value));
    }
    new.params
        .retain(|param| !is_type(param) || !param.values.is_empty());
}

fn is_type(param: &crate::vcard::Param) -> bool {
    param.name.eq_ignore_ascii_case("TYPE")
}

/// The TYPE that names a media type; the media type itself where no word does.
fn type_of(property: &str, found: &str) -> Option<String> {
    if found == "application/octet-stream" {
        return None;
    }
    let subtype = found.rsplit('/').next().unwrap_or_default();
    let word = match found {
        "application/pgp-keys" => "PGP".to_owned(),
        "application/pkix-cert" => "X509".to_owned(),
        "image/svg+xml" => "SVG".to_owned(),
        _ => subtype.to_ascii_uppercase(),
    };
    if media_type(property, &word) == found {
        Some(word)
    } else {
        Some(found.to_owned())
    }
}
