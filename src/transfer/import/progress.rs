//! Progress of an import and the outcome of its records, as stored and as shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::id::ImportId;

/// What became of a file, counted from the commits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub import: Option<ImportId>,
    pub created: usize,
    pub updated: usize,
    /// There already, with nothing to add.
    pub unchanged: usize,
    pub lists: usize,
    /// Line, reason.
    pub skipped: Vec<(u64, String)>,
    /// Line, code, value.
    pub warnings: Vec<(u64, String, String)>,
    /// Warnings beyond those kept.
    pub more_warnings: usize,
}

/// How far an import came: kept in the same commit as what it stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The last record that was taken.
    pub taken: u64,
    /// Records up to that one that are not settled yet.
    pub open: BTreeSet<u64>,
    pub report: Report,
    /// Its time was up; it can go on.
    pub paused: bool,
    /// Why it ended before its end, by its code.
    pub failure: Option<String>,
}

impl Progress {
    /// As it is kept.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// With what a commit settles.
    pub(super) fn with(&self, settled: &Settled) -> Self {
        let mut progress = self.clone();
        progress.settle(settled.clone());
        progress
    }

    pub(super) fn settle(&mut self, settled: Settled) {
        for record in settled.records {
            self.open.remove(&record);
        }
        let report = &mut self.report;
        report.created += settled.created;
        report.updated += settled.updated;
        report.unchanged += settled.unchanged;
        report.skipped.extend(settled.skipped);
    }

    /// Reads what [`Progress::written`] wrote; nothing was done when there is nothing.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// What a commit says about records.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    pub records: Vec<u64>,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// Line, reason.
    pub skipped: Vec<(u64, String)>,
}
