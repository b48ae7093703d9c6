//! Zip archives of contact files.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::{Bound, File, Options, Refused, read as read_file, settle};

const MAX_MEMBERS: usize = 1_000;
const MAX_INFLATED: u64 = 128 * 1024 * 1024;
const MAX_RATIO: u64 = 100;

/// The `.vcf`, `.csv` and `.ldif` members of an archive, as one file.
pub fn read(bytes: &[u8], options: &Options) -> Result<File, Refused> {
    let malformed = |error: &dyn std::fmt::Display| Refused::Malformed(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| malformed(&e))?;
    if archive.len() > MAX_MEMBERS {
        return Err(Refused::TooLarge(Bound::Members));
    }
    let mut whole: Option<File> = None;
    let mut left = MAX_INFLATED;
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).map_err(|e| malformed(&e))?;
        let name = member.name().map_err(|e| malformed(&e))?.to_lowercase();
        let wanted = [".vcf", ".csv", ".ldif"]
            .iter()
            .any(|end| name.ends_with(end));
        if !member.is_file() || !wanted {
            continue;
        }
        let most = left.min(
            member
                .compressed_size()
                .saturating_mul(MAX_RATIO)
                .max(65_536),
        );
        let mut octets = Vec::new();
        let inflated = member
            .by_ref()
            .take(most + 1)
            .read_to_end(&mut octets)
            .map_err(|e| malformed(&e))? as u64;
        if inflated > most {
            return Err(Refused::TooLarge(Bound::Inflated));
        }
        left -= inflated;
        if super::recognize::is_archive(&octets) {
            continue;
        }
        let file = read_file(&octets, options)?;
        match &mut whole {
            None => whole = Some(file),
            Some(whole) => {
                let before = whole.entries.len() as u64;
                whole
                    .entries
                    .extend(file.entries.into_iter().map(|mut entry| {
                        entry.record += before;
                        entry
                    }));
            }
        }
    }
    let mut whole = whole.ok_or(Refused::Unknown)?;
    for entry in &mut whole.entries {
        entry.warnings.retain(|warning| {
            use super::Code::{GroupMemberByAddress, GroupMemberUnknown, PossibleDuplicate};
            !matches!(
                warning.code,
                GroupMemberByAddress | GroupMemberUnknown | PossibleDuplicate
            )
        });
    }
    settle(&mut whole.entries, whole.format);
    Ok(whole)
}
