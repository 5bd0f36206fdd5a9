//! An event in the form in which it is sent.

use std::{borrow::Cow, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeTuple};
use serde_json::value::RawValue;

/// The name of an event and its payload as JSON: encoded once, however many sockets it is sent to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Encoded {
    event: Cow<'static, str>,
    data: Arc<RawValue>,
    /// The arguments after the payload, which only events of a team's own have.
    more: Option<Arc<[Box<RawValue>]>>,
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

    /// An event of a team's own with any number of arguments.
    pub fn of_team(event: String, arguments: Vec<Box<RawValue>>) -> Self {
        let mut arguments = arguments.into_iter();
        let data = arguments.next().unwrap_or_else(|| RawValue::NULL.to_owned());
        let more: Arc<[_]> = arguments.collect();
        Self { event: event.into(), data: data.into(), more: (!more.is_empty()).then_some(more) }
    }

    fn encode(event: Cow<'static, str>, view: &(impl Serialize + ?Sized)) -> Option<Self> {
        match serde_json::value::to_raw_value(view) {
            Ok(data) => Some(Self { event, data: data.into(), more: None }),
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

    pub(super) fn arguments(&self) -> Arguments<'_> {
        Arguments(self)
    }
}

/// The arguments of an event: one value, or a tuple, which the library sends as several.
pub(super) struct Arguments<'a>(&'a Encoded);

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(more) = &self.0.more else { return self.0.data.serialize(serializer) };
        let mut tuple = serializer.serialize_tuple(1 + more.len())?;
        tuple.serialize_element(&self.0.data)?;
        more.iter().try_for_each(|argument| tuple.serialize_element(argument))?;
        tuple.end()
    }
}
