//! A client as a test describes it: what it calls itself, and requests written as trees.

use std::{
    io::Write as _,
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_proto::wbxml::{Element, Limits, decode};

use super::{
    http::{Answer, basic, request},
    server::Server,
    tree::{all, text_at, wbxml},
};

pub const PATH: &str = "/Microsoft-Server-ActiveSync";

/// A client of a person.
#[derive(Clone)]
pub struct Phone {
    pub address: String,
    pub login: String,
    pub password: String,
    pub id: String,
    pub kind: String,
    pub agent: String,
    pub version: String,
    pub policy_key: Option<u32>,
    /// Its contacts folder, and the key of it.
    pub folder: String,
    pub key: String,
}

impl Phone {
    pub fn new(server: &Server, login: &str, id: &str, version: &str) -> Self {
        Self::at(&server.address, login, id, version)
    }

    pub fn at(address: &str, login: &str, id: &str, version: &str) -> Self {
        Self {
            address: address.to_owned(),
            login: login.to_owned(),
            password: "demo".to_owned(),
            id: id.to_owned(),
            kind: "TestPhone".to_owned(),
            agent: "Test/1.0".to_owned(),
            version: version.to_owned(),
            policy_key: None,
            folder: String::new(),
            key: "0".to_owned(),
        }
    }

    /// The same, with its folders listed and its contacts primed.
    pub fn set_up(server: &Server, login: &str, id: &str, version: &str) -> Self {
        let mut phone = Self::new(server, login, id, version);
        phone.start();
        phone
    }

    /// Lists the folders and primes the contacts.
    pub fn start(&mut self) {
        let (_, folders) = self.folders("0");
        let contacts = folders.into_iter().find(|folder| folder.2 == "9");
        self.folder = contacts.expect("a contacts folder").0;
        self.prime();
    }

    pub fn prime(&mut self) {
        "0".clone_into(&mut self.key);
        let answer = self.sync("");
        self.key = text_at(&answer, &["SyncKey"]).expect("a key");
    }

    /// FolderSync: the new key, and `(id, name, type)` of what was added.
    pub fn folders(&self, key: &str) -> (String, Vec<(String, String, String)>) {
        let answer = self.folder_sync(key);
        let text = |element: &Element, name| text_at(element, &[name]).unwrap_or_default();
        let added = all(&answer, "Add")
            .into_iter()
            .map(|add| {
                let of = |name| text(add, name);
                (of("ServerId"), of("DisplayName"), of("Type"))
            })
            .collect();
        (text(&answer, "SyncKey"), added)
    }

    pub fn folder_sync(&self, key: &str) -> Element {
        let body = format!("FolderHierarchy:FolderSync\n  FolderHierarchy:SyncKey = {key}");
        self.ask("FolderSync", &body).expect("an answer")
    }

    /// The folder of a group or book by its name.
    pub fn folder_named(&self, name: &str) -> String {
        let (_, folders) = self.folders("0");
        let found = folders.into_iter().find(|folder| folder.1 == name);
        found.unwrap_or_else(|| panic!("a folder {name}")).0
    }

    /// A Sync of the contacts folder; `more` are lines below Collection.
    pub fn sync(&self, more: &str) -> Element {
        self.sync_key(&self.key, more)
    }

    /// The Collection of the answer; the root where there is none, empty for an empty answer.
    pub fn sync_key(&self, key: &str, more: &str) -> Element {
        let answer = self.ask("Sync", &self.sync_text(key, more));
        let empty = || Element {
            tag: carnet_proto::wbxml::page::air_sync::COLLECTION,
            children: Vec::new(),
        };
        let root = answer.unwrap_or_else(empty);
        let found = all(&root, "Collection").into_iter().next().cloned();
        found.unwrap_or(root)
    }

    pub fn sync_text(&self, key: &str, more: &str) -> String {
        let class = match self.version.as_str() {
            "2.5" | "12.0" | "12.1" => "\n      AirSync:Class = Contacts",
            _ => "",
        };
        let more: String = more
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| format!("\n      {line}"))
            .collect();
        format!(
            "AirSync:Sync\n  AirSync:Collections\n    AirSync:Collection{class}\n      \
             AirSync:SyncKey = {key}\n      AirSync:CollectionId = {}{more}",
            self.folder
        )
    }

    /// Syncs to the end; `(what, ServerId, LastName)` of all that was told.
    pub fn pull(&mut self) -> Vec<(String, String, String)> {
        let mut told = Vec::new();
        loop {
            let answer = self.sync("AirSync:GetChanges\nAirSync:WindowSize = 100");
            told.extend(commands(&answer));
            if let Some(key) = text_at(&answer, &["SyncKey"]) {
                self.key = key;
            }
            if all(&answer, "MoreAvailable").is_empty() {
                return told;
            }
        }
    }

    /// Starts over and pulls everything.
    pub fn pull_again(&mut self) -> Vec<(String, String, String)> {
        self.prime();
        self.pull()
    }

    /// Sends commands and takes the new key over.
    pub fn push(&mut self, commands: &str) -> Element {
        let answer = self.sync(&format!("AirSync:Commands\n{}", indent(commands)));
        if let Some(key) = text_at(&answer, &["SyncKey"]) {
            self.key = key;
        }
        answer
    }

    /// A Ping of some folders; the answer.
    pub fn ping(&self, seconds: u32, folders: &[&str]) -> Element {
        let mut body = format!("Ping:Ping\n  Ping:HeartbeatInterval = {seconds}\n  Ping:Folders");
        for folder in folders {
            body += &format!(
                "\n    Ping:Folder\n      Ping:Id = {folder}\n      Ping:Class = Contacts"
            );
        }
        self.ask("Ping", &body).expect("an answer")
    }

    /// A command whose body is a tree; none for an empty answer.
    pub fn ask(&self, command: &str, tree: &str) -> Option<Element> {
        let answer = self.post(command, &wbxml(tree));
        assert_eq!(answer.status, 200, "{command}: {answer:?}");
        document(&answer)
    }

    pub fn post(&self, command: &str, body: &[u8]) -> Answer {
        let query = format!(
            "Cmd={command}&User={}&DeviceId={}&DeviceType={}",
            self.login, self.id, self.kind
        );
        self.post_query(&query, body, &[])
    }

    /// A command sent; nobody reads the answer.
    pub fn send(&self, command: &str, body: &[u8]) -> TcpStream {
        let mut socket = TcpStream::connect(&self.address).expect("connected");
        let (name, value) = basic(&self.login, &self.password);
        let head = format!(
            "POST {PATH}?Cmd={command}&User={}&DeviceId={}&DeviceType={} HTTP/1.1\r\n\
             Host: localhost\r\n{name}: {value}\r\nUser-Agent: {}\r\n\
             MS-ASProtocolVersion: {}\r\nContent-Length: {}\r\n\r\n",
            self.login,
            self.id,
            self.kind,
            self.agent,
            self.version,
            body.len()
        );
        socket.write_all(head.as_bytes()).expect("written");
        socket.write_all(body).expect("written");
        socket
    }

    /// Any query, and more headers.
    pub fn post_query(&self, query: &str, body: &[u8], more: &[(&str, &str)]) -> Answer {
        let mut headers = vec![
            basic(&self.login, &self.password),
            ("User-Agent".to_owned(), self.agent.clone()),
        ];
        if !self.version.is_empty() {
            headers.push(("MS-ASProtocolVersion".to_owned(), self.version.clone()));
        }
        if let Some(key) = self.policy_key {
            headers.push(("X-MS-PolicyKey".to_owned(), key.to_string()));
        }
        if !body.is_empty() {
            let kind = "application/vnd.ms-sync.wbxml".to_owned();
            headers.push(("Content-Type".to_owned(), kind));
        }
        headers.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let target = format!("{PATH}?{query}");
        let answer = request(&self.address, "POST", &target, &headers, body);
        keep(&answer);
        answer
    }

    /// The base64 form of a query ([MS-ASHTTP] 2.2.1.1.1.1).
    pub fn base64_query(&self, command: u8) -> String {
        let (major, minor) = self.version.split_once('.').expect("a version");
        let version: u8 = format!("{major}{minor}").parse().expect("a version");
        let mut octets = vec![version, command, 0x09, 0x04];
        let field = |octets: &mut Vec<u8>, value: &[u8]| {
            octets.push(value.len() as u8);
            octets.extend(value);
        };
        field(&mut octets, self.id.as_bytes());
        match self.policy_key {
            Some(key) => field(&mut octets, &key.to_le_bytes()),
            None => octets.push(0),
        }
        field(&mut octets, self.kind.as_bytes());
        STANDARD.encode(octets)
    }
}

/// The document of an answer; none when it is empty.
pub fn document(answer: &Answer) -> Option<Element> {
    (!answer.body.is_empty()).then(|| decode(&answer.body, &Limits::default()).expect("a document"))
}

/// `(what, ServerId, LastName)` of the commands in an answer.
pub fn commands(answer: &Element) -> Vec<(String, String, String)> {
    let Some(commands) = all(answer, "Commands").into_iter().next() else {
        return Vec::new();
    };
    commands
        .elements()
        .map(|command| {
            let text = |path: &[&str]| text_at(command, path).unwrap_or_default();
            (
                command.tag.name().unwrap_or_default().to_owned(),
                text(&["ServerId"]),
                text(&["ApplicationData", "LastName"]),
            )
        })
        .collect()
}

/// `(what, ClientId or ServerId, Status)` of the responses in an answer.
pub fn responses(answer: &Element) -> Vec<(String, String, String)> {
    let Some(responses) = all(answer, "Responses").into_iter().next() else {
        return Vec::new();
    };
    responses
        .elements()
        .map(|response| {
            let text = |name| text_at(response, &[name]);
            (
                response.tag.name().unwrap_or_default().to_owned(),
                text("ClientId").or(text("ServerId")).unwrap_or_default(),
                text("Status").unwrap_or_default(),
            )
        })
        .collect()
}

/// An Add with a last name.
pub fn add(client_id: &str, last_name: &str) -> String {
    format!(
        "AirSync:Add\n  AirSync:ClientId = {client_id}\n  AirSync:ApplicationData\n    \
         Contacts:LastName = {last_name}\n"
    )
}

/// A Change of one element.
pub fn change(server_id: &str, element: &str, value: &str) -> String {
    format!(
        "AirSync:Change\n  AirSync:ServerId = {server_id}\n  AirSync:ApplicationData\n    \
         Contacts:{element} = {value}\n"
    )
}

pub fn delete(server_id: &str) -> String {
    format!("AirSync:Delete\n  AirSync:ServerId = {server_id}\n")
}

pub fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// With CARNET_WBXML_DUMP, every message the server sends is kept for other readers: the octets and
/// the tree we read.
fn keep(answer: &Answer) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os("CARNET_WBXML_DUMP") else {
        return;
    };
    if answer.header("content-type") != Some("application/vnd.ms-sync.wbxml")
        || answer.header("content-encoding").is_some()
    {
        return;
    }
    if let Some(root) = document(answer) {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::path::Path::new(&folder).join(format!("{number:05}"));
        std::fs::write(path.with_extension("wbxml"), &answer.body).expect("written");
        std::fs::write(path.with_extension("tree"), root.dump()).expect("written");
    }
}
