//! The grammar, without a store; the whole table runs on one in `tests/it/search.rs`.

use proptest::prelude::*;

use super::{
    Notice,
    parse::{Exclusions, LastWord, Query, parse, parse_number},
    token::{Tokens, fold, words},
};

fn query(text: &str) -> Query {
    parse(text, LastWord::Whole, Exclusions::NeedWords)
}

fn described(text: &str) -> String {
    let root = query(text).root;
    root.map(|root| root.describe()).unwrap_or_default()
}

#[test]
fn a_query_is_repeated_as_it_was_understood() {
    for (text, expected) in [
        ("martin lille OR roubaix", "martin AND lille OR roubaix"),
        ("martin (lille OR roubaix", "martin AND (lille OR roubaix)"),
        ("AND OR martin OR", "martin"),
        ("or ET not", "or AND ET AND not"),
        ("virus -ordinateur", "virus AND -ordinateur"),
        ("--virus grippe", "grippe AND -virus"),
        ("- virus", "virus"),
        ("« super vacances »", "\"super vacances\""),
        ("\"alice mart*\"", "\"alice mart*\""),
        ("informat***", "informat*"),
        ("00 12 34 lille", "00 12 34 AND lille"),
        ("1 2 lille", "1 AND 2 AND lille"),
        ("(((zoe", "zoe"),
        ("(212) 555-0147", "(212) 555-0147"),
        ("+1 (212) 555-0147 lille", "+1 (212) 555-0147 AND lille"),
        ("+33 (0)1 99 00 12", "+33 1 99 00 12"),
        ("(12 OR 13) lille", "(12 OR 13) AND lille"),
        ("(75001)", "75001"),
        (")zoe(", "zoe"),
        ("* OR \"\" & ()", ""),
        ("martin (-lille)", "martin"),
    ] {
        assert_eq!(described(text), expected, "{text}");
        // A comma that was typed is shown as well.
        let typed = expected.replace(", OR", " OR");
        assert_eq!(described(&typed), expected, "it can be typed");
    }
}

#[test]
fn a_criterion_of_numbers_is_one_number_up_to_what_belongs_to_none() {
    for (text, expected) in [
        ("(212) 555", "(212) 555"),
        ("(212) 55", "(212) 55"),
        ("12 34", "12 34"),
        ("+33 (0)1 99", "+33 1 99"),
        ("(212) 555-0147 ext. 12", "(212) 555-0147"),
        ("555-0147x12", "555-0147"),
        ("0147*", "0147*"),
        // Queries as elsewhere.
        ("0104 OR 0105", "0104 OR 0105"),
        ("(0104 OR 0105)", "0104 OR 0105"),
        ("0104 -0105", "0104 AND -0105"),
        ("-0105", "-0105"),
        ("123", "123"),
        ("0800flowers", "0800flowers"),
        ("mobile", "mobile"),
        ("", ""),
    ] {
        let root = parse_number(text);
        let described = root.map(|root| root.describe());
        assert_eq!(described.unwrap_or_default(), expected, "{text}");
    }
}

#[test]
fn parentheses_that_are_too_deep_mean_nothing() {
    for (deep, read) in [
        ("((((((zoe -(a (b) c))))))", "((((((zoe -a b c))))))"),
        ("(((((zoe -((a (b) c)))))))", "(((((zoe -(a b c)))))))"),
        ("((((((a OR (b) c) d)))))", "((((((a OR b c) d)))))"),
        ("((((((((zoe)) a))))) b)", "((((((zoe a))))) b)"),
    ] {
        assert_eq!(described(deep), described(read), "{deep}");
    }
}

#[test]
fn what_was_not_understood_is_a_notice() {
    for (text, expected) in [
        ("martin", vec![]),
        ("", vec![Notice::Empty]),
        ("OR", vec![Notice::Empty]),
        ("-virus", vec![Notice::OnlyNegative]),
        ("virus OR -ordinateur", vec![Notice::OnlyNegative]),
        ("inf*", vec![Notice::PrefixTooShort]),
        ("花*", vec![]),
    ] {
        assert_eq!(query(text).notices, expected, "{text}");
    }
    assert_eq!(query(&"x".repeat(600)).notices, [Notice::QueryTooLong]);
    assert_eq!(query(&"x ".repeat(40)).notices, [Notice::QueryTooLong]);
    // With a criterion, exclusions apply to whatever meets it.
    let excluding = parse("-virus", LastWord::Whole, Exclusions::MayStandAlone);
    assert!(excluding.root.is_some() && excluding.notices.is_empty());
}

#[test]
fn a_number_may_begin_with_what_is_typed_last() {
    use super::Wanted;
    let beginnings = |text: &str| {
        let mut found = Vec::new();
        let mut open: Vec<_> = parse(text, LastWord::Beginning, Exclusions::NeedWords)
            .root
            .into_iter()
            .collect();
        while let Some(node) = open.pop() {
            match node {
                super::Node::Or(branches) => open.extend(branches),
                super::Node::And { positives, .. } => open.extend(positives),
                super::Node::Leaf(leaf) => {
                    if let Wanted::Number { digits, prefix, .. } = leaf.wanted {
                        found.push((digits, prefix));
                    }
                }
            }
        }
        found.sort();
        found
    };
    let number = |digits: &str, prefix| (digits.to_owned(), prefix);
    assert_eq!(
        beginnings("0199"),
        [number("0199", false), number("0199", true)]
    );
    assert_eq!(beginnings("martin 01"), [number("01", true)]);
    assert_eq!(beginnings("0199 martin"), [number("0199", false)]);
    assert_eq!(beginnings("0199*"), [number("0199", true)]);
}

#[test]
fn the_last_word_that_is_not_excluded_may_be_a_beginning() {
    for (text, expected) in [
        ("vanb -lens", "vanb* AND -lens"),
        ("-lens vanb", "vanb* AND -lens"),
        ("vanb -lens -0199", "vanb* AND -lens AND -0199"),
        ("vanb lens", "vanb AND lens*"),
    ] {
        let widened = parse(text, LastWord::Beginning, Exclusions::NeedWords);
        assert!(widened.widened, "{text}");
        let root = widened.root.map(|root| root.describe());
        assert_eq!(root.as_deref(), Some(expected), "{text}");
    }
    assert!(!parse("-lens", LastWord::Beginning, Exclusions::MayStandAlone).widened);
}

#[test]
fn letters_are_compared_without_case_and_marks() {
    for (text, expected) in [
        ("Élodie", "elodie"),
        ("GROẞ", "gross"),
        ("Kjærgård", "kjaergard"),
        ("Łukasz Đặng", "lukasz dang"),
        ("ﬁn", "fin"),
        ("ガ", "ガ"),
        ("a\u{200F}b\u{200D}", "ab"),
    ] {
        assert_eq!(fold(text), expected, "{text}");
    }
    assert_eq!(words("l'Œuvre & ☃").tokens, ["l", "oeuvre"]);
    assert_eq!(words("株式会社").tokens, ["株式", "式会", "会社"]);
    assert_eq!(words("JR東日本").tokens, ["jr", "東日", "日本"]);
    assert!(words("花").single);
}

#[test]
fn values_are_also_indexed_as_they_may_be_spelled() {
    let has = |tokens: String, word: &str| tokens.split(' ').any(|token| token == word);
    let name = |text: &str| Tokens::text(text, true).finish();
    for (value, word) in [
        ("Jürgen", "juergen"),
        ("Århus", "aarhus"),
        ("Søren", "soeren"),
        ("O’Hara", "ohara"),
        ("Jean-Baptiste", "jeanbaptiste"),
    ] {
        assert!(has(name(value), word), "{value}");
    }
    assert!(!has(Tokens::text("O'Hara", false).finish(), "ohara"));
    let long = Tokens::text(&"mot ".repeat(20_000), false).finish();
    assert_eq!(long.split(' ').count(), 8_000);
}

proptest! {
    #[test]
    fn nothing_typed_is_an_error(text in "[-\"*()@+0-9a-zA-Zéß花 ORAND«»“”:^{}\\\\\u{0}\u{200F}😀]{0,200}") {
        for last in [LastWord::Whole, LastWord::Beginning] {
            let query = parse(&text, last, Exclusions::NeedWords);
            prop_assert!(query.root.is_some() || !query.notices.is_empty());
        }
    }
}
