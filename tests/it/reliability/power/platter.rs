//! What a disk holds after a power cut: everything up to the last flush of a file, and of what came
//! after it whatever chance kept.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::support::dice::Dice;

/// The piece a disk writes whole or not at all.
const SECTOR: u64 = 512;

/// The files of a folder as they are on the disk.
#[derive(Clone)]
pub struct Platter {
    files: BTreeMap<PathBuf, Kept>,
}

#[derive(Clone, Default)]
struct Kept {
    /// None: not there.
    content: Option<Vec<u8>>,
    /// Since the last flush, in order.
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Create,
    Write(u64, Vec<u8>),
    Cut(u64),
    Remove,
}

/// What becomes of writes that were not flushed.
#[derive(Clone, Copy, Debug)]
pub enum Luck {
    /// All are lost.
    None,
    /// All are there.
    All,
    /// The first ones are there.
    Begun,
    /// Each sector was written or not, in any order.
    Torn,
}

impl Luck {
    pub fn of(dice: &mut Dice) -> Self {
        [Self::None, Self::All, Self::Begun, Self::Torn][dice.below(4)]
    }
}

impl Platter {
    /// As the files are now.
    pub fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(folder) else {
                continue;
            };
            for path in entries.map(|entry| entry.expect("an entry").path()) {
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let content = Some(fs::read(&path).expect("read"));
                        let pending = Vec::new();
                        files.insert(path, Kept { content, pending });
                    }
                }
            }
        }
        Self { files }
    }

    /// Follows what a program did (`shim.c` says how it is written down); the octets understood. The
    /// last record may be cut off.
    pub fn follow(&mut self, log: &[u8]) -> usize {
        let mut rest = log;
        while let Some((record, after)) = Record::read(rest) {
            self.take(record);
            rest = after;
        }
        log.len() - rest.len()
    }

    fn take(&mut self, record: Record<'_>) {
        let path = PathBuf::from(record.path);
        let change = match record.kind {
            b's' if path.is_dir() => return self.flush_names(&path),
            b's' => return self.files.entry(path).or_default().flush(),
            b'c' => Change::Create,
            b'w' => Change::Write(record.offset, record.data.to_owned()),
            b't' => Change::Cut(record.offset),
            b'u' => Change::Remove,
            kind => panic!("{} of {}", char::from(kind), record.path),
        };
        self.files.entry(path).or_default().pending.push(change);
    }

    /// A folder's own flush: which files it has.
    fn flush_names(&mut self, folder: &Path) {
        for (path, kept) in &mut self.files {
            if path.parent() != Some(folder) {
                continue;
            }
            let removed = kept
                .pending
                .iter()
                .rposition(|change| matches!(change, Change::Remove));
            if let Some(at) = removed {
                kept.content = None;
                kept.pending.drain(..=at);
            }
            let pending = kept.pending.len();
            kept.pending
                .retain(|change| !matches!(change, Change::Create));
            if kept.pending.len() < pending {
                kept.content.get_or_insert_default();
            }
        }
    }

    /// Puts in the folder's place what a power cut at this moment leaves.
    pub fn cut(mut self, luck: Luck, folder: &Path, dice: &mut Dice) {
        for kept in self.files.values_mut() {
            let pending = std::mem::take(&mut kept.pending);
            let begun = match luck {
                Luck::None => 0,
                Luck::Begun => dice.below(pending.len() + 1),
                Luck::All | Luck::Torn => pending.len(),
            };
            for change in pending.into_iter().take(begun) {
                kept.apply(change, |_| {
                    !matches!(luck, Luck::Torn) || dice.below(2) == 0
                });
            }
        }
        for path in Self::of(folder).files.keys() {
            fs::remove_file(path).expect("removed");
        }
        for (path, kept) in self.files {
            if let Some(content) = kept.content {
                fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                fs::write(path, content).expect("written");
            }
        }
        // What connections share in memory is a file too: anything may have become of it.
        if dice.below(2) == 0 {
            let noise: Vec<u8> = (0..4096).flat_map(|_| dice.next().to_le_bytes()).collect();
            fs::write(folder.join("carnet.db-shm"), noise).expect("written");
        }
    }
}

impl Kept {
    /// A file's own flush: its octets, and that it is there.
    fn flush(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            self.apply(change, |_| true);
        }
    }

    fn apply(&mut self, change: Change, mut keeps: impl FnMut(u64) -> bool) {
        match change {
            Change::Create if keeps(0) => drop(self.content.get_or_insert_default()),
            Change::Remove if keeps(0) => self.content = None,
            Change::Cut(length) if keeps(0) => {
                if let Some(content) = &mut self.content {
                    content.resize(length as usize, 0);
                }
            }
            Change::Write(offset, data) => {
                let Some(content) = &mut self.content else {
                    return;
                };
                let mut at = offset;
                let mut rest = &*data;
                while !rest.is_empty() {
                    let length = (SECTOR - at % SECTOR).min(rest.len() as u64) as usize;
                    let (piece, after) = rest.split_at(length);
                    let end = at as usize + length;
                    if keeps(at) {
                        if content.len() < end {
                            content.resize(end, 0);
                        }
                        content[at as usize..end].copy_from_slice(piece);
                    }
                    at = end as u64;
                    rest = after;
                }
            }
            _ => {}
        }
    }
}

/// One change, as it is written down.
struct Record<'a> {
    kind: u8,
    path: &'a str,
    offset: u64,
    data: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first one, and what follows; none where it is not whole.
    fn read(log: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&kind, rest) = log.split_first()?;
        let (named, rest) = rest.split_first_chunk::<4>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (path, rest) = rest.split_at_checked(u32::from_ne_bytes(*named) as usize)?;
        let (data, rest) = rest.split_at_checked(u64::from_ne_bytes(*length) as usize)?;
        let record = Self {
            kind,
            path: std::str::from_utf8(path).expect("a path"),
            offset: u64::from_ne_bytes(*offset),
            data,
        };
        Some((record, rest))
    }
}
