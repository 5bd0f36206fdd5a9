//! Detects, when a room is loaded, what another program has written in it since the last comparison. The newest
//! messages are compared with the notes in the last entries of the room's log. No I/O.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    chat::timestamp::Timestamp,
    db::room_log::{
        EntryBody, Logged, MessageAdded, MessageDeleted, MessageEdited, Tail, hash_of_reaction,
        hash_of_reactions, is_as_noted, kind, noted_reactions,
    },
    protocol::MessageView,
};

/// A trigger may stamp an edit later than its entry, by less than this, in milliseconds.
const MAX_STAMP_DELAY_MS: i64 = 5_000;

/// Finds another program's changes by comparing a room's newest messages with the last entries of its log.
/// `has_triggers`: there are triggers on messages.
pub(super) fn unlogged(tail: &Tail, has_triggers: bool) -> Vec<EntryBody> {
    let Some(oldest) = tail.log.last() else { return Vec::new() };
    let reads_from = Timestamp::from(oldest.at);
    // A message without an entry here may have been edited as late as by the entry before the oldest.
    let is_edited_from =
        Timestamp::from_millis(reads_from.millis() + if has_triggers { MAX_STAMP_DELAY_MS } else { 0 });
    let mut entries: HashMap<&str, Vec<&Logged>> = HashMap::new();
    for entry in &tail.log {
        entries.entry(&entry.message_id).or_default().push(entry);
    }
    let mut changes = Vec::new();
    for message in tail.messages.iter().rev() {
        let its = entries.get(message.id.as_str()).map_or(&[][..], Vec::as_slice);
        // One that was deleted is back, as where another program only marks messages as deleted.
        let is_back = its.first().is_some_and(|entry| entry.kind == kind::DELETE);
        if is_back || message.created_at > reads_from && !its.iter().any(|entry| entry.kind == kind::NEW) {
            changes.push(EntryBody::New(MessageAdded(Arc::new(message.clone()))));
        } else if !is_as_logged(message, its, is_edited_from) || !has_logged_reactions(message, its) {
            changes.push(EntryBody::Updated(MessageEdited(Arc::new(message.clone()))));
        }
    }
    let oldest = tail.messages.last().filter(|_| !tail.complete).map(|message| message.created_at);
    let here: HashSet<&str> = tail.messages.iter().map(|message| message.id.as_str()).collect();
    let mut seen = HashSet::new();
    // The entries are newest first: the first one of a message has its final state.
    for entry in &tail.log {
        let is_within = oldest.is_none_or(|oldest| Timestamp::from(entry.at) > oldest);
        if entry.is_about_message()
            && seen.insert(entry.message_id.as_str())
            && entry.kind != kind::DELETE
            && is_within
            && !here.contains(entry.message_id.as_str())
        {
            changes.push(EntryBody::Deleted(MessageDeleted(entry.message_id.as_str().into())));
        }
    }
    changes
}

/// True if a room has no messages but those whose entries are all among the last ones of its log: then [`unlogged`] finds
/// what was changed.
pub(super) fn is_accounted_for(tail: &Tail) -> bool {
    let is_noted = |entry: &Logged| entry.kind == kind::NEW && reactions_at(entry).is_some();
    let noted: HashSet<&str> =
        tail.log.iter().filter(|entry| is_noted(entry)).map(|entry| entry.message_id.as_str()).collect();
    tail.complete && tail.messages.iter().all(|message| noted.contains(message.id.as_str()))
}

/// True if a message's content is that of its last entry (`its` is newest first), or, without an entry, if it was not
/// edited since a moment.
fn is_as_logged(message: &MessageView, its: &[&Logged], edited_from: Timestamp) -> bool {
    let last = its.iter().find(|entry| entry.has_message());
    let noted = last.and_then(|entry| is_as_noted(entry.body.as_deref(), message));
    noted.unwrap_or_else(|| {
        // Entries of earlier versions have no note.
        let since = last.map_or(edited_from, |entry| Timestamp::from(entry.at));
        message.updated_at.is_none_or(|at| at <= since)
    })
}

/// The hash of a message's reactions at an entry, if known. Entries of earlier versions have no note.
fn reactions_at(entry: &Logged) -> Option<u64> {
    let is_own_message =
        entry.kind == kind::NEW && entry.body.as_deref().is_some_and(|body| body.contains('='));
    noted_reactions(entry.body.as_deref()).or(is_own_message.then_some(0))
}

/// True if a message has the reactions that its entries, newest first, leave on it. Reactions older than the entries
/// read are unknown: then only the others are compared.
fn has_logged_reactions(message: &MessageView, its: &[&Logged]) -> bool {
    let (mut base, mut changed) = (None, 0);
    let mut last: HashMap<(&str, &str), bool> = HashMap::new();
    for entry in its {
        match entry.kind.as_str() {
            kind::REACT | kind::UNREACT => {
                let key = (entry.actor_id.as_str(), entry.body.as_deref().unwrap_or_default());
                last.entry(key).or_insert(entry.kind == kind::REACT);
                // By exclusive or, the addition and the removal of a reaction cancel out.
                changed ^= hash_of_reaction(key.0, key.1);
            }
            _ if entry.has_message() => base = reactions_at(entry),
            _ => {}
        }
        if base.is_some() {
            break;
        }
    }
    if let Some(base) = base {
        return hash_of_reactions(&message.reactions) == base ^ changed;
    }
    let there: HashSet<(&str, &str)> =
        message.reactions.iter().map(|reaction| (reaction.user_id.as_str(), &*reaction.emoji)).collect();
    last.iter().all(|(key, is_there)| there.contains(key) == *is_there)
}
