//! The body of a request that may have a long content: up to `MAX_LONG_MESSAGE_SIZE` at once, as there is no packet here.
//!
//! It is read after the token was checked. What exceeds `MAX_PAYLOAD` is read only when the caller may send or edit the message,
//! and counts among the chunks of long messages.

use std::sync::Arc;

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, Request},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{caller::Caller, input::decode};
use crate::{
    actions::message_chunk,
    app::App,
    chat::{Error, Result},
    chunks::{Reserved, Subject},
};

/// A body that is not read yet.
pub(super) struct LongBody(Body);

impl<S: Send + Sync> FromRequest<S> for LongBody {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        Ok(Self(request.into_body()))
    }
}

impl LongBody {
    /// Reads the body, JSON with the content of this message. True if it was larger than a packet.
    pub(super) async fn read<T: DeserializeOwned>(
        self,
        app: &Arc<App>,
        caller: &Caller,
        subject: &Subject,
    ) -> Result<(T, bool)> {
        let short = app.config.sockets.max_payload;
        let most = short.saturating_add(app.chunks.max_json());
        let too_large = || {
            let bound =
                if most > short { "MAX_PAYLOAD and MAX_LONG_MESSAGE_SIZE allow" } else { "MAX_PAYLOAD" };
            Err(Error::BadInput(format!("the body is larger than {bound}")))
        };
        // A length that is announced is refused before anything is read.
        if HttpBody::size_hint(&self.0).lower() > most as u64 {
            return too_large();
        }
        let mut reserved = Reserved::none(&app.chunks, caller.id());
        let mut bytes = Vec::new();
        let mut stream = self.0.into_data_stream();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| Error::BadInput(error.to_string()))?;
            let length = bytes.len() + part.len();
            if length > most {
                return too_large();
            }
            if length > short {
                if bytes.len() <= short {
                    message_chunk::ensure_may_begin(app, caller.actor(), subject).await?;
                }
                reserved.grow(length - short.max(bytes.len()))?;
            }
            bytes.extend_from_slice(&part);
        }
        Ok((decode(&bytes)?, bytes.len() > short))
    }
}

/// A content has at most as many bytes as one in chunks, or in a packet.
pub(super) fn ensure_fits(app: &App, content: &str) -> Result<()> {
    let most = app.config.limits.chunked_bytes.unwrap_or(0).max(app.config.sockets.max_payload);
    match content.len() > most {
        true => Err(Error::BadInput(format!("content is too long (at most {most} bytes)"))),
        false => app.config.limits.ensure_content(content),
    }
}

/// Only the content may be larger than a packet.
pub(super) fn ensure_rest_fits(app: &App, metadata: &Value) -> Result<()> {
    let most = app.config.sockets.max_payload;
    match metadata.to_string().len() > most {
        true => Err(Error::BadInput(format!("metadata is too large (at most {most} bytes)"))),
        false => Ok(()),
    }
}
