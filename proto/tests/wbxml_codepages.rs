//! Every page and token against the tables of [MS-ASWBXML] 2.1.2.1.

use std::collections::BTreeSet;

use carnet_proto::wbxml::{Tag, page::PAGES};

#[test]
fn the_pages_are_those_of_the_table() {
    let table = include_str!("../../fixtures/wbxml-codepages.tsv");
    let mut expected = BTreeSet::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [page, name, token, tag, _since] = columns[..] else {
            panic!("{line}")
        };
        let number: u8 = page.parse().expect("a page");
        let token = u8::from_str_radix(token.trim_start_matches("0x"), 16).expect("a token");
        assert!(expected.insert((number, name, token, tag)), "{line}");
        let known = Tag {
            page: number,
            token,
        };
        assert_eq!(known.full_name(), Some(format!("{name}:{tag}")), "{line}");
    }
    let mut found = BTreeSet::new();
    for page in PAGES {
        for (token, tag) in page.tags {
            found.insert((page.number, page.name, *token, *tag));
        }
    }
    let differing: Vec<_> = found.symmetric_difference(&expected).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert_eq!(found.len(), 653);
}
