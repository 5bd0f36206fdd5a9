//! An event in the form in which it is sent.

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;
use serde_json::value::RawValue;

/// The name of an event and its payload as JSON: encoded once, however many sockets it is sent to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Encoded {
    event: Cow<'static, str>,
    data: Arc<RawValue>,
}

impl Encoded {
    /// Encodes an event. None, and a line in the log, if that fails: views are plain data, so it would be a fault of
    /// this server.
    pub fn new(event: &'static str, view: &(impl Serialize + ?Sized)) -> Option<Self> {
        Self::encode(event.into(), view)
    }

    /// Encodes an event whose name is a client's.
    pub fn of_client(event: &str, view: &(impl Serialize + ?Sized)) -> Option<Self> {
        Self::encode(event.to_owned().into(), view)
    }

    fn encode(event: Cow<'static, str>, view: &(impl Serialize + ?Sized)) -> Option<Self> {
        match serde_json::value::to_raw_value(view) {
            Ok(data) => Some(Self { event, data: data.into() }),
            Err(error) => {
                tracing::error!(%error, %event, "an event could not be encoded");
                None
            }
        }
    }

    pub fn event(&self) -> &str {
        &self.event
    }

    pub fn data(&self) -> &Arc<RawValue> {
        &self.data
    }
}
