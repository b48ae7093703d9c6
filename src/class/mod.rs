//! The classes of items Carnet knows.

pub mod contact;
pub mod document;

use std::sync::Arc;

use crate::domain::class::Class;

/// Every class, contacts first.
pub fn all(contact: Arc<contact::Contact>) -> Vec<Arc<dyn Class>> {
    vec![contact, Arc::new(document::Document)]
}
