//! An Exchange ActiveSync device.

use std::collections::BTreeMap;

use carnet_proto::wbxml::{
    Element, Encoder, Limits, Node, Tag, decode,
    page::{air_sync as a, contacts as c, folder_hierarchy as f, ping as p},
};

use super::http::{Answer, basic, request, try_request};

/// A device of a person, with what it holds.
pub struct Device {
    pub address: String,
    login: String,
    password: String,
    id: String,
    pub version: &'static str,
    pub folder: String,
    pub key: String,
    /// ServerId to ApplicationData.
    pub items: BTreeMap<String, Element>,
}

impl Device {
    /// An account set up: folders listed, the contacts folder primed.
    pub fn set_up(address: &str, login: &str, id: &str, version: &'static str) -> Self {
        let mut device = Self::new(address, login, "demo", id, version);
        device.choose("9");
        device
    }

    /// One that was only told where the server is.
    pub fn new(
        address: &str,
        login: &str,
        password: &str,
        id: &str,
        version: &'static str,
    ) -> Self {
        Self {
            address: address.to_owned(),
            login: login.to_owned(),
            password: password.to_owned(),
            id: id.to_owned(),
            version,
            folder: String::new(),
            key: "0".to_owned(),
            items: BTreeMap::new(),
        }
    }

    /// Lists the folders, takes the first of a type and primes it.
    pub fn choose(&mut self, kind: &str) {
        let folders = self.folder_sync("0");
        self.folder = folders
            .child(f::CHANGES)
            .expect("changes")
            .children_of(f::ADD)
            .find(|folder| folder.text_of(f::TYPE).as_deref() == Some(kind))
            .and_then(|folder| folder.text_of(f::SERVER_ID))
            .expect("a contacts folder");
        self.prime();
    }

    /// SyncKey 0.
    pub fn prime(&mut self) {
        self.key = "0".to_owned();
        self.items.clear();
        let answer = self.sync(&[], 100);
        assert_eq!(answer.text_of(a::STATUS).as_deref(), Some("1"));
        self.key = answer.text_of(a::SYNC_KEY).expect("a key");
    }

    pub fn folder_sync(&self, key: &str) -> Element {
        let mut out = Encoder::new();
        out.open(f::FOLDER_SYNC).text(f::SYNC_KEY, key).close();
        self.post("FolderSync", out.finish())
            .expect("a FolderSync answer")
    }

    /// A Sync of the contacts folder; the Collection of the answer, or an empty one.
    pub fn sync(&self, commands: &[Element], window: u32) -> Element {
        self.sync_with(&self.key, commands, window, true)
    }

    pub fn sync_with(
        &self,
        key: &str,
        commands: &[Element],
        window: u32,
        get_changes: bool,
    ) -> Element {
        let answer = self.post("Sync", self.sync_body(key, commands, window, get_changes));
        let empty = Element {
            tag: a::COLLECTION,
            children: Vec::new(),
        };
        let Some(root) = answer else { return empty };
        root.child(a::COLLECTIONS)
            .and_then(|list| list.child(a::COLLECTION))
            .cloned()
            .unwrap_or(root)
    }

    pub fn sync_body(
        &self,
        key: &str,
        commands: &[Element],
        window: u32,
        get_changes: bool,
    ) -> Vec<u8> {
        let mut out = Encoder::new();
        out.open(a::SYNC).open(a::COLLECTIONS).open(a::COLLECTION);
        if self.version == "12.1" {
            out.text(a::CLASS, "Contacts");
        }
        out.text(a::SYNC_KEY, key)
            .text(a::COLLECTION_ID, &self.folder);
        if key != "0" {
            out.text(a::GET_CHANGES, if get_changes { "1" } else { "0" })
                .number(a::WINDOW_SIZE, window);
        }
        if !commands.is_empty() {
            out.open(a::COMMANDS);
            for command in commands {
                out.element(command);
            }
            out.close();
        }
        out.close().close().close();
        out.finish()
    }

    /// Syncs until nothing more is available; returns what was told, by kind.
    pub fn sync_all(&mut self, commands: &[Element], window: u32) -> Vec<(Tag, String)> {
        let mut told = Vec::new();
        let mut commands = commands.to_vec();
        loop {
            let answer = self.sync(&commands, window);
            commands.clear();
            if let Some(key) = answer.text_of(a::SYNC_KEY) {
                self.key = key;
            }
            told.extend(self.take(&answer));
            if answer.child(a::MORE_AVAILABLE).is_none() {
                return told;
            }
        }
    }

    /// Takes over the commands of an answer.
    pub fn take(&mut self, answer: &Element) -> Vec<(Tag, String)> {
        let mut told = Vec::new();
        let commands = answer
            .child(a::COMMANDS)
            .into_iter()
            .flat_map(Element::elements);
        for command in commands {
            let id = command.text_of(a::SERVER_ID).expect("a ServerId");
            match command.child(a::APPLICATION_DATA) {
                Some(data) => {
                    self.items.insert(id.clone(), data.clone());
                }
                None => {
                    self.items.remove(&id);
                }
            }
            told.push((command.tag, id));
        }
        told
    }

    /// The ServerId of the item with a last name.
    pub fn named(&self, last_name: &str) -> Option<String> {
        self.items
            .iter()
            .find(|(_, data)| data.text_of(c::LAST_NAME).as_deref() == Some(last_name))
            .map(|(id, _)| id.clone())
    }

    /// A Ping of the contacts folder; the status.
    pub fn ping(&self, seconds: u32) -> String {
        let answer = self.post("Ping", self.ping_body(seconds));
        let answer = answer.expect("a Ping answer");
        answer.text_of(p::STATUS).expect("a status")
    }

    pub fn ping_body(&self, seconds: u32) -> Vec<u8> {
        let mut out = Encoder::new();
        out.open(p::PING)
            .number(p::HEARTBEAT_INTERVAL, seconds)
            .open(p::FOLDERS)
            .open(p::FOLDER)
            .text(p::ID, &self.folder)
            .text(p::CLASS, "Contacts")
            .close()
            .close()
            .close();
        out.finish()
    }

    /// A command; the root of the answer, none when it is empty.
    pub fn post(&self, command: &str, body: Vec<u8>) -> Option<Element> {
        let answer = self.post_raw(command, body);
        assert_eq!(answer.status, 200, "{command}: {answer:?}");
        (!answer.body.is_empty())
            .then(|| decode(&answer.body, &Limits::default()).expect("a document"))
    }

    pub fn post_raw(&self, command: &str, body: Vec<u8>) -> Answer {
        let (target, headers) = self.head(command);
        request(&self.address, "POST", &target, &headers, &body)
    }

    /// The same of a server that may be killed meanwhile.
    pub fn attempt(&self, command: &str, body: &[u8]) -> Option<Answer> {
        let (target, headers) = self.head(command);
        try_request(&self.address, "POST", &target, &headers, body)
    }

    /// Target and headers of a command.
    fn head(&self, command: &str) -> (String, Vec<(String, String)>) {
        let target = format!(
            "/Microsoft-Server-ActiveSync?Cmd={command}&User={}&DeviceId={}&DeviceType=iPhone",
            self.login, self.id
        );
        let headers = [
            basic(&self.login, &self.password),
            ("MS-ASProtocolVersion".to_owned(), self.version.to_owned()),
            (
                "Content-Type".to_owned(),
                "application/vnd.ms-sync.wbxml".to_owned(),
            ),
        ];
        (target, headers.into())
    }
}

fn text(tag: Tag, text: &str) -> Node {
    Node::Element(Element {
        tag,
        children: vec![Node::Text(text.to_owned())],
    })
}

fn element(tag: Tag, children: Vec<Node>) -> Node {
    Node::Element(Element { tag, children })
}

/// ApplicationData with some texts.
pub fn data(values: &[(Tag, &str)]) -> Node {
    let children = values
        .iter()
        .map(|(tag, value)| text(*tag, value))
        .collect();
    element(a::APPLICATION_DATA, children)
}

pub fn add(client_id: &str, values: &[(Tag, &str)]) -> Element {
    Element {
        tag: a::ADD,
        children: vec![text(a::CLIENT_ID, client_id), data(values)],
    }
}

pub fn change(server_id: &str, values: &[(Tag, &str)]) -> Element {
    Element {
        tag: a::CHANGE,
        children: vec![text(a::SERVER_ID, server_id), data(values)],
    }
}

pub fn delete(server_id: &str) -> Element {
    Element {
        tag: a::DELETE,
        children: vec![text(a::SERVER_ID, server_id)],
    }
}

/// `(ClientId or ServerId, Status)` of every response.
pub fn responses(answer: &Element) -> Vec<(String, String)> {
    answer
        .child(a::RESPONSES)
        .into_iter()
        .flat_map(Element::elements)
        .map(|response| {
            let id = response
                .text_of(a::CLIENT_ID)
                .or(response.text_of(a::SERVER_ID));
            (
                id.unwrap_or_default(),
                response.text_of(a::STATUS).unwrap_or_default(),
            )
        })
        .collect()
}
