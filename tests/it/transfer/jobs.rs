//! Imports that go on by themselves, without a page.

use std::{
    collections::HashSet,
    fs::{self, File},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use carnet::{
    domain::{
        actor::Client,
        batch::{GroupOp, Op},
        grant::Grantee,
        id::{ImportId, PersonId},
        rights::GroupRight,
    },
    transfer::{self, Choice, Choices, Failure, Importer, Job, Jobs, Limits, Options, Progress},
};

use super::{Fixture, commit};
use crate::support::people::person;

fn cards(count: usize) -> String {
    let card = |n: usize| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{n}\r\nFN:P{n}\r\nN:P{n};;;;\r\nEND:VCARD\r\n")
    };
    (0..count).map(card).collect()
}

impl Fixture {
    fn folder(&self) -> PathBuf {
        self._data.path().join("imports")
    }

    fn jobs(&self, longest: Duration) -> Arc<Jobs> {
        let limits = Limits {
            longest,
            ..Limits::default()
        };
        Jobs::new(self.core.clone(), self.folder(), limits)
    }

    async fn progress(&self, import: ImportId) -> (Progress, bool) {
        let found = self.store.import(import).await.expect("read");
        let import = found.expect("an import");
        (Progress::read(&import.progress), import.ended.is_some())
    }
}

#[tokio::test]
async fn an_import_whose_time_is_up_waits_and_goes_on_when_told() {
    let fixture = Fixture::new(None).await;
    let jobs = fixture.jobs(Duration::ZERO);
    let mut incoming = jobs.receive(fixture.person).await.expect("a file");
    incoming
        .write(cards(500).as_bytes())
        .await
        .expect("written");
    let job = Job {
        upload: incoming.finish().await.expect("kept"),
        options: Options::default(),
        choices: Choices::default(),
        only: Vec::new(),
        found: 500,
    };
    let book = fixture.book().await;
    let import = jobs.start(&book, "crowd", &job).await.expect("begun");
    // Asked for twice, it is the same.
    assert_eq!(jobs.start(&book, "crowd", &job).await, Ok(import));
    let mut seen = Vec::new();
    for _ in 0..2_000 {
        let (progress, ended) = fixture.progress(import).await;
        if ended {
            break;
        }
        if progress.paused {
            seen.push(progress.report.created);
            let undo = book.undo_import(import).await;
            undo.expect_err("it is not at its end");
            jobs.again(&book, import).await.expect("told");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(seen, [200, 400]);
    let (progress, ended) = fixture.progress(import).await;
    assert!(ended);
    assert_eq!(
        (progress.report.created, progress.report.skipped.len()),
        (500, 0)
    );
    assert_eq!(book.count().await.expect("counted"), 500);
    let undone = book.undo_import(import).await.expect("undone");
    assert_eq!((undone.removed, undone.left), (500, 0));
    jobs.stop().await;
}

#[tokio::test]
async fn an_import_of_somebody_who_lost_the_right_ends_and_says_why() {
    let fixture = Fixture::new(None).await;
    let jobs = fixture.jobs(Limits::default().longest);
    let mut incoming = jobs.receive(fixture.person).await.expect("a file");
    incoming.write(b"no card").await.expect("written");
    let job = Job {
        upload: incoming.finish().await.expect("kept"),
        options: Options::default(),
        choices: Choices::default(),
        only: Vec::new(),
        found: 1,
    };
    let book = fixture.book().await;
    let import = jobs.start(&book, "none", &job).await.expect("begun");
    jobs.stop().await;
    let (progress, ended) = fixture.progress(import).await;
    // Stopping may have come first: then it goes on at the next start.
    assert_eq!(progress.failure.is_some(), ended);
    let jobs = fixture.jobs(Limits::default().longest);
    jobs.resume().await.expect("read");
    for _ in 0..2_000 {
        if fixture.progress(import).await.1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (progress, ended) = fixture.progress(import).await;
    assert!(ended, "{progress:?}");
    assert_eq!(progress.failure.as_deref(), Some("unreadable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_begun_or_continued_many_times_at_once_runs_once() {
    let fixture = Fixture::new(None).await;
    let jobs = fixture.jobs(Duration::ZERO);
    let mut incoming = jobs.receive(fixture.person).await.expect("a file");
    let twice = cards(300).replace("UID:u", "UID:w") + &cards(300);
    incoming.write(twice.as_bytes()).await.expect("written");
    let job = Job {
        upload: incoming.finish().await.expect("kept"),
        options: Options::default(),
        choices: Choices {
            certain: Choice::CreateAnyway,
            ..Choices::default()
        },
        only: Vec::new(),
        found: 600,
    };
    let book = fixture.book().await;
    let mut asked = Vec::new();
    for _ in 0..12 {
        let (jobs, book, job) = (jobs.clone(), book.clone(), job.clone());
        asked.push(tokio::spawn(async move {
            jobs.start(&book, "crowd", &job).await
        }));
    }
    let mut begun = HashSet::new();
    for asked in asked {
        begun.insert(asked.await.expect("asked").expect("begun"));
    }
    assert_eq!(begun.len(), 1, "{begun:?}");
    let import = begun.into_iter().next().expect("an import");
    for _ in 0..2_000 {
        let (progress, ended) = fixture.progress(import).await;
        if ended {
            break;
        }
        if progress.paused {
            let mut told = Vec::new();
            for _ in 0..4 {
                let (jobs, book) = (jobs.clone(), book.clone());
                told.push(tokio::spawn(async move { jobs.again(&book, import).await }));
            }
            for told in told {
                told.await.expect("told").expect("continued");
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(book.count().await, Ok(600));
    jobs.stop().await;
}

#[tokio::test]
async fn an_import_that_waits_is_ended_undone_and_its_file_goes() {
    let fixture = Fixture::new(None).await;
    let jobs = fixture.jobs(Duration::ZERO);
    let mut incoming = jobs.receive(fixture.person).await.expect("a file");
    let file = cards(500) + "BEGIN:VCARD\r\nEND:VCARD\r\n";
    incoming.write(file.as_bytes()).await.expect("written");
    let job = Job {
        upload: incoming.finish().await.expect("kept"),
        options: Options::default(),
        choices: Choices::default(),
        only: Vec::new(),
        found: 501,
    };
    let book = fixture.book().await;
    let import = jobs.start(&book, "crowd", &job).await.expect("begun");
    // One that goes on is not ended.
    jobs.end(&book, import).await.expect("told");
    for _ in 0..4_000 {
        if fixture.progress(import).await.0.paused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    jobs.tidy().await.expect("tidied");
    assert!(!fixture.progress(import).await.1, "it waits some days");
    jobs.end(&book, import).await.expect("ended");
    let (progress, ended) = fixture.progress(import).await;
    assert!(ended && !progress.paused);
    assert_eq!(progress.report.created, 200);
    assert!(!fixture.folder().join(&job.upload).exists());
    jobs.again(&book, import).await.expect("told");
    let undone = book.undo_import(import).await.expect("undone");
    assert_eq!((undone.removed, undone.left), (200, 0));
    assert_eq!(book.count().await, Ok(0));
    jobs.stop().await;
}

/// An import that was begun by an earlier run of the server.
fn begun(upload: String) -> String {
    let job = Job {
        upload,
        options: Options::default(),
        choices: Choices::default(),
        only: Vec::new(),
        found: 1,
    };
    serde_json::to_string(&job).expect("JSON")
}

impl Fixture {
    /// Why an import ended that a new run of the server goes on with.
    async fn failure(&self, import: ImportId) -> Option<String> {
        let jobs = self.jobs(Limits::default().longest);
        jobs.resume().await.expect("read");
        for _ in 0..2_000 {
            let (progress, ended) = self.progress(import).await;
            if ended {
                return progress.failure;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it goes on and on");
    }
}

#[tokio::test]
async fn an_import_whose_file_is_gone_says_so() {
    let fixture = Fixture::new(None).await;
    let upload = format!("{}-{}", fixture.person, "0".repeat(32));
    let book = fixture.book().await;
    let import = book.begin_import("lost", Some(begun(upload))).await;
    let why = fixture.failure(import.expect("begun")).await;
    assert_eq!(why.as_deref(), Some("gone"));
}

#[tokio::test]
async fn an_import_into_a_group_where_nothing_may_be_added_any_more_says_so() {
    let fixture = Fixture::new(None).await;
    let add = Op::from(person("head").named("Head"));
    let head = PersonId(commit(&fixture.core, add).await);
    let head = fixture.core.actor(head, Client::default()).await;
    let head = Arc::new(head.expect("an actor"));
    let core = &fixture.core;
    core.found_group(&head, "G", "").await.expect("founded");
    let head = core.actor(head.person, Client::default()).await;
    let head = Arc::new(head.expect("an actor"));
    let group = core.group(&head, "G").await.expect("a group");
    group.add_member("me").await.expect("a member");
    let me = [Grantee::Member(fixture.person)];
    group.grant(&me, GroupRight::Add).await.expect("granted");

    let actor = core.actor(fixture.person, Client::default()).await;
    let actor = Arc::new(actor.expect("an actor"));
    let book = core.open_group(&actor, "G").await.expect("a book");
    let jobs = fixture.jobs(Limits::default().longest);
    let mut incoming = jobs.receive(fixture.person).await.expect("a file");
    incoming.write(cards(1).as_bytes()).await.expect("written");
    let upload = incoming.finish().await.expect("kept");
    let import = book.begin_import("group", Some(begun(upload))).await;
    group.grant(&me, GroupRight::None).await.expect("withdrawn");
    let why = fixture.failure(import.expect("begun")).await;
    assert_eq!(why.as_deref(), Some("not-allowed"));
}

#[tokio::test]
async fn files_that_nobody_imports_go_after_a_day() {
    let fixture = Fixture::new(None).await;
    let jobs = fixture.jobs(Limits::default().longest);
    jobs.tidy().await.expect("nothing to tidy");
    let mut names = Vec::new();
    for _ in 0..2 {
        let mut incoming = jobs.receive(fixture.person).await.expect("a file");
        incoming.write(b"BEGIN:VCARD").await.expect("written");
        names.push(incoming.finish().await.expect("kept"));
    }
    // One that never arrived whole is gone at once.
    drop(jobs.receive(fixture.person).await.expect("a file"));
    assert_eq!(fs::read_dir(fixture.folder()).expect("a folder").count(), 2);
    let aged = |name: &str, days: u64| {
        let path = fixture.folder().join(name);
        let file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .expect("a file");
        let at = SystemTime::now() - Duration::from_secs(days * 86_400 + 60);
        file.set_modified(at).expect("aged");
    };
    aged(&names[0], 1);
    aged("refused-1.csv", 29);
    aged("refused-2.csv", 30);
    jobs.tidy().await.expect("tidied");
    let left = fs::read_dir(fixture.folder()).expect("a folder");
    let mut left: Vec<String> = left
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    left.sort();
    let mut expected = vec![names[1].clone(), "refused-1.csv".to_owned()];
    expected.sort();
    assert_eq!(left, expected);
}

/// The next batch is prepared while one is committed: what is planned on a state that moved is
/// planned anew, and nobody is stored twice or left out.
#[tokio::test]
async fn an_import_goes_on_while_rights_move_under_it_and_cards_repeat_from_batch_to_batch() {
    let fixture = Fixture::new(None).await;
    let text = cards(2_200);
    // The last of a batch come again at the beginning of the next, under other UIDs and more known.
    let again = |n: usize| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{n}\r\nFN:P{n}\r\nN:P{n};;;;\r\nNOTE:more\r\nEND:VCARD\r\n"
        )
    };
    let at = text
        .find("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u2000\r\n")
        .expect("the 2,001st");
    let repeated: String = (1_990..2_000).map(again).collect();
    let text = format!("{}{repeated}{}", &text[..at], &text[at..]);
    let file = transfer::read(text.as_bytes(), &Options::default()).expect("a file");
    let choices = Choices::default();
    let begun = Importer::begin(fixture.book().await, "file", choices).await;
    let mut importer = begun.expect("begun");
    for (count, entry) in file.entries.into_iter().enumerate() {
        importer.push(entry).await.expect("taken");
        if count % 250 == 0 {
            let group = Op::Group(GroupOp::AddGroup {
                name: format!("G{count}"),
                display_name: String::new(),
                admin: fixture.person,
            });
            commit(&fixture.core, group).await;
        }
    }
    let report = importer.finish().await.expect("a report");
    assert_eq!((report.created, report.updated), (2_200, 10));
    assert_eq!(report.skipped, []);
    let book = fixture.book().await;
    assert_eq!(book.count().await, Ok(2_200));
    let card = book.by_uid("u1995").await.expect("read").expect("a card");
    assert!(String::from_utf8_lossy(&card.document).contains("NOTE:more"));
    let broken = fixture.store.check().await.expect("checked");
    assert_eq!(broken, [""; 0]);
}

#[tokio::test]
async fn an_import_of_the_command_line_leaves_its_report_and_can_be_undone() {
    for failure in [None, Some(Failure::NoSpace)] {
        let fixture = Fixture::new(None).await;
        let file = transfer::read(cards(3).as_bytes(), &Options::default()).expect("a file");
        let book = fixture.book().await;
        let begun = Importer::begin(book.clone(), "file", Choices::default()).await;
        let mut importer = begun.expect("begun");
        for entry in file.entries {
            importer.push(entry).await.expect("taken");
        }
        importer.finish().await.expect("a report");
        let (report, kept) = importer.close(failure).await;
        kept.expect("kept");
        assert_eq!(report.created, 3);
        let import = report.import.expect("an import");
        let (progress, ended) = fixture.progress(import).await;
        assert!(ended);
        assert_eq!(progress.report, report);
        assert_eq!(progress.failure.as_deref(), failure.map(Failure::as_str));
        let undone = book.undo_import(import).await.expect("undone");
        assert_eq!(undone.removed, 3);
    }
}
