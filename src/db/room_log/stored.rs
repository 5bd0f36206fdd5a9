//! What the team's own triggers have made of the messages that an append wrote.

use std::{collections::HashMap, sync::Arc};

use diesel::result::Error as DieselError;

use super::{Appended, Entry, Told};
use crate::db::messages::MessageRow;

/// A trigger has kept a row from being changed: the transaction ends.
pub(super) const KEPT_OUT: DieselError = DieselError::RollbackTransaction;

/// Puts messages as they are stored in the place of what was to be written. False: a new one was not stored.
pub(super) fn tell_as_stored(outcomes: &mut [Appended], stored: Vec<MessageRow>) -> bool {
    let stored: HashMap<String, MessageRow> = stored.into_iter().map(|row| (row.id.clone(), row)).collect();
    outcomes.iter_mut().all(|outcome| match outcome {
        Appended::Entry(Entry { told: Told::New(view) | Told::Updated(view), .. }) => {
            let row = stored.get(view.id.as_str());
            if let Some(row) = row {
                *view = Arc::new(row.clone().into_view(view.sender_name.clone(), view.reactions.clone()));
            }
            row.is_some()
        }
        _ => true,
    })
}
