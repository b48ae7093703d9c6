//! Exchange ActiveSync: first synchronization, one change, idle, upload.

use carnet_proto::wbxml::{
    Element, Encoder, Limits, decode,
    page::{air_sync as a, contacts as c, folder_hierarchy as f, ping as p},
};

use crate::{
    Options,
    client::Connection,
    report::{Budget, Report, quantile, timed},
    server::{Server, card},
};

/// A device on one connection.
pub struct Device {
    pub connection: Connection,
    login: String,
    id: String,
    folder: String,
    key: String,
}

impl Device {
    /// Folders listed, the contacts folder primed.
    pub fn set_up(connection: Connection, login: &str, id: &str) -> Self {
        let mut device = Self {
            connection,
            login: login.to_owned(),
            id: id.to_owned(),
            folder: String::new(),
            key: "0".to_owned(),
        };
        let mut out = Encoder::new();
        out.open(f::FOLDER_SYNC).text(f::SYNC_KEY, "0").close();
        let folders = device.post("FolderSync", &out.finish()).expect("folders");
        device.folder = folders
            .child(f::CHANGES)
            .expect("changes")
            .children_of(f::ADD)
            .find(|folder| folder.text_of(f::TYPE).as_deref() == Some("9"))
            .and_then(|folder| folder.text_of(f::SERVER_ID))
            .expect("a contacts folder");
        device.sync(100, &[]);
        device
    }

    /// One Sync: contacts received, and whether there are more.
    pub fn sync(&mut self, window: u32, adds: &[usize]) -> (usize, bool) {
        let mut out = Encoder::new();
        out.open(a::SYNC).open(a::COLLECTIONS).open(a::COLLECTION);
        out.text(a::SYNC_KEY, &self.key)
            .text(a::COLLECTION_ID, &self.folder);
        if self.key != "0" {
            out.text(a::GET_CHANGES, "1").number(a::WINDOW_SIZE, window);
        }
        if !adds.is_empty() {
            out.open(a::COMMANDS);
            for number in adds {
                out.open(a::ADD).text(a::CLIENT_ID, &format!("c{number}"));
                out.open(a::APPLICATION_DATA)
                    .text(c::FIRST_NAME, "Given")
                    .text(c::LAST_NAME, &format!("Family{number}"))
                    .text(c::COMPANY_NAME, "Company")
                    .text(c::MOBILE_PHONE_NUMBER, &format!("+33 6 {number:08}"))
                    .text(c::EMAIL1_ADDRESS, &format!("person{number}@example.org"))
                    .text(c::BUSINESS_ADDRESS_CITY, "Lille")
                    .close()
                    .close();
            }
            out.close();
        }
        out.close().close().close();
        let Some(root) = self.post("Sync", &out.finish()) else {
            return (0, false);
        };
        let collection = root
            .child(a::COLLECTIONS)
            .and_then(|list| list.child(a::COLLECTION))
            .expect("a collection");
        assert_eq!(collection.text_of(a::STATUS).as_deref(), Some("1"));
        self.key = collection.text_of(a::SYNC_KEY).expect("a key");
        let received = collection.child(a::COMMANDS);
        (
            received.map_or(0, |commands| commands.elements().count()),
            collection.child(a::MORE_AVAILABLE).is_some(),
        )
    }

    /// Everything there is; how many contacts that was.
    pub fn sync_all(&mut self) -> usize {
        let mut received = 0;
        loop {
            let (some, more) = self.sync(100, &[]);
            received += some;
            if !more {
                return received;
            }
        }
    }

    /// Sends a Ping; its answer is read later.
    pub fn ping(&mut self) {
        let mut out = Encoder::new();
        out.open(p::PING)
            .number(p::HEARTBEAT_INTERVAL, 3540)
            .open(p::FOLDERS)
            .open(p::FOLDER)
            .text(p::ID, &self.folder)
            .text(p::CLASS, "Contacts")
            .close()
            .close()
            .close();
        let (target, headers) = self.head("Ping");
        self.connection
            .send("POST", &target, &headers, &out.finish());
    }

    /// The status of the Ping sent before.
    pub fn answered(&mut self) -> String {
        let (status, body) = self.connection.receive();
        assert_eq!(status, 200);
        let root = decode(&body, &Limits::default()).expect("a document");
        root.text_of(p::STATUS).expect("a status")
    }

    fn post(&mut self, command: &str, body: &[u8]) -> Option<Element> {
        let (target, headers) = self.head(command);
        let (status, body) = self.connection.call("POST", &target, &headers, body);
        assert_eq!(status, 200, "{command}");
        (!body.is_empty()).then(|| decode(&body, &Limits::default()).expect("a document"))
    }

    fn head(&self, command: &str) -> (String, String) {
        (
            format!(
                "/Microsoft-Server-ActiveSync?Cmd={command}&User={}&DeviceId={}&DeviceType=iPhone",
                self.login, self.id
            ),
            "MS-ASProtocolVersion: 14.1\r\nContent-Type: application/vnd.ms-sync.wbxml\r\n".into(),
        )
    }
}

pub fn read(options: &Options, server: &Server, report: &mut Report) {
    let sizes: &[usize] = if options.quick {
        &[1_000]
    } else {
        &[1_000, 10_000, 100_000]
    };
    let (mut changed, mut idle) = (Vec::new(), Vec::new());
    for size in sizes {
        let login = format!("dav{size}");
        server.book(&login, *size);
        let medians = one_change(server, &login, *size, report);
        changed.push(medians.0);
        idle.push(medians.1);
    }
    report.flatness("EAS one change", &changed, 20.0);
    report.flatness("EAS idle Sync", &idle, 20.0);
}

/// A first synchronization, then the medians of a change and of nothing new.
fn one_change(server: &Server, login: &str, size: usize, report: &mut Report) -> (f64, f64) {
    let mut writer = Connection::open(&server.plain, login);
    let connection = Connection::open(&server.plain, login);
    let mut device = Device::set_up(connection, login, "steady");
    let (received, took) = timed(|| device.sync_all());
    assert!(received >= size);
    let rate = received as f64 / took * 1000.0;
    let what = format!("EAS first sync of {size}, window 100");
    report.row(&what, rate, "items/s", Budget::AtLeast(10_000.0));
    let target = format!("/dav/{login}/private/contacts/changed.vcf");
    let (mut changed, mut idle) = (Vec::new(), Vec::new());
    for number in 0..200 {
        let text = card("changed", 0).replace("Given", &format!("Name{number}"));
        let written = writer.call("PUT", &target, "", text.as_bytes()).0;
        assert!(matches!(written, 201 | 204));
        let ((received, _), took) = timed(|| device.sync(100, &[]));
        assert_eq!(received, 1);
        changed.push(took);
        let ((received, _), took) = timed(|| device.sync(100, &[]));
        assert_eq!(received, 0);
        idle.push(took);
    }
    let medians = (quantile(&mut changed, 0.5), quantile(&mut idle, 0.5));
    let what = format!("EAS one change, book of {size}");
    report.row(&what, medians.0, "ms p50", Budget::AtMost(1.0));
    let what = format!("EAS idle Sync, book of {size}");
    report.row(&what, medians.1, "ms p50", Budget::AtMost(1.0));
    medians
}

pub fn upload(options: &Options, server: &Server, report: &mut Report) {
    let size = if options.quick { 1_000 } else { 10_000 };
    server.account("upload");
    let connection = Connection::open(&server.plain, "upload");
    let mut device = Device::set_up(connection, "upload", "uploader");
    let numbers: Vec<usize> = (0..size).collect();
    let before = server.processor();
    let ((), took) = timed(|| {
        for batch in numbers.chunks(100) {
            device.sync(100, batch);
        }
    });
    let rate = size as f64 / took * 1000.0;
    report.row(
        "EAS upload by 100",
        rate,
        "items/s",
        Budget::AtLeast(5_000.0),
    );
    let each = (server.processor() - before) / size as f64;
    report.row(
        "  processor time of the server, each",
        each,
        "µs",
        Budget::None,
    );
}
