//! What a disk holds after a power cut. Octets are there up to their file's last flush, names up to
//! their folder's; of what came after it there is whatever chance kept.
//!
//! A file that is made anew under a name is another file: a disk never puts the octets of one into the
//! other. What is cut off a file, or moved, is so whole or not at all.

use std::{
    collections::BTreeMap,
    fs, mem,
    path::{Path, PathBuf},
};

use crate::support::dice::Dice;

/// The piece a disk writes whole or not at all.
const SECTOR: u64 = 512;

/// The files beneath a folder as they are on the disk.
#[derive(Clone)]
pub struct Platter {
    root: PathBuf,
    /// Every file there ever was.
    files: Vec<Kept>,
    /// Names as programs see them.
    seen: Names,
    /// Names that were flushed.
    names: Names,
    /// What happened to names since, in order.
    namings: Vec<Naming>,
}

type Names = BTreeMap<PathBuf, Node>;

#[derive(Clone, Copy)]
enum Node {
    Folder,
    /// Its place among the files.
    File(usize),
}

/// A name that is made, removed, or both at once.
#[derive(Clone)]
struct Naming {
    removed: Option<PathBuf>,
    made: Option<(PathBuf, Node)>,
}

#[derive(Clone, Default)]
struct Kept {
    flushed: Vec<u8>,
    /// Since the flush, in order.
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Cut(u64),
}

/// What becomes of what was not flushed.
#[derive(Clone, Copy, Debug)]
pub enum Luck {
    /// All is lost.
    None,
    /// All is there.
    All,
    /// What came first is there.
    Begun,
    /// Each sector was written or not, in any order; each name too.
    Torn,
}

impl Luck {
    pub fn of(dice: &mut Dice) -> Self {
        [Self::None, Self::All, Self::Begun, Self::Torn][dice.below(4)]
    }

    /// How many of so many changes the disk came to.
    fn reached(self, changes: usize, dice: &mut Dice) -> usize {
        match self {
            Self::None => 0,
            Self::Begun => dice.below(changes + 1),
            Self::All | Self::Torn => changes,
        }
    }

    /// Whether one of those is there.
    fn keeps(self, dice: &mut Dice) -> bool {
        !matches!(self, Self::Torn) || dice.below(2) == 0
    }
}

impl Platter {
    /// As the files are now.
    pub fn of(root: &Path) -> Self {
        let mut platter = Self {
            root: root.to_owned(),
            files: Vec::new(),
            seen: Names::new(),
            names: Names::new(),
            namings: Vec::new(),
        };
        for path in beneath(root) {
            let node = if path.is_dir() {
                Node::Folder
            } else {
                platter.add(fs::read(&path).expect("read"))
            };
            platter.names.insert(path, node);
        }
        platter.seen = platter.names.clone();
        platter
    }

    fn add(&mut self, flushed: Vec<u8>) -> Node {
        let pending = Vec::new();
        self.files.push(Kept { flushed, pending });
        Node::File(self.files.len() - 1)
    }

    /// Follows what a program did (`shim.c` says how it is written down); the octets understood. The
    /// last record may be cut off.
    pub fn follow(&mut self, log: &[u8]) -> usize {
        let mut rest = log;
        while let Some((record, after)) = Record::read(rest) {
            self.take(&record);
            rest = after;
        }
        log.len() - rest.len()
    }

    fn take(&mut self, record: &Record<'_>) {
        let path = PathBuf::from(record.path);
        match record.kind {
            b'c' => {
                let file = self.add(Vec::new());
                self.name(None, Some((path, file)));
            }
            b'd' => self.name(None, Some((path, Node::Folder))),
            b'u' => self.name(Some(path), None),
            b'm' => {
                let to = std::str::from_utf8(record.data).expect("a path");
                let moved = self.seen[&path];
                self.name(Some(path), Some((PathBuf::from(to), moved)));
            }
            b's' if path == self.root => self.flush_names(&path),
            kind => match (kind, self.seen.get(&path)) {
                (b's', Some(Node::Folder)) => self.flush_names(&path),
                (b's', Some(Node::File(file))) => self.files[*file].flush(),
                (b'w', Some(Node::File(file))) => {
                    let change = Change::Write(record.offset, record.data.to_owned());
                    self.files[*file].pending.push(change);
                }
                (b't', Some(Node::File(file))) => {
                    self.files[*file].pending.push(Change::Cut(record.offset));
                }
                // A file without a name is gone after the cut.
                (b's' | b'w' | b't', _) => {}
                _ => panic!("{} of {}", char::from(kind), record.path),
            },
        }
    }

    fn name(&mut self, removed: Option<PathBuf>, made: Option<(PathBuf, Node)>) {
        let naming = Naming { removed, made };
        naming.apply(&mut self.seen);
        self.namings.push(naming);
    }

    /// A folder's flush: which names it has.
    fn flush_names(&mut self, folder: &Path) {
        for naming in mem::take(&mut self.namings) {
            if naming.is_in(folder) {
                naming.apply(&mut self.names)
            } else {
                self.namings.push(naming)
            }
        }
    }

    /// What was followed is all that happened. A change under way when the program was killed may not
    /// be written down; another file that differs was changed by somebody who is not followed, and
    /// what would be made of the record never was on a disk.
    pub fn assert_complete(&self) {
        let strangers = self.strangers();
        assert!(strangers.len() <= 1, "changed unwatched: {strangers:?}");
    }

    /// Files that are not as what was followed leaves them.
    fn strangers(&self) -> Vec<PathBuf> {
        let mut found: BTreeMap<PathBuf, Vec<u8>> = beneath(&self.root)
            .into_iter()
            .filter(|path| !path.is_dir() && !path.ends_with("carnet.db-shm"))
            .map(|path| (path.clone(), fs::read(path).expect("read")))
            .collect();
        let mut strangers = Vec::new();
        for (path, node) in &self.seen {
            if let Node::File(file) = node
                && !path.ends_with("carnet.db-shm")
            {
                let mut kept = self.files[*file].clone();
                kept.flush();
                if found.remove(path).as_ref() != Some(&kept.flushed) {
                    strangers.push(path.clone());
                }
            }
        }
        strangers.extend(found.into_keys());
        strangers
    }

    /// Puts in the folder's place what a power cut at this moment leaves; `data` is the folder of the
    /// database.
    pub fn cut(mut self, luck: Luck, data: &Path, dice: &mut Dice) {
        let reached = luck.reached(self.namings.len(), dice);
        for naming in self.namings.drain(..).take(reached) {
            if luck.keeps(dice) {
                naming.apply(&mut self.names);
            }
        }
        for path in beneath(&self.root).into_iter().rev() {
            if path.is_dir() {
                fs::remove_dir(path).expect("removed")
            } else {
                fs::remove_file(path).expect("removed")
            }
        }
        // A folder comes before what is in it, and what has none is lost.
        for (path, node) in self.names {
            match node {
                _ if !path.parent().is_some_and(Path::is_dir) => {}
                Node::Folder => fs::create_dir(path).expect("made"),
                Node::File(file) => {
                    let kept = mem::take(&mut self.files[file]);
                    fs::write(path, kept.after(luck, dice)).expect("written");
                }
            }
        }
        // What connections share in memory is a file too: anything may have become of it.
        if data.is_dir() && dice.below(2) == 0 {
            let noise: Vec<u8> = (0..4096).flat_map(|_| dice.next().to_le_bytes()).collect();
            fs::write(data.join("carnet.db-shm"), noise).expect("written");
        }
    }
}

/// What is beneath a folder, each folder before what is in it.
fn beneath(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        if let Some(path) = &self.removed {
            names.remove(path);
        }
        if let Some((path, node)) = &self.made {
            names.insert(path.clone(), *node);
        }
    }

    fn is_in(&self, folder: &Path) -> bool {
        let made = self.made.as_ref().map(|(path, _)| path);
        let path = made.or(self.removed.as_ref());
        path.and_then(|path| path.parent()) == Some(folder)
    }
}

impl Kept {
    fn flush(&mut self) {
        for change in mem::take(&mut self.pending) {
            change.apply(&mut self.flushed, |_| true);
        }
    }

    fn after(mut self, luck: Luck, dice: &mut Dice) -> Vec<u8> {
        let reached = luck.reached(self.pending.len(), dice);
        // Octets written where a cut made room are lost with the cut.
        let mut lost = u64::MAX;
        for change in self.pending.into_iter().take(reached) {
            match change {
                Change::Cut(length) if !luck.keeps(dice) => lost = lost.min(length),
                change => change.apply(&mut self.flushed, |at| at < lost && luck.keeps(dice)),
            }
        }
        self.flushed
    }
}

impl Change {
    fn apply(self, content: &mut Vec<u8>, mut keeps: impl FnMut(u64) -> bool) {
        match self {
            Self::Cut(length) => content.resize(length as usize, 0),
            Self::Write(offset, data) => {
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
        }
    }
}

/// Before and after whatever is no write.
pub fn turns(log: &[u8]) -> Vec<usize> {
    let mut turns = Vec::new();
    let mut rest = log;
    while let Some((record, after)) = Record::read(rest) {
        if record.kind != b'w' {
            turns.extend([rest, after].map(|rest| log.len() - rest.len()));
        }
        rest = after;
    }
    turns
}

/// How often the log of the database was taken back into it: written to, and flushed.
pub fn copies(log: &[u8]) -> usize {
    let (mut copies, mut is_written) = (0, false);
    let mut rest = log;
    while let Some((record, after)) = Record::read(rest) {
        if record.path.ends_with("/carnet.db") {
            let is_copied = is_written && record.kind == b's';
            copies += usize::from(is_copied);
            is_written = !is_copied && (is_written || record.kind == b'w');
        }
        rest = after;
    }
    copies
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
