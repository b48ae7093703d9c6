//! Imports in the background: files are kept as they arrived, and read into books a few at a time.
//!
//! A file waits in a folder beside the database under a name nobody can guess, until its import
//! has ended or a day has passed. How far an import came is in the database: a server that starts
//! again goes on where the last commit was.

use std::{
    collections::HashMap,
    io,
    ops::Deref,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};
use tokio::{
    fs,
    io::AsyncWriteExt as _,
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Bound, Choices, Failure, File, Importer, Options, Outcome, Progress, Refused,
    preview::refused_rows, read,
};
use crate::{
    domain::{
        actor::Client,
        blocking::blocking,
        book::Book,
        core::Core,
        error::{Error, Result},
        id::{ImportId, PersonId, Timestamp},
        item::random_id,
        json,
        store::Import,
    },
    durable,
};

/// Imports that store at the same time; the others wait.
const TOGETHER: usize = 2;
/// Files that are previewed at the same time: each is in memory as a whole.
const PREVIEWED: usize = 2;
/// Records every run takes at least.
const LEAST: u64 = 200;
/// Days the refused lines of an import can be fetched.
const REFUSED_DAYS: u64 = 30;
/// Days after which an import that waits to be continued ends as it is.
const WAITING_DAYS: i64 = 14;

/// Limits of one import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the file.
    pub octets: usize,
    /// Contacts in it.
    pub contacts: usize,
    /// Working time after which the import waits for the person to continue it.
    pub longest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            octets: 64 * 1024 * 1024,
            contacts: 50_000,
            longest: Duration::from_secs(10 * 60),
        }
    }
}

/// The work of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Name of the stored file.
    pub upload: String,
    pub options: Options,
    pub choices: Choices,
    /// Ranges of records, both ends included; empty: all.
    pub only: Vec<(u64, u64)>,
    /// Number of records found.
    pub found: u64,
}

impl Job {
    /// The job stored with an import.
    pub fn of(import: &Import) -> Option<Self> {
        json::read("the job of an import", import.job.as_deref()?.as_bytes())
    }

    fn wants(&self, record: u64) -> bool {
        let within = |(first, last): &(u64, u64)| *first <= record && record <= *last;
        self.only.is_empty() || self.only.iter().any(within)
    }
}

/// Runs imports.
pub struct Jobs {
    core: Arc<Core>,
    folder: PathBuf,
    slots: Semaphore,
    previews: Arc<Semaphore>,
    /// The imports of this run that have not come to an end, by their files. Held while one is begun,
    /// continued or ended.
    begun: Mutex<HashMap<String, ImportId>>,
    running: TaskTracker,
    stop: CancellationToken,
    limits: Limits,
}

/// A file that was read to be looked at; others wait until it is gone from memory.
pub struct Previewed {
    file: File,
    _turn: OwnedSemaphorePermit,
}

impl Deref for Previewed {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

/// A file being received; it is removed unless [`Incoming::finish`] is called.
pub struct Incoming {
    id: String,
    path: PathBuf,
    file: Option<fs::File>,
    octets: usize,
    most: usize,
}

impl Incoming {
    /// Takes some octets; `TooLarge` beyond the limit.
    pub async fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.octets += octets.len();
        if self.octets > self.most {
            return Err(Error::TooLarge { limit: self.most });
        }
        match &mut self.file {
            Some(file) => file.write_all(octets).await.map_err(unwritten),
            None => Err(Error::NotFound),
        }
    }

    /// This file with another limit.
    pub fn at_most(mut self, octets: usize) -> Self {
        self.most = octets;
        self
    }

    /// Octets received so far.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Keeps the file, flushed to disk, and returns its name.
    pub async fn finish(mut self) -> Result<String> {
        if let Some(file) = &mut self.file {
            file.flush().await.map_err(unwritten)?;
            file.sync_all().await.map_err(unwritten)?;
            let path = self.path.clone();
            on_disk(move || path.parent().map_or(Ok(()), durable::flush_folder)).await?;
        }
        self.file = None;
        Ok(self.id.clone())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Jobs {
    /// `folder` is created when the first file is received.
    pub fn new(core: Arc<Core>, folder: PathBuf, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            core,
            folder,
            slots: Semaphore::new(TOGETHER),
            previews: Arc::new(Semaphore::new(PREVIEWED)),
            begun: Mutex::default(),
            running: TaskTracker::new(),
            stop: CancellationToken::new(),
            limits,
        })
    }

    /// The limits of imports on the web.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The limits, with files of at most so many octets.
    pub fn limits_within(&self, octets: Option<usize>) -> Limits {
        Limits {
            octets: octets.map_or(self.limits.octets, |octets| octets.min(self.limits.octets)),
            ..self.limits
        }
    }

    /// Begins to receive a file.
    pub async fn receive(&self, person: PersonId) -> Result<Incoming> {
        let folder = self.folder.clone();
        on_disk(move || durable::make_folder(&folder, 0o700)).await?;
        let id = format!("{person}-{}", random_id(16));
        let path = self.folder.join(&id);
        let file = fs::File::create_new(&path).await.map_err(unwritten)?;
        Ok(Incoming {
            id,
            path,
            file: Some(file),
            octets: 0,
            most: self.limits.octets,
        })
    }

    /// Removes a stored file.
    pub async fn discard(&self, person: PersonId, upload: &str) {
        if let Ok(path) = self.path(person, upload) {
            let _ = fs::remove_file(path).await;
        }
    }

    /// Where a person's file waits; nobody else's is there.
    fn path(&self, person: PersonId, upload: &str) -> Result<PathBuf> {
        let own = upload
            .strip_prefix(&format!("{person}-"))
            .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()));
        if own {
            Ok(self.folder.join(upload))
        } else {
            Err(Error::NotFound)
        }
    }

    /// Reads a stored file to show it; `NotFound` when it was removed.
    pub async fn preview(
        &self,
        person: PersonId,
        upload: &str,
        options: Options,
    ) -> Result<std::result::Result<Previewed, Refused>> {
        let turn = self.previews.clone().acquire_owned().await;
        let _turn = turn.map_err(unavailable)?;
        let file = self.read(person, upload, options).await?;
        Ok(file.map(|file| Previewed { file, _turn }))
    }

    async fn read(
        &self,
        person: PersonId,
        upload: &str,
        options: Options,
    ) -> Result<std::result::Result<File, Refused>> {
        let bytes = self.bytes(person, upload).await?;
        let file = blocking(move || read(&bytes, &options)).await?;
        let most = self.limits.contacts;
        Ok(file.and_then(|file| {
            let is_contact = |outcome: &Outcome| matches!(outcome, Outcome::Card(_));
            let contacts = file
                .entries
                .iter()
                .filter(|entry| is_contact(&entry.outcome));
            if contacts.count() > most {
                Err(Refused::TooLarge(Bound::Contacts))
            } else {
                Ok(file)
            }
        }))
    }

    async fn bytes(&self, person: PersonId, upload: &str) -> Result<Vec<u8>> {
        let path = self.path(person, upload)?;
        fs::read(path).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NotFound,
            _ => unavailable(error),
        })
    }

    /// Begins an import into a book in the background. Needs *Add*.
    pub async fn start(self: &Arc<Self>, book: &Book, name: &str, job: &Job) -> Result<ImportId> {
        let path = self.path(book.actor().person, &job.upload)?;
        let mut begun = self.begun.lock().await;
        // Asked for twice, it is begun once.
        if let Some(import) = begun.get(&job.upload) {
            return Ok(*import);
        }
        for import in self.core.open_imports().await? {
            if Job::of(&import).is_some_and(|begun| begun.upload == job.upload) {
                return Ok(import.id);
            }
        }
        fs::metadata(path).await.map_err(|_| Error::NotFound)?;
        let written = json::text(job)?;
        let import = book.begin_import(name, Some(written)).await?;
        let waiting = book.import_of(import).await?;
        begun.insert(job.upload.clone(), import);
        self.go_on(waiting);
        Ok(import)
    }

    /// Continues an import that waits.
    pub async fn again(self: &Arc<Self>, book: &Book, import: ImportId) -> Result<()> {
        let _begun = self.begun.lock().await;
        let import = book.import_of(import).await?;
        let mut progress = Progress::read(&import.progress);
        if import.ended.is_some() || !progress.paused {
            return Ok(());
        }
        progress.paused = false;
        book.note_import(import.id, progress.written()?).await?;
        self.go_on(import);
        Ok(())
    }

    /// Ends an import that waits: what it stored stays and can be undone, its file goes.
    pub async fn end(&self, book: &Book, import: ImportId) -> Result<()> {
        let _begun = self.begun.lock().await;
        let import = book.import_of(import).await?;
        self.end_waiting(&import).await
    }

    async fn end_waiting(&self, import: &Import) -> Result<()> {
        let progress = Progress::read(&import.progress);
        let Some(job) = Job::of(import).filter(|_| import.ended.is_none() && progress.paused)
        else {
            return Ok(());
        };
        let report = progress.report;
        if !report.skipped.is_empty() {
            match self.keep_refused(import, &job, &report.skipped).await {
                // Without its file there are no lines to repeat.
                Ok(()) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let progress = Progress {
            taken: progress.taken,
            report,
            stopped: true,
            ..Progress::default()
        };
        self.core.end_import(import, progress.written()?).await?;
        self.discard(import.person, &job.upload).await;
        Ok(())
    }

    /// Continues the imports that an earlier run of the server left.
    pub async fn resume(self: &Arc<Self>) -> Result<()> {
        for import in self.core.open_imports().await? {
            if !Progress::read(&import.progress).paused {
                self.go_on(import);
            }
        }
        Ok(())
    }

    /// Stops after the commits under way.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.running.close();
        self.running.wait().await;
    }

    /// The lines an import refused, as a table ([`refused_rows`]).
    pub async fn refused(&self, book: &Book, import: ImportId) -> Result<Vec<u8>> {
        let import = book.import_of(import).await?;
        let read = fs::read(self.refused_path(import.id)).await;
        read.map_err(|_| Error::NotFound)
    }

    fn refused_path(&self, import: ImportId) -> PathBuf {
        self.folder.join(format!("refused-{import}.csv"))
    }

    /// Removes files whose import never began, and lists of refused lines that are old enough. Ends
    /// imports that nobody continues.
    pub async fn tidy(&self) -> Result<()> {
        let begun = self.begun.lock().await;
        let since = Timestamp::now().plus_days(-WAITING_DAYS);
        for import in self.core.open_imports().await? {
            if import.at < since {
                self.end_waiting(&import).await?;
            }
        }
        drop(begun);
        let imports = self.core.open_imports().await?;
        let waiting: Vec<Job> = imports.iter().filter_map(Job::of).collect();
        let Ok(mut folder) = fs::read_dir(&self.folder).await else {
            return Ok(());
        };
        while let Some(entry) = folder.next_entry().await.map_err(unavailable)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let days = if name.starts_with("refused-") {
                REFUSED_DAYS
            } else {
                1
            };
            let needed = waiting.iter().any(|job| job.upload == name);
            let metadata = entry.metadata().await.map_err(unavailable)?;
            let age = metadata
                .modified()
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            let old = age.is_some_and(|age| age > Duration::from_secs(days * 24 * 60 * 60));
            if old && !needed {
                let removed = fs::remove_file(entry.path()).await;
                if let Err(error) = removed {
                    tracing::warn!(%error, name, "a file of an old import could not be removed");
                }
            }
        }
        Ok(())
    }

    fn go_on(self: &Arc<Self>, import: Import) {
        let jobs = self.clone();
        self.running.spawn(async move {
            let Ok(_slot) = jobs.slots.acquire().await else {
                return;
            };
            let Some(job) = Job::of(&import) else { return };
            if jobs.stop.is_cancelled() {
                return;
            }
            let _running = jobs.core.tally().imports.enter();
            match jobs.run(&import, &job).await {
                Ok(true) => jobs.discard(import.person, &job.upload).await,
                Ok(false) => {}
                Err(error) => jobs.failed(&import, &error).await,
            }
            jobs.begun.lock().await.remove(&job.upload);
        });
    }

    async fn open(&self, import: &Import) -> Result<Book> {
        let client = Client {
            label: "web".to_owned(),
            ..Client::default()
        };
        let actor = Arc::new(self.core.actor(import.person, client).await?);
        self.core.open(&actor, import.collection).await
    }

    /// True at the import's end, false where it stopped before.
    async fn run(&self, import: &Import, job: &Job) -> Result<bool> {
        let book = self.open(import).await?;
        let file = self.read(import.person, &job.upload, job.options.clone());
        let file = file
            .await?
            .map_err(|refused| Error::InvalidDocument(refused.to_string().into()))?;
        let begun = Instant::now();
        let before = Progress::read(&import.progress);
        let before_taken = before.taken;
        let choices = job.choices.clone();
        let mut importer = Importer::resume(book.clone(), import.id, choices, before).await?;
        importer.of_archive(file.members);
        for entry in file.entries {
            if self.stop.is_cancelled() {
                return Ok(false);
            }
            // Every run does something.
            if begun.elapsed() > self.limits.longest && entry.record > before_taken + LEAST {
                let progress = importer.pause().await?;
                book.note_import(import.id, progress.written()?).await?;
                return Ok(false);
            }
            if job.wants(entry.record) {
                importer.push(entry).await?;
            }
        }
        let report = importer.finish().await?;
        if !report.skipped.is_empty() {
            self.keep_refused(import, job, &report.skipped).await?;
        }
        let progress = Progress {
            taken: job.found,
            report,
            ..Progress::default()
        };
        book.end_import(import.id, progress.written()?).await?;
        Ok(true)
    }

    async fn keep_refused(
        &self,
        import: &Import,
        job: &Job,
        skipped: &[(u64, String)],
    ) -> Result<()> {
        let bytes = self.bytes(import.person, &job.upload).await?;
        let (options, skipped) = (job.options.clone(), skipped.to_vec());
        let rows = blocking(move || refused_rows(&bytes, &options, &skipped)).await?;
        let path = self.refused_path(import.id);
        on_disk(move || durable::write_private(&path, &rows)).await
    }

    /// An import that cannot go on ends, and says why.
    async fn failed(&self, import: &Import, error: &Error) {
        if self.stop.is_cancelled() {
            return;
        }
        tracing::warn!(import = import.id.0, %error, "an import ended before its end");
        let note = async {
            let stored = self.core.store().import(import.id).await?;
            let mut progress = Progress::read(&stored.ok_or(Error::NotFound)?.progress);
            progress.failure = Some(Failure::of(error).as_str().to_owned());
            self.core.end_import(import, progress.written()?).await
        };
        if let Err(error) = note.await {
            tracing::warn!(%error, "the end of an import could not be kept");
        }
    }
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

/// Waits for the disk apart from what answers requests.
async fn on_disk(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
    blocking(work).await?.map_err(unwritten)
}

/// A file that could not be written.
fn unwritten(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull => Error::NoSpace,
        _ => unavailable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rights::Right;

    #[test]
    fn every_failure_has_its_reason() {
        let full = unwritten(io::ErrorKind::StorageFull.into());
        let lost = unwritten(io::ErrorKind::PermissionDenied.into());
        for (error, why) in [
            (Error::NotFound, Failure::Gone),
            (Error::Forbidden { right: Right::Add }, Failure::NotAllowed),
            (full, Failure::NoSpace),
            (Error::NoSpace, Failure::NoSpace),
            (Error::InvalidDocument("".into()), Failure::Unreadable),
            (lost, Failure::Unavailable),
        ] {
            assert_eq!(Failure::of(&error), why, "{error}");
            assert_eq!(Failure::parse(why.as_str()), Some(why));
        }
    }
}
