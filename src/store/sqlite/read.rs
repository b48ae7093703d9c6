//! Reads about people, groups, collections and devices.

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::{Work, read_office::class_at};
use crate::domain::{
    actor::Membership,
    collection::{Collection, Place},
    device::DeviceAccess,
    id::{CollectionId, CommentId, DeviceId, GroupId, ItemId, PersonId, Seq, TagId, Timestamp},
    json,
    principal::{Group, Member, Person, Role},
    rights::GroupRight,
    store::{Comment, Device, HomeChange, HomeKind, Invitation, KnownClient, Tag},
};

/// One reading connection, counting what it costs.
pub struct Reader<'a> {
    pub connection: &'a Connection,
    pub work: &'a Work,
}

impl Reader<'_> {
    /// All rows of a cached statement.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?.collect();
        self.work.add(&statement);
        rows
    }

    /// The first row of a cached statement.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let row = statement.query_row(params, read).optional();
        self.work.add(&statement);
        row
    }

    pub fn person_by_login(&self, login: &str) -> rusqlite::Result<Option<Person>> {
        let sql = format!("SELECT {PERSON} WHERE person.login = ?1");
        if let Some(person) = self.one(&sql, [login], person)? {
            return Ok(Some(person));
        }
        let sql =
            format!("SELECT {PERSON} WHERE lower(person.email) = ?1 AND person.email IS NOT NULL");
        self.one(&sql, [login], person)
    }

    pub fn person(&self, id: PersonId) -> rusqlite::Result<Option<Person>> {
        let sql = format!("SELECT {PERSON} WHERE person.id = ?1");
        self.one(&sql, [id.0], person)
    }

    pub fn people(&self) -> rusqlite::Result<Vec<Person>> {
        let sql = format!("SELECT {PERSON} ORDER BY person.login");
        self.all(&sql, [], person)
    }

    /// The groups of a person, by display name.
    pub fn memberships(&self, person: PersonId) -> rusqlite::Result<Vec<Membership>> {
        self.all(
            "SELECT g.id, g.name, g.display_name, m.role, c.id FROM membership m
             JOIN grp g ON g.id = m.grp JOIN collection c ON c.grp = g.id AND c.kind = 'group'
                 AND c.class = 'contact'
             WHERE m.person = ?1 ORDER BY lower(g.display_name), g.id",
            [person.0],
            |row| {
                Ok(Membership {
                    group: GroupId(row.get(0)?),
                    name: row.get(1)?,
                    display_name: row.get(2)?,
                    role: role(row, 3)?,
                    book: CollectionId(row.get(4)?),
                })
            },
        )
    }

    pub fn rights_revision(&self) -> rusqlite::Result<i64> {
        let revision = self.one(
            "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'rights_revision'",
            [],
            |row| row.get(0),
        )?;
        Ok(revision.unwrap_or(0))
    }

    /// [`Reader::rights_revision`], and a number that every change of personal settings moves.
    pub fn account_revisions(&self) -> rusqlite::Result<(i64, i64)> {
        let revisions = self.one(
            "SELECT CAST(value AS INTEGER), coalesce((SELECT CAST(value AS INTEGER) FROM meta
                 WHERE name = 'settings_revision'), 0) FROM meta WHERE name = 'rights_revision'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(revisions.unwrap_or_default())
    }

    pub fn groups(&self) -> rusqlite::Result<Vec<Group>> {
        let sql = format!("SELECT {GROUP} FROM grp ORDER BY folded");
        self.all(&sql, [], group)
    }

    pub fn group_by_name(&self, name: &str) -> rusqlite::Result<Option<Group>> {
        let sql = format!("SELECT {GROUP} FROM grp WHERE name = ?1");
        self.one(&sql, [name], group)
    }

    pub fn group(&self, id: GroupId) -> rusqlite::Result<Option<Group>> {
        let sql = format!("SELECT {GROUP} FROM grp WHERE id = ?1");
        self.one(&sql, [id.0], group)
    }

    pub fn group_book(&self, group: GroupId) -> rusqlite::Result<Option<CollectionId>> {
        self.one(
            "SELECT id FROM collection WHERE grp = ?1 AND kind = 'group' AND class = 'contact'",
            [group.0],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn group_sizes(&self, person: PersonId) -> rusqlite::Result<Vec<(GroupId, i64)>> {
        self.all(
            "SELECT own.grp, (SELECT count(*) FROM membership m WHERE m.grp = own.grp)
             FROM membership own WHERE own.person = ?1",
            [person.0],
            |row| Ok((GroupId(row.get(0)?), row.get(1)?)),
        )
    }

    pub fn members(&self, group: GroupId) -> rusqlite::Result<Vec<Member>> {
        self.all(
            "SELECT p.id, p.login, p.name, p.email, m.role, p.organization, p.disabled FROM membership m
             JOIN person p ON p.id = m.person WHERE m.grp = ?1 ORDER BY lower(p.name), p.id",
            [group.0],
            |row| {
                Ok(Member {
                    person: PersonId(row.get(0)?),
                    login: row.get(1)?,
                    name: row.get(2)?,
                    email: row.get(3)?,
                    role: role(row, 4)?,
                    organization: row.get(5)?,
                    disabled: row.get(6)?,
                })
            },
        )
    }

    pub fn invitations(&self, group: GroupId) -> rusqlite::Result<Vec<Invitation>> {
        let sql = format!("{INVITATION} WHERE i.grp = ?1 ORDER BY i.expires DESC, i.token");
        self.all(&sql, [group.0], invitation)
    }

    pub fn invitation(&self, token: &str) -> rusqlite::Result<Option<Invitation>> {
        let sql = format!("{INVITATION} WHERE i.token = ?1");
        self.one(&sql, [token], invitation)
    }

    pub fn members_list(&self, group: GroupId) -> rusqlite::Result<Option<CollectionId>> {
        self.one(
            "SELECT id FROM collection WHERE grp = ?1 AND kind = 'members'",
            [group.0],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn shown_members(&self, person: PersonId) -> rusqlite::Result<Vec<Collection>> {
        let sql = format!(
            "{COLLECTION} JOIN book_placement b ON b.book = c.id AND b.gone IS NULL
             JOIN collection h ON h.id = b.home AND h.kind = 'home'
             WHERE h.person = ?1 AND c.kind = 'members' ORDER BY lower(c.display_name), c.id"
        );
        self.all(&sql, [person.0], collection)
    }

    pub fn group_right(&self, group: GroupId, person: PersonId) -> rusqlite::Result<GroupRight> {
        let rights = self.all(
            "SELECT right FROM grant_group WHERE grp = ?1 AND person IN (0, ?2)",
            [group.0, person.0],
            |row| group_right(row, 0),
        )?;
        Ok(rights.into_iter().max().unwrap_or(GroupRight::None))
    }

    pub fn group_grants(
        &self,
        group: GroupId,
    ) -> rusqlite::Result<Vec<(Option<PersonId>, GroupRight)>> {
        self.all(
            "SELECT person, right FROM grant_group WHERE grp = ?1 ORDER BY person",
            [group.0],
            |row| Ok((someone(row.get(0)?), group_right(row, 1)?)),
        )
    }

    pub fn collection(&self, id: CollectionId) -> rusqlite::Result<Option<Collection>> {
        let sql = format!("{COLLECTION} WHERE c.id = ?1 AND c.kind NOT LIKE 'removed%'");
        self.one(&sql, [id.0], collection)
    }

    pub fn collection_by_uuid(&self, uuid: &str) -> rusqlite::Result<Option<Collection>> {
        let sql = format!(
            "{COLLECTION} WHERE c.uuid = ?1 AND c.class = 'contact'
                 AND c.kind NOT LIKE 'removed%'"
        );
        self.one(&sql, [uuid], collection)
    }

    pub fn books(&self, person: PersonId) -> rusqlite::Result<Vec<Collection>> {
        let sql = format!(
            "{COLLECTION} WHERE c.person = ?1 AND c.kind = 'private' AND c.class = 'contact'
             ORDER BY c.position, c.id"
        );
        let mut books = self.all(&sql, [person.0], collection)?;
        let sql = format!(
            "{COLLECTION} JOIN membership m ON m.grp = c.grp
             WHERE m.person = ?1 AND c.kind = 'group' AND c.class = 'contact'
             ORDER BY lower(c.display_name), c.id"
        );
        books.extend(self.all(&sql, [person.0], collection)?);
        Ok(books)
    }

    pub fn private_book(
        &self,
        person: PersonId,
        segment: &str,
    ) -> rusqlite::Result<Option<Collection>> {
        let sql = format!(
            "{COLLECTION} WHERE c.person = ?1 AND c.kind = 'private' AND c.segment = ?2
                 AND c.class = 'contact'"
        );
        self.one(&sql, (person.0, segment), collection)
    }

    pub fn home(&self, person: PersonId) -> rusqlite::Result<Option<Collection>> {
        let sql = format!("{COLLECTION} WHERE c.person = ?1 AND c.kind = 'home'");
        self.one(&sql, [person.0], collection)
    }

    pub fn home_changes(
        &self,
        home: CollectionId,
        after: Seq,
    ) -> rusqlite::Result<Vec<HomeChange>> {
        self.all(
            "SELECT b.book, b.segment, b.gone IS NOT NULL, b.moved, c.kind
             FROM book_placement b LEFT JOIN collection c ON c.id = b.book
             WHERE b.home = ?1 AND b.moved > ?2 ORDER BY b.moved",
            [home.0, after.0],
            |row| {
                Ok(HomeChange {
                    book: CollectionId(row.get(0)?),
                    segment: row.get(1)?,
                    gone: row.get(2)?,
                    seq: Seq(row.get(3)?),
                    kind: home_kind(row.get::<_, Option<String>>(4)?.as_deref()),
                })
            },
        )
    }

    pub fn sync(
        &self,
        device: DeviceId,
        collection: CollectionId,
    ) -> rusqlite::Result<Option<(String, Vec<u8>)>> {
        self.one(
            "SELECT key, record FROM sync_state WHERE device = ?1 AND collection = ?2",
            [device.0, collection.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    pub fn device_value(&self, device: DeviceId, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        self.one(
            "SELECT value FROM device_value WHERE device = ?1 AND name = ?2",
            rusqlite::params![device.0, name],
            |row| row.get(0),
        )
    }

    pub fn device(&self, person: PersonId, device_id: &str) -> rusqlite::Result<Option<Device>> {
        let sql = format!("{DEVICE} WHERE person = ?1 AND device_id = ?2");
        self.one(&sql, rusqlite::params![person.0, device_id], device)
    }

    pub fn device_count(&self, person: PersonId) -> rusqlite::Result<usize> {
        let count = self.one(
            "SELECT count(*) FROM device WHERE person = ?1",
            [person.0],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(count
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(0))
    }

    pub fn devices(&self, person: Option<PersonId>) -> rusqlite::Result<Vec<Device>> {
        let sql = format!("{DEVICE} {} ORDER BY last_seen DESC", of(person));
        self.all(&sql, named(person), device)
    }

    pub fn synced(&self, device: DeviceId) -> rusqlite::Result<Vec<CollectionId>> {
        self.all(
            "SELECT collection FROM sync_state WHERE device = ?1",
            [device.0],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn clients(&self, person: Option<PersonId>) -> rusqlite::Result<Vec<KnownClient>> {
        let sql = format!(
            "SELECT person, label, name, first_seen, last_seen, journal FROM client {}",
            of(person)
        );
        self.all(&sql, named(person), |row| {
            let journal: String = row.get(5)?;
            Ok(KnownClient {
                person: PersonId(row.get(0)?),
                label: row.get(1)?,
                name: row.get(2)?,
                first_seen: Timestamp(row.get(3)?),
                last_seen: Timestamp(row.get(4)?),
                exchanges: json::read("a journal", journal.as_bytes()).unwrap_or_default(),
            })
        })
    }

    pub fn followed(&self, person: PersonId, client: &str) -> rusqlite::Result<Vec<CollectionId>> {
        self.all(
            "SELECT DISTINCT collection FROM dav_client WHERE person = ?1 AND client = ?2",
            rusqlite::params![person.0, client],
            |row| Ok(CollectionId(row.get(0)?)),
        )
    }

    pub fn properties(
        &self,
        person: PersonId,
        resource: &str,
    ) -> rusqlite::Result<Vec<(String, String, Vec<u8>)>> {
        // A person's own value comes before the shared one.
        let mut found: Vec<(String, String, Vec<u8>)> = self.all(
            "SELECT namespace, name, value FROM property
             WHERE resource = ?1 AND person IN (0, ?2) ORDER BY person DESC, namespace, name",
            rusqlite::params![resource, person.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut seen = std::collections::HashSet::new();
        found.retain(|(namespace, name, _)| seen.insert((namespace.clone(), name.clone())));
        Ok(found)
    }

    pub fn tags(&self, person: PersonId) -> rusqlite::Result<Vec<Tag>> {
        self.all(
            "SELECT t.id, t.name, t.colour, (SELECT count(DISTINCT l.item) FROM tag_link l
                 JOIN placement p ON p.item = l.item AND p.gone IS NULL
                 JOIN collection c ON c.id = p.collection AND c.person = t.person
                 WHERE l.tag = t.id)
             FROM tag t WHERE t.person = ?1 ORDER BY t.folded",
            [person.0],
            tag,
        )
    }

    pub fn tags_in(
        &self,
        person: PersonId,
        collection: CollectionId,
    ) -> rusqlite::Result<Vec<Tag>> {
        self.all(
            "SELECT t.id, t.name, t.colour, (SELECT count(*) FROM tag_link l
                 JOIN placement p ON p.item = l.item AND p.gone IS NULL AND p.collection = ?2
                 WHERE l.tag = t.id)
             FROM tag t WHERE t.person = ?1 ORDER BY t.folded",
            [person.0, collection.0],
            tag,
        )
    }

    pub fn tags_of(&self, person: PersonId, item: ItemId) -> rusqlite::Result<Vec<String>> {
        self.all(
            "SELECT t.name FROM tag_link l JOIN tag t ON t.id = l.tag
             WHERE l.item = ?2 AND t.person = ?1 ORDER BY t.folded",
            [person.0, item.0],
            |row| row.get(0),
        )
    }

    pub fn comments(&self, item: ItemId) -> rusqlite::Result<Vec<Comment>> {
        let sql = format!("{COMMENT} WHERE c.item = ?1 AND {AWAKE} ORDER BY c.at DESC, c.id DESC");
        self.all(&sql, [item.0], comment)
    }

    pub fn comment(&self, id: CommentId) -> rusqlite::Result<Option<Comment>> {
        let sql = format!("{COMMENT} WHERE c.id = ?1 AND {AWAKE}");
        self.one(&sql, [id.0], comment)
    }
}

const COMMENT: &str =
    "SELECT c.id, c.item, c.collection, c.author, coalesce(p.name, ''), c.at, c.text
    FROM comment c LEFT JOIN person p ON p.id = c.author";

/// A comment sleeps while its item is not placed where it was written.
const AWAKE: &str = "EXISTS (SELECT 1 FROM placement p
    WHERE p.item = c.item AND p.collection = c.collection AND p.gone IS NULL)";

fn comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: CommentId(row.get(0)?),
        item: ItemId(row.get(1)?),
        collection: CollectionId(row.get(2)?),
        author: PersonId(row.get(3)?),
        author_name: row.get(4)?,
        at: Timestamp(row.get(5)?),
        text: row.get(6)?,
    })
}

const PERSON: &str =
    "person.id, person.login, person.email, person.name, person.admin, person.disabled,
    person.quota, person.password_hash, person.created, person.settings,
    EXISTS (SELECT 1 FROM second_factor f WHERE f.person = person.id AND f.confirmed IS NOT NULL),
    k.name, k.contacts, k.devices, k.eas, k.carddav, k.sms, k.fax, k.documents,
    k.photo, k.import_size
    FROM person LEFT JOIN account_class k ON k.name = person.class";

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: PersonId(row.get(0)?),
        login: row.get(1)?,
        email: row.get(2)?,
        name: row.get(3)?,
        admin: row.get(4)?,
        disabled: row.get(5)?,
        quota: row.get(6)?,
        password_hash: row.get(7)?,
        created: Timestamp(row.get(8)?),
        settings: row.get(9)?,
        second_factor: row.get(10)?,
        class: class_at(row, 11)?,
    })
}

const GROUP: &str = "id, name, display_name, options, created";

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    let options: String = row.get(3)?;
    Ok(Group {
        id: GroupId(row.get(0)?),
        name: row.get(1)?,
        display_name: row.get(2)?,
        options: json::read("the options of a group", options.as_bytes()).unwrap_or_default(),
        created: Timestamp(row.get(4)?),
    })
}

pub(super) const COLLECTION: &str =
    "SELECT c.id, c.kind, c.person, c.grp, c.uuid, c.segment, c.display_name,
    c.description, c.epoch, c.seq, c.floor, c.position, g.options, c.created,
    c.class, c.hidden
    FROM collection c LEFT JOIN grp g ON g.id = c.grp";

pub(super) fn collection(row: &Row<'_>) -> rusqlite::Result<Collection> {
    let options: Option<String> = row.get(12)?;
    Ok(Collection {
        id: CollectionId(row.get(0)?),
        place: place(row, 1)?,
        uuid: row.get(4)?,
        segment: row.get(5)?,
        display_name: row.get(6)?,
        description: row.get(7)?,
        epoch: row.get(8)?,
        seq: Seq(row.get(9)?),
        floor: Seq(row.get(10)?),
        position: row.get(11)?,
        created: Timestamp(row.get(13)?),
        class: row.get(14)?,
        hidden: row.get::<_, Option<i64>>(15)?.map(Timestamp),
        options: options
            .and_then(|options| json::read("the options of a group", options.as_bytes()))
            .unwrap_or_default(),
    })
}

/// Reads `kind, person, grp`; the group of a deleted one is nobody's.
pub(super) fn place(row: &Row<'_>, at: usize) -> rusqlite::Result<Place> {
    let kind: String = row.get(at)?;
    let person = PersonId(row.get::<_, Option<i64>>(at + 1)?.unwrap_or(0));
    let group = GroupId(row.get::<_, Option<i64>>(at + 2)?.unwrap_or(0));
    Ok(match kind.as_str() {
        "group" | "removed-group" => Place::Group(group),
        "home" => Place::Home(person),
        "view" => Place::View(person),
        "members" | "removed-members" => Place::Members(group),
        _ => Place::Private(person),
    })
}

fn home_kind(kind: Option<&str>) -> HomeKind {
    match kind {
        Some("private" | "removed") => HomeKind::Private,
        Some("members" | "removed-members") => HomeKind::Members,
        _ => HomeKind::Group,
    }
}

const DEVICE: &str = "SELECT id, person, device_id, device_type, user_agent, version, access, info,
    first_seen, last_seen, name, ordered_by FROM device";

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    let access: String = row.get(6)?;
    let info: String = row.get(7)?;
    let info: std::collections::BTreeMap<String, String> =
        json::read("what a device says of itself", info.as_bytes()).unwrap_or_default();
    Ok(Device {
        id: DeviceId(row.get(0)?),
        person: PersonId(row.get(1)?),
        device_id: row.get(2)?,
        device_type: row.get(3)?,
        user_agent: row.get(4)?,
        version: row.get(5)?,
        // Unreadable access never lets a device in.
        access: DeviceAccess::parse(&access).unwrap_or(DeviceAccess::Blocked),
        info: info.into_iter().collect(),
        first_seen: Timestamp(row.get(8)?),
        last_seen: Timestamp(row.get(9)?),
        name: row.get(10)?,
        ordered_by: row.get::<_, Option<i64>>(11)?.map(PersonId),
    })
}

/// Restricts rows to those of a person; of none, they are everybody's.
pub(super) fn of(person: Option<PersonId>) -> &'static str {
    if person.is_some() {
        "WHERE person = ?1"
    } else {
        ""
    }
}

/// The value of what [`of`] restricts by.
pub(super) fn named(person: Option<PersonId>) -> impl rusqlite::Params {
    rusqlite::params_from_iter(person.map(|person| person.0))
}

/// Person 0 stands for everyone in the group.
fn someone(id: i64) -> Option<PersonId> {
    (id != 0).then_some(PersonId(id))
}

fn role(row: &Row<'_>, at: usize) -> rusqlite::Result<Role> {
    let text: String = row.get(at)?;
    Ok(Role::parse(&text).unwrap_or(Role::Member))
}

fn group_right(row: &Row<'_>, at: usize) -> rusqlite::Result<GroupRight> {
    let text: String = row.get(at)?;
    Ok(GroupRight::parse(&text).unwrap_or(GroupRight::None))
}

fn tag(row: &Row<'_>) -> rusqlite::Result<Tag> {
    Ok(Tag {
        id: TagId(row.get(0)?),
        name: row.get(1)?,
        colour: row.get(2)?,
        count: row.get(3)?,
    })
}

const INVITATION: &str = "SELECT i.token, i.email, g.display_name, coalesce(p.name, ''), i.expires,
    EXISTS (SELECT 1 FROM membership m WHERE m.grp = i.grp AND m.person = i.inviter
        AND m.role <> 'member' AND p.disabled = 0)
    FROM invitation i JOIN grp g ON g.id = i.grp LEFT JOIN person p ON p.id = i.inviter";

fn invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        token: row.get(0)?,
        email: row.get(1)?,
        group_name: row.get(2)?,
        inviter_name: row.get(3)?,
        expires: Timestamp(row.get(4)?),
        valid: row.get(5)?,
    })
}
