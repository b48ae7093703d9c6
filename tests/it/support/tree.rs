//! WBXML written and read as text: one element a line, `Page:Tag = text`, children indented by two.

use carnet_proto::wbxml::{Element, Encoder, Node, Tag};

/// The octets of a tree.
pub fn wbxml(text: &str) -> Vec<u8> {
    let mut out = Encoder::new();
    out.element(&element(text));
    out.finish()
}

/// The element a tree describes.
pub fn element(text: &str) -> Element {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .collect();
    let mut at = 0;
    read(&lines, &mut at)
}

fn read(lines: &[(usize, &str)], at: &mut usize) -> Element {
    let (depth, line) = lines[*at];
    *at += 1;
    let (name, text) = line.split_once(" = ").unwrap_or((line, ""));
    let name = name.trim_end_matches(" (empty)");
    let (page, tag) = name.split_once(':').unwrap_or_else(|| panic!("{line}"));
    let tag = Tag::by_name(page, tag).unwrap_or_else(|| panic!("{line}"));
    let mut children = Vec::new();
    if !text.is_empty() {
        let text = text.replace("\\r", "\r").replace("\\n", "\n");
        children.push(Node::Text(text));
    }
    while *at < lines.len() && lines[*at].0 > depth {
        children.push(Node::Element(read(lines, at)));
    }
    Element { tag, children }
}

/// The text at a path of tag names below an element.
pub fn text_at(root: &Element, path: &[&str]) -> Option<String> {
    let mut element = root;
    for name in path {
        element = element
            .elements()
            .find(|child| child.tag.name() == Some(name))?;
    }
    Some(element.text())
}

/// The elements of a name anywhere below an element.
pub fn all<'a>(root: &'a Element, name: &str) -> Vec<&'a Element> {
    let mut found = Vec::new();
    for child in root.elements() {
        if child.tag.name() == Some(name) {
            found.push(child);
        }
        found.extend(all(child, name));
    }
    found
}
