//! Groups as the administration runs them, the rules that are set while the server runs, and the
//! audit trail.

use std::{collections::HashMap, path::Path, sync::Arc};

use super::{
    By, OPERATOR, Office,
    people::typed_is,
    store::{AuditLine, GroupCounts, OfficeOp},
};
use crate::domain::{
    actor::{Actor, Client},
    batch::{Batch, GroupOp, Op},
    core::Core,
    device::DeviceAccess,
    error::{Error, Result},
    group::Leaving,
    id::{GroupId, PersonId, Timestamp},
    item::random_id,
    json,
    outbox::Outgoing,
    principal::{Group, GroupOptions, Member, Role, valid_group_name},
    rule::Rule,
    store::Store,
};

/// A group as the administration lists it.
#[derive(Clone, Debug)]
pub struct GroupRow {
    pub group: Group,
    pub counts: GroupCounts,
}

/// Names of settings that change while the server runs.
const NOTICE: &str = "maintenance-notice";
const NEW_DEVICES: &str = "new-devices";
/// Name of the value about the last backup.
pub const LAST_BACKUP: &str = "last-backup";
const PUBLIC_URL: &str = "public-url";
const FORM_KEY: &str = "form-key";
/// Name of the settings of the server that rule data.
pub const RULES: &str = "rules";

/// The access given to new devices of one kind of client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRule {
    /// Part of the DeviceType, in lower case; empty: every other kind.
    pub kind: String,
    pub access: DeviceAccess,
}

impl Office {
    /// The groups by name.
    pub async fn groups(&self) -> Result<Vec<GroupRow>> {
        let store = self.core().store();
        let counts = store.group_counts().await?.into_iter();
        let mut counts: HashMap<GroupId, GroupCounts> =
            counts.map(|counts| (counts.group, counts)).collect();
        let groups = store.groups().await?.into_iter();
        Ok(groups
            .map(|group| GroupRow {
                counts: counts.remove(&group.id).unwrap_or_default(),
                group,
            })
            .collect())
    }

    /// Members of any group, by name.
    pub async fn members(&self, group: GroupId) -> Result<Vec<Member>> {
        self.core().store().members(group).await
    }

    /// Founds a group with an admin. `Invalid` or `Exists` for its name.
    pub async fn add_group(&self, name: &str, admin: PersonId) -> Result<()> {
        if !valid_group_name(name) {
            return Err(Error::Invalid(Rule::GroupName));
        }
        let (name, display_name) = (name.to_owned(), name.to_owned());
        self.commit(vec![Op::Group(GroupOp::AddGroup {
            name,
            display_name,
            admin,
        })])
        .await
        .map(drop)
    }

    /// Adds a member or changes a role; the role of admin hands the group over.
    pub async fn set_member(&self, group: GroupId, person: PersonId, role: Role) -> Result<()> {
        self.commit(vec![Op::Group(GroupOp::SetMember {
            group,
            person,
            role,
        })])
        .await
        .map(drop)
    }

    /// Ends a membership; the group keeps copies of what the person shared.
    pub async fn remove_member(&self, group: GroupId, person: PersonId) -> Result<()> {
        let op = Op::Group(GroupOp::RemoveMember {
            group,
            person,
            leaving: Leaving::LeaveCopies,
        });
        self.commit_all(vec![op]).await
    }

    /// Replaces all options of a group.
    pub async fn set_group_options(&self, group: GroupId, options: GroupOptions) -> Result<()> {
        self.commit(vec![Op::Group(GroupOp::ChangeGroup {
            group,
            display_name: None,
            options: Some(options),
        })])
        .await
        .map(drop)
    }

    /// One group. `NotFound` for an unknown one.
    pub async fn group(&self, group: GroupId) -> Result<GroupRow> {
        let groups = self.groups().await?;
        let found = groups.into_iter().find(|row| row.group.id == group);
        found.ok_or(Error::NotFound)
    }

    /// Deletes a group; `typed` must be its name. Its admin may found it again until the trash time
    /// is over.
    pub async fn remove_group(&self, group: GroupId, typed: &str) -> Result<()> {
        typed_is(typed, &self.group(group).await?.group.name)?;
        let op = Op::Group(GroupOp::RemoveGroup { group });
        self.commit_all(vec![op]).await
    }

    /// Lines of the audit trail with ids below `before`, the last one first.
    pub async fn audit(&self, before: i64, limit: usize) -> Result<Vec<AuditLine>> {
        self.core().store().audit(before, limit).await
    }

    /// Sets the rules for new devices, by kind; the rule for every other kind comes last.
    pub async fn set_device_rules(&self, rules: &[DeviceRule]) -> Result<()> {
        for rule in rules {
            let known = matches!(
                rule.access,
                DeviceAccess::Allowed | DeviceAccess::Quarantined | DeviceAccess::Blocked
            );
            if !known || rule.kind.chars().count() > 40 {
                return Err(Error::Invalid(Rule::NewDevices));
            }
        }
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| (rule.kind.trim().to_lowercase(), rule.access.as_str()))
            .collect();
        let value = (!rules.is_empty())
            .then(|| json::text(&rules))
            .transpose()?;
        self.set(NEW_DEVICES, value).await
    }

    /// Sets the notice at the top of every page; none removes it.
    pub async fn set_maintenance_notice(&self, notice: Option<&str>) -> Result<()> {
        let notice = notice.map(str::trim).filter(|notice| !notice.is_empty());
        if notice.is_some_and(|notice| notice.chars().count() > 500) {
            return Err(Error::Invalid(Rule::Notice));
        }
        self.set(NOTICE, notice.map(str::to_owned)).await
    }

    /// Sets the URL by which people reach the server, used where the configuration has none.
    pub async fn set_public_url(&self, url: &str) -> Result<()> {
        self.set(PUBLIC_URL, Some(url.to_owned())).await
    }

    /// Writes a consistent copy of the database to a file, and records it.
    pub async fn back_up(&self, file: &Path) -> Result<()> {
        self.core().store().backup(file).await?;
        let note = backup_note(file, Timestamp::now());
        if let Err(error) = self.set(LAST_BACKUP, Some(note)).await {
            tracing::warn!(%error, "the backup was made, and could not be noted");
        }
        Ok(())
    }

    /// A person as the operator acts for them: their account may be disabled. `NotFound` for an
    /// unknown one, and for anybody but the operator.
    pub async fn stand_in(&self, person: PersonId) -> Result<Arc<Actor>> {
        let By::Operator { .. } = self.by else {
            return Err(Error::NotFound);
        };
        let client = Client {
            label: OPERATOR.to_owned(),
            operator: true,
            ..Client::default()
        };
        self.core().actor(person, client).await.map(Arc::new)
    }

    /// The member for whom the operator acts in a group: its administrator, or a co-administrator
    /// where only that account is enabled.
    pub async fn stand_in_for_group(&self, group: GroupId) -> Result<Arc<Actor>> {
        let mut members = self.members(group).await?;
        members.sort_by_key(|member| std::cmp::Reverse(member.role));
        let mut chosen = members.first().ok_or(Error::NotFound)?.person;
        for member in members.iter().filter(|member| member.role.runs_group()) {
            let person = self.core().person(member.person).await?;
            if person.is_some_and(|person| !person.disabled) {
                chosen = member.person;
                break;
            }
        }
        self.stand_in(chosen).await
    }

    /// Octets of the database.
    pub async fn octets_stored(&self) -> Result<i64> {
        self.core().store().octets_stored().await
    }

    /// The latest messages that anybody sent, the newest first.
    pub async fn outbox(&self, limit: usize) -> Result<Vec<Outgoing>> {
        self.core().store().outbox(None, limit).await
    }

    /// File and time of the last backup; none before the first.
    pub async fn last_backup(&self) -> Result<Option<(String, Timestamp)>> {
        last_backup(&**self.core().store()).await
    }

    async fn set(&self, name: &str, value: Option<String>) -> Result<()> {
        let name = name.to_owned();
        self.commit(vec![Op::Office(OfficeOp::Set { name, value })])
            .await
            .map(drop)
    }
}

/// What is kept of a backup under [`LAST_BACKUP`].
pub fn backup_note(file: &Path, at: Timestamp) -> String {
    serde_json::json!({ "file": file.display().to_string(), "at": at }).to_string()
}

/// File and time of the last backup; none before the first.
pub async fn last_backup(store: &dyn Store) -> Result<Option<(String, Timestamp)>> {
    let value = store.office_value(LAST_BACKUP).await?;
    Ok(value.and_then(|value| {
        let value: serde_json::Value = json::read("the last backup", value.as_bytes())?;
        let at = Timestamp(value["at"].as_i64()?);
        Some((value["file"].as_str()?.to_owned(), at))
    }))
}

/// The settings of the server that rule data, as it kept them.
pub async fn rules(store: &dyn Store) -> Result<Option<String>> {
    store.office_value(RULES).await
}

/// The URL set by [`Office::set_public_url`].
pub async fn public_url(store: &dyn Store) -> Result<Option<String>> {
    store.office_value(PUBLIC_URL).await
}

impl Core {
    /// The key that forms of pages are marked with: made once, so that a page which is open stays good
    /// when the server is started again.
    pub async fn form_key(&self) -> Result<String> {
        if let Some(key) = self.store().office_value(FORM_KEY).await? {
            return Ok(key);
        }
        let key = random_id(32);
        let op = OfficeOp::Keep {
            name: FORM_KEY.to_owned(),
            value: key.clone(),
        };
        self.commit(Batch::of_program("", vec![Op::Office(op)]))
            .await?;
        Ok(key)
    }

    /// The notice at the top of every page.
    pub async fn maintenance_notice(&self) -> Result<Option<String>> {
        self.store().office_value(NOTICE).await
    }

    /// The rules for new devices that the administration set; empty: none.
    pub async fn device_rules(&self) -> Result<Vec<DeviceRule>> {
        let value = self.store().office_value(NEW_DEVICES).await?;
        let rules: Vec<(String, String)> = value
            .and_then(|value| json::read("the rules for new devices", value.as_bytes()))
            .unwrap_or_default();
        Ok(rules
            .into_iter()
            .filter_map(|(kind, access)| {
                let access = DeviceAccess::parse(&access)?;
                Some(DeviceRule { kind, access })
            })
            .collect())
    }

    /// The access of a new device of a kind; none: as the configuration says.
    pub async fn rule_for(&self, device_type: &str) -> Result<Option<DeviceAccess>> {
        let kind = device_type.to_lowercase();
        let rules = self.device_rules().await?;
        let found = rules.iter().find(|rule| kind.contains(&rule.kind));
        Ok(found.map(|rule| rule.access))
    }
}
