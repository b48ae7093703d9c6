//! Devices and programs by the names that pages show.

use std::sync::Arc;

use super::{Web, request::Visit};
use crate::{
    domain::{
        actor::Actor,
        error::Result,
        id::PersonId,
        label::{CARDDAV, Kind},
        store::{Device, KnownClient},
    },
    text::Text,
};

/// What a person calls their own devices and programs.
pub struct Clients {
    /// Label and name.
    own: Vec<(String, String)>,
    text: &'static Text,
}

impl Clients {
    /// Those of the actor.
    pub async fn of(web: &Web, actor: &Arc<Actor>, text: &'static Text) -> Result<Self> {
        let core = &web.core;
        let devices = core.devices(actor).await?;
        let named = |device: &Device| (device.label(), device.shown_name().to_owned());
        let mut own: Vec<(String, String)> = devices.iter().map(named).collect();
        let programs = core.known_clients(actor).await?;
        let programs = programs.iter().filter(|client| is_program(client));
        own.extend(programs.map(|client| (client.label.clone(), program_name(client))));
        Ok(Self { own, text })
    }

    /// The name of somebody's client, which histories know by its label: that of its owner for the
    /// owner, else what it is.
    pub fn name_for(&self, whose: Option<PersonId>, visit: &Visit, label: &str) -> String {
        if whose == Some(visit.actor.person) {
            self.name(label)
        } else {
            of_anybody(label, self.text)
        }
    }

    /// The name of an own client. Of several devices of one name each has its id.
    pub fn name(&self, label: &str) -> String {
        let Some((_, name)) = self.own.iter().find(|(known, _)| known == label) else {
            return of_anybody(label, self.text);
        };
        let alike = self.own.iter().filter(|(_, other)| other == name).count();
        match label.rsplit_once(' ') {
            Some((_, id)) if alike > 1 => format!("{name} ({id})"),
            _ => name.clone(),
        }
    }
}

/// What a label says of anybody's client: the kind of a device, the name of a program.
fn of_anybody(label: &str, text: &Text) -> String {
    match Kind::of(label) {
        Kind::Operator => text.device.command_line.to_owned(),
        Kind::Device(device) => match device.rsplit_once(' ') {
            Some((kind, _)) => kind.to_owned(),
            None => device.to_owned(),
        },
        _ => of_program(label).to_owned(),
    }
}

/// A program's name without its protocol; that alone, where it does not say its name.
fn of_program(label: &str) -> &str {
    match Kind::of(label) {
        Kind::Program("unknown") => CARDDAV.trim_end(),
        Kind::Program(name) => name,
        _ => label,
    }
}

/// Whether a client is a program that speaks CardDAV.
pub fn is_program(client: &KnownClient) -> bool {
    Kind::of(&client.label).is_program()
}

/// What its owner calls a program, else what it is.
pub fn program_name(client: &KnownClient) -> String {
    match client.name.as_str() {
        "" => of_program(&client.label).to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FR;

    #[test]
    fn clients_have_short_names_in_histories() {
        let own = [
            ("EAS iPhone ApplA", "iPhone of Mia"),
            ("EAS SAMSUNG 1", "Galaxy"),
            ("EAS SAMSUNG 2", "Galaxy"),
        ];
        let own = own.map(|(label, name)| (label.to_owned(), name.to_owned()));
        let clients = Clients {
            own: own.to_vec(),
            text: &FR,
        };
        for (label, name) in [
            ("EAS iPhone ApplA", "iPhone of Mia"),
            ("EAS iPhone ApplOfMax", "iPhone"),
            ("EAS SAMSUNG 1", "Galaxy (1)"),
            ("CardDAV DAVx5 · tablet", "DAVx5 · tablet"),
            ("CardDAV unknown", "CardDAV"),
            ("command line", "ligne de commande"),
            ("web", "web"),
        ] {
            assert_eq!(clients.name(label), name);
        }
    }
}
