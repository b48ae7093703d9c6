//! Exchange ActiveSync and Autodiscover: every command, by everybody who might send it.

use carnet_proto::eas::Command;

use super::scene::Scene;
use crate::support::{
    http::{Answer, basic, request},
    phone::{Phone, add, change, delete, indent},
    tree::wbxml,
};

/// What devices leave of themselves.
const TRACES: [&str; 7] = [
    "client",
    "device",
    "device_value",
    "meta",
    "refusal_mark",
    "sign_in_failure",
    "sync_state",
];

fn tells(answer: &Answer) -> bool {
    ["Aaronson", "Vanbrabant", "Martin", "Roy"]
        .iter()
        .any(|name| {
            answer
                .body
                .windows(name.len())
                .any(|octets| octets == name.as_bytes())
        })
}

/// What a device may send about a folder and an item in it, command by command.
fn requests(of: &Phone, item: &str, hierarchy: &str, elsewhere: &str) -> Vec<(Command, String)> {
    let folder = &of.folder;
    let folders =
        format!("  FolderHierarchy:SyncKey = {hierarchy}\n  FolderHierarchy:ServerId = {folder}\n");
    let commands = [
        add("1", "Planted"),
        change(item, "JobTitle", "Planted"),
        delete(item),
    ]
    .concat();
    let moved = |from: &str, to: &str| {
        format!(
            "Move:MoveItems\n  Move:Move\n    Move:SrcMsgId = {item}\n    Move:SrcFldId = {from}\n    \
             Move:DstFldId = {to}"
        )
    };
    let fetch = "ItemOperations:ItemOperations\n  ItemOperations:Fetch\n    \
                 ItemOperations:Store = Mailbox\n";
    let mailbox = "Search:Search\n  Search:Store\n    Search:Name = Mailbox\n    Search:Query\n      \
                   Search:And\n        AirSync:Class = Contacts\n";
    let query = "Search:Search\n  Search:Store\n    Search:Name = GAL\n    Search:Query = Martin";
    vec![
        (Command::Sync, of.sync_text("0", "")),
        (Command::Sync, of.sync_text(&of.key, "AirSync:GetChanges")),
        (
            Command::Sync,
            of.sync_text(&of.key, &format!("AirSync:Commands\n{}", indent(&commands))),
        ),
        (
            Command::GetItemEstimate,
            format!(
                "GetItemEstimate:GetItemEstimate\n  GetItemEstimate:Collections\n    \
                 GetItemEstimate:Collection\n      AirSync:SyncKey = {}\n      \
                 GetItemEstimate:CollectionId = {folder}",
                of.key
            ),
        ),
        (
            Command::Ping,
            format!(
                "Ping:Ping\n  Ping:HeartbeatInterval = 60\n  Ping:Folders\n    Ping:Folder\n      \
                 Ping:Id = {folder}\n      Ping:Class = Contacts"
            ),
        ),
        (Command::MoveItems, moved(folder, elsewhere)),
        (Command::MoveItems, moved(elsewhere, folder)),
        (
            Command::FolderCreate,
            format!(
                "FolderHierarchy:FolderCreate\n  FolderHierarchy:SyncKey = {hierarchy}\n  \
                 FolderHierarchy:ParentId = {folder}\n  FolderHierarchy:DisplayName = Planted\n  \
                 FolderHierarchy:Type = 14"
            ),
        ),
        (
            Command::FolderUpdate,
            format!(
                "FolderHierarchy:FolderUpdate\n{folders}  FolderHierarchy:ParentId = 0\n  \
                 FolderHierarchy:DisplayName = Planted"
            ),
        ),
        (
            Command::FolderDelete,
            format!("FolderHierarchy:FolderDelete\n{folders}"),
        ),
        (
            Command::ItemOperations,
            format!("{fetch}    AirSync:CollectionId = {folder}\n    AirSync:ServerId = {item}"),
        ),
        (
            Command::ItemOperations,
            format!("{fetch}    Search:LongId = {folder}:{item}"),
        ),
        (
            Command::ItemOperations,
            format!(
                "ItemOperations:ItemOperations\n  ItemOperations:EmptyFolderContents\n    \
                 AirSync:CollectionId = {folder}"
            ),
        ),
        (
            Command::Search,
            format!("{mailbox}        Search:FreeText = vanbrabant"),
        ),
        (
            Command::Search,
            format!(
                "{mailbox}        AirSync:CollectionId = {folder}\n        Search:FreeText = vanbrabant"
            ),
        ),
        (Command::Search, query.to_owned()),
        (
            Command::ResolveRecipients,
            "ResolveRecipients:ResolveRecipients\n  ResolveRecipients:To = martin".to_owned(),
        ),
        (
            Command::Settings,
            "Settings:Settings\n  Settings:UserInformation\n    Settings:Get".to_owned(),
        ),
    ]
}

/// Alice's phone, up to date, and one item it holds.
fn alices(scene: &Scene) -> (Phone, String) {
    let mut phone = Phone::set_up(&scene.server, "alice", "theirs", "14.1");
    let told = phone.pull();
    let found = told.into_iter().find(|told| told.2 == "Vanbrabant");
    (phone, found.expect("an item").1)
}

#[test]
fn no_command_is_run_without_the_right_password() {
    let scene = Scene::set();
    let (phone, item) = alices(&scene);
    let (hierarchy, _) = phone.folders("0");
    let bodies = requests(&phone, &item, &hierarchy, "1");
    let before = scene.stored_but(&TRACES);
    let cookie = scene.people["alice"].browser.cookie.clone();
    let cookie = ("Cookie".to_owned(), cookie.expect("a session"));
    let mut wrong = Vec::new();
    for command in Command::ALL {
        let of_command = bodies.iter().filter(|(of, _)| of == command);
        let mut bodies: Vec<Vec<u8>> = of_command.map(|(_, tree)| wbxml(tree)).collect();
        bodies.push(Vec::new());
        for body in bodies {
            for credentials in [
                None,
                Some(basic("alice", "wrong")),
                Some(basic("nobody", "demo")),
                Some(cookie.clone()),
            ] {
                let mut headers = vec![
                    ("MS-ASProtocolVersion".to_owned(), "14.1".to_owned()),
                    (
                        "Content-Type".to_owned(),
                        "application/vnd.ms-sync.wbxml".to_owned(),
                    ),
                ];
                headers.extend(credentials.clone());
                let target = format!(
                    "/Microsoft-Server-ActiveSync?Cmd={}&User=alice&DeviceId=theirs&DeviceType=TestPhone",
                    command.name()
                );
                let answer = request(&scene.server.address, "POST", &target, &headers, &body);
                if answer.status != 401 || tells(&answer) || scene.stored_but(&TRACES) != before {
                    wrong.push(format!(
                        "{} {credentials:?}: {}",
                        command.name(),
                        answer.status
                    ));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn autodiscover_tells_nobody_of_anybody_else() {
    let scene = Scene::set();
    let before = scene.stored_but(&TRACES);
    let pox = |email: &str, credentials: Option<(&str, &str)>| {
        let schema = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/";
        let body = format!(
            "<Autodiscover xmlns=\"{schema}requestschema/2006\"><Request><EMailAddress>{email}\
             </EMailAddress><AcceptableResponseSchema>{schema}responseschema/2006\
             </AcceptableResponseSchema></Request></Autodiscover>"
        );
        let headers: Vec<_> = credentials
            .map(|(login, password)| basic(login, password))
            .into_iter()
            .collect();
        let path = "/autodiscover/autodiscover.xml";
        request(
            &scene.server.address,
            "POST",
            path,
            &headers,
            body.as_bytes(),
        )
    };
    for credentials in [None, Some(("alice", "wrong")), Some(("nobody", "demo"))] {
        let answers = ["alice@example.org", "nobody@example.org"].map(|email| {
            let answer = pox(email, credentials);
            assert!(!tells(&answer));
            (answer.status, answer.text())
        });
        assert_eq!(answers[0], answers[1], "{credentials:?}");
        assert_eq!(answers[0].0, 401);
    }
    // Who is somebody else is told of themselves at most.
    for login in ["dora", "root"] {
        let answers = ["alice@example.org", "nobody@example.org"].map(|email| {
            let answer = pox(email, Some((login, "demo")));
            assert!(!tells(&answer), "{login}: {}", answer.text());
            (answer.status, answer.text().replace(email, "*"))
        });
        assert_eq!(answers[0], answers[1], "{login}");
    }
    assert!(
        pox("alice@example.org", Some(("alice", "demo")))
            .text()
            .contains("Martin")
    );
    // The JSON form tells of no account.
    let json = |email: &str| {
        let path = format!("/autodiscover/autodiscover.json/v1.0/{email}?Protocol=ActiveSync");
        let answer = request(&scene.server.address, "GET", &path, &[], b"");
        (answer.status, answer.text().replace(email, "*"))
    };
    assert_eq!(json("alice@example.org"), json("nobody@example.org"));
    assert_eq!(scene.stored_but(&TRACES), before);
}
