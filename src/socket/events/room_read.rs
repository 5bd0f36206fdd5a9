//! `room:read`: marks the room as read up to an entry, or up to now. With an ack, the mark is stored before the ack is sent.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{
    actions::room_read,
    chat::{Result, id::RoomId, limits::Limits},
    protocol::Nothing,
    socket::{context::Context, request::Request},
};

/// A room id, as in the original, or `{roomId, seq}`.
pub(in crate::socket) struct RoomRead {
    room_id: RoomId,
    /// The last entry that was read; none: all that there are now.
    seq: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Fields {
    room_id: RoomId,
    seq: Option<i64>,
}

impl JsonSchema for RoomRead {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RoomRead".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [RoomId::json_schema(schemas), Fields::json_schema(schemas)] })
    }
}

impl<'de> Deserialize<'de> for RoomRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdOrFields;
        impl<'de> Visitor<'de> for IdOrFields {
            type Value = RoomRead;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a room id (text)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RoomRead, E> {
                Ok(RoomRead { room_id: text.into(), seq: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RoomRead, A::Error> {
                let Fields { room_id, seq } = Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RoomRead { room_id, seq })
            }
        }
        deserializer.deserialize_any(IdOrFields)
    }
}

impl Request for RoomRead {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_seq(self.seq.unwrap_or(0))
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

pub(in crate::socket) async fn handle(cx: Context, RoomRead { room_id, seq }: RoomRead) -> Result<Nothing> {
    room_read::run(&cx.app, cx.actor(), &room_id, seq, cx.has_callback).await?;
    Ok(Nothing {})
}
