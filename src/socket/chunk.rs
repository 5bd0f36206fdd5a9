//! The field `chunk` of `message:send` and `message:edit`, and the ack of a chunk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::Context;
use crate::{
    actions::message_chunk,
    chat::{Error, Result, limits::Limits},
    chunks::{Chunk, Heading, Part, Progress, Received, Subject},
    protocol::{AnsweredMessage, ExcerptView, NumberedMessageView},
};

/// Reads the field. Clients of the original may use it for something else: only one that says that it knows its meaning gets
/// an error.
pub(super) fn read(value: &Value, knows_meaning: bool, limits: &Limits) -> Result<Option<Chunk>> {
    if value.is_null() {
        return Ok(None);
    }
    let chunk = match Chunk::deserialize(value) {
        Ok(_) if limits.chunked_bytes.is_none() => {
            Err(Error::BadInput("chunk: this server takes no content in chunks".to_owned()))
        }
        Ok(chunk) => limits.ensure_chunk_id(&chunk.id).map(|()| chunk),
        Err(error) => Err(Error::BadInput(format!("chunk: {error}"))),
    };
    match chunk {
        Ok(chunk) => Ok(Some(chunk)),
        Err(error) if knows_meaning => Err(error),
        Err(_) => Ok(None),
    }
}

/// The answer to a message, or to a chunk that is not the last one.
#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Message {
        #[schemars(with = "NumberedMessageView<ExcerptView>")]
        message: AnsweredMessage,
    },
    Chunk {
        chunk: Progress,
    },
}

/// A content and what was sent beside it, unless chunks are missing.
pub(super) enum Assembled {
    Whole(String, Option<Heading>),
    Missing(Progress),
}

/// Takes a chunk. The whole content is checked as one that comes in one packet.
pub(super) async fn assemble(
    cx: &Context,
    chunk: Chunk,
    subject: Subject,
    (text, heading): (String, Option<Heading>),
) -> Result<Assembled> {
    let part = Part { heading: heading.filter(|_| chunk.index == 0), chunk, subject, text };
    match message_chunk::run(&cx.app, cx.actor(), part).await? {
        Received::Some(progress) => Ok(Assembled::Missing(progress)),
        Received::All { content, heading } => {
            cx.app.config.limits.ensure_content(&content)?;
            Ok(Assembled::Whole(content, heading))
        }
    }
}
