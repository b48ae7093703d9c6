//! The protocol versions on offer.

use carnet_proto::eas::request_line::Version;

const ALL: [Version; 7] = [
    Version::V2_5,
    Version::V12_0,
    Version::V12_1,
    Version::V14_0,
    Version::V14_1,
    Version::V16_0,
    Version::V16_1,
];

/// The versions offered, ascending.
pub fn offered(legacy: bool) -> impl Iterator<Item = Version> {
    ALL.into_iter()
        .filter(move |version| legacy || *version >= Version::V12_1)
}

/// Whether a version is offered.
pub fn is_offered(version: Version, legacy: bool) -> bool {
    offered(legacy).any(|offered| offered == version)
}

/// MS-ASProtocolVersions: ascending, separated by commas without blanks (the Android Open Source
/// client splits without trimming).
pub fn list(legacy: bool) -> String {
    offered(legacy)
        .map(|version| version.to_string())
        .collect::<Vec<_>>()
        .join(",")
}
