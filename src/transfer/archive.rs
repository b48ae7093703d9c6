//! Zip archives of contact files.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::{
    Bound, Code, Damaged, Entry, File, Options, Outcome, Reason, Refused, Warning,
    read as read_file, settle,
};

const MAX_MEMBERS: usize = 1_000;
const MAX_INFLATED: u64 = 128 * 1024 * 1024;
const MAX_RATIO: u64 = 100;
/// Characters of a member's name that are told.
const NAME: usize = 200;

/// Reads the `.vcf`, `.csv` and `.ldif` members of an archive as one file.
pub fn read(bytes: &[u8], options: &Options) -> Result<File, Refused> {
    let mut members = Members::of(bytes, options.unbounded)?;
    joined(&mut members, options)
}

/// Reads files of a folder, by their names, as the members of an archive are.
pub fn folder(files: Vec<(String, Vec<u8>)>, options: &Options) -> Result<File, Refused> {
    let mut before = 0;
    let mut members = files.into_iter().map(|(name, octets)| {
        let member = Member {
            before,
            name: shown(&name),
            octets: Ok(octets),
        };
        before += member.lines();
        Ok(member)
    });
    joined(&mut members, options)
}

/// Reads members as one file. A member that cannot be read is a skipped record. Lines are counted
/// on from one member to the next.
fn joined(
    read: &mut dyn Iterator<Item = Result<Member, Refused>>,
    options: &Options,
) -> Result<File, Refused> {
    let mut whole: Option<File> = None;
    let mut entries: Vec<Entry> = Vec::new();
    let mut members = Vec::new();
    let mut first_refusal = None;
    for member in read {
        let Member {
            before: lines,
            name,
            octets,
        } = member?;
        let before = entries.len() as u64;
        match octets.and_then(|octets| read_file(&octets, options)) {
            Ok(mut file) => {
                let found = std::mem::take(&mut file.entries);
                entries.extend(found.into_iter().map(|mut entry| {
                    entry.record += before;
                    entry.line += lines;
                    entry
                }));
                whole.get_or_insert(file);
            }
            Err(refused) => {
                entries.push(unread(before + 1, lines + 1, name.clone(), &refused));
                first_refusal.get_or_insert(refused);
            }
        }
        members.push((lines, name));
    }
    let mut whole = whole.ok_or(first_refusal.unwrap_or(Refused::Unknown))?;
    for entry in &mut entries {
        entry.warnings.retain(|warning| {
            use super::Code::{GroupMemberByAddress, GroupMemberUnknown, PossibleDuplicate};
            !matches!(
                warning.code,
                GroupMemberByAddress | GroupMemberUnknown | PossibleDuplicate
            )
        });
    }
    settle(&mut entries, whole.format);
    whole.entries = entries;
    whole.members = members;
    Ok(whole)
}

/// A contact file of an archive.
pub struct Member {
    /// Lines of the members before it.
    pub before: u64,
    pub name: String,
    pub octets: Result<Vec<u8>, Refused>,
}

impl Member {
    /// The lines it counts for.
    fn lines(&self) -> u64 {
        let breaks = self
            .octets
            .iter()
            .flatten()
            .filter(|octet| **octet == b'\n');
        breaks.count() as u64 + 1
    }
}

/// The contact files of an archive, in their order.
pub struct Members<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    at: usize,
    /// Octets that may still inflate; none: any number of them.
    left: Option<u64>,
    lines: u64,
}

impl<'a> Members<'a> {
    /// Opens an archive.
    pub fn of(bytes: &'a [u8], unbounded: bool) -> Result<Self, Refused> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if archive.len() > MAX_MEMBERS && !unbounded {
            return Err(Refused::TooLarge(Bound::Members));
        }
        Ok(Self {
            archive,
            at: 0,
            left: (!unbounded).then_some(MAX_INFLATED),
            lines: 0,
        })
    }
}

impl Iterator for Members<'_> {
    type Item = Result<Member, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.archive.len() {
            let at = self.at;
            self.at += 1;
            let Some(Ok(name)) = self.archive.name_for_index(at) else {
                continue;
            };
            let name = name.into_owned();
            if !is_wanted(&name) {
                continue;
            }
            let octets = match inflated(&mut self.archive, at, &mut self.left) {
                Ok(octets) if super::recognize::is_archive(&octets) => continue,
                Err(Refused::TooLarge(bound)) => return Some(Err(Refused::TooLarge(bound))),
                read => read,
            };
            let member = Member {
                before: self.lines,
                name: shown(&name),
                octets,
            };
            self.lines += member.lines();
            return Some(Ok(member));
        }
        None
    }
}

/// A member's name as far as it is told.
fn shown(name: &str) -> String {
    name.chars().take(NAME).collect()
}

fn damaged(_: impl std::error::Error) -> Refused {
    Refused::Damaged(Damaged::Archive)
}

/// A contact file, and not what a Mac keeps beside it (`__MACOSX/._cards.vcf`).
fn is_wanted(name: &str) -> bool {
    let name = name.to_lowercase();
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    !name.starts_with("__macosx/")
        && !file.starts_with("._")
        && [".vcf", ".csv", ".ldif"]
            .iter()
            .any(|end| file.ends_with(end))
}

/// The octets of a member, as far as all members together may inflate.
fn inflated(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
    left: &mut Option<u64>,
) -> Result<Vec<u8>, Refused> {
    let mut member = archive.by_index(at).map_err(damaged)?;
    let mut octets = Vec::new();
    let Some(left) = left else {
        let read = member.read_to_end(&mut octets);
        return read.map(|_| octets).map_err(damaged);
    };
    let ratio = member.compressed_size().saturating_mul(MAX_RATIO);
    let most = ratio.max(65_536).min(*left);
    let read = member.by_ref().take(most + 1).read_to_end(&mut octets);
    let length = octets.len() as u64;
    if length > most {
        return Err(Refused::TooLarge(Bound::Inflated));
    }
    *left -= length;
    read.map(|_| octets).map_err(damaged)
}

fn unread(record: u64, line: u64, name: String, refused: &Refused) -> Entry {
    Entry {
        record,
        line,
        warnings: vec![Warning {
            code: Code::MemberUnread,
            about: name,
        }],
        outcome: Outcome::Skipped(match refused {
            Refused::Empty => Reason::Empty,
            Refused::TooLarge(_) => Reason::TooLarge,
            _ => Reason::Broken,
        }),
    }
}
