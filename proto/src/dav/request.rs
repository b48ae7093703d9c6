//! Bodies of WebDAV and CardDAV requests, parsed.

use std::collections::HashSet;

use super::{
    name::{CARDDAV, DAV, Name},
    xml::{Element, MAX_BODY, XmlError, is_name, parse},
};
use crate::vcard::{
    Collation, Filter, MatchType, ParamFilter, PropFilter, Test, TextMatch, Version,
};

/// Names of properties in one request, at most.
const MAX_NAMES: usize = 500;
/// Properties set or removed by one request, at most.
const MAX_INSTRUCTIONS: usize = 1_000;
/// Conditions of one filter, at most: each is looked for in every card.
const MAX_CONDITIONS: usize = 200;

/// PROPFIND (RFC 4918 §9.1)
#[derive(Clone, Debug, PartialEq)]
pub enum PropFind {
    /// The properties named.
    Prop(Vec<Name>),
    /// All that are stored or cheap, and those named besides.
    AllProp(Vec<Name>),
    /// Names only.
    PropName,
}

impl PropFind {
    /// Parses a PROPFIND body; an empty one means `allprop` (RFC 4918 §9.1).
    pub fn parse(body: &[u8]) -> Result<Self, XmlError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(PropFind::AllProp(Vec::new()));
        }
        let root = expect(body, DAV, "propfind")?;
        let named = |name: &str| root.child(DAV, name).map_or(Ok(Vec::new()), names);
        if root.child(DAV, "propname").is_some() {
            Ok(PropFind::PropName)
        } else if root.child(DAV, "allprop").is_some() {
            Ok(PropFind::AllProp(named("include")?))
        } else if root.child(DAV, "prop").is_some() {
            Ok(PropFind::Prop(named("prop")?))
        } else {
            Err(XmlError::Unexpected(
                "propfind holds none of prop, allprop, propname".into(),
            ))
        }
    }
}

/// One instruction of PROPPATCH (RFC 4918 §9.2), in document order.
#[derive(Clone, Debug, PartialEq)]
pub enum Instruction {
    Set(Property),
    Remove(Name),
}

impl Instruction {
    /// The property it sets or removes.
    pub fn name(&self) -> &Name {
        match self {
            Instruction::Set(property) => &property.element.name,
            Instruction::Remove(name) => name,
        }
    }
}

/// A property to set.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub element: Element,
    /// The element as self-contained XML, with the `xml:lang` in scope.
    pub xml: String,
}

/// The instructions of a PROPPATCH body.
pub fn prop_patch(body: &[u8]) -> Result<Vec<Instruction>, XmlError> {
    let root = expect(body, DAV, "propertyupdate")?;
    instructions(&root)
}

/// Extended MKCOL (RFC 5689): the properties to set; none for an empty body.
pub fn mk_col(body: &[u8]) -> Result<Option<Vec<Property>>, XmlError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let root = expect(body, DAV, "mkcol")?;
    let set = instructions(&root)?
        .into_iter()
        .filter_map(|instruction| match instruction {
            Instruction::Set(property) => Some(property),
            Instruction::Remove(_) => None,
        })
        .collect();
    Ok(Some(set))
}

/// A REPORT body.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    SyncCollection(SyncCollection),
    Multiget(Multiget),
    Query(Query),
    ExpandProperty(Vec<Expand>),
    PrincipalPropertySearch(PrincipalSearch),
    PrincipalSearchPropertySet,
    PrincipalMatch(PrincipalMatch),
    AclPrincipalPropSet(Vec<Name>),
    /// Not supported anywhere.
    Other(Name),
}

/// RFC 6578 §3.2
#[derive(Clone, Debug, PartialEq)]
pub struct SyncCollection {
    /// The sync token; empty for an initial synchronization.
    pub token: String,
    /// `infinite`; none where `sync-level` is absent and Depth stands for it (old drafts).
    pub infinite: Option<bool>,
    pub limit: Option<usize>,
    pub props: Vec<Name>,
    pub data: AddressData,
}

/// RFC 6352 §8.7
#[derive(Clone, Debug, PartialEq)]
pub struct Multiget {
    pub hrefs: Vec<String>,
    pub asked: PropFind,
    pub data: AddressData,
}

/// RFC 6352 §8.6
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub filter: Filter,
    pub limit: Option<usize>,
    pub asked: PropFind,
    pub data: AddressData,
}

/// `C:address-data` in a request (RFC 6352 §10.4)
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddressData {
    pub content_type: Option<String>,
    pub version: Option<String>,
    /// The wanted properties of the card, each with whether its value is left out; empty for all.
    pub props: Vec<(String, bool)>,
}

/// `DAV:property` of expand-property (RFC 3253 §3.8)
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    pub name: Name,
    pub nested: Vec<Expand>,
}

/// RFC 3744 §9.4
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalSearch {
    pub any_of: bool,
    /// `(properties, text)`
    pub searches: Vec<(Vec<Name>, String)>,
    pub props: Vec<Name>,
    pub everywhere: bool,
}

/// RFC 3744 §9.3
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalMatch {
    /// The property that must name the person; none for `self`.
    pub property: Option<Name>,
    pub props: Vec<Name>,
}

/// A report's failure beyond XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// 403 with `supported-collation`.
    #[error("the collation {0} is not supported")]
    Collation(String),
    /// 403 with `valid-filter`.
    #[error("the filter is not valid: {0}")]
    Filter(String),
}

impl Report {
    /// Reads a REPORT body. [`Report::Other`] for a report not known here; an error for XML that is
    /// not well-formed, an unknown collation or an invalid filter.
    pub fn parse(body: &[u8]) -> Result<Self, ReportError> {
        let root = parse(body)?;
        let props = props_of(&root)?;
        let data = address_data(&root)?;
        let limit = |namespace| -> Result<Option<usize>, XmlError> {
            let count = root
                .child(namespace, "limit")
                .and_then(|limit| limit.child(namespace, "nresults"));
            let Some(count) = count.map(Element::text) else {
                return Ok(None);
            };
            match count.trim().parse() {
                Ok(count) => Ok(Some(count)),
                Err(_) => Err(XmlError::Unexpected(format!("nresults {count:?}"))),
            }
        };
        let name = &root.name;
        Ok(match (&*name.namespace, &*name.local) {
            (DAV, "sync-collection") => {
                let token = root.child(DAV, "sync-token").ok_or_else(|| {
                    XmlError::Unexpected("sync-collection without sync-token".into())
                })?;
                let level = root.child(DAV, "sync-level").map(Element::text);
                let infinite = match level.as_deref().map(str::trim) {
                    None => None,
                    Some("1") => Some(false),
                    Some("infinite" | "infinity") => Some(true),
                    Some(other) => {
                        return Err(XmlError::Unexpected(format!("sync-level {other}")).into());
                    }
                };
                Report::SyncCollection(SyncCollection {
                    token: token.text().trim().to_owned(),
                    infinite,
                    limit: limit(DAV)?,
                    props,
                    data,
                })
            }
            (CARDDAV, "addressbook-multiget") => {
                let hrefs: Vec<String> = root
                    .elements()
                    .filter(|child| child.name.is(DAV, "href"))
                    .map(Element::text)
                    .collect();
                if hrefs.is_empty() {
                    return Err(
                        XmlError::Unexpected("addressbook-multiget without href".into()).into(),
                    );
                }
                let asked = asked_of(&root, props);
                Report::Multiget(Multiget { hrefs, asked, data })
            }
            (CARDDAV, "addressbook-query") => {
                // Some clients list a book so (Nextcloud's library, KDE).
                let filter = root.child(CARDDAV, "filter").map(filter_of).transpose()?;
                let version = match data.version.as_deref() {
                    Some("3.0") => Some(Version::V3),
                    Some("4.0") => Some(Version::V4),
                    _ => None,
                };
                Report::Query(Query {
                    filter: Filter {
                        version,
                        ..filter.unwrap_or_default()
                    },
                    limit: limit(CARDDAV)?,
                    asked: asked_of(&root, props),
                    data,
                })
            }
            (DAV, "expand-property") => Report::ExpandProperty(expansions(&root)?),
            (DAV, "principal-property-search") => {
                Report::PrincipalPropertySearch(PrincipalSearch {
                    any_of: root.attribute("test") == Some("anyof"),
                    searches: root
                        .elements()
                        .filter(|child| child.name.is(DAV, "property-search"))
                        .map(|search| {
                            let text = search.child(DAV, "match").map(Element::text);
                            let text = text.unwrap_or_default().trim().to_owned();
                            Ok((props_of(search)?, text))
                        })
                        .collect::<Result<_, XmlError>>()?,
                    props,
                    everywhere: root
                        .child(DAV, "apply-to-principal-collection-set")
                        .is_some(),
                })
            }
            (DAV, "principal-search-property-set") => Report::PrincipalSearchPropertySet,
            (DAV, "principal-match") => {
                let property = root.child(DAV, "principal-property");
                Report::PrincipalMatch(PrincipalMatch {
                    property: property.and_then(|p| Some(p.elements().next()?.name.clone())),
                    props,
                })
            }
            (DAV, "acl-principal-prop-set") => Report::AclPrincipalPropSet(props),
            _ => Report::Other(name.clone()),
        })
    }
}

fn expect(body: &[u8], namespace: &str, local: &str) -> Result<Element, XmlError> {
    let root = parse(body)?;
    if root.name.is(namespace, local) {
        Ok(root)
    } else {
        Err(XmlError::Unexpected(format!(
            "{local} was expected, not {}",
            root.name.local
        )))
    }
}

/// Each card of an answer has all that is asked for, so that there is a limit.
fn names(element: &Element) -> Result<Vec<Name>, XmlError> {
    let names = element.elements().map(|child| child.name.clone());
    few(names.collect())
}

fn few<T>(names: Vec<T>) -> Result<Vec<T>, XmlError> {
    if names.len() > MAX_NAMES {
        Err(XmlError::TooMany(MAX_NAMES))
    } else {
        Ok(names)
    }
}

fn props_of(root: &Element) -> Result<Vec<Name>, XmlError> {
    root.child(DAV, "prop").map_or(Ok(Vec::new()), names)
}

/// What is asked of each card (RFC 6352 §8.6, §8.7): `D:prop`, `D:propname`, or else what `allprop`
/// shows.
fn asked_of(report: &Element, props: Vec<Name>) -> PropFind {
    if !props.is_empty() {
        PropFind::Prop(props)
    } else if report.child(DAV, "propname").is_some() {
        PropFind::PropName
    } else {
        PropFind::AllProp(Vec::new())
    }
}

fn instructions(root: &Element) -> Result<Vec<Instruction>, XmlError> {
    let mut found = Vec::new();
    let mut octets = 0;
    for child in root.elements() {
        let Some(prop) = child.child(DAV, "prop") else {
            continue;
        };
        // The language in scope is part of the property (RFC 4918 §4.3).
        let scope = [root, child, prop];
        let lang = scope
            .iter()
            .rev()
            .find_map(|outer| outer.attribute("xml:lang"));
        for element in prop.elements() {
            if found.len() == MAX_INSTRUCTIONS {
                return Err(XmlError::TooMany(MAX_INSTRUCTIONS));
            }
            if child.name.is(DAV, "set") {
                let mut element = element.clone();
                if let (Some(lang), None) = (lang, element.attribute("xml:lang")) {
                    element
                        .attributes
                        .push(("xml:lang".into(), lang.to_owned()));
                }
                let xml = element.to_fragment(&scope);
                octets += xml.len();
                if octets > MAX_BODY {
                    return Err(XmlError::TooLarge("properties of more than 4 MiB"));
                }
                found.push(Instruction::Set(Property { element, xml }));
            } else if child.name.is(DAV, "remove") {
                found.push(Instruction::Remove(element.name.clone()));
            }
        }
    }
    Ok(found)
}

fn address_data(root: &Element) -> Result<AddressData, XmlError> {
    let Some(data) = root
        .child(DAV, "prop")
        .and_then(|prop| prop.child(CARDDAV, "address-data"))
    else {
        return Ok(AddressData::default());
    };
    let wanted = data
        .elements()
        .filter(|child| child.name.is(CARDDAV, "prop"))
        .filter_map(|prop| {
            let name = prop.attribute("name")?.to_owned();
            Some((name, prop.attribute("novalue") == Some("yes")))
        });
    Ok(AddressData {
        content_type: data.attribute("content-type").map(str::to_owned),
        version: data.attribute("version").map(str::to_owned),
        props: few(wanted.collect())?,
    })
}

/// The properties to expand, each once.
fn expansions(element: &Element) -> Result<Vec<Expand>, XmlError> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for property in element.elements() {
        let Some(local) = property.attribute("name") else {
            continue;
        };
        if !property.name.is(DAV, "property") {
            continue;
        }
        // Answers have elements of that name.
        if !is_name(local) {
            return Err(XmlError::Unexpected(format!("{local:?} is no name")));
        }
        let namespace = property.attribute("namespace").unwrap_or(DAV).to_owned();
        let name = Name {
            namespace: namespace.into(),
            local: local.to_owned().into(),
        };
        if seen.insert(name.clone()) {
            let nested = expansions(property)?;
            found.push(Expand { name, nested });
        }
    }
    Ok(found)
}

fn test_of(element: &Element) -> Result<Test, ReportError> {
    match element.attribute("test") {
        None | Some("anyof") => Ok(Test::AnyOf),
        Some("allof") => Ok(Test::AllOf),
        Some(other) => Err(ReportError::Filter(format!("test {other}"))),
    }
}

fn name_of(element: &Element) -> Result<String, ReportError> {
    element
        .attribute("name")
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| ReportError::Filter(format!("{} without name", element.name.local)))
}

fn filter_of(element: &Element) -> Result<Filter, ReportError> {
    let mut filter = Filter {
        test: test_of(element)?,
        ..Filter::default()
    };
    let conditions: usize = element
        .elements()
        .map(|prop| 1 + prop.elements().count())
        .sum();
    if conditions > MAX_CONDITIONS {
        return Err(ReportError::Filter(format!(
            "more than {MAX_CONDITIONS} conditions"
        )));
    }
    for prop in element.elements() {
        if !prop.name.is(CARDDAV, "prop-filter") {
            return Err(ReportError::Filter(prop.name.local.to_string()));
        }
        let mut parsed = PropFilter {
            name: name_of(prop)?,
            test: test_of(prop)?,
            ..PropFilter::default()
        };
        for child in prop.elements() {
            match &*child.name.local {
                "is-not-defined" => parsed.is_not_defined = true,
                "text-match" => parsed.texts.push(text_match(child)?),
                "param-filter" => parsed.params.push(ParamFilter {
                    name: name_of(child)?,
                    is_not_defined: child.child(CARDDAV, "is-not-defined").is_some(),
                    text: child
                        .child(CARDDAV, "text-match")
                        .map(text_match)
                        .transpose()?,
                }),
                other => return Err(ReportError::Filter(other.to_owned())),
            }
        }
        filter.props.push(parsed);
    }
    Ok(filter)
}

fn text_match(element: &Element) -> Result<TextMatch, ReportError> {
    let collation = match element.attribute("collation") {
        None => Collation::default(),
        Some(name) => {
            Collation::parse(name).ok_or_else(|| ReportError::Collation(name.to_owned()))?
        }
    };
    let match_type = match element.attribute("match-type") {
        None | Some("contains") => MatchType::Contains,
        Some("equals") => MatchType::Equals,
        Some("starts-with") => MatchType::StartsWith,
        Some("ends-with") => MatchType::EndsWith,
        Some(other) => return Err(ReportError::Filter(format!("match-type {other}"))),
    };
    let negate = match element.attribute("negate-condition") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(other) => return Err(ReportError::Filter(format!("negate-condition {other}"))),
    };
    Ok(TextMatch {
        text: element.text(),
        collation,
        match_type,
        negate,
    })
}
