//! People related to the contact: assistant, manager, spouse, children.

use carnet_proto::vcard::{Document, Edit as Patch, Line, NewLine, apple, escape_text};

/// A relation, in the forms that programs write.
pub struct Sort {
    /// `X-EVOLUTION-SPOUSE`; empty where no program has one.
    property: &'static str,
    /// Apple's label of X-ABRELATEDNAMES.
    label: &'static str,
    /// Type of RELATED (RFC 6350 §6.6.6).
    relation: &'static str,
}

impl Sort {
    /// Whether some programs write it in this property.
    pub fn is(&self, property: &str) -> bool {
        !self.property.is_empty() && self.property == property
    }
}

/// AssistantName.
pub const ASSISTANT: Sort = Sort {
    property: "X-EVOLUTION-ASSISTANT",
    label: apple::ASSISTANT,
    relation: "agent",
};
/// ManagerName.
pub const MANAGER: Sort = Sort {
    property: "X-EVOLUTION-MANAGER",
    label: apple::MANAGER,
    relation: "x-manager",
};
/// Spouse.
pub const SPOUSE: Sort = Sort {
    property: "X-EVOLUTION-SPOUSE",
    label: apple::SPOUSE,
    relation: "spouse",
};
/// Children, of which there may be several.
pub const CHILD: Sort = Sort {
    property: "X-EVOLUTION-CHILD",
    label: apple::CHILD,
    relation: "child",
};

/// Relations only Apple's programs and vCard 4.0 have.
pub const FRIEND: Sort = plain(apple::FRIEND, "friend");
pub const PARENT: Sort = plain(apple::PARENT, "parent");
pub const SIBLING: Sort = plain(apple::SIBLING, "sibling");
pub const PARTNER: Sort = plain(apple::PARTNER, "sweetheart");
pub const COLLEAGUE: Sort = plain("Colleague", "colleague");
pub const EMERGENCY: Sort = plain("Emergency", "emergency");

const fn plain(label: &'static str, relation: &'static str) -> Sort {
    Sort {
        property: "",
        label,
        relation,
    }
}

impl Sort {
    /// The name related in this way; empty when there is none.
    pub fn export(&self, card: &Document) -> String {
        let place = self.places(card).into_iter().next();
        place.map(|at| card.lines()[at].text()).unwrap_or_default()
    }

    /// Sets or removes the name related in this way, in each form that it has.
    pub fn patch(&self, value: &str, patch: &mut Patch<'_>) {
        let card = patch.document();
        let places = self.places(card);
        let text = |at: usize| card.lines()[at].text();
        let Some(shown) = places.first().map(|at| text(*at)) else {
            if !value.is_empty() {
                let lines = self.new_lines(escape_text(value), patch);
                lines.into_iter().for_each(|line| patch.add(line));
            }
            return;
        };
        for at in places.into_iter().filter(|at| text(*at) == shown) {
            if value.is_empty() {
                patch.remove(at);
            } else {
                patch.set_text(at, value);
            }
        }
    }

    /// The lines of a new relation, its value escaped already.
    pub fn new_lines(&self, raw: String, patch: &Patch<'_>) -> Vec<NewLine> {
        if patch.document().version() == "4.0" {
            return vec![NewLine::new("RELATED", &[self.relation], raw).with("VALUE", "text")];
        }
        if !self.property.is_empty() && self.property != CHILD.property {
            return vec![NewLine::new(self.property, &[], raw)];
        }
        // Of these there may be several: the form that other programs show.
        let group = patch.free_group();
        vec![
            NewLine::new("X-ABRELATEDNAMES", &[], raw).in_group(group.clone()),
            NewLine::new("X-ABLabel", &[], self.label).in_group(group),
        ]
    }

    /// The lines with this relation.
    pub fn places(&self, card: &Document) -> Vec<usize> {
        let is_it = |line: &Line| {
            line.is(self.property)
                || (line.is("RELATED")
                    && line.has_type(self.relation)
                    && line
                        .param("VALUE")
                        .is_some_and(|value| value.eq_ignore_ascii_case("text")))
                || (line.is("X-ABRELATEDNAMES") && card.label(line) == self.label)
        };
        card.lines()
            .iter()
            .enumerate()
            .filter(|(_, line)| is_it(line))
            .map(|(at, _)| at)
            .collect()
    }
}

/// The names of the children.
pub fn children(card: &Document) -> Vec<String> {
    CHILD
        .places(card)
        .into_iter()
        .map(|at| card.lines()[at].text())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Sets the names of the children; lines of names that stay are not touched.
pub fn patch_children(children: Option<&[String]>, patch: &mut Patch<'_>) {
    let Some(wanted) = children else { return };
    let mut missing: Vec<&String> = wanted.iter().collect();
    for at in CHILD.places(patch.document()) {
        let name = patch.document().lines()[at].text();
        match missing.iter().position(|wanted| **wanted == name) {
            Some(found) => {
                missing.remove(found);
            }
            None => patch.remove(at),
        }
    }
    for name in missing {
        let lines = CHILD.new_lines(escape_text(name), patch);
        lines.into_iter().for_each(|line| patch.add(line));
    }
}

/// The lines of a property whose group has an Apple label.
pub fn labelled(card: &Document, name: &str, wanted: &str) -> Vec<usize> {
    let lines = card.lines();
    let is_it = |line: &Line| line.is(name) && card.label(line) == wanted;
    (0..lines.len()).filter(|at| is_it(&lines[*at])).collect()
}
