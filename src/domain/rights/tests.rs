//! The decision table written out, against [`allows`]. Columns: O owner of a private contact; R
//! plain member; A member with *Add*; D member with *Add and delete*; C creator, a member without
//! group grants; Adm admin or co-admin; Cus admin or co-admin over a contact in custody; X not a
//! member.

use super::*;

const COLUMNS: [&str; 8] = ["O", "R", "A", "D", "C", "Adm", "Cus", "X"];

/// `own`: only what the person shared (or removed) themselves; `M`: only with a *Modify* grant.
#[rustfmt::skip]
const TABLE: [(&str, Right, [&str; 8]); 18] = [
    // action                                                  O    R      A      D    C      Adm  Cus  X
    ("read a contact of the place",       Right::Read,          ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
    ("modify content, photo",             Right::Modify,        ["✓", "M",   "M",   "M", "✓",   "M", "✓", "–"]),
    ("grant or revoke Modify",            Right::GrantModify,   ["✓", "–",   "–",   "–", "✓",   "–", "✓", "–"]),
    ("see who may modify",                Right::Read,          ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
    ("create, import",                    Right::Add,           ["✓", "–",   "✓",   "✓", "–",   "✓", "✓", "–"]),
    ("remove a contact created here",     Right::Remove,        ["✓", "–",   "–",   "✓", "–",   "✓", "✓", "–"]),
    ("withdraw a contact I shared here",  Right::Remove,        ["✓", "own", "own", "✓", "own", "✓", "✓", "–"]),
    ("empty the book",                    Right::RemoveAny,     ["✓", "–",   "–",   "✓", "–",   "✓", "✓", "–"]),
    ("restore from the trash",            Right::Restore,       ["✓", "own", "own", "✓", "own", "✓", "✓", "–"]),
    ("share into another group",          Right::Share,         ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
    ("comment",                           Right::Comment,       ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
    ("delete another person's comment",   Right::DeleteComment, ["–", "–",   "–",   "✓", "–",   "✓", "✓", "–"]),
    ("tag (personal)",                    Right::Read,          ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
    ("attach / detach a document",        Right::Modify,        ["✓", "M",   "M",   "M", "✓",   "M", "✓", "–"]),
    ("verify by e-mail",                  Right::Verify,        ["✓", "–",   "–",   "–", "✓",   "–", "✓", "–"]),
    ("print, export, copy",               Right::Read,          ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
    ("grant Add / Add and delete",        Right::GrantGroup,    ["–", "–",   "–",   "–", "–",   "✓", "✓", "–"]),
    ("see history",                       Right::Read,          ["✓", "✓",   "✓",   "✓", "✓",   "✓", "✓", "–"]),
];

/// How the person of a column stands, in every role the column speaks of.
fn standings(column: &str) -> Vec<PlaceRights> {
    let of = |standing, group_right| PlaceRights {
        standing,
        group_right,
        options: GroupOptions::default(),
        read_only: false,
    };
    let member = |right| vec![of(Standing::Member(Role::Member), right)];
    match column {
        "O" => vec![of(Standing::Owner, GroupRight::AddDelete)],
        "R" | "C" => member(GroupRight::None),
        "A" => member(GroupRight::Add),
        "D" => member(GroupRight::AddDelete),
        "X" => vec![of(Standing::Outsider, GroupRight::None)],
        _ => [Role::CoAdmin, Role::Admin]
            .map(|role| of(Standing::Member(role), GroupRight::AddDelete))
            .to_vec(),
    }
}

#[test]
fn the_table_is_what_is_decided() {
    for (action, right, cells) in TABLE {
        let shared = action.starts_with("withdraw");
        for (column, cell) in COLUMNS.into_iter().zip(cells) {
            for place in standings(column) {
                let facts = ItemFacts {
                    creator: matches!(column, "O" | "C"),
                    created_here: !shared,
                    created_private: column == "O",
                    custodian: column == "Cus",
                    ..ItemFacts::default()
                };
                let plainly = allows(right, &place, &facts);
                let own = ItemFacts {
                    placed: shared,
                    removed: right == Right::Restore,
                    ..facts
                };
                let granted = ItemFacts {
                    granted: true,
                    ..facts
                };
                let told = format!("{action}, {column}: {cell}");
                match cell {
                    "✓" => assert!(plainly, "{told}"),
                    "–" => {
                        assert!(!plainly, "{told}");
                        assert!(!allows(right, &place, &granted), "{told}");
                    }
                    "M" => {
                        assert!(!plainly, "{told}");
                        assert!(allows(right, &place, &granted), "{told}");
                    }
                    "own" => {
                        assert!(!plainly, "{told}");
                        assert!(allows(right, &place, &own), "{told}");
                    }
                    other => panic!("{other}"),
                }
            }
        }
    }
}

#[test]
fn administering_is_the_admins_alone() {
    for (role, expected) in [
        (Role::Member, false),
        (Role::CoAdmin, false),
        (Role::Admin, true),
    ] {
        let place = PlaceRights {
            standing: Standing::Member(role),
            group_right: GroupRight::AddDelete,
            options: GroupOptions::default(),
            read_only: false,
        };
        assert_eq!(
            allows(Right::Administer, &place, &ItemFacts::default()),
            expected
        );
    }
}

#[test]
fn what_its_creator_withdrew_nobody_else_restores() {
    let place = |group_right| PlaceRights {
        standing: Standing::Member(Role::Member),
        group_right,
        options: GroupOptions::default(),
        read_only: false,
    };
    for (creator, group_right, expected) in [
        (false, GroupRight::AddDelete, false),
        (true, GroupRight::Add, true),
    ] {
        for removed in [false, true] {
            let facts = ItemFacts {
                creator,
                removed,
                withdrawn: true,
                created_private: true,
                ..ItemFacts::default()
            };
            let may = allows(Right::Restore, &place(group_right), &facts);
            assert_eq!(may, expected, "{creator} {removed}");
        }
    }
}

#[test]
fn the_options_of_a_group_move_two_cells() {
    let place = |group_right, options| PlaceRights {
        standing: Standing::Member(Role::Member),
        group_right,
        options,
        read_only: false,
    };
    let creator = ItemFacts {
        creator: true,
        created_here: true,
        ..ItemFacts::default()
    };
    let deleting = GroupOptions {
        creators_delete: true,
        ..GroupOptions::default()
    };
    for (right, options, expected) in [
        (GroupRight::Add, deleting, true),
        (GroupRight::Add, GroupOptions::default(), false),
        (GroupRight::None, deleting, false),
    ] {
        assert_eq!(
            allows(Right::Remove, &place(right, options), &creator),
            expected
        );
    }
    let closed = GroupOptions {
        share_outside: false,
        ..GroupOptions::default()
    };
    let closed = place(GroupRight::AddDelete, closed);
    assert!(!allows(Right::Share, &closed, &ItemFacts::default()));
    assert!(allows(Right::Share, &closed, &creator));
}

#[test]
fn only_the_creator_of_a_private_contact_reaches_into_a_place_they_are_not_in() {
    let outside = PlaceRights {
        standing: Standing::Outsider,
        group_right: GroupRight::None,
        options: GroupOptions::default(),
        read_only: false,
    };
    let mut facts = ItemFacts {
        creator: true,
        created_private: true,
        placed: true,
        removed: true,
        granted: true,
        ..ItemFacts::default()
    };
    for (_, right, _) in TABLE {
        assert_eq!(
            allows(right, &outside, &facts),
            right == Right::Remove,
            "{right}"
        );
    }
    facts.created_private = false;
    assert!(!allows(Right::Remove, &outside, &facts));
}

#[test]
fn a_list_of_members_is_read_and_nothing_else() {
    let place = PlaceRights {
        standing: Standing::Reader,
        group_right: GroupRight::None,
        options: GroupOptions::default(),
        read_only: false,
    };
    let own = ItemFacts {
        creator: true,
        created_here: true,
        created_private: true,
        placed: true,
        removed: true,
        granted: true,
        custodian: true,
        ..ItemFacts::default()
    };
    for (_, right, _) in TABLE {
        let read = right == Right::Read;
        assert_eq!(allows(right, &place, &own), read, "{right}");
        assert_eq!(
            allows(right, &place, &ItemFacts::default()),
            read,
            "{right}"
        );
    }
}

#[test]
fn a_credential_that_only_reads_reads_and_nothing_else() {
    let all = ItemFacts {
        creator: true,
        created_here: true,
        created_private: true,
        placed: true,
        removed: true,
        granted: true,
        custodian: true,
        ..ItemFacts::default()
    };
    for column in COLUMNS {
        for place in standings(column) {
            let place = PlaceRights {
                read_only: true,
                ..place
            };
            for (_, right, _) in TABLE {
                let read = right == Right::Read && column != "X";
                assert_eq!(allows(right, &place, &all), read, "{column} {right}");
            }
        }
    }
}
