//! Tables and directories: what has no field of its own is kept beside.

use super::*;

fn custom(fields: &Fields) -> Vec<(&str, &str)> {
    let all = fields.custom.iter();
    all.map(|(name, value)| (&name[..], &value[..])).collect()
}

#[test]
fn a_second_column_of_a_field_is_kept_under_its_name() {
    let text = "Nom complet;Société;Entreprise;Fonction;Poste;Notes;Commentaires;Ville;Commune;Rue;Adresse\n\
        Ève Rouge;Acme;Club;Chef;Chef;Un;Deux;Lille;Lyon;1 rue A;Étage 2\n";
    let file = table(text, &Options::default());
    let eve = &contacts(&file)[0];
    assert_eq!(
        (&eve.organization[..], &eve.title[..], &eve.note[..]),
        ("Acme", "Chef", "Un\nDeux")
    );
    assert_eq!(custom(eve), [("Entreprise", "Club"), ("Commune", "Lyon")]);
    let address = &eve.addresses[0].parts;
    assert_eq!(
        (&address[2][..], &address[3][..]),
        ("1 rue A\nÉtage 2", "Lille")
    );
    assert_eq!(codes(&file), [(1, "field-twice")]);
}

#[test]
fn a_column_of_dates_or_of_other_numbers_is_no_column_of_telephone_numbers() {
    for (header, cells, expected) in [
        ("Date naissance", ["12/03/1980", "01/02/1975"], "BDAY"),
        ("Birth date", ["1980-03-12", "1975-02-01"], "BDAY"),
        ("DDN", ["12.03.1980", "01.02.1975"], "BDAY"),
        ("Jour de naissance", ["12/03/1980", "01/02/1975"], "BDAY"),
        ("Date d'adhésion", ["12/03/2020", "01-02-2021"], ""),
        ("SIRET", ["12345678900012", "123 456 789 00012"], ""),
        ("Client", ["10000017", "10000018"], ""),
        ("A", ["01 99 00 12 34", "0199001235"], "TEL"),
        ("Telefon", ["20123456", "31234567"], "TEL"),
        ("Numéro de tél", ["612345678", "478123456"], "TEL"),
        ("Phone number", ["2125550147", "2125550148"], "TEL"),
        ("Tel", ["+32 471 12 34 57", "+32 470 12 34 56"], "TEL;cell"),
        ("A", ["+33 1 99 00 12 34", "+32 2 123 45 67"], "TEL"),
        ("A", ["(212) 555-0147", "212-555-0148"], "TEL"),
        ("A", ["+32 471 12 34 57", "+32 470 12 34 56"], "TEL;cell"),
    ] {
        let header = [header.to_owned()];
        let guessed = column::guess(&header, |_| cells.to_vec());
        assert_eq!(guessed[0].code, expected, "{header:?} {cells:?}");
    }
}

#[test]
fn a_header_tells_the_kind_of_a_number_by_its_words() {
    for (header, expected) in [
        ("Téléphone portable", "TEL;cell"),
        ("Téléphone mobile", "TEL;cell"),
        ("Tél portable", "TEL;cell"),
        ("Tel mobile", "TEL;cell"),
        ("Mobile pro", "TEL;cell"),
        ("Handy", "TEL;cell"),
        ("Cell phone", "TEL;cell"),
        ("Numéro de portable", "TEL;cell"),
        ("Téléphone professionnel", "TEL;work"),
        ("Tél. pro.", "TEL;work"),
        ("Tél. pro. 2", "TEL;work"),
        ("Téléphone fixe", "TEL;home"),
        ("Fax pro", "TEL;work,fax"),
        ("Numéro de bureau", ""),
        ("Portable prêté", ""),
        ("Société / Organisme", "ORG"),
        ("Company name", "ORG"),
        ("Adresse postale", "ADR.street"),
        ("Street address", "ADR.street"),
        ("Site internet", "URL"),
        ("Post code", "ADR.code"),
    ] {
        let guessed = column::guess(&[header.to_owned()], |_| Vec::new());
        assert_eq!(guessed[0].code, expected, "{header}");
    }
}

#[test]
fn a_year_alone_is_a_birth_year_only_where_it_is_a_birthday() {
    let text = "First name,Last name,Birthday,Anniversary\nEve,Red,1972,1998\n";
    let file = table(text, &Options::default());
    let said = [(BIRTH_YEAR, "1972"), ("Anniversary", "1998")];
    assert_eq!(custom(&contacts(&file)[0]), said);
}

#[test]
fn a_directory_loses_no_value() {
    let text = "dn: cn=Eve\nobjectClass: inetOrgPerson\nstructuralObjectClass: inetOrgPerson\ncn: Eve Red\n\
        cn: Evie\nsn: Red\ntitle: Chief\ntitle: Treasurer\no: Acme\no: Club\nou: Sales\nou: Sales\nl: Lille\n\
        l: Lyon\ninfo: seen\ntelexNumber: 12345\nuid: eve\nuserPKCS12:: AAAA\nkrbPrincipalKey:: AAAA\n\
        nsUniqueKey:: /wD+\nentryUUID: 1234-5678\nmozillaUseHtmlMail: true\nmodifyTimestamp: 20260101000000Z\n\
        description:: bad*base64!=\nmobile:: KzMzIDE\n";
    let file = table(text, &Options::default());
    let eve = &contacts(&file)[0];
    let expected = [
        ("cn", "Evie"),
        ("title", "Treasurer"),
        ("o", "Club"),
        ("l", "Lyon"),
        ("info", "seen"),
        ("telexNumber", "12345"),
        ("uid", "eve"),
    ];
    assert_eq!(custom(eve), expected);
    assert_eq!((&eve.name[..], &eve.title[..]), ("Eve Red", "Chief"));
    assert_eq!((&eve.organization[..], &eve.note[..]), ("Acme", ""));
    assert_eq!(eve.phones[0].text, "+33 1", "padding may be missing");
    let told: Vec<(&str, &str)> = file.entries[0]
        .warnings
        .iter()
        .map(|warning| (warning.code.as_str(), &warning.about[..]))
        .collect();
    let damaged = ("value-damaged", "description");
    let ignored = ["userpkcs12", "nsuniquekey"].map(|name| ("attribute-ignored", name));
    assert_eq!(told, [damaged, ignored[0], ignored[1]]);
    let Outcome::Card(made) = &file.entries[0].outcome else {
        panic!("a card");
    };
    let other = Key::Uid("1234-5678".to_owned());
    assert!(made.keys.contains(&other), "{:?}", made.keys);
}

#[test]
fn where_nobody_sees_a_preview_no_column_and_no_row_is_lost() {
    let unattended = Options {
        unattended: true,
        ..Options::default()
    };
    let text = "First name;Last name;Shoe size;Empty;E-mail;Reason\n;;;;;\nEve;Red;38;;eve@example.org;broken\n";
    let file = table(text, &unattended);
    assert_eq!(custom(&contacts(&file)[0]), [("Shoe size", "38")]);
    assert_eq!(codes(&file), [(1, "column-unknown")]);
    assert_eq!(file.entries[0].warnings[0].about, "Shoe size");
    assert!(
        contacts(&table(text, &Options::default()))[0]
            .custom
            .is_empty()
    );
    for text in [
        "Eve Red;eve@example.org;Lille\nBob Gray;bob@example.org;Lyon\n",
        "Eve Red;+33 1 99 00 12 34;Lille\nBob Gray;+33 1 99 00 12 35;Lyon\n",
    ] {
        let file = table(text, &unattended);
        let both = contacts(&file);
        let names: Vec<&str> = both.iter().map(|fields| &fields.name[..]).collect();
        assert_eq!(names, ["Eve Red", "Bob Gray"]);
        assert_eq!(custom(&both[0]), [("3", "Lille")]);
        assert_eq!(codes(&file), [(1, "column-unknown")]);
    }
    // Any text with commas is a table.
    let log = "2026-11-27T18:00Z INFO started, ready\n2026-11-27T18:01Z WARN late, again\n";
    let refused = read(log.as_bytes(), &unattended).expect_err("refused");
    assert_eq!(refused, Refused::NoColumn);
    let headless = Options {
        headless: true,
        ..unattended.clone()
    };
    assert_eq!(contacts(&table(log, &headless)).len(), 2);
    assert_eq!(contacts(&table(log, &Options::default())).len(), 0);
    let ours = "First name,Last name,Category,Group,Created by,Modified\nEve,Red,Club,Team,bob,2026-01-02\n";
    assert!(contacts(&table(ours, &unattended))[0].custom.is_empty());
}

#[test]
fn a_second_anniversary_of_google_is_another_date() {
    let text = "First Name,Last Name,Event 1 - Label,Event 1 - Value,Event 2 - Label,Event 2 - Value\n\
        Eve,Red,Anniversary,2001-02-03,Anniversary,2005-06-07\n";
    let options = Options {
        asked: Asked::Google,
        ..Options::default()
    };
    let eve = &contacts(&table(text, &options))[0];
    assert_eq!(eve.anniversary, "2001-02-03");
    let dates: Vec<(&str, &str)> = eve
        .dates
        .iter()
        .map(|date| (&date.label[..], &date.text[..]))
        .collect();
    assert_eq!(dates, [("Anniversary", "2005-06-07")]);
}

#[test]
fn a_column_a_program_fills_by_itself_makes_no_contact() {
    let text = "First Name,Last Name,E-mail Address,Priority,Sensitivity\n\
        Eve,Red,eve@example.org,Normal,Normal\n,,,Normal,Normal\n";
    let unattended = Options {
        asked: Asked::Outlook,
        unattended: true,
        ..Options::default()
    };
    let file = table(text, &unattended);
    assert_eq!(contacts(&file).len(), 1);
    assert!(custom(&contacts(&file)[0]).is_empty());
    assert!(codes(&file).is_empty());
}

#[test]
fn a_directory_without_given_names_and_streets_fills_both() {
    let text = "dn: cn=Eve\nobjectClass: inetOrgPerson\ncn: Eve Red\nsn: Red\n\
        postalAddress: 12 rue des Tanneurs$Bât. C$59000 Lille$France\nl: Lille\npostalCode: 59000\n\
        homePostalAddress: Åboulevarden 3$8000 Århus$Danmark\n";
    let file = table(text, &Options::default());
    let eve = &contacts(&file)[0];
    assert_eq!((&eve.given[..], &eve.family[..]), ("Eve", "Red"));
    let streets: Vec<&str> = eve.addresses.iter().map(|a| &a.parts[2][..]).collect();
    let work = "12 rue des Tanneurs\nBât. C\nFrance";
    let home = "Åboulevarden 3\n8000 Århus\nDanmark";
    assert_eq!(streets, [work, home]);
}
