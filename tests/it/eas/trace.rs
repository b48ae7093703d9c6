//! Dialogues of real clients, replayed: each file of fixtures/trace is one.
//!
//! `C:` is what the client sends (a command, or `OPTIONS`), `S:` what the server must answer: a
//! status, then headers or a tree. `{name}` stands for a value that is remembered at its first use;
//! `*` for any; a line `...` for any further elements.

use std::{collections::HashMap, fs, path::Path};

use carnet_proto::wbxml::Element;

use crate::support::{
    http::{Answer, basic, request},
    phone::{PATH, Phone, document},
    server::Server,
    tree::wbxml,
};

struct Dialogue<'a> {
    server: &'a Server,
    phone: Phone,
    base64: bool,
    known: HashMap<String, String>,
}

#[test]
fn dialogues_of_clients_are_answered_as_they_need() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trace");
    let mut played = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a dialogue");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        play(&name, &text);
        played += 1;
    }
    assert!(played >= 8, "{played}");
}

fn play(name: &str, text: &str) {
    let server = Server::start_with(|config| config.eas_legacy = true);
    let mut dialogue = Dialogue {
        phone: Phone::new(&server, "alice", "", ""),
        server: &server,
        base64: false,
        known: HashMap::new(),
    };
    let mut answer = None;
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    for block in blocks {
        let lines: Vec<&str> = block
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let Some((first, rest)) = lines.split_first() else {
            continue;
        };
        match first.split_once(": ").unwrap_or((first, "")) {
            ("client", settings) => dialogue.client(settings),
            ("C", what) => answer = Some(dialogue.send(what, rest)),
            ("S", status) => {
                let answer = answer
                    .take()
                    .unwrap_or_else(|| panic!("{name}: nothing was sent"));
                dialogue.expect(&format!("{name}: {block}"), &answer, status, rest);
            }
            _ => panic!("{name}: {first}"),
        }
    }
}

impl Dialogue<'_> {
    fn client(&mut self, settings: &str) {
        for setting in settings.split(" | ") {
            let (name, value) = setting.split_once('=').expect("a setting");
            let value = value.to_owned();
            match name {
                "login" => self.phone.login = value,
                "id" => self.phone.id = value,
                "type" => self.phone.kind = value,
                "agent" => self.phone.agent = value,
                "version" => self.phone.version = value,
                "query" => self.base64 = value == "base64",
                "key" => self.phone.policy_key = value.parse().ok(),
                _ => panic!("{name}"),
            }
        }
    }

    fn send(&mut self, what: &str, tree: &[&str]) -> Answer {
        let tree = self.filled(&tree.join("\n"));
        let body = if tree.is_empty() {
            Vec::new()
        } else {
            wbxml(&tree)
        };
        if let Some(query) = what.strip_prefix("OPTIONS") {
            let target = format!("{PATH}{}", query.trim());
            let headers = [basic(&self.phone.login, &self.phone.password)];
            return request(&self.server.address, "OPTIONS", &target, &headers, b"");
        }
        let code = [
            "Sync",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "FolderSync",
            "",
            "",
            "",
            "",
            "GetItemEstimate",
            "",
            "Search",
            "Settings",
            "Ping",
            "ItemOperations",
            "Provision",
        ]
        .iter()
        .position(|name| *name == what);
        match (self.base64, code) {
            (true, Some(code)) => {
                let query = self.phone.base64_query(code as u8);
                // The base64 form says the version itself.
                let mut phone = self.phone.clone();
                phone.version.clear();
                phone.policy_key = None;
                phone.post_query(&query, &body, &[])
            }
            _ => self.phone.post(what, &body),
        }
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.known {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    fn expect(&mut self, place: &str, answer: &Answer, status: &str, rest: &[&str]) {
        let status: u16 = status.trim().parse().expect("a status");
        assert_eq!(answer.status, status, "{place}");
        let is_header =
            |line: &&&str| !line.starts_with(' ') && !line.contains(" = ") && line.contains(": ");
        for line in rest.iter().filter(is_header) {
            let (name, value) = line.split_once(": ").expect("a header");
            assert_eq!(answer.header(name), Some(value), "{place}");
        }
        let wanted: Vec<&str> = rest
            .iter()
            .filter(|line| !is_header(line))
            .copied()
            .collect();
        match document(answer) {
            None => assert!(wanted.is_empty(), "{place}\nwas answered with nothing"),
            Some(root) => self.compare(place, &wanted, &root),
        }
    }

    fn compare(&mut self, place: &str, wanted: &[&str], root: &Element) {
        let dump = root.dump();
        let found: Vec<&str> = dump.lines().collect();
        let mut at = 0;
        for line in wanted {
            let depth = line.len() - line.trim_start().len();
            if line.trim() == "..." {
                let deeper = |line: &&&str| line.len() - line.trim_start().len() >= depth;
                at += found[at..].iter().take_while(deeper).count();
                continue;
            }
            let line = self.filled(line);
            let shown = found.get(at).copied().unwrap_or("nothing");
            let (name, value) = line.split_once(" = ").unwrap_or((&line, ""));
            let (found_name, found_value) = shown.split_once(" = ").unwrap_or((shown, ""));
            assert_eq!(
                name.trim_end(),
                found_name.trim_end(),
                "{place}\nwas\n{dump}"
            );
            match value
                .strip_prefix('{')
                .and_then(|value| value.strip_suffix('}'))
            {
                Some(name) => {
                    self.known.insert(name.to_owned(), found_value.to_owned());
                }
                None if value == "*" => {}
                None => assert_eq!(value, found_value, "{place}\nwas\n{dump}"),
            }
            at += 1;
        }
        assert_eq!(at, found.len(), "{place}\nleft out\n{dump}");
    }
}
