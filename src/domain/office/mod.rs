//! The administration of the server: people, classes, groups, devices. It sees no contents.
//!
//! Held by people who may administer, and by whoever runs the program on the data; to anybody else
//! it does not exist.

pub mod failure;
pub mod people;
pub mod places;
pub mod store;

use std::sync::Arc;

use self::store::OfficeOp;
use super::{
    actor::Actor,
    batch::{Batch, Committed, Op},
    blocking::carried_on,
    core::Core,
    error::{Error, Result},
    id::PersonId,
    store::{Device, KnownClient},
};

pub use crate::domain::label::OPERATOR;

/// The administration, opened by a person who may administer or by the operator.
#[derive(Clone)]
pub struct Office {
    core: Arc<Core>,
    by: By,
}

/// Who opened the administration.
#[derive(Clone)]
enum By {
    Person(Arc<Actor>),
    /// Whoever runs the program on the data.
    Operator {
        /// The last administrator may go.
        forces: bool,
    },
}

impl Core {
    /// Opens the administration. `NotFound` for a person who may not administer.
    pub fn office(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Office> {
        if actor.admin {
            Ok(Office {
                core: self.clone(),
                by: By::Person(actor.clone()),
            })
        } else {
            Err(Error::NotFound)
        }
    }

    /// The administration for the operator, who runs the program on the data.
    pub fn operator(self: &Arc<Self>) -> Office {
        Office {
            core: self.clone(),
            by: By::Operator { forces: false },
        }
    }
}

impl Office {
    /// The core that this office administers.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Devices of everybody, the last seen first.
    pub async fn devices(&self) -> Result<Vec<Device>> {
        self.core.store().devices(None).await
    }

    /// Clients of everybody with their last exchanges, which name no contact.
    pub async fn clients(&self) -> Result<Vec<KnownClient>> {
        self.core.clients_of(None).await
    }

    /// Lets the operator, and nobody else, leave the server without an administrator.
    #[must_use]
    pub fn forced(mut self) -> Self {
        if let By::Operator { forces } = &mut self.by {
            *forces = true;
        }
        self
    }

    /// Refuses the operations after it if an account is the last administrator; none where the
    /// operator forces them.
    fn keep_administrator(&self, but: PersonId) -> Option<Op> {
        match self.by {
            By::Operator { forces: true } => None,
            _ => Some(Op::Office(OfficeOp::KeepAdministrator { but })),
        }
    }

    /// Commits operations as often as it takes.
    pub(super) async fn commit_all(&self, ops: Vec<Op>) -> Result<()> {
        let office = self.clone();
        carried_on(async move {
            while office.commit(ops.clone()).await?.more {}
            Ok(())
        })
        .await
    }

    /// Commits operations, provided that the actor may still administer.
    pub(super) async fn commit(&self, ops: Vec<Op>) -> Result<Committed> {
        let By::Person(actor) = &self.by else {
            return self.core.commit(Batch::of_program(OPERATOR, ops)).await;
        };
        let ops = &ops;
        let actor = self.core.again(actor).await?;
        self.core
            .decided(&actor, |actor| async move {
                if !actor.admin {
                    return Err(Error::NotFound);
                }
                self.core.commit_as(&actor, ops.clone()).await
            })
            .await
    }
}
