//! Messages as a team's own triggers have left them in the database.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::result::Error as DieselError;

use super::{Appended, Entry, Told};
use crate::db::messages::MessageRow;

/// A trigger has kept a row from being changed: the transaction ends.
pub(super) const KEPT_OUT: DieselError = DieselError::RollbackTransaction;

/// Puts messages as they are stored in the place of what was to be written: what came last of each. False: one that was not
/// deleted later is not among `stored`.
pub(super) fn tell_as_stored(
    outcomes: &mut [Appended],
    stored: impl IntoIterator<Item = impl Into<MessageRow>>,
) -> bool {
    let rows = stored.into_iter().map(Into::into);
    let stored: HashMap<String, MessageRow> = rows.map(|row: MessageRow| (row.id.clone(), row)).collect();
    let (mut told, mut is_all_there) = (HashSet::new(), true);
    for outcome in outcomes.iter_mut().rev() {
        let Appended::Entry(Entry { told: change, .. }) = outcome else { continue };
        match change {
            Told::Deleted(id) => {
                told.insert(id.clone());
            }
            Told::New(view) | Told::Updated(view) if told.insert(view.id.clone()) => {
                match stored.get(view.id.as_str()) {
                    Some(row) => {
                        let (name, reactions) = (view.sender_name.clone(), view.reactions.clone());
                        *view = Arc::new(row.clone().into_view(name, reactions));
                    }
                    None => is_all_there = false,
                }
            }
            _ => {}
        }
    }
    is_all_there
}
