//! An event in the form in which it is sent.

use std::{borrow::Cow, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeTuple};
use serde_json::value::RawValue;

use crate::protocol::Bodies;

/// The name of an event and its payload as JSON: encoded once, however many sockets it is sent to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Encoded {
    event: Cow<'static, str>,
    data: Arc<RawValue>,
    /// The payload for clients that take excerpts, if it differs.
    excerpt: Option<Arc<RawValue>>,
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
        Self {
            event: event.into(),
            data: data.into(),
            excerpt: None,
            more: (!more.is_empty()).then_some(more),
        }
    }

    fn encode(event: Cow<'static, str>, view: &(impl Serialize + ?Sized)) -> Option<Self> {
        match serde_json::value::to_raw_value(view) {
            Ok(data) => Some(Self { event, data: data.into(), excerpt: None, more: None }),
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

    /// Adds the payload for clients that take excerpts.
    pub fn with_excerpt(mut self, view: &(impl Serialize + ?Sized)) -> Self {
        let excerpt = Self::encode(self.event.clone(), view);
        self.excerpt = excerpt.map(|excerpt| excerpt.data);
        self
    }

    /// The payload for these clients.
    pub fn data_for(&self, bodies: Bodies) -> &Arc<RawValue> {
        match bodies {
            Bodies::Whole => &self.data,
            Bodies::Excerpts => self.excerpt.as_ref().unwrap_or(&self.data),
        }
    }

    /// True if clients that take excerpts are sent another payload.
    pub(super) fn has_excerpt(&self) -> bool {
        self.excerpt.is_some()
    }

    pub(super) fn arguments(&self, bodies: Bodies) -> Arguments<'_> {
        Arguments(self.data_for(bodies), self.more.as_deref())
    }
}

/// The arguments of an event: one value, or a tuple, which the library sends as several.
pub(super) struct Arguments<'a>(&'a RawValue, Option<&'a [Box<RawValue>]>);

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(more) = self.1 else { return self.0.serialize(serializer) };
        let mut tuple = serializer.serialize_tuple(1 + more.len())?;
        tuple.serialize_element(self.0)?;
        more.iter().try_for_each(|argument| tuple.serialize_element(argument))?;
        tuple.end()
    }
}
