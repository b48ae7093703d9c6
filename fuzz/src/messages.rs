//! Messages of a device, one for each command, in step with the server.

use carnet_proto::{
    eas::Command,
    wbxml::{
        Element, Encoder, Node, Tag, decode,
        page::{
            air_sync as a, air_sync_base as b, compose_mail as m, contacts as c, find as fi,
            folder_hierarchy as f, get_item_estimate as g, item_operations as i,
            meeting_response as mr, move_items as mv, ping as p, provision as pr,
            resolve_recipients as r, search as s, settings as st, validate_cert as v,
        },
    },
};

/// What stands for the key of the folder, that of the list of folders, the folder, and one of its items.
pub const KEY: &str = "@key";
pub const FOLDERS: &str = "@folders";
pub const BOOK: &str = "@book";
pub const ITEM: &str = "@item";

/// Every command that is served.
pub const COMMANDS: [Command; 20] = [
    Command::Sync,
    Command::Ping,
    Command::SendMail,
    Command::SmartForward,
    Command::SmartReply,
    Command::GetAttachment,
    Command::FolderSync,
    Command::FolderCreate,
    Command::FolderDelete,
    Command::FolderUpdate,
    Command::MoveItems,
    Command::GetItemEstimate,
    Command::MeetingResponse,
    Command::Search,
    Command::Settings,
    Command::ItemOperations,
    Command::Provision,
    Command::ResolveRecipients,
    Command::ValidateCert,
    Command::Find,
];

pub const VERSIONS: [&str; 7] = ["16.1", "14.1", "12.1", "2.5", "12.0", "14.0", "16.0"];
const LAST: u8 = 0;
const PARTS: u8 = 0x80;

fn of(tag: Tag, children: Vec<Element>) -> Element {
    let children = children.into_iter().map(Node::Element).collect();
    Element { tag, children }
}

fn text(tag: Tag, text: &str) -> Element {
    let children = vec![Node::Text(text.to_owned())];
    Element { tag, children }
}

fn texts(values: &[(Tag, &str)]) -> Vec<Element> {
    values
        .iter()
        .map(|(tag, value)| text(*tag, value))
        .collect()
}

fn message(command: Command, version: u8, root: &Element) -> Vec<u8> {
    let number = COMMANDS.iter().position(|known| *known == command);
    let number = u8::try_from(number.expect("a command")).expect("few");
    let mut out = Encoder::new();
    out.element(root);
    [vec![number, version], out.finish()].concat()
}

fn sync(key: &str, more: Vec<Element>) -> Element {
    let head = texts(&[(a::SYNC_KEY, key), (a::COLLECTION_ID, BOOK)]);
    let collection = of(a::COLLECTION, [head, more].concat());
    of(a::SYNC, vec![of(a::COLLECTIONS, vec![collection])])
}

fn options() -> Element {
    let wanted = texts(&[(b::TYPE, "2"), (b::TRUNCATION_SIZE, "200")]);
    of(a::OPTIONS, vec![of(b::BODY_PREFERENCE, wanted)])
}

fn folder_sync(key: &str) -> Element {
    of(f::FOLDER_SYNC, vec![text(f::SYNC_KEY, key)])
}

/// What sets an account up.
pub fn first_steps() -> Vec<Vec<u8>> {
    let changes = vec![text(a::GET_CHANGES, "1"), options()];
    vec![
        message(Command::FolderSync, LAST, &folder_sync("0")),
        message(Command::Sync, LAST, &sync("0", Vec::new())),
        message(Command::Sync, LAST, &sync(KEY, changes)),
    ]
}

/// The messages of the fixtures, and one of each command.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut all = first_steps();
    for (name, octets) in super::seeds::wbxml() {
        let root = decode(&octets, &Default::default()).expect("a message");
        let command = COMMANDS
            .iter()
            .find(|command| command.root() == Some(root.tag));
        let command = command.unwrap_or_else(|| panic!("{name}"));
        all.push(message(*command, LAST, &root));
    }
    all.extend(items());
    all.extend(folders());
    all.extend(searches());
    all.extend(others());
    all
}

fn items() -> Vec<Vec<u8>> {
    let data = |name: &str| {
        let values = texts(&[
            (c::LAST_NAME, name),
            (c::EMAIL1_ADDRESS, "a@example.org"),
            (c::BIRTHDAY, "1980-02-29T00:00:00.000Z"),
            (c::MOBILE_PHONE_NUMBER, "+33 6 12 34 56 78"),
        ]);
        let note = of(b::BODY, texts(&[(b::TYPE, "1"), (b::DATA, "one\r\ntwo")]));
        of(a::APPLICATION_DATA, [values, vec![note]].concat())
    };
    let commands = of(
        a::COMMANDS,
        vec![
            of(a::ADD, vec![text(a::CLIENT_ID, "n1"), data("New")]),
            of(a::CHANGE, vec![text(a::SERVER_ID, ITEM), data("Changed")]),
            of(a::FETCH, vec![text(a::SERVER_ID, ITEM)]),
            of(a::DELETE, vec![text(a::SERVER_ID, "x")]),
        ],
    );
    let mut held = sync(KEY, vec![text(a::GET_CHANGES, "1")]);
    held.children
        .push(Node::Element(text(a::HEARTBEAT_INTERVAL, "60")));
    let moved = of(
        mv::MOVE,
        texts(&[
            (mv::SRC_MSG_ID, ITEM),
            (mv::SRC_FLD_ID, BOOK),
            (mv::DST_FLD_ID, "2"),
        ]),
    );
    let counted = of(
        g::COLLECTION,
        texts(&[(a::SYNC_KEY, KEY), (g::COLLECTION_ID, BOOK)]),
    );
    let by_ids = texts(&[
        (i::STORE, "Mailbox"),
        (a::COLLECTION_ID, BOOK),
        (a::SERVER_ID, ITEM),
    ]);
    let schema = of(i::SCHEMA, texts(&[(c::LAST_NAME, ""), (b::BODY, "")]));
    let wanted = of(i::OPTIONS, vec![schema]);
    let operations = vec![
        of(i::FETCH, [by_ids, vec![wanted]].concat()),
        of(
            i::FETCH,
            texts(&[
                (i::STORE, "Mailbox"),
                (s::LONG_ID, &format!("{BOOK}:{ITEM}")),
            ]),
        ),
        of(i::EMPTY_FOLDER_CONTENTS, vec![text(a::COLLECTION_ID, BOOK)]),
        of(
            i::MOVE,
            texts(&[(i::CONVERSATION_ID, "c"), (i::DST_FLD_ID, BOOK)]),
        ),
    ];
    vec![
        message(Command::Sync, LAST, &sync(KEY, vec![commands, options()])),
        message(Command::Sync, 2, &held),
        message(Command::MoveItems, LAST, &of(mv::MOVE_ITEMS, vec![moved])),
        message(
            Command::GetItemEstimate,
            1,
            &of(
                g::GET_ITEM_ESTIMATE,
                vec![of(g::COLLECTIONS, vec![counted])],
            ),
        ),
        message(
            Command::ItemOperations,
            PARTS,
            &of(i::ITEM_OPERATIONS, operations),
        ),
    ]
}

fn folders() -> Vec<Vec<u8>> {
    let watched = of(p::FOLDER, texts(&[(p::ID, BOOK), (p::CLASS, "Contacts")]));
    let ping = vec![
        text(p::HEARTBEAT_INTERVAL, "60"),
        of(p::FOLDERS, vec![watched]),
    ];
    let created = texts(&[
        (f::SYNC_KEY, FOLDERS),
        (f::PARENT_ID, "0"),
        (f::DISPLAY_NAME, "Club"),
        (f::TYPE, "14"),
    ]);
    let renamed = texts(&[
        (f::SYNC_KEY, FOLDERS),
        (f::SERVER_ID, "2"),
        (f::PARENT_ID, "0"),
        (f::DISPLAY_NAME, "Clubs"),
    ]);
    let deleted = texts(&[(f::SYNC_KEY, FOLDERS), (f::SERVER_ID, "2")]);
    vec![
        message(Command::FolderSync, LAST, &folder_sync(FOLDERS)),
        message(Command::FolderCreate, LAST, &of(f::FOLDER_CREATE, created)),
        message(Command::FolderUpdate, LAST, &of(f::FOLDER_UPDATE, renamed)),
        message(Command::FolderDelete, LAST, &of(f::FOLDER_DELETE, deleted)),
        message(Command::Ping, LAST, &of(p::PING, ping)),
    ]
}

fn searches() -> Vec<Vec<u8>> {
    let pictures = of(
        s::PICTURE,
        texts(&[(s::MAX_SIZE, "100000"), (s::MAX_PICTURES, "2")]),
    );
    let gal = vec![
        text(s::NAME, "GAL"),
        text(s::QUERY, "a"),
        of(s::OPTIONS, vec![text(s::RANGE, "0-9"), pictures]),
    ];
    let words = texts(&[
        (a::CLASS, "Contacts"),
        (a::COLLECTION_ID, BOOK),
        (s::FREE_TEXT, "a"),
    ]);
    let mailbox = vec![
        text(s::NAME, "Mailbox"),
        of(s::QUERY, vec![of(s::AND, words)]),
        of(s::OPTIONS, vec![text(s::RANGE, "0-4")]),
    ];
    let found = |criterion: Element| {
        let search = of(fi::EXECUTE_SEARCH, vec![criterion]);
        of(fi::FIND, vec![text(fi::SEARCH_ID, "1"), search])
    };
    let range = of(fi::OPTIONS, vec![text(fi::RANGE, "0-9")]);
    let people = of(
        fi::GAL_SEARCH_CRITERION,
        vec![text(fi::QUERY, "a"), range.clone()],
    );
    let query = of(
        fi::QUERY,
        texts(&[
            (a::CLASS, "Contacts"),
            (a::COLLECTION_ID, BOOK),
            (fi::FREE_TEXT, "a"),
        ]),
    );
    let contacts = of(fi::MAIL_BOX_SEARCH_CRITERION, vec![query, range]);
    let span = of(
        r::AVAILABILITY,
        texts(&[
            (r::START_TIME, "2026-11-28T00:00:00.000Z"),
            (r::END_TIME, "2026-11-29T00:00:00.000Z"),
        ]),
    );
    let wishes = texts(&[
        (r::CERTIFICATE_RETRIEVAL, "2"),
        (r::MAX_AMBIGUOUS_RECIPIENTS, "3"),
    ]);
    let resolved = vec![
        text(r::TO, "alice"),
        text(r::TO, "a"),
        of(r::OPTIONS, [wishes, vec![span]].concat()),
    ];
    let search = |store| of(s::SEARCH, vec![of(s::STORE, store)]);
    vec![
        message(Command::Search, LAST, &search(gal)),
        message(Command::Search, 1, &search(mailbox)),
        message(Command::Find, LAST, &found(people)),
        message(Command::Find, LAST, &found(contacts)),
        message(
            Command::ResolveRecipients,
            LAST,
            &of(r::RESOLVE_RECIPIENTS, resolved),
        ),
    ]
}

fn others() -> Vec<Vec<u8>> {
    let set = of(
        st::SET,
        texts(&[(st::MODEL, "Fuzz"), (st::OS, "1"), (st::IMEI, "3")]),
    );
    let about = of(st::DEVICE_INFORMATION, vec![set]);
    let get = || vec![of(st::GET, Vec::new())];
    let parts = vec![
        about.clone(),
        of(st::USER_INFORMATION, get()),
        of(st::OOF, get()),
        of(st::RIGHTS_MANAGEMENT_INFORMATION, get()),
        of(
            st::DEVICE_PASSWORD,
            vec![of(st::SET, vec![text(st::PASSWORD, "1")])],
        ),
    ];
    let policy = |values: &[(Tag, &str)]| {
        let policies = of(pr::POLICIES, vec![of(pr::POLICY, texts(values))]);
        of(pr::PROVISION, vec![about.clone(), policies])
    };
    let kind = (pr::POLICY_TYPE, "MS-EAS-Provisioning-WBXML");
    let said = [kind, (pr::POLICY_KEY, "1"), (pr::STATUS, "1")];
    let source = of(
        m::SOURCE,
        texts(&[(m::FOLDER_ID, BOOK), (m::ITEM_ID, ITEM)]),
    );
    let mail = |tag| {
        let letter = texts(&[
            (m::CLIENT_ID, "1"),
            (m::MIME, "To: a@b.example\r\n\r\nword"),
        ]);
        of(tag, [letter, vec![source.clone()]].concat())
    };
    let answer = of(
        mr::REQUEST,
        texts(&[
            (mr::USER_RESPONSE, "1"),
            (mr::COLLECTION_ID, BOOK),
            (mr::REQUEST_ID, ITEM),
        ]),
    );
    let certificates = of(v::CERTIFICATES, vec![text(v::CERTIFICATE, "MIIB")]);
    vec![
        message(Command::Settings, LAST, &of(st::SETTINGS, parts)),
        message(Command::Provision, LAST, &policy(&[kind])),
        message(Command::Provision, LAST, &policy(&said)),
        message(Command::SendMail, LAST, &mail(m::SEND_MAIL)),
        message(Command::SmartReply, LAST, &mail(m::SMART_REPLY)),
        message(Command::SmartForward, LAST, &mail(m::SMART_FORWARD)),
        message(
            Command::MeetingResponse,
            LAST,
            &of(mr::MEETING_RESPONSE, vec![answer]),
        ),
        message(
            Command::ValidateCert,
            LAST,
            &of(v::VALIDATE_CERT, vec![certificates]),
        ),
    ]
}
