//! Excerpts: a client may ask for long messages without the most of their contents, and fetch those that it shows.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::{EntryView, MessageView, NumberedMessageView};
use crate::chat::message::MessageType;

/// A content of more bytes is long.
pub const LONG_BYTES: usize = 16_384;
/// The beginning of a long content that an excerpt has, in bytes, or up to three less: it ends between two characters.
pub const EXCERPT_BYTES: usize = 4_096;

/// How a client takes the contents of long messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bodies {
    #[default]
    Whole,
    /// As excerpts, as the client said when it connected.
    Excerpts,
}

/// A message with the beginning of its content.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "ShownMessage")]
pub struct ExcerptView {
    #[serde(flatten)]
    message: MessageView,
    /// Present, and true, if the content is only the beginning.
    #[schemars(skip_serializing_if = "always")]
    truncated: bool,
}

impl MessageView {
    /// The excerpt of a long message. Contents of other types than text, such as pictures, are worth nothing in parts.
    pub fn excerpt(&self) -> Option<ExcerptView> {
        let is_text = matches!(self.kind, MessageType::Text | MessageType::System);
        if !is_text || self.content.len() <= LONG_BYTES {
            return None;
        }
        let end = (0..=EXCERPT_BYTES).rev().find(|end| self.content.is_char_boundary(*end)).unwrap_or(0);
        let content = self.content.get(..end).unwrap_or_default().to_owned();
        Some(ExcerptView { message: self.with_content(content), truncated: true })
    }

    fn with_content(&self, content: String) -> Self {
        Self {
            id: self.id.clone(),
            room_id: self.room_id.clone(),
            sender_id: self.sender_id.clone(),
            content,
            kind: self.kind.clone(),
            metadata: self.metadata.clone(),
            reply_to: self.reply_to.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            sender_name: Arc::clone(&self.sender_name),
            sender: self.sender.clone(),
            reactions: self.reactions.clone(),
            thread: self.thread.clone(),
            thread_summary: self.thread_summary.clone(),
        }
    }
}

/// A message as a client takes it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ShownMessageView<M> {
    Whole(M),
    Excerpt(Box<ExcerptView>),
}

impl<M> JsonSchema for ShownMessageView<M> {
    fn schema_name() -> Cow<'static, str> {
        ExcerptView::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        ExcerptView::schema_id()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        ExcerptView::json_schema(schemas)
    }
}

impl<M: AsRef<MessageView>> ShownMessageView<M> {
    pub fn new(message: M, bodies: Bodies) -> Self {
        match bodies {
            Bodies::Whole => Self::Whole(message),
            Bodies::Excerpts => match message.as_ref().excerpt() {
                Some(excerpt) => Self::Excerpt(Box::new(excerpt)),
                None => Self::Whole(message),
            },
        }
    }
}

impl AsRef<MessageView> for MessageView {
    fn as_ref(&self) -> &MessageView {
        self
    }
}

impl EntryView<'_> {
    /// The entry as clients that take excerpts are sent it, if that differs.
    pub fn excerpt(&self) -> Option<EntryView<'static>> {
        let Self::Message(NumberedMessageView { message, seq, root }) = self else { return None };
        let message = Box::new(message.excerpt()?);
        Some(EntryView::Excerpt(NumberedMessageView { message, seq: *seq, root: root.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{chat::timestamp::Timestamp, protocol::SenderView};

    fn message(kind: MessageType, content: String) -> MessageView {
        MessageView {
            id: "m".into(),
            room_id: "r".into(),
            sender_id: "anna".into(),
            content,
            kind,
            metadata: json!({"a": 1}),
            reply_to: None,
            created_at: Timestamp::from_millis(0),
            updated_at: None,
            sender_name: "Anna".into(),
            sender: SenderView { name: "Anna".into() },
            reactions: Vec::new(),
            thread: None,
            thread_summary: None,
        }
    }

    #[test]
    fn only_a_long_text_has_an_excerpt() {
        assert!(message(MessageType::Text, "x".repeat(LONG_BYTES)).excerpt().is_none());
        assert!(message(MessageType::Image, "x".repeat(LONG_BYTES + 1)).excerpt().is_none());
        let excerpt = message(MessageType::Text, "x".repeat(LONG_BYTES + 1)).excerpt().unwrap();
        let shown = serde_json::to_value(&excerpt).unwrap();
        assert_eq!(shown["content"], "x".repeat(EXCERPT_BYTES));
        assert_eq!((&shown["truncated"], &shown["metadata"]), (&json!(true), &json!({"a": 1})));
    }

    #[test]
    fn an_excerpt_ends_between_two_characters() {
        for (letter, width) in [("ä", 2), ("語", 3), ("😀", 4)] {
            let content = format!("x{}", letter.repeat(LONG_BYTES));
            let excerpt = message(MessageType::Text, content).excerpt().unwrap().message.content;
            let whole = (EXCERPT_BYTES - 1) / width;
            assert_eq!(excerpt, format!("x{}", letter.repeat(whole)));
        }
    }
}
