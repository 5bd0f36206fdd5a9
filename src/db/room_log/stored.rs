//! What the team's own triggers have made of the messages that an append wrote.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::result::Error as DieselError;

use super::{Appended, Entry, Told};
use crate::db::messages::MessageRow;

/// A trigger has kept a row from being changed: the transaction ends.
pub(super) const KEPT_OUT: DieselError = DieselError::RollbackTransaction;

/// Puts messages as they are stored in the place of what was to be written: what came last of each. False: one was not
/// stored, though it was not deleted later.
pub(super) fn tell_as_stored(outcomes: &mut [Appended], stored: Vec<MessageRow>) -> bool {
    let stored: HashMap<String, MessageRow> = stored.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut told = HashSet::new();
    outcomes.iter_mut().rev().all(|outcome| {
        let Appended::Entry(Entry { told: change, .. }) = outcome else { return true };
        match change {
            Told::Deleted(id) => {
                told.insert(id.clone());
            }
            Told::New(view) | Told::Updated(view) if told.insert(view.id.clone()) => {
                let Some(row) = stored.get(view.id.as_str()) else { return false };
                *view = Arc::new(row.clone().into_view(view.sender_name.clone(), view.reactions.clone()));
            }
            _ => {}
        }
        true
    })
}
