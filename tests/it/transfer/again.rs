//! A book that was written into a file and is read again has nothing to add.

use super::*;

/// The files of `fixtures/import` that hold contacts in a form that is recognized.
const FILES: [&str; 11] = [
    "cards-2.1.vcf",
    "cards-3.0.vcf",
    "cards-4.0.vcf",
    "directory.ldif",
    "google-new.csv",
    "google-old.csv",
    "outlook-fr.csv",
    "outlook-web.csv",
    "outlook.csv",
    "table.csv",
    "thunderbird.csv",
];

#[tokio::test]
async fn its_own_export_in_either_version_adds_nothing_to_a_book() {
    for name in FILES {
        let path = format!("{}/fixtures/import/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = fs::read(path).expect("a file");
        let fixture = Fixture::new(None).await;
        let first = fixture.import(&bytes, Choices::default()).await;
        assert!(first.created > 0, "{name}");
        let before = fixture.export(Rendition::VCard(CardVersion::V4)).await;
        for version in [CardVersion::V3, CardVersion::V4] {
            let file = fixture.export(Rendition::VCard(version)).await;
            let again = fixture.import(&file, Choices::default()).await;
            let after = fixture.export(Rendition::VCard(CardVersion::V4)).await;
            let (before, after) = (
                String::from_utf8_lossy(&before),
                String::from_utf8_lossy(&after),
            );
            let added: Vec<&str> = after
                .lines()
                .filter(|line| !before.contains(line))
                .collect();
            assert_eq!((again.created, again.updated), (0, 0), "{name}: {added:?}");
        }
    }
}
