//! Replaces messages by the rows that a team's own triggers have stored in the database.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Appended, Entry, EntryBody, MessageAdded, MessageEdited};
use crate::{
    db::{columns::Columns, messages::MessageRow},
    protocol::MessageView,
};

/// How the messages to be sent agree with those that are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    Whole,
    /// Some are not among the stored ones.
    Partial,
    /// A stored message has another room or sender than the one that was written, so its audience is unknown.
    Moved,
}

/// Replaces the messages in the outcomes by the stored ones. Only the last outcome of each message is replaced, unless
/// the message was deleted later.
pub(super) fn replace_with_stored(
    outcomes: &mut [Appended],
    stored: Vec<MessageRow>,
    columns: &Columns,
) -> Agreement {
    let stored: HashMap<String, MessageRow> = stored.into_iter().map(|row| (row.id.clone(), row)).collect();
    let (mut seen, mut agreement) = (HashSet::new(), Agreement::Whole);
    for outcome in outcomes.iter_mut().rev() {
        let Appended::Entry(Entry { body, .. }) = outcome else { continue };
        match body {
            EntryBody::Deleted(deleted) => {
                seen.insert(deleted.0.clone());
            }
            EntryBody::New(MessageAdded(view)) | EntryBody::Updated(MessageEdited(view))
                if seen.insert(view.id.clone()) =>
            {
                match stored.get(view.id.as_str()) {
                    Some(row)
                        if row.room_id != view.room_id.as_str()
                            || row.sender_id != view.sender_id.as_str() =>
                    {
                        return Agreement::Moved;
                    }
                    Some(row) => {
                        let (name, reactions) = (view.sender_name.clone(), view.reactions.clone());
                        // Threads are rows of our own.
                        let (thread, thread_summary) = (view.thread.clone(), view.thread_summary.clone());
                        let stored = row.clone().without_creation(columns).into_view(name, reactions);
                        *view = Arc::new(MessageView { thread, thread_summary, ..stored });
                    }
                    None => agreement = Agreement::Partial,
                }
            }
            _ => {}
        }
    }
    agreement
}
