//! Which column holds what: the headers programs write, in the languages they write them.
//!
//! A destination is named by a code, so that a person can choose one and a mapping can be kept:
//! `N.given`, `ORG.1`, `TEL;work,fax`, `ADR;home.street`, `CUSTOM` (under the header's own name).

use rlibphonenumber::{PhoneNumber, PhoneNumberType};

use super::date::{self, Date, Order};
use crate::domain::{item::digest, search::token::fold};

/// A column of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub header: String,
    /// Empty: ignored.
    pub code: String,
}

/// A destination and the headers that mean it, English first, then French, German, Dutch.
type Entry = (&'static str, &'static [&'static str]);

/// The columns of Outlook for Windows and on the web.
#[rustfmt::skip]
pub const OUTLOOK: &[Entry] = &[
    ("N.prefix", &["title", "titre", "anrede", "titel"]),
    ("TITLE", &["job title", "titre#2", "position", "functie"]),
    ("N.given", &["first name", "prenom", "vorname", "voornaam"]),
    ("N.additional", &["middle name", "deuxieme prenom", "weitere vornamen", "middelste naam"]),
    ("N.family", &["last name", "nom", "nachname", "achternaam"]),
    ("N.suffix", &["suffix", "suffixe", "achtervoegsel"]),
    ("NICKNAME", &["nickname", "surnom"]),
    ("PHONETIC.given", &["given yomi"]),
    ("PHONETIC.family", &["surname yomi"]),
    ("PHONETIC.org", &["company yomi"]),
    ("ORG", &["company", "societe", "firma", "bedrijf"]),
    ("ORG.1", &["department", "service", "abteilung", "afdeling"]),
    ("ORG.2", &["office location", "bureau", "buro", "werklocatie"]),
    ("ADR;work.street", &["business street", "rue (bureau)", "strasse geschaftlich", "werkadres, straat"]),
    ("ADR;work.street", &["business street 2", "rue (bureau) 2", "strasse geschaftlich 2", "werkadres 2, straat"]),
    ("ADR;work.street", &["business street 3", "rue (bureau) 3", "strasse geschaftlich 3", "werkadres 3, straat"]),
    ("ADR;work.locality", &["business city", "ville (bureau)", "ort geschaftlich", "werkadres, plaats"]),
    ("ADR;work.region", &["business state", "dep/region (bureau)", "region geschaftlich", "werkadres, provincie"]),
    ("ADR;work.code", &["business postal code", "code postal (bureau)", "postleitzahl geschaftlich", "werkadres, postcode"]),
    ("ADR;work.country", &["business country/region", "business country", "pays/region (bureau)", "pays (bureau)", "land/region geschaftlich", "werkadres, land/regio"]),
    ("ADR;work.box", &["business address po box", "b.p. professionnelle", "postfach geschaftlich", "werkadres, postbusnummer"]),
    ("ADR;home.street", &["home street", "rue (domicile)", "strasse privat", "huisadres, straat"]),
    ("ADR;home.street", &["home street 2", "rue (domicile) 2", "strasse privat 2", "huisadres, straat 2"]),
    ("ADR;home.street", &["home street 3", "rue (domicile) 3", "strasse privat 3", "huisadres, straat 3"]),
    ("ADR;home.locality", &["home city", "ville (domicile)", "ort privat", "huisadres, plaats"]),
    ("ADR;home.region", &["home state", "dep/region (domicile)", "bundesland/kanton privat", "huisadres, provincie"]),
    ("ADR;home.code", &["home postal code", "code postal (domicile)", "postleitzahl privat", "huisadres, postcode"]),
    ("ADR;home.country", &["home country/region", "home country", "pays/region (domicile)", "pays (domicile)", "land/region privat", "huisadres, land/regio"]),
    ("ADR;home.box", &["home address po box", "boite postale du domicile", "postfach privat", "huisadres, postbusnummer"]),
    ("ADR.street", &["other street", "rue (autre)", "weitere strasse", "ander adres, straat"]),
    ("ADR.street", &["other street 2", "rue (autre) 2", "weitere strasse 2", "ander adres, straat 2"]),
    ("ADR.street", &["other street 3", "rue (autre) 3", "weitere strasse 3", "ander adres, straat 3"]),
    ("ADR.locality", &["other city", "ville (autre)", "weiterer ort", "ander adres, plaats"]),
    ("ADR.region", &["other state", "dep/region (autre)", "weiteres/r bundesland/kanton", "ander adres, provincie"]),
    ("ADR.code", &["other postal code", "code postal (autre)", "weitere postleitzahl", "ander adres, postcode"]),
    ("ADR.country", &["other country/region", "other country", "pays/region (autre)", "pays (autre)", "weiteres/e land/region", "ander adres, land/regio"]),
    ("ADR.box", &["other address po box", "autre boite postale", "weiteres postfach", "ander adres, postbusnummer"]),
    ("TEL;x-assistant", &["assistant's phone", "telephone de l'assistant(e)", "telefon assistent", "telefoon assistent"]),
    ("TEL;work,fax", &["business fax", "telecopie (bureau)", "fax geschaftlich", "fax op werk"]),
    ("TEL;work", &["business phone", "telephone (bureau)", "telefon geschaftlich", "telefoon op werk"]),
    ("TEL;work", &["business phone 2", "telephone 2 (bureau)", "telefon geschaftlich 2", "telefoon op werk 2"]),
    ("TEL=Callback", &["callback", "rappel", "ruckmeldung", "terugbellen"]),
    ("TEL;car", &["car phone", "telephone (voiture)", "autotelefon", "autotelefoon"]),
    ("TEL;work,x-company-main", &["company main phone", "telephone societe", "telefon firma", "hoofdtelefoon bedrijf"]),
    ("TEL;home,fax", &["home fax", "telecopie (domicile)", "fax privat", "fax thuis"]),
    ("TEL;home", &["home phone", "telephone (domicile)", "telefon (privat)", "telefon privat", "telefoon thuis"]),
    ("TEL;home", &["home phone 2", "telephone 2 (domicile)", "telefon (privat 2)", "telefon privat 2", "telefoon thuis 2"]),
    ("TEL;isdn", &["isdn", "rnis"]),
    ("TEL;cell", &["mobile phone", "tel. mobile", "mobiltelefon", "mobiele telefoon"]),
    ("TEL;fax", &["other fax", "telecopie (autre)", "weiteres fax", "andere fax"]),
    ("TEL", &["other phone", "telephone (autre)", "weiteres telefon", "andere telefoon"]),
    ("TEL;pager", &["pager", "recepteur de radiomessagerie", "semafoon"]),
    ("TEL;pref", &["primary phone", "telephone principal", "haupttelefon", "hoofdtelefoon"]),
    ("TEL;x-radio", &["radio phone", "radio telephone", "mobiltelefon 2", "radiotelefoon"]),
    ("TEL;textphone", &["tty/tdd phone", "telephone tdd/tty", "telefon fur horbehinderte", "teksttelefoon"]),
    ("TEL=Telex", &["telex"]),
    ("EMAIL", &["e-mail address", "adresse de messagerie", "e-mail-adresse", "e-mailadres"]),
    ("EMAIL", &["e-mail 2 address", "adresse de messagerie 2", "e-mail 2: adresse", "e-mailadres 2"]),
    ("EMAIL", &["e-mail 3 address", "adresse de messagerie 3", "e-mail 3: adresse", "e-mailadres 3"]),
    ("EMAIL.type", &["e-mail type", "type de messagerie", "e-mail-typ", "e-mailtype"]),
    ("EMAIL.type", &["e-mail 2 type", "type de messagerie 2", "e-mail 2: typ", "e-mailtype 2"]),
    ("EMAIL.type", &["e-mail 3 type", "type de messagerie 3", "e-mail 3: typ", "e-mailtype 3"]),
    ("EMAIL.name", &["e-mail display name", "nom complet de l'adresse de messagerie", "e-mail: angezeigter name", "e-mail, weergegeven naam"]),
    ("EMAIL.name", &["e-mail 2 display name", "nom complet de l'adresse de messagerie 2", "e-mail 2: angezeigter name", "e-mail, weergegeven naam 2"]),
    ("EMAIL.name", &["e-mail 3 display name", "nom complet de l'adresse de messagerie 3", "e-mail 3: angezeigter name", "e-mail, weergegeven naam 3"]),
    ("IMPP", &["imaddress"]),
    ("BDAY", &["birthday", "anniversaire", "geburtstag", "verjaardag"]),
    ("ANNIVERSARY", &["anniversary", "anniversaire de mariage ou fete", "jahrestag", "speciale datum"]),
    ("CATEGORIES", &["categories", "kategorien", "categorieen"]),
    ("NOTE", &["notes", "notizen", "notities"]),
    ("URL;work", &["web page", "page web", "webseite", "webpagina"]),
    ("URL;home", &["personal web page"]),
    ("RELATED;spouse", &["spouse", "conjoint(e)", "partner", "partner/echtgenoot"]),
    ("RELATED;child", &["children", "enfants", "kinder", "kinderen"]),
    ("RELATED;assistant", &["assistant's name", "nom de l'assistant(e)", "name assistent", "naam assistent"]),
    ("RELATED;manager", &["manager's name", "responsable", "name des/der vorgesetzten", "naam manager"]),
    ("ROLE", &["profession", "beruf", "beroep"]),
    ("GENDER", &["gender", "sexe", "geschlecht", "geslacht"]),
    ("LANG", &["language", "langue", "sprache", "taal"]),
    ("FBURL", &["internet free busy", "disponibilite internet", "internet-frei/gebucht", "internet beschikbaarheidsinfo"]),
    ("INITIALS", &["initials", "initiales", "initialen", "voorletters"]),
    ("HOBBY", &["hobby", "passe-temps", "hobby's"]),
    ("CLASS", &["private", "prive", "privat"]),
    ("CLASS", &["sensitivity", "critere de diffusion", "vertraulichkeit", "gevoeligheid"]),
    ("CUSTOM=Account", &["account", "compte", "konto"]),
    ("CUSTOM=Government ID Number", &["government id number", "code gouvernement", "regierungsnr.", "id-nummer overheid"]),
    ("CUSTOM=Organizational ID Number", &["organizational id number", "numero d'identification de l'organisation", "organisationsnr.", "organisatienummer"]),
    ("CUSTOM=Billing Information", &["billing information", "informations facturation", "abrechnungsinformation", "factuurgegevens"]),
    ("CUSTOM=Mileage", &["mileage", "kilometrage", "reisekilometer", "kilometervergoeding"]),
    ("CUSTOM=Keywords", &["keywords", "mots cles", "stichworter", "trefwoorden"]),
    ("CUSTOM=Location", &["location", "emplacement", "ort", "locatie"]),
    ("CUSTOM=Referred By", &["referred by", "recommande par", "empfohlen von", "verwezen door"]),
    ("CUSTOM=Directory Server", &["directory server", "serveur d'annuaire", "verzeichnisserver", "adreslijstserver"]),
    ("CUSTOM=Schools", &["schools"]),
    ("CUSTOM=User 1", &["user 1", "utilisateur 1", "benutzer 1", "gebruiker 1"]),
    ("CUSTOM=User 2", &["user 2", "utilisateur 2", "benutzer 2", "gebruiker 2"]),
    ("CUSTOM=User 3", &["user 3", "utilisateur 3", "benutzer 3", "gebruiker 3"]),
    ("CUSTOM=User 4", &["user 4", "utilisateur 4", "benutzer 4", "gebruiker 4"]),
    ("", &["priority", "priorite", "prioritat", "prioriteit"]),
];

/// The columns of Thunderbird.
#[rustfmt::skip]
pub const THUNDERBIRD: &[Entry] = &[
    ("N.given", &["first name", "prenom"]),
    ("N.family", &["last name", "nom de famille"]),
    ("FN", &["display name", "nom a afficher"]),
    ("NICKNAME", &["nickname", "surnom"]),
    ("EMAIL", &["primary email", "adresse electronique principale"]),
    ("EMAIL", &["secondary email", "adresse electronique secondaire"]),
    ("CUSTOM=Screen Name", &["screen name", "pseudo aim"]),
    ("TEL;work", &["work phone", "tel. professionnel"]),
    ("TEL;home", &["home phone", "tel. personnel"]),
    ("TEL;work,fax", &["fax number", "fax"]),
    ("TEL;pager", &["pager number", "pager"]),
    ("TEL;cell", &["mobile number", "portable"]),
    ("ADR;home.street", &["home address", "adresse privee"]),
    ("ADR;home.street", &["home address 2", "adresse privee 2"]),
    ("ADR;home.locality", &["home city", "ville"]),
    ("ADR;home.region", &["home state", "pays/etat"]),
    ("ADR;home.code", &["home zipcode", "code postal"]),
    ("ADR;home.country", &["home country", "pays/region"]),
    ("ADR;work.street", &["work address", "adresse professionnelle"]),
    ("ADR;work.street", &["work address 2", "adresse professionnelle 2"]),
    ("ADR;work.locality", &["work city", "ville#2"]),
    ("ADR;work.region", &["work state", "pays/etat#2"]),
    ("ADR;work.code", &["work zipcode", "code postal#2"]),
    ("ADR;work.country", &["work country", "pays/region#2"]),
    ("TITLE", &["job title", "profession"]),
    ("ORG.1", &["department", "service"]),
    ("ORG", &["organization", "societe"]),
    ("URL;work", &["web page 1", "site web 1"]),
    ("URL;home", &["web page 2", "site web 2"]),
    ("BDAY.year", &["birth year", "annee de naissance"]),
    ("BDAY.month", &["birth month", "mois"]),
    ("BDAY.day", &["birth day", "jour"]),
    ("CUSTOM=Custom 1", &["custom 1", "divers 1"]),
    ("CUSTOM=Custom 2", &["custom 2", "divers 2"]),
    ("CUSTOM=Custom 3", &["custom 3", "divers 3"]),
    ("CUSTOM=Custom 4", &["custom 4", "divers 4"]),
    ("NOTE", &["notes"]),
];

/// Headers of any table.
#[rustfmt::skip]
const ANY: &[Entry] = &[
    ("N.prefix", &["title", "prefix", "salutation", "civility", "titre", "civilite", "m./mme"]),
    ("N.given", &["first name", "given name", "forename", "prenom", "prenom usuel"]),
    ("N.additional", &["middle name", "additional name", "deuxieme prenom"]),
    ("N.family", &["last name", "surname", "family name", "nom", "nom de famille", "patronyme"]),
    ("FN", &["name", "full name", "display name", "contact", "nom complet", "nom et prenom", "nom a afficher"]),
    ("ORG", &["company", "company name", "organisation", "organization", "employer", "societe", "societe / organisme", "raison sociale", "entreprise", "organisme", "employeur"]),
    ("TITLE", &["job title", "position", "function", "fonction", "poste"]),
    ("ORG.1", &["department", "service"]),
    ("EMAIL", &["e-mail", "email", "mail", "e-mail address", "email address", "courriel", "adresse e-mail", "adresse electronique", "mel"]),
    ("TEL;cell", &["mobile", "cell", "mobile phone", "portable", "gsm", "tel. portable", "tel. mobile"]),
    ("TEL;work", &["work phone", "business phone", "office", "tel. bureau", "tel. pro"]),
    ("TEL;home", &["home phone", "phone", "telephone", "tel. fixe", "tel. domicile", "tel."]),
    ("TEL;fax", &["fax", "telecopie"]),
    ("ADR.street", &["street", "street address", "address", "adresse", "adresse postale", "rue"]),
    ("ADR.code", &["zip", "postcode", "post code", "postal code", "zip code", "cp", "code postal"]),
    ("ADR.locality", &["city", "town", "ville", "localite", "commune"]),
    ("ADR.region", &["state", "county", "region", "departement"]),
    ("ADR.country", &["country", "pays"]),
    ("BDAY", &["birthday", "birth date", "birthdate", "date of birth", "dob", "date de naissance", "date naissance", "ddn", "ne(e) le", "ne le", "nee le", "anniversaire"]),
    ("NOTE", &["notes", "note", "comments", "remarks", "remarques", "commentaires", "observations"]),
    ("URL", &["website", "url", "web", "site web", "site internet", "web page"]),
    ("CATEGORIES", &["group", "category", "tags", "groupe", "categorie", "etiquettes", "categories", "groups"]),
    ("NICKNAME", &["nickname", "surnom"]),
    ("CUSTOM=Created by", &["created by", "cree par"]),
    ("CUSTOM=Modified", &["modified", "modifie"]),
];

/// Words of headers of telephone numbers, in any order: of what they are, and of which kind.
const TELEPHONE: [&str; 7] = [
    "tel",
    "telephone",
    "phone",
    "telefon",
    "telefoon",
    "telefono",
    "telefone",
];
const MOBILE: [&str; 10] = [
    "mobil",
    "handy",
    "movil",
    "telemovel",
    "mobile",
    "portable",
    "gsm",
    "cell",
    "cellphone",
    "cellulaire",
];
const FAX: [&str; 2] = ["fax", "telecopie"];
const WORK: [&str; 8] = [
    "pro",
    "professionnel",
    "professionnelle",
    "bureau",
    "travail",
    "work",
    "business",
    "office",
];
const HOME: [&str; 7] = [
    "fixe",
    "domicile",
    "perso",
    "personnel",
    "maison",
    "home",
    "personal",
];
/// Words that say nothing beside those.
const BESIDE: [&str; 6] = ["numero", "number", "no", "n", "de", "du"];

/// Words that tell a date of birth.
const BIRTH: [&str; 6] = ["naissance", "naiss", "ne", "nee", "birth", "born"];

/// Words of headers that one language alone has, English first.
#[rustfmt::skip]
const LANGUAGES: [(&str, &[&str]); 7] = [
    ("en", &["first", "last", "middle", "given", "surname", "family", "display", "company", "job", "phone", "street", "city", "address", "country", "zip", "birth", "birthday", "dob", "business", "home", "anniversary"]),
    ("fr", &["prenom", "prenoms", "nom", "societe", "courriel", "portable", "ville", "pays", "civilite", "naissance", "ne", "anniversaire", "rue", "messagerie", "entreprise"]),
    ("de", &["vorname", "vornamen", "nachname", "strasse", "ort", "stadt", "plz", "postleitzahl", "geburtstag", "geburtsdatum", "firma", "handy", "anrede"]),
    ("nl", &["voornaam", "achternaam", "naam", "straat", "plaats", "woonplaats", "geboortedatum", "verjaardag", "bedrijf", "telefoon"]),
    ("es", &["nombre", "apellido", "apellidos", "calle", "ciudad", "fecha", "nacimiento", "cumpleanos", "correo", "movil", "direccion"]),
    ("it", &["nome", "cognome", "azienda", "citta", "nascita", "compleanno", "indirizzo", "cellulare"]),
    ("pt", &["sobrenome", "apelido", "rua", "cidade", "nascimento", "aniversario", "morada", "telemovel", "celular"]),
];

/// The last columns of our own spreadsheets of a group: they tell of the card, not of the contact.
const OURS: [[&str; 3]; 2] = [
    ["group", "created by", "modified"],
    ["groupe", "cree par", "modifie"],
];

/// What stands over the last column of the lines an import refused, which is about that import.
const REASON: [&str; 2] = ["reason", "motif"];

/// A header as it is compared: folded, with single blanks and uniform apostrophes.
pub fn folded(header: &str) -> String {
    let header = fold(header).replace(['\u{2019}', '\u{2018}', '`'], "'");
    header.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fingerprint of a header, equal for files of the same program.
pub fn fingerprint(header: &[String]) -> String {
    let folded: Vec<String> = header.iter().map(|column| folded(column)).collect();
    digest(folded.join("\n").as_bytes())
}

/// Whether a table has a column of this folded name.
pub fn has(header: &[String], name: &str) -> bool {
    header.iter().any(|column| folded(column) == name)
}

/// `en`, `fr`...: the language most headers are in; empty when there is none.
pub fn language(header: &[String]) -> &'static str {
    let folded: Vec<String> = header.iter().map(|column| folded(column)).collect();
    let counted = LANGUAGES.iter().map(|(language, words)| {
        let is_of = |name: &&String| {
            let mut parts = name.split(|c: char| !c.is_alphanumeric());
            parts.any(|part| words.contains(&part))
        };
        (folded.iter().filter(is_of).count(), *language)
    });
    // English words stand in files of other languages, rarely the other way round.
    let most = counted
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, _)| *count);
    most.map_or("", |(_, language)| language)
}

/// The destination of every column by a program's headers; unknown ones stay under their own name.
pub fn program(header: &[String], entries: &[Entry]) -> Vec<Column> {
    let mut columns = map(header, |name, occurrence| {
        find(entries, name, occurrence).map_or_else(|| "CUSTOM".to_owned(), str::to_owned)
    });
    if let Some(last) = columns.last_mut()
        && REASON.contains(&&folded(&last.header)[..])
    {
        last.code.clear();
    }
    columns
}

/// A guess for every column of any table: by header, else by content.
pub fn guess<'a>(header: &[String], cells: impl Fn(usize) -> Vec<&'a str>) -> Vec<Column> {
    let mut columns = map(header, |name, occurrence| {
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
        let known = find(ANY, name, occurrence)
            .or_else(|| find(ANY, bare, 1))
            .or_else(|| find(OUTLOOK, name, occurrence))
            .or_else(|| find(THUNDERBIRD, name, occurrence))
            .or_else(|| number_by_words(name));
        known.unwrap_or_default().to_owned()
    });
    for (at, column) in columns.iter_mut().enumerate() {
        if column.code.is_empty() {
            column.code = by_content(&folded(&column.header), &cells(at)).to_owned();
        }
    }
    let about_cards = about_cards(&columns);
    columns[about_cards..]
        .iter_mut()
        .for_each(|column| column.code.clear());
    columns
}

/// Where the last columns begin that are not about contacts.
fn about_cards(columns: &[Column]) -> usize {
    let names: Vec<String> = columns
        .iter()
        .map(|column| folded(&column.header))
        .collect();
    let ours = names.len().checked_sub(3);
    let ours = ours.filter(|at| OURS.iter().any(|ours| names[*at..] == ours[..]));
    let reason = names.last().is_some_and(|last| REASON.contains(&&last[..]));
    ours.unwrap_or(names.len() - usize::from(reason))
}

/// Keeps columns without a known field as custom fields under their headers, and names those that
/// say something. Where no line named the columns, and none holds a name, the first one is that.
pub fn keep_unknown<'a, C: Iterator<Item = &'a str>>(
    columns: &mut [Column],
    cells: impl Fn(usize) -> C,
) -> Vec<String> {
    let about_cards = about_cards(columns);
    let is_name = |column: &Column| column.code == "FN" || column.code.starts_with("N.");
    let numbers = (1..).map(|at: usize| at.to_string());
    let headless = columns
        .iter()
        .map(|column| &column.header)
        .cloned()
        .zip(numbers)
        .all(|(a, b)| a == b);
    let mut nameless = headless && !columns.iter().any(is_name);
    let mut unknown = Vec::new();
    for (at, column) in columns[..about_cards].iter_mut().enumerate() {
        let says = cells(at).any(|cell| !cell.trim().is_empty());
        if !column.code.is_empty() || !says {
            continue;
        }
        if std::mem::take(&mut nameless) {
            "FN".clone_into(&mut column.code);
        } else {
            "CUSTOM".clone_into(&mut column.code);
            unknown.push(column.header.clone());
        }
    }
    unknown
}

fn map(header: &[String], code: impl Fn(&str, usize) -> String) -> Vec<Column> {
    let names: Vec<String> = header.iter().map(|column| folded(column)).collect();
    let occurrence = |at: usize| {
        names[..=at]
            .iter()
            .filter(|name| **name == names[at])
            .count()
    };
    header
        .iter()
        .enumerate()
        .map(|(at, column)| Column {
            header: column.clone(),
            code: code(&names[at], occurrence(at)),
        })
        .collect()
}

fn find(entries: &[Entry], name: &str, occurrence: usize) -> Option<&'static str> {
    let numbered = format!("{name}#{occurrence}");
    let exact = |wanted: &str| {
        entries
            .iter()
            .find(|(_, headers)| headers.contains(&wanted))
            .map(|(code, _)| *code)
    };
    if occurrence > 1 {
        return exact(&numbered).or_else(|| exact(name));
    }
    exact(name)
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| part.contains(char::is_alphabetic))
}

/// The kind of telephone number that the words of a header tell, if it has no other words.
fn number_by_words(name: &str) -> Option<&'static str> {
    let has = |known: &[&str]| words(name).any(|word| known.contains(&word));
    let all: [&[&str]; 6] = [&TELEPHONE, &MOBILE, &FAX, &WORK, &HOME, &BESIDE];
    let is_known = |word: &str| all.iter().any(|known| known.contains(&word));
    if !words(name).all(is_known) {
        return None;
    }
    match (has(&WORK), has(&HOME)) {
        (_, true) if has(&FAX) => Some("TEL;home,fax"),
        (true, _) if has(&FAX) => Some("TEL;work,fax"),
        _ if has(&FAX) => Some("TEL;fax"),
        _ if has(&MOBILE) => Some("TEL;cell"),
        _ if !has(&TELEPHONE) => None,
        (true, _) => Some("TEL;work"),
        (_, true) => Some("TEL;home"),
        _ => None,
    }
}

/// Dates, addresses and numbers are recognized by what nearly every cell looks like.
fn by_content(name: &str, cells: &[&str]) -> &'static str {
    let filled: Vec<&str> = cells
        .iter()
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .collect();
    let most = |is: fn(&str) -> bool| {
        let alike = filled.iter().filter(|cell| is(cell)).count();
        !filled.is_empty() && alike * 10 >= filled.len() * 9
    };
    if most(is_date) {
        let is_birth = words(name).any(|word| BIRTH.contains(&word));
        return if is_birth { "BDAY" } else { "" };
    }
    if most(is_email) {
        return "EMAIL";
    }
    if most(is_mobile) {
        return "TEL;cell";
    }
    let is_called_so = words(name).any(|word| TELEPHONE.contains(&word));
    if most(is_telephone) || is_called_so && most(is_number) {
        return "TEL";
    }
    if most(|cell| cell.starts_with("http://") || cell.starts_with("https://")) {
        return "URL";
    }
    ""
}

/// Whether a text is a day, and not digits alone.
fn is_date(text: &str) -> bool {
    let is_written = !text.starts_with('+') && text.contains(|c: char| !c.is_ascii_digit());
    is_written && matches!(date::read(text, Order::DayFirst, false), Date::Known(_))
}

/// Whether a text of digits is written like a telephone number: other numbers have no zero in front,
/// and no groups or more digits.
fn is_telephone(text: &str) -> bool {
    let is_grouped = text.contains(|c: char| !c.is_ascii_digit());
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_written = text.starts_with(['+', '0', '(']) || (is_grouped && digits <= 11);
    is_written && is_number(text) && !is_date(text)
}

/// Whether a text is an international number of a mobile phone.
fn is_mobile(text: &str) -> bool {
    let number = PhoneNumber::parse(text, None);
    number.is_ok_and(|number| number.is_valid() && number.get_type() == PhoneNumberType::Mobile)
}

/// Whether a text looks like a telephone number.
pub fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= 8
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || " +().-/".contains(c))
}

/// Whether a text looks like an e-mail address: no blanks, and one `@` with text on both sides.
pub fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}
