//! The server's own certificate authority, for servers without a certificate, and the certificate
//! it signs.
//!
//! Phones can be told to trust an authority, not a lone certificate, and they refuse a server
//! certificate that is valid for more than 825 days or is not meant for servers. So an authority
//! for ten years is made once, and signs a certificate that is made anew when it gets old or when
//! the names of the machine change; nobody has to trust anything a second time.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Datelike as _, Days, Local, NaiveDate};
use cms::cert::x509::{Certificate, der::Decode as _, time::Time};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use super::tls::Settings;
use crate::durable::{self, make_folder, write_private};

/// The certificate people install to trust this server, in the folder `tls` of the data directory.
const AUTHORITY: &str = "ca.pem";
/// Validity of the authority and of a certificate, in days.
const AUTHORITY_DAYS: u64 = 3650;
const CERTIFICATE_DAYS: u64 = 397;
/// A certificate older than this is made anew.
const RENEWED_AFTER: i64 = 300;

/// A clock that shows an earlier year is wrong: this program was not written then.
const WRITTEN: i32 = 2026;
/// So many days before its end a word is said of the authority, once a day.
const ENDS_SOON: i64 = 400;
/// Authorities of before that are looked at, less one.
const FORMERS: u32 = 100;
static TOLD: Mutex<Option<NaiveDate>> = Mutex::new(None);

/// `DIR/tls/cert.pem` (with the authority's certificate after it) and `key.pem`. They are made anew
/// when they are missing, old, or for other names than the machine has now.
pub fn certificate(settings: &Settings) -> Result<(PathBuf, PathBuf), String> {
    certificate_on(settings, Local::now().date_naive())
}

fn certificate_on(settings: &Settings, today: NaiveDate) -> Result<(PathBuf, PathBuf), String> {
    let folder = &settings.folder;
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let names = names(settings.public_url.as_deref());
    let authority = fs::read_to_string(folder.join(AUTHORITY));
    let is_current = key.exists()
        && authority.as_ref().is_ok_and(|pem| serves(pem, today))
        && fs::read_to_string(&certificate).is_ok_and(|text| is_current(&text, &names, today));
    if let Ok(authority) = &authority {
        tell_of_its_end(authority, today);
    }
    if !is_current {
        issue(folder, &certificate, &key, &names, today)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok((certificate, key))
}

/// The authority's certificate (PEM); none where the server made no authority.
pub fn authority(settings: &Settings) -> Option<Vec<u8>> {
    let own = settings.certificate.is_none();
    let file = settings.folder.join(AUTHORITY);
    own.then(|| fs::read(file).ok()).flatten()
}

type Fault = Box<dyn std::error::Error>;

fn issue(
    folder: &Path,
    certificate: &Path,
    key: &Path,
    names: &[String],
    today: NaiveDate,
) -> Result<(), Fault> {
    make_folder(folder, 0o755)?;
    let (issuer, authority) = open_authority(folder, today)?;
    let mut params = CertificateParams::new(names.to_vec())?;
    params
        .distinguished_name
        .push(DnType::CommonName, names.first().map_or("carnet", |n| n));
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let ends = validity(&authority).map(|(_, ends)| ends);
    valid(&mut params, today, CERTIFICATE_DAYS, ends);
    // The key stays: at no moment do the two files belong to different certificates.
    let kept = fs::read_to_string(key).ok();
    let pair = match kept.and_then(|pem| KeyPair::from_pem(&pem).ok()) {
        Some(pair) => pair,
        None => {
            let pair = KeyPair::generate()?;
            write_private(key, pair.serialize_pem().as_bytes())?;
            pair
        }
    };
    let signed = params.signed_by(&pair, &issuer)?;
    let text = format!("{}\n{}{authority}", heading(names, today), signed.pem());
    write_private(certificate, text.as_bytes())?;
    Ok(())
}

/// The authority of this folder, made at first use and after its end, with its certificate.
fn open_authority(
    folder: &Path,
    today: NaiveDate,
) -> Result<(Issuer<'static, KeyPair>, String), Fault> {
    let (file, key_file) = (folder.join(AUTHORITY), folder.join("ca-key.pem"));
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Carnet certificate authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, today, AUTHORITY_DAYS, None);
    if let (Ok(text), Ok(key)) = (fs::read_to_string(&file), fs::read_to_string(&key_file)) {
        if serves(&text, today) {
            return Ok((Issuer::new(params, KeyPair::from_pem(&key)?), text));
        }
        let free = (1..).find(|number| !former(&file, *number).exists());
        for file in [&key_file, &file] {
            fs::rename(file, former(file, free.unwrap_or(1)))?;
        }
        // A clock that was ahead, and is right again, brings back the one that phones trust.
        let text_of = |number| fs::read_to_string(former(&file, number)).ok();
        let serving = |number: &u32| text_of(*number).is_some_and(|text| serves(&text, today));
        if let Some(number) = (1..FORMERS).find(serving) {
            tracing::warn!("the authority of before serves again, by its dates");
            for file in [&key_file, &file] {
                fs::rename(former(file, number), file)?;
            }
            let (text, key) = (fs::read_to_string(&file)?, fs::read_to_string(&key_file)?);
            return Ok((Issuer::new(params, KeyPair::from_pem(&key)?), text));
        }
        tracing::error!(
            "no client accepts the authority any more, by its dates: a new one is made, which \
             phones have to trust anew; the former is kept as ca.pem.former"
        );
    }
    let pair = KeyPair::generate()?;
    let text = params.self_signed(&pair)?.pem();
    write_private(&key_file, pair.serialize_pem().as_bytes())?;
    durable::write(&file, text.as_bytes(), 0o644)?;
    Ok((Issuer::new(params, pair), text))
}

/// Where an authority that does not serve is kept; several have numbers.
fn former(file: &Path, number: u32) -> PathBuf {
    match number {
        1 => file.with_added_extension("former"),
        number => file.with_added_extension(format!("former-{number}")),
    }
}

/// The first day of a certificate, and the one at whose beginning it ends.
fn validity(pem: &str) -> Option<(NaiveDate, NaiveDate)> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let validity = Certificate::from_der(&der).ok()?.tbs_certificate.validity;
    let day = |at: Time| {
        let seconds = i64::try_from(at.to_unix_duration().as_secs()).ok()?;
        DateTime::from_timestamp(seconds, 0).map(|at| at.date_naive())
    };
    Some((day(validity.not_before)?, day(validity.not_after)?))
}

/// Whether clients accept an authority on a day; it stays under a clock that is known to be wrong,
/// such as that of a board without a battery until it is told the time.
fn serves(authority: &str, today: NaiveDate) -> bool {
    today.year() < WRITTEN
        || validity(authority).is_none_or(|(begins, ends)| (begins..ends).contains(&today))
}

fn tell_of_its_end(authority: &str, today: NaiveDate) {
    let Some((_, ends)) = validity(authority) else {
        return;
    };
    let left = (ends - today).num_days();
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if (0..ENDS_SOON).contains(&left) && *told != Some(today) {
        *told = Some(today);
        tracing::warn!(%ends, "the authority of this server ends: phones will have to trust another one");
    }
}

fn valid(params: &mut CertificateParams, today: NaiveDate, days: u64, ends: Option<NaiveDate>) {
    let date = |day: NaiveDate| {
        let (month, day_of_month) = (day.month() as u8, day.day() as u8);
        date_time_ymd(day.year(), month, day_of_month)
    };
    // Clocks differ: valid since yesterday.
    let yesterday = today - Days::new(1);
    // Where the clock begins: no certificate of an earlier year is read again.
    let first = if yesterday.year() < 1970 {
        today
    } else {
        yesterday
    };
    params.not_before = date(first);
    let last = today + Days::new(days - 1);
    params.not_after = date(ends.map_or(last, |ends| last.min(ends)));
}

/// The first line of the certificate's file: what decides whether it is current.
fn heading(names: &[String], made: NaiveDate) -> String {
    format!("Carnet: {}, made {made}", names.join(" "))
}

fn is_current(text: &str, names: &[String], today: NaiveDate) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let made = first
        .rsplit_once(' ')
        .and_then(|(_, date)| date.parse::<NaiveDate>().ok());
    made.is_some_and(|made| {
        heading(names, made) == first && (0..RENEWED_AFTER).contains(&(today - made).num_days())
    })
}

/// The public name first, then the host's own, then its addresses.
fn names(public_url: Option<&str>) -> Vec<String> {
    let mut names = Vec::new();
    names.extend(public_url.and_then(host_of));
    if let Ok(host) = fs::read_to_string("/etc/hostname") {
        let host = host.trim().to_lowercase();
        if !host.is_empty() && !host.contains('.') {
            // As the other machines of a local network find it.
            names.push(format!("{host}.local"));
        }
        names.push(host);
    }
    names.push("localhost".to_owned());
    let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .map(|interface| interface.ip())
        .filter(|address| match address {
            IpAddr::V4(address) => !address.is_link_local(),
            IpAddr::V6(address) => !address.is_unicast_link_local(),
        })
        .collect();
    addresses.sort_unstable();
    names.extend(addresses.iter().map(IpAddr::to_string));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| !name.is_empty() && seen.insert(name.clone()));
    names
}

/// The host of a URL, without port and without the brackets of IPv6.
fn host_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    Some(host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_while_it_is_young_and_names_the_machine() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let names = ["carnet.example.org".to_owned(), "192.0.2.7".to_owned()];
        let text = heading(&names, day("2026-01-10")) + "\n-----BEGIN CERTIFICATE-----\n";
        let check = |names: &[String], today, expected| {
            assert_eq!(is_current(&text, names, day(today)), expected, "{today}");
        };
        check(&names, "2026-01-10", true);
        check(&names, "2026-11-05", true);
        check(&names, "2026-11-06", false);
        check(&names, "2026-01-09", false);
        check(&names[..1], "2026-01-10", false);
        assert!(!is_current(
            "-----BEGIN CERTIFICATE-----",
            &names,
            day("2026-01-10")
        ));
    }

    #[test]
    fn the_host_of_a_public_url_is_taken_without_port() {
        for (url, host) in [
            ("https://Carnet.example.org:8443/", "carnet.example.org"),
            ("https://[2001:db8::1]:8443", "2001:db8::1"),
        ] {
            assert_eq!(host_of(url).as_deref(), Some(host));
        }
        assert_eq!(host_of("not a url"), None);
    }

    /// A board without a clock begins in 1970 at every start, until it is told the time.
    #[test]
    fn an_authority_made_under_a_wrong_clock_does_not_stay() {
        let data = tempfile::tempdir().expect("a folder");
        let settings = Settings {
            folder: data.path().join("tls"),
            ..Settings::default()
        };
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let served = |today: &str| {
            let (certificate, _) = certificate_on(&settings, day(today)).expect("made");
            let text = fs::read_to_string(certificate).expect("PEM");
            let authority = String::from_utf8(authority(&settings).expect("an authority"));
            (validity(&text).expect("dates"), authority.expect("PEM"))
        };
        let (_, wrong) = served("1970-01-01");
        let ((begins, ends), right) = served("2026-12-01");
        assert_ne!(right, wrong);
        assert_eq!((begins, ends), (day("2026-11-30"), day("2028-01-01")));
        assert!(settings.folder.join("ca.pem.former").exists());
        assert!(settings.folder.join("ca-key.pem.former").exists());
        assert_eq!(served("1970-01-02").1, right, "phones trust it");
        assert_eq!(served("2026-12-02").1, right);
        // Nothing outlives what it is trusted by.
        let (_, last) = validity(&right).expect("dates");
        let (before, authority) = served("2036-10-01");
        assert_eq!((before.1, authority == right), (last, true));
        assert_ne!(served("2036-12-01").1, right);
        // A clock that was far ahead, twice, and is right again.
        assert_ne!(served("2060-01-01").1, right);
        assert_eq!(served("2026-12-03").1, right);
    }

    #[test]
    fn the_authority_stays_when_the_names_change() {
        let data = tempfile::tempdir().expect("a folder");
        let mut settings = Settings {
            folder: data.path().join("tls"),
            ..Settings::default()
        };
        let (certificate, _) = super::certificate(&settings).expect("made");
        let first = fs::read_to_string(&certificate).expect("PEM");
        let root = authority(&settings).expect("an authority");
        super::certificate(&settings).expect("kept");
        assert_eq!(fs::read_to_string(&certificate).expect("PEM"), first);
        settings.public_url = Some("https://elsewhere.example.org".to_owned());
        super::certificate(&settings).expect("made anew");
        assert_ne!(fs::read_to_string(&certificate).expect("PEM"), first);
        assert_eq!(authority(&settings), Some(root));
    }
}
