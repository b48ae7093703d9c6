//! Sort keys of a card: the key the card gives itself, else its name by the rules of its language.

use super::{
    document::{Document, Kind},
    line::Line,
};

/// Words before a family name that lists sort it without, written small: a preposition, or an
/// article after one.
///
/// French `de`, but not the articles `le`, `la`, `les` and what holds one, `du`, `des`; Dutch; German
/// but for what holds an article, `am`, `vom`, `zum`, `zur`; Italian, where a name of today is
/// written with a capital and keeps it; Spanish, Portuguese, Scandinavian. Anglo-American Cataloguing
/// Rules, 2nd edition, 22.5D1; the same come out of the examples of RFC 2426 §3.6.5. Where languages
/// disagree on a word (`la` after `de`), French decides.
#[rustfmt::skip]
const PARTICLES: [&str; 33] = [
    "de",
    "van", "den", "der", "het", "'t", "’t", "te", "ten", "ter", "op",
    "von", "zu", "und", "dem",
    "di", "del", "della", "delle", "dei", "degli", "dal", "dalla", "de'", "de’",
    "los", "las",
    "da", "do", "dos", "das",
    "af", "av",
];
/// Particles written together with the name.
const JOINED: [&str; 6] = ["d'", "d’", "dell'", "dell’", "al-", "el-"];

/// A name in both orders of lists, unfolded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortNames {
    /// Given name first.
    pub first: String,
    /// Family name first.
    pub last: String,
}

impl Document {
    /// A company rather than a person (KIND, RFC 6350 §6.1.4; X-ABShowAs of Apple's programs).
    pub fn is_company(&self) -> bool {
        let shown_as = self.first("X-ABShowAs").map(Line::text);
        self.kind() == Kind::Org
            || shown_as.is_some_and(|shown| shown.trim().eq_ignore_ascii_case("COMPANY"))
    }

    /// The sort names of the card.
    ///
    /// SORT-AS (RFC 6350 §5.9) comes first, or SORT-STRING (RFC 2426 §3.6.5) in the place of the
    /// family name. Names in Han, kana or Hangul are sorted by their phonetic form, where the card
    /// has one.
    pub fn sort_names(&self) -> SortNames {
        let own = self
            .first("SORT-STRING")
            .and_then(|line| said(&line.text()));
        if self.is_company() {
            let sorted_as = self.first("ORG").and_then(|org| sort_as(org).next());
            let name = own.or(sorted_as).unwrap_or_else(|| self.company_name());
            return SortNames {
                first: name.clone(),
                last: name,
            };
        }
        let n = self.first("N");
        let parts = n.map(Line::components).unwrap_or_default();
        let part = |at: usize| parts.get(at).and_then(|part| said(part));
        let (family, given) = (part(0), part(1));
        let mut answers = n.into_iter().flat_map(sort_as);
        let (own_family, own_given) = (own.or(answers.next()), answers.next());
        let whole = if family.is_none() && given.is_none() {
            said(&self.formatted_name())
        } else {
            None
        };
        let written = [&family, &given, &whole];
        let is_spoken = written
            .into_iter()
            .flatten()
            .any(|name| name.contains(is_cjk));
        let spoken = |name: &str| {
            if is_spoken {
                self.first(name).and_then(|line| said(&line.text()))
            } else {
                None
            }
        };
        let spoken_family = spoken("X-PHONETIC-LAST-NAME");
        let spoken_given = spoken("X-PHONETIC-FIRST-NAME");
        // A name that is not taken apart is the family's, unless both are said.
        let whole = whole.filter(|_| spoken_family.is_none() && spoken_given.is_none());
        let family = own_family
            .or(spoken_family)
            .or(family.map(|name| without_particles(&name).to_owned()))
            .or(whole);
        let given = own_given.or(spoken_given).or(given);
        SortNames {
            first: joined(&given, &family),
            last: joined(&family, &given),
        }
    }

    /// What is displayed of a company, else its organization.
    fn company_name(&self) -> String {
        let named = self.first("FN").and_then(|line| said(&line.text()));
        let organization = || said(&self.first("ORG")?.components().join(" "));
        named
            .or_else(organization)
            .unwrap_or_else(|| self.formatted_name())
    }
}

/// The components of SORT-AS.
fn sort_as(line: &Line) -> impl Iterator<Item = String> {
    let params = line.params.iter();
    let values = params
        .filter(|param| param.name.eq_ignore_ascii_case("SORT-AS"))
        .flat_map(|param| &param.values);
    values.flat_map(|value| value.split(',')).filter_map(said)
}

fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn joined(one: &Option<String>, other: &Option<String>) -> String {
    let words: Vec<&str> = [one, other]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    words.join(" ")
}

/// A family name from its first word that is no particle; what is nothing else stays as it is.
fn without_particles(family: &str) -> &str {
    let mut rest = family;
    loop {
        let shorter = match rest.split_once(char::is_whitespace) {
            Some((word, after)) if PARTICLES.contains(&word) => Some(after),
            _ => JOINED.iter().find_map(|joined| rest.strip_prefix(joined)),
        };
        match shorter.map(str::trim_start).filter(|rest| !rest.is_empty()) {
            Some(shorter) => rest = shorter,
            None => return rest,
        }
    }
}

/// Han, kana and Hangul, whose order is not that of their sounds.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}'
        | '\u{3130}'..='\u{318F}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(version: &str, lines: &str) -> SortNames {
        let card = format!("BEGIN:VCARD\r\nVERSION:{version}\r\n{lines}END:VCARD\r\n");
        Document::parse(card.as_bytes())
            .expect("a card")
            .sort_names()
    }

    fn by_family(family: &str) -> String {
        let names = sorted("3.0", &format!("FN:x\r\nN:{family};Ana;;;\r\n"));
        let sorted = names
            .last
            .strip_suffix(" Ana")
            .expect("the given name last");
        assert_eq!(names.first, format!("Ana {sorted}"));
        sorted.to_owned()
    }

    /// The names of RFC 2426 §3.6.5 and RFC 6350 §5.9.
    #[test]
    fn the_own_answer_goes_first() {
        for (version, lines, last) in [
            (
                "3.0",
                "FN:Rene van der Harten\r\nN:van der Harten;Rene;J.;Sir;R.D.O.N.\r\nSORT-STRING:Harten\r\n",
                "Harten Rene",
            ),
            (
                "3.0",
                "FN:Robert Pau Shou Chang\r\nN:Pau;Shou Chang;Robert\r\nSORT-STRING:Pau\r\n",
                "Pau Shou Chang",
            ),
            (
                "3.0",
                "FN:Oscar del Pozo\r\nN:del Pozo Triscon;Oscar\r\nSORT-STRING:Pozo\r\n",
                "Pozo Oscar",
            ),
            (
                "4.0",
                "FN:Rene van der Harten\r\nN;SORT-AS=\"Harten,Rene\":van der Harten;Rene,J.;Sir;R.D.O.N.\r\n",
                "Harten Rene",
            ),
            (
                "4.0",
                "FN:Robert Pau Shou Chang\r\nN;SORT-AS=\"Pau Shou Chang,Robert\":Shou Chang;Robert,Pau;;\r\n",
                "Pau Shou Chang Robert",
            ),
            (
                "4.0",
                "FN:H. James de Mann\r\nN;SORT-AS=\"Mann,James\":de Mann;Henry,James;;\r\n",
                "Mann James",
            ),
            (
                "4.0",
                "FN:ABC, Inc.\r\nKIND:org\r\nORG;SORT-AS=\"ABC\":ABC\\, Inc.\r\n",
                "ABC",
            ),
            // In the place of what would be said, too.
            (
                "4.0",
                "FN:Du Bellay\r\nN;SORT-AS=Bellay:Du Bellay;Jean;;;\r\n",
                "Bellay Jean",
            ),
        ] {
            assert_eq!(sorted(version, lines).last, last, "{lines}");
        }
        let names = sorted(
            "4.0",
            "FN:x\r\nN;SORT-AS=\"Harten,Rene\":van der Harten;Rene,J.;;\r\n",
        );
        assert_eq!(names.first, "Rene Harten");
    }

    #[test]
    fn particles_are_passed_over_by_the_rules_of_their_languages() {
        for (family, sorted) in [
            // As RFC 2426 §3.6.5 sorts them.
            ("van der Harten", "Harten"),
            ("del Pozo Triscon", "Pozo Triscon"),
            ("d'Aboville", "Aboville"),
            ("de Mann", "Mann"),
            // French: the article stays.
            ("de Gaulle", "Gaulle"),
            ("d’Ormesson", "Ormesson"),
            ("de La Fontaine", "La Fontaine"),
            ("de la Tour", "la Tour"),
            ("du Bellay", "du Bellay"),
            ("des Essarts", "des Essarts"),
            ("Le Goff", "Le Goff"),
            // Dutch, German, Italian, Spanish, Portuguese, Danish.
            ("van 't Hoff", "Hoff"),
            ("de Vries", "Vries"),
            ("von und zu Liechtenstein", "Liechtenstein"),
            ("vom Stein", "vom Stein"),
            ("della Rovere", "Rovere"),
            ("de las Casas", "Casas"),
            ("dos Santos", "Santos"),
            ("af Klint", "Klint"),
            // With a capital it is part of the name.
            ("Van Buren", "Van Buren"),
            ("De Sica", "De Sica"),
            ("D'Annunzio", "D'Annunzio"),
            // Nothing else is left.
            ("van", "van"),
            ("de  ", "de"),
            ("der van", "van"),
            ("Vandevelde", "Vandevelde"),
        ] {
            assert_eq!(by_family(family), sorted, "{family}");
        }
    }

    #[test]
    fn companies_are_sorted_by_name_and_japanese_names_as_spoken() {
        let org = "FN:Boulangerie Azur\r\nN:Petit;Nina;;;\r\nORG:Azur\r\nX-ABShowAs:COMPANY\r\n";
        let names = sorted("3.0", org);
        assert_eq!(
            (&*names.first, &*names.last),
            ("Boulangerie Azur", "Boulangerie Azur")
        );
        let spoken = "X-PHONETIC-LAST-NAME:やまだ\r\nX-PHONETIC-FIRST-NAME:はなこ\r\n";
        let names = sorted(
            "3.0",
            &format!("FN:山田 花子\r\nN:山田;花子;;;\r\n{spoken}"),
        );
        assert_eq!(
            (&*names.first, &*names.last),
            ("はなこ やまだ", "やまだ はなこ")
        );
        let names = sorted("3.0", &format!("FN:山田花子\r\nN:;;;;\r\n{spoken}"));
        assert_eq!(names.last, "やまだ はなこ");
        // How a name in letters is spoken says nothing of its place.
        let names = sorted(
            "3.0",
            "FN:Zoë Nguyen\r\nN:Nguyen;Zoë;;;\r\nX-PHONETIC-LAST-NAME:Win\r\n",
        );
        assert_eq!(names.last, "Nguyen Zoë");
        let names = sorted("3.0", "FN:Café de la Gare\r\n");
        assert_eq!(
            (&*names.first, &*names.last),
            ("Café de la Gare", "Café de la Gare")
        );
    }
}
