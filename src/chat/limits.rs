//! The limits on everything that a client may send, and the checks. Content is measured in UTF-16 code units, which the
//! front end can count.

use serde_json::Value;

use super::{Error, Result, id::UserId, message::MessageType, room::MAX_FIRST_MEMBERS};

/// The limits on what a client may send; all are settings.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Content of a message, in UTF-16 code units (JavaScript's `length`); if none, only the size of a packet limits
    /// it.
    pub content_units: Option<usize>,
    /// Content of a message that comes in chunks, in bytes of UTF-8; none: no chunks are taken.
    pub chunked_bytes: Option<usize>,
    /// Metadata of a message, in bytes of JSON; if none, only the size of a packet limits it.
    pub metadata_bytes: Option<usize>,
    /// Metadata of a message, in levels of nested objects and arrays.
    pub metadata_depth: usize,
    /// An emoji, in bytes of UTF-8.
    pub emoji_bytes: usize,
    /// Any id, in bytes of UTF-8.
    pub id_bytes: usize,
    /// A `clientId`, in bytes of UTF-8.
    pub client_id_bytes: usize,
    /// The largest page of history, in messages.
    pub page: usize,
    /// Types of messages that clients may send beside the original's, by their labels.
    pub message_types: Vec<String>,
}

/// The default size of `room:history` and of a page, in messages, as in the original.
pub const DEFAULT_PAGE: usize = 50;

/// Reactions on one message, and different ones of one user among them: many times what a client's list of emojis offers.
pub const REACTIONS_OF_MESSAGE: usize = 2_000;
pub const REACTIONS_OF_USER: usize = 100;

/// The sentence for who adds one more.
pub const TOO_MANY_REACTIONS: &str =
    "This message takes no more reactions: it has 2,000, or 100 of yours, and you may remove some of these";

/// The payload of a relayed event, in bytes of JSON: each goes to many.
const RELAYED_BYTES: usize = 65_536;

/// A room's name, in bytes of UTF-8.
const ROOM_NAME_BYTES: usize = 200;

/// A room's topic, in bytes of UTF-8.
const ROOM_TOPIC_BYTES: usize = 1_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            content_units: None,
            chunked_bytes: Some(1 << 20),
            metadata_bytes: None,
            metadata_depth: 32,
            emoji_bytes: 64,
            id_bytes: 512,
            client_id_bytes: 64,
            page: 500,
            message_types: Vec::new(),
        }
    }
}

impl Limits {
    /// An id is text of at least one byte, without U+0000.
    pub fn ensure_id(&self, name: &str, id: &str) -> Result<()> {
        ensure_text(name, id, 1, self.id_bytes)
    }

    /// Ids of one kind, at most so many.
    pub fn ensure_ids<'a>(
        &self,
        name: &str,
        most: usize,
        ids: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<()> {
        if ids.len() > most {
            return Err(Error::BadInput(format!("{name}: at most {most}")));
        }
        ids.into_iter().try_for_each(|id| self.ensure_id(name, id))
    }

    /// A `seq` is the number of an entry of a room's log; 0 is before the first.
    pub fn ensure_seq(&self, seq: i64) -> Result<()> {
        if seq < 0 {
            return Err(Error::BadInput("seq: a whole number, 0 or more".to_owned()));
        }
        Ok(())
    }

    pub fn ensure_client_id(&self, client_id: &str) -> Result<()> {
        ensure_text("clientId", client_id, 1, self.client_id_bytes)
    }

    pub fn ensure_chunk_id(&self, id: &str) -> Result<()> {
        ensure_text("chunk.id", id, 1, self.client_id_bytes)
    }

    pub fn ensure_emoji(&self, emoji: &str) -> Result<()> {
        ensure_text("emoji", emoji, 1, self.emoji_bytes)
    }

    /// A room's name is shown in lists, so it must have a visible character.
    pub fn ensure_room_name(&self, name: &str) -> Result<()> {
        ensure_text("name", name.trim(), 1, ROOM_NAME_BYTES)
    }

    /// A change of a room: a name, a topic, both, or nothing. No topic in it takes the topic away.
    pub fn ensure_room_update(&self, name: Option<&str>, topic: Option<Option<&str>>) -> Result<()> {
        name.map_or(Ok(()), |name| self.ensure_room_name(name))?;
        topic.flatten().map_or(Ok(()), |topic| ensure_text("topic", topic.trim(), 0, ROOM_TOPIC_BYTES))
    }

    /// The members beside its creator that a room is created with.
    pub fn ensure_first_members(&self, members: &[UserId]) -> Result<()> {
        if members.len() > MAX_FIRST_MEMBERS {
            return Err(Error::BadInput(format!("too many members (at most {MAX_FIRST_MEMBERS} at first)")));
        }
        members.iter().try_for_each(|member| self.ensure_id("members", member.as_str()))
    }

    pub fn ensure_relayable(&self, json: &str) -> Result<()> {
        if json.len() <= RELAYED_BYTES {
            return Ok(());
        }
        Err(Error::BadInput(format!(
            "the payload has {} bytes, and at most {RELAYED_BYTES} are relayed",
            json.len()
        )))
    }

    /// An empty query is allowed and matches anything.
    pub fn ensure_query(&self, query: &str) -> Result<()> {
        ensure_text("query", query, 0, self.id_bytes)
    }

    pub fn ensure_content(&self, content: &str) -> Result<()> {
        // Text never has more UTF-16 units than bytes, so only a long one needs counting.
        if let Some(most) = self.content_units
            && content.len() > most
            && content.encode_utf16().count() > most
        {
            return Err(Error::BadInput(format!("content is too long (at most {most} characters)")));
        }
        ensure_no_nul("content", content)
    }

    pub fn ensure_metadata(&self, metadata: &Value) -> Result<()> {
        ensure_shallow(metadata, self.metadata_depth)?;
        if let Some(most) = self.metadata_bytes
            && metadata.to_string().len() > most
        {
            return Err(Error::BadInput(format!("metadata is too large (at most {most} bytes)")));
        }
        Ok(())
    }

    /// Refuses `system`, which only the server may send, and types that nobody has allowed. Case is ignored.
    pub fn ensure_message_type(&self, kind: &MessageType) -> Result<()> {
        match kind {
            MessageType::Text | MessageType::Image | MessageType::File => Ok(()),
            MessageType::System => Err(Error::BadInput("type system is for the server".to_owned())),
            MessageType::Other(label)
                if self.message_types.iter().any(|kind| kind.eq_ignore_ascii_case(label)) =>
            {
                Ok(())
            }
            MessageType::Other(_) => {
                let more: String = self.message_types.iter().map(|kind| format!(", {kind}")).collect();
                Err(Error::BadInput(format!("type: expected one of text, image, file{more}")))
            }
        }
    }

    /// The page size for a client's request: none or 0 is the default, and more than the maximum is the maximum.
    pub fn page_size(&self, requested: Option<u64>) -> usize {
        match requested {
            None | Some(0) => DEFAULT_PAGE.min(self.page),
            Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX).min(self.page),
        }
    }
}

fn ensure_text(name: &str, text: &str, min: usize, max: usize) -> Result<()> {
    if text.len() < min {
        return Err(Error::BadInput(format!("{name} is empty")));
    }
    if text.len() > max {
        return Err(Error::BadInput(format!("{name} is too long (at most {max} bytes)")));
    }
    ensure_no_nul(name, text)
}

fn ensure_no_nul(name: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::BadInput(format!("{name} contains the character U+0000")));
    }
    Ok(())
}

fn ensure_shallow(value: &Value, levels: usize) -> Result<()> {
    let too_deep = || Error::BadInput("metadata is nested too deeply".to_owned());
    match value {
        Value::String(text) => ensure_no_nul("metadata", text),
        Value::Array(items) => {
            let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
            items.iter().try_for_each(|item| ensure_shallow(item, levels))
        }
        Value::Object(fields) => {
            let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
            fields.iter().try_for_each(|(key, item)| {
                ensure_no_nul("metadata", key)?;
                ensure_shallow(item, levels)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_client_sends_the_types_that_the_settings_add() {
        let limits = Limits { message_types: vec!["VIDEO".to_owned()], ..Limits::default() };
        for (kind, is_taken) in [
            ("image", true),
            ("Video", true),
            ("VIDEO", true),
            ("poem", false),
            ("TEXT", false),
            ("system", false),
        ] {
            let checked = limits.ensure_message_type(&MessageType::from_exact(kind));
            assert_eq!(checked.is_ok(), is_taken, "{kind}");
        }
    }

    #[test]
    fn content_is_counted_as_javascript_counts() {
        let limits = Limits { content_units: Some(4), ..Limits::default() };
        assert!(limits.ensure_content("😀😀").is_ok());
        assert!(limits.ensure_content("😀😀!").is_err());
        assert!(limits.ensure_content("ääää").is_ok());
        assert!(limits.ensure_content("a\0b").is_err());
        assert!(limits.ensure_content("").is_ok());
        assert!(Limits::default().ensure_content(&"x".repeat(1_000_000)).is_ok());
    }

    #[test]
    fn metadata_is_bounded_in_size_and_depth() {
        let limits = Limits { metadata_bytes: Some(22), metadata_depth: 2, ..Limits::default() };
        assert!(limits.ensure_metadata(&json!({"a": [1]})).is_ok());
        assert!(limits.ensure_metadata(&json!({"a": [[1]]})).is_err());
        assert!(limits.ensure_metadata(&json!({"a": "0123456789abcdef"})).is_err());
        assert!(limits.ensure_metadata(&json!({"a\u{0}": 1})).is_err());
        assert!(limits.ensure_metadata(&json!({"a": "\u{0}"})).is_err());
        assert!(limits.ensure_metadata(&json!({"__proto__": {"x": 1}})).is_ok());
    }

    #[test]
    fn a_page_is_never_larger_than_the_maximum() {
        let limits = Limits::default();
        assert_eq!(limits.page_size(None), 50);
        assert_eq!(limits.page_size(Some(0)), 50);
        assert_eq!(limits.page_size(Some(7)), 7);
        assert_eq!(limits.page_size(Some(u64::MAX)), 500);
    }
}
