//! Certificates that are renewed while they are in use.

use super::*;

#[test]
fn what_is_not_fit_is_tried_once_and_keeps_the_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let pair = || {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
        let made = made.expect("a pair");
        (made.cert.pem(), made.signing_key.serialize_pem())
    };
    let put = |certificate: &str, key: &str| {
        fs::write(path("c.pem"), certificate).expect("written");
        fs::write(path("k.pem"), key).expect("written");
    };
    let (first, second) = (pair(), pair());
    put(&first.0, &first.1);
    let certificates = Certificates::open(Settings {
        certificate: Some(path("c.pem")),
        key: Some(path("k.pem")),
        ..Settings::default()
    });
    let certificates = certificates.expect("fit").expect("served");
    let begun = certificates.served();
    let is_begun = || Arc::ptr_eq(&begun, &certificates.served());
    assert_eq!(certificates.look(false), Look::Same);

    for (certificate, key) in [
        ("no certificate", &*first.1),
        (&*second.0, &*first.1),
        (&*first.0, "no key"),
    ] {
        put(certificate, key);
        assert_eq!(certificates.look(false), Look::Unfit, "{certificate}");
        // A minute later nothing is said again; somebody who asks is told.
        assert_eq!(certificates.look(false), Look::Same);
        assert_eq!(certificates.look(true), Look::Unfit);
        assert!(is_begun());
    }
    fs::remove_file(path("k.pem")).expect("removed");
    assert_eq!(certificates.look(false), Look::Unfit);
    assert_eq!(certificates.look(false), Look::Same);
    assert!(is_begun());

    put(&second.0, &second.1);
    assert_eq!(certificates.look(false), Look::Taken);
    assert!(!is_begun());
}
