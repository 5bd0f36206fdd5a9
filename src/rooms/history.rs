//! The newest messages of a room in memory, in the order of history, with their estimated memory and when each was sent
//! on this node.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use crate::{
    chat::{
        id::MessageId,
        message::{Place, size_of_json},
        timestamp::Timestamp,
    },
    db::room_log::Entry,
    protocol::MessageView,
};

/// The estimated memory of a message without its content and metadata, in bytes.
const MESSAGE_SIZE: usize = 600;
/// The estimated memory of the state of a thread without avatars, in bytes.
const THREAD_SIZE: usize = 800;
/// The estimated memory of an entry without a message, in bytes.
pub(super) const ENTRY_SIZE: usize = 200;

struct Kept {
    message: Arc<MessageView>,
    /// When it was sent live. None: it was loaded, so later joiners got it in their history.
    sent_at: Option<Instant>,
}

/// Newest first.
#[derive(Default)]
pub(super) struct History {
    kept: VecDeque<Kept>,
    bytes: usize,
}

impl History {
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The estimated memory of the messages, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &MessageView> {
        self.kept.iter().map(|kept| kept.message.as_ref())
    }

    /// Only for changes that do not affect a message's size.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Arc<MessageView>> {
        self.kept.iter_mut().map(|kept| &mut kept.message)
    }

    /// The place of the oldest message.
    pub(super) fn end(&self) -> Option<Place> {
        self.kept.back().map(|oldest| oldest.message.place())
    }

    pub(super) fn newest_at(&self) -> Option<Timestamp> {
        self.kept.front().map(|newest| newest.message.created_at)
    }

    /// Inserts a message at its place, unless it is there.
    pub(super) fn insert(&mut self, message: &Arc<MessageView>, sent_at: Instant) {
        let newer = self.kept.partition_point(|there| sort_key(&there.message) > sort_key(message));
        if self.kept.get(newer).is_none_or(|there| there.message.id != message.id) {
            self.bytes += size_of(message);
            self.kept.insert(newer, Kept { message: Arc::clone(message), sent_at: Some(sent_at) });
        }
    }

    /// Adds a message that is older than all others, unless it is there.
    pub(super) fn push_older(&mut self, message: MessageView) {
        if self.position(&message.id).is_none() {
            self.bytes += size_of(&message);
            self.kept.push_back(Kept { message: Arc::new(message), sent_at: None });
        }
    }

    /// Changes a message, if it is in memory.
    pub(super) fn change(&mut self, id: &MessageId, change: impl FnOnce(&mut Arc<MessageView>)) {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.message.id == *id) {
            self.bytes -= size_of(&kept.message);
            change(&mut kept.message);
            self.bytes += size_of(&kept.message);
        }
    }

    pub(super) fn remove(&mut self, id: &MessageId) {
        if let Some(position) = self.position(id)
            && let Some(gone) = self.kept.remove(position)
        {
            self.bytes -= size_of(&gone.message);
        }
    }

    /// Keeps only the newest `count` messages.
    pub(super) fn truncate(&mut self, count: usize) {
        self.bytes -= self.kept.iter().skip(count).map(|gone| size_of(&gone.message)).sum::<usize>();
        self.kept.truncate(count);
    }

    pub(super) fn count_since(&self, moment: Timestamp) -> usize {
        self.kept.partition_point(|kept| kept.message.created_at >= moment)
    }

    /// Counts the newest messages that were sent after a moment.
    pub(super) fn count_sent_after(&self, moment: Instant) -> usize {
        self.kept.iter().take_while(|kept| kept.sent_at.is_some_and(|sent_at| sent_at > moment)).count()
    }

    /// The place of the last of the newest `count` messages, and whether the next older one is of the same millisecond.
    /// That is none if no older message is in memory.
    pub(super) fn end_of_page(&self, count: usize) -> Option<(Place, Option<bool>)> {
        let last = &self.kept.get(count.min(self.len()).checked_sub(1)?)?.message;
        let next = self.kept.get(count).map(|next| next.message.created_at == last.created_at);
        Some((last.place(), next))
    }

    fn position(&self, id: &MessageId) -> Option<usize> {
        self.kept.iter().position(|kept| kept.message.id == *id)
    }
}

impl FromIterator<MessageView> for History {
    /// The messages have to be in order, newest first.
    fn from_iter<I: IntoIterator<Item = MessageView>>(messages: I) -> Self {
        let kept: VecDeque<_> =
            messages.into_iter().map(|message| Kept { message: Arc::new(message), sent_at: None }).collect();
        let bytes = kept.iter().map(|kept| size_of(&kept.message)).sum();
        Self { kept, bytes }
    }
}

/// The sort key of history.
fn sort_key(message: &MessageView) -> (Timestamp, &str) {
    (message.created_at, message.id.as_str())
}

/// The estimated memory of a message, in bytes.
fn size_of(message: &MessageView) -> usize {
    let thread = message.thread_summary.as_ref().map_or(0, |summary| {
        let avatars = summary.participants.iter().filter_map(|one| one.avatar.as_deref());
        THREAD_SIZE + avatars.map(str::len).sum::<usize>()
    });
    MESSAGE_SIZE + message.content.len() + size_of_json(&message.metadata) + thread
}

/// The estimated memory of an entry, in bytes.
pub(super) fn size_of_entry(entry: &Entry) -> usize {
    entry.body.effect().message().map_or(ENTRY_SIZE, |message| size_of(message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{chat::message::MessageType, protocol::SenderView};

    fn message(id: &str, at: i64, metadata: Value) -> MessageView {
        let name: Arc<str> = "Anna".into();
        MessageView {
            id: id.into(),
            room_id: "r".into(),
            sender_id: "anna".into(),
            content: String::new(),
            kind: MessageType::Text,
            metadata,
            reply_to: None,
            created_at: Timestamp::from_millis(at),
            updated_at: None,
            sender_name: name.clone(),
            sender: SenderView { name },
            reactions: Vec::new(),
            thread: None,
            thread_summary: None,
        }
    }

    #[test]
    fn memory_counts_messages_with_their_metadata_as_they_come_and_go() {
        let now = Instant::now();
        let picture = json!({"data": "x".repeat(100_000)});
        let mut newest: History = [message("a", 1, json!({}))].into_iter().collect();
        let before = newest.bytes();
        newest.insert(&Arc::new(message("b", 2, picture.clone())), now);
        assert!(newest.bytes() > before + 100_000);
        newest.insert(&Arc::new(message("b", 2, picture.clone())), now);
        assert!(newest.bytes() < before + 102_000, "it is there once");
        newest.change(&"b".into(), |there| *there = Arc::new(message("b", 2, json!({}))));
        assert!(newest.bytes() < before + 2_000);
        newest.push_older(message("c", 0, picture));
        assert!(newest.bytes() > before + 100_000);
        newest.truncate(2);
        newest.remove(&"b".into());
        assert_eq!((newest.len(), newest.bytes()), (1, before));
    }

    #[test]
    fn a_page_says_whether_it_ends_among_messages_of_one_millisecond() {
        let newest: History = [("d", 2), ("c", 1), ("b", 1), ("a", 0)]
            .map(|(id, at)| message(id, at, json!({})))
            .into_iter()
            .collect();
        let end = |count| newest.end_of_page(count).map(|(place, tie)| (place.id.to_string(), tie));
        assert_eq!(end(1), Some(("d".to_owned(), Some(false))));
        assert_eq!(end(2), Some(("c".to_owned(), Some(true))));
        assert_eq!(end(3), Some(("b".to_owned(), Some(false))));
        assert_eq!(end(9), Some(("a".to_owned(), None)));
        assert_eq!(History::default().end_of_page(9), None);
    }
}
