//! Progress of an import and the outcome of its records, as stored and as shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::{error::Result, id::ImportId, json, likeness::bare_uid};

/// Outcome of a file, counted from the commits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub import: Option<ImportId>,
    pub created: usize,
    pub updated: usize,
    /// Already in the book, with nothing to add.
    pub unchanged: usize,
    pub lists: usize,
    /// Line, reason.
    pub skipped: Vec<(u64, String)>,
    /// Line, code, value.
    pub warnings: Vec<(u64, String, String)>,
    /// Warnings beyond those kept.
    pub more_warnings: usize,
    /// The members of an archive: the number of lines before each, and its name.
    #[serde(default)]
    pub members: Vec<(u64, String)>,
}

impl Report {
    /// A line as people find it: `12`, in an archive `cards.vcf:12`.
    pub fn place(&self, line: u64) -> String {
        match self.member(line) {
            (Some(name), line) => format!("{name}:{line}"),
            (None, line) => line.to_string(),
        }
    }

    /// The member of an archive that a line is of, and its number there.
    pub fn member(&self, line: u64) -> (Option<&str>, u64) {
        let found = self.members.iter().rfind(|(before, _)| *before < line);
        found.map_or((None, line), |(before, name)| (Some(name), line - before))
    }
}

/// Progress of an import, stored in the commit of the contacts it describes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The last record taken.
    pub taken: u64,
    /// Earlier records that are not settled yet.
    pub open: BTreeSet<u64>,
    /// UIDs that the contacts of the file have in the book, by their bare UID in the file, where the
    /// two differ: lists name their members by them.
    #[serde(default)]
    pub uids: BTreeMap<String, String>,
    pub report: Report,
    /// The time limit was reached; the import can continue.
    pub paused: bool,
    /// It was ended while it waited: the rest of the file is not imported.
    #[serde(default)]
    pub stopped: bool,
    /// Code of the reason for an early end.
    pub failure: Option<String>,
}

impl Progress {
    /// The text in which the progress is stored.
    pub fn written(&self) -> Result<String> {
        json::text(self)
    }

    /// The progress after a commit that settles some records.
    pub(super) fn with(&self, settled: &Settled) -> Self {
        let mut progress = self.clone();
        progress.settle(settled.clone());
        progress
    }

    pub(super) fn settle(&mut self, settled: Settled) {
        for record in settled.records {
            self.open.remove(&record);
        }
        self.uids.extend(settled.uids);
        let report = &mut self.report;
        report.created += settled.created;
        report.updated += settled.updated;
        report.unchanged += settled.unchanged;
        report.skipped.extend(settled.skipped);
    }

    /// Parses the output of [`Progress::written`]; empty text is no progress.
    pub fn read(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        json::read("the progress of an import", text.as_bytes()).unwrap_or_default()
    }
}

/// Outcomes of the records that a commit settles.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    pub records: Vec<u64>,
    /// As in [`Progress::uids`].
    pub uids: Vec<(String, String)>,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// Line, reason.
    pub skipped: Vec<(u64, String)>,
}

impl Settled {
    /// A contact of the file is one of the book's.
    pub fn named(&mut self, in_file: &str, in_book: &str) {
        let bare = bare_uid(in_file);
        if bare != bare_uid(in_book) {
            self.uids.push((bare, in_book.to_owned()));
        }
    }
}
