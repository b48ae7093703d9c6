//! What the targets begin with: the fixtures, and texts that hold what they do not.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use carnet::class::contact::Contact;
use carnet_proto::wbxml::{Element, Encoder, Limits, decode, page::air_sync};

/// The folder of the project.
pub fn root() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut found = above.filter(|folder| folder.join("fixtures").is_dir());
    found.next().expect("the fixtures").to_owned()
}

/// The files of a folder with this ending; none is a mistake.
pub fn read(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    assert!(!paths.is_empty(), "no {ending} in {folder:?}");
    let read = |path| fs::read(path).expect("a file");
    paths.into_iter().map(read).collect()
}

fn fixtures(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    read(&root().join("fixtures").join(folder), ending)
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub fn files() -> Vec<Vec<u8>> {
    [
        fixtures("import", ".vcf"),
        tables(),
        ldif(),
        vec![archive()],
    ]
    .concat()
}

pub fn tables() -> Vec<Vec<u8>> {
    let more = texts(&[
        "First Name;Last Name;E-mail Address\r\nAda;Ten;\"a@b.example\"\r\n",
        "Nom\tPrénom\tTéléphone\tAnniversaire\nDurand\tÉlodie\t06 12 34 56 78\t31/12/1980\n",
        "Ada Ten,a@b.example,+33 6 1\nBob Low,b@b.example,\n",
    ]);
    [fixtures("import", ".csv"), more].concat()
}

pub fn ldif() -> Vec<Vec<u8>> {
    let more = texts(&[
        "version: 1\n\ndn: cn=a\nobjectClass: person\nobjectClass: inetOrgPerson\ncn:: w6ljaG8=\n\
         sn: A\nmail: a@b.example\njpegPhoto:: /9j/4AAQ\ndescription: one\n  two\n\n\
         dn: cn=l\nobjectClass: groupOfNames\ncn: l\nmember: cn=a\n",
    ]);
    [fixtures("import", ".ldif"), more].concat()
}

pub fn accounts() -> Vec<Vec<u8>> {
    texts(&[
        "login,name,email,class,admin,password\nada,Ada Ten,a@b.example,,yes,\nbob,Bob,,staff,no,x\n",
        "identifiant;nom;courriel;administrateur\r\n\"ada\";\"Ada \"\"T\"\"\";a@b.example;oui\r\n",
    ])
}

/// Each card of the fixtures by itself.
pub fn cards() -> Vec<Vec<u8>> {
    const MARK: &str = "BEGIN:VCARD";
    let mut all = Vec::new();
    for file in fixtures("import", ".vcf") {
        let text = String::from_utf8_lossy(&file).into_owned();
        let cards = text.split(MARK).skip(1);
        all.extend(cards.map(|card| format!("{MARK}{card}").into_bytes()));
    }
    all
}

fn archive() -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let table = fixtures("import", "table.csv").remove(0);
    for (name, octets) in [("a.vcf", &cards()[0]), ("b.csv", &table)] {
        out.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("begun");
        out.write_all(octets).expect("written");
    }
    out.finish().expect("an archive").into_inner()
}

/// Messages of the fixtures with their names; the octets stand in hexadecimal before the tree.
pub fn wbxml() -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fixtures/wbxml");
    let entries = fs::read_dir(folder).expect("fixtures");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let message = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        let (hex, _) = text.split_once("\n\n").expect("hex, then the tree");
        let words = hex.lines().skip(1).flat_map(str::split_whitespace);
        let octets = words.map(|word| u8::from_str_radix(word, 16).expect("hex"));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        (name.into_owned(), octets.collect())
    };
    paths.into_iter().map(message).collect()
}

/// ApplicationData of the messages, and of each card as a device is sent it.
pub fn items() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (_, octets) in wbxml() {
        let root = decode(&octets, &Limits::default()).expect("a message");
        collect(&root, &mut all);
    }
    let class = Arc::new(Contact::new(Some("FR")));
    for card in cards() {
        let item = super::exported(&class, &card);
        collect(&item, &mut all);
    }
    assert!(all.len() > 10);
    all
}

fn collect(element: &Element, all: &mut Vec<Vec<u8>>) {
    if element.tag == air_sync::APPLICATION_DATA {
        let mut out = Encoder::new();
        out.element(element);
        all.push(out.finish());
    }
    for child in element.elements() {
        collect(child, all);
    }
}

pub fn forms() -> Vec<Vec<u8>> {
    texts(&[
        "given=Ada\nfamily=Ten\nemail-0=a@b.example\ntel-0=+33 1\ntel-0-kind=cell\nnote=one\\ntwo",
        "organization=Org\nbirthday=2001-02-03\nstreet-0=Road 1\ncity-0=Lille\ncountry-0=FR",
    ])
}

pub fn queries() -> Vec<Vec<u8>> {
    texts(&["ada \"t. ten\" OR -lov* +33 6", "été 漢字 a.b@example.org"])
}

pub fn pictures() -> Vec<Vec<u8>> {
    let picture =
        image::RgbImage::from_fn(24, 18, |x, y| image::Rgb([x as u8 * 9, y as u8 * 9, 77]));
    let formats = [
        image::ImageFormat::Png,
        image::ImageFormat::Jpeg,
        image::ImageFormat::Gif,
        image::ImageFormat::Bmp,
        image::ImageFormat::Tiff,
        image::ImageFormat::WebP,
    ];
    let encoded = formats.map(|format| {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).expect("encoded");
        out.into_inner()
    });
    [encoded.to_vec(), fixtures("pictures", ".heic")].concat()
}

pub fn addresses() -> Vec<Vec<u8>> {
    texts(&[
        "Cmd=Sync&User=alice&DeviceId=abc1&DeviceType=iPhone",
        "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l",
        "https://contacts.example.org:8443",
        "http://[2001:db8::1]:80/",
        "Élodie <a&b@example.org>",
    ])
}

/// Requests of CardDAV: the first line, headers, an empty line, the body.
pub fn exchanges() -> Vec<Vec<u8>> {
    const BOOK: &str = "/dav/alice/private/contacts/";
    const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:h\r\nN:H;;;;\r\nFN:H\r\nEND:VCARD\r\n";
    let mut all = vec![
        format!(
            "PUT {BOOK}h.vcf\nIf-None-Match: *\nContent-Type: text/vcard; charset=\"utf-8\"; version=3.0\n\n{CARD}"
        ),
        format!(
            "PUT {BOOK}h.vcf\nIf-Match: \"3-b\", W/\"4\", *\nPrefer: return=representation\n\n{CARD}"
        ),
        format!(
            "PUT {BOOK}h.vcf\nIf: <{BOOK}> ([\"x\"] <https://carnet.example/sync/1>) (Not <DAV:no-lock>)\n\n{CARD}"
        ),
        format!(
            "GET {BOOK}h.vcf\nRange: bytes=0-5, -3, 9-\nAccept: text/vcard; version=4.0; charset=utf-8, */*;q=0\nAccept-Encoding: gzip;q=0\n\n"
        ),
        format!(
            "HEAD {BOOK}\nIf-Modified-Since: Wed, 25 Nov 2026 12:00:00 GMT\nIf-Unmodified-Since: Wednesday, 25-Nov-26 12:00:00 GMT\n\n"
        ),
        format!(
            "MOVE {BOOK}h.vcf\nDestination: http://127.0.0.1{BOOK}%68%32.vcf\nOverwrite: F\n\n"
        ),
        format!(
            "COPY {BOOK}h.vcf\nDestination: /dav/groups/Team/contacts/h.vcf\nDepth: infinity\n\n"
        ),
        format!("DELETE {BOOK}h.vcf\nIf-Match: \"1\"\nDepth: infinity\n\n"),
        format!("POST {BOOK}\nContent-Type: text/vcard\n\n{CARD}"),
        "OPTIONS /dav/\n\n".to_owned(),
        "PROPFIND /dav/principals/users/alice/\nDepth: 0\nBrief: t\n\n".to_owned(),
        "MKCOL /dav/alice/private/fuzz/\n\n".to_owned(),
        "LOCK /dav/alice/private/contacts/\nTimeout: Second-3600, Infinite\n\n".to_owned(),
    ];
    for body in fixtures("dav", ".xml") {
        let body = String::from_utf8_lossy(&body);
        let method = match &body {
            body if body.contains("propfind") => "PROPFIND",
            body if body.contains("propertyupdate") => "PROPPATCH",
            body if body.contains("mkcol") => "MKCOL",
            body if body.contains("push-register") => "POST",
            _ => "REPORT",
        };
        all.push(format!(
            "{method} {BOOK}\nDepth: 1\nPrefer: return=minimal, depth-noroot; wait=10\n\n{body}"
        ));
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// XML is a question in the XML form, anything else an address and a query of the JSON form.
pub fn autodiscover() -> Vec<Vec<u8>> {
    texts(&[
        "<?xml version='1.0'?><Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006'><Request><EMailAddress>alice@example.org</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>",
        "<Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006'><Request><EMailAddress>alice@example.org</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>",
        "<Autodiscover><Request><EMailAddress>\"a\"@elsewhere.example</EMailAddress></Request></Autodiscover>",
        "<Autodiscover><Request><LegacyDN>x</LegacyDN><EMailAddress>bob@renamed.example</EMailAddress></Request></Autodiscover>",
        "?Email=alice@example.org&Protocol=ActiveSync&RedirectCount=1",
        "v1.0/alice@example.org?Protocol=AutodiscoverV1",
        "v1.0/bob@elsewhere.example?Protocol=ActiveSync",
        "?email=bob%2bx@renamed.example&protocol=activesync",
    ])
}

/// Which form it is, then its parts; `@token` is the form's token.
pub fn form_data() -> Vec<Vec<u8>> {
    let part = |name: &str, value: &str| {
        format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = |name: &str, value: &str| {
        format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"é<a>.csv\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{value}\r\n"
        )
    };
    let token = part("token", "@token");
    let end = "--frontier--\r\n";
    let names = part("given", "Ada") + &part("family", "<zz>Ten") + &part("email-0", "a@b.example");
    let card = String::from_utf8_lossy(&cards()[0]).into_owned();
    [
        format!("0{token}{names}{}{end}", file("photo", "\u{89}PNG")),
        format!(
            "0{token}{}{}{end}",
            part("note", "one\r\ntwo"),
            part("more", "tel")
        ),
        format!(
            "1{token}{}{end}",
            file("file", "Name,E-mail\nAda,a@b.example\n")
        ),
        format!("1{token}{}{end}", part("text", &card)),
        format!(
            "1{token}{}{}{end}",
            file("file", &card),
            file("file", &card)
        ),
        format!(
            "2{token}{}{}{end}",
            part("tel-0", "+33 6"),
            file("photo", "")
        ),
        format!("3{token}{}{end}", file("file", "a note")),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Queries of the page of searches.
pub fn criteria() -> Vec<Vec<u8>> {
    texts(&[
        "q=ada&scope=all&name=Ada&organization=Org&email=@b.example&telephone=%2B33&city=Lille&country=FR",
        "q=&in=private&tag=1&photo=yes&comment=a&kind=list&month=12&within=30&advanced=1",
        "q=x&created_since=2026-02-30&created_before=2026-12-31&modified_since=2026-01-01&modified_before=1",
        "q=<zz>&unverified=30&created_by=1&shared_with=1&duplicates=1&tool=x&document=pdf&family=image",
        "q=%22t. ten%22 OR -lov*&larger=1&smaller=9999999999999&folder=contacts&page=2&sort=name",
    ])
}
