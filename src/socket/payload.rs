//! The payload of an event: the undecoded text of a Socket.IO packet and its binary attachments. It is extracted on the
//! task that reads the socket, in the order of arrival.

use std::{convert::Infallible, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use socketioxide::{
    adapter::LocalAdapter,
    handler::{FromMessageParts, Value as SocketValue},
    socket::Socket,
};

use super::{attachments::Attachments, request::Request};
use crate::chat::{Error, Result, json::Json};

/// An event and its arguments.
pub(super) struct Packet {
    text: Option<String>,
    /// The attachments of a packet with binary data.
    attachments: Attachments,
    pub(super) has_callback: bool,
}

impl FromMessageParts<LocalAdapter> for Packet {
    type Error = Infallible;

    fn from_message_parts(
        _: &Arc<Socket>,
        value: &mut SocketValue,
        ack_id: &Option<i64>,
    ) -> Result<Self, Infallible> {
        let has_callback = ack_id.is_some();
        let SocketValue::Str(text, binary) = value else {
            return Ok(Self { text: None, attachments: Attachments::default(), has_callback });
        };
        let texts = binary.iter().flatten().map(|bytes| BASE64_STANDARD.encode(bytes));
        let text = Some(replace_lone_surrogates(text.as_str()));
        Ok(Self { text, attachments: texts.collect(), has_callback })
    }
}

impl Packet {
    /// The memory that the packet takes while it waits, in bytes.
    pub(super) fn size(&self) -> usize {
        self.text.as_ref().map_or(0, String::len) + self.attachments.size()
    }

    /// Decodes the event's first argument. More are ignored, as by a JavaScript function with one parameter.
    /// `keeps_extra`: fields that are not known are kept, if the payload has a place for them.
    pub(super) fn decode<R: Request>(self, keeps_extra: bool) -> Result<R> {
        let mut request: R = self.decode_text()?;
        if keeps_extra
            && R::KEEPS_EXTRA_FIELDS
            && let Json(Value::Object(fields)) = self.decode_text()?
        {
            request.keep_extra_fields(fields)?;
        }
        request.attach(self.attachments)?;
        Ok(request)
    }

    /// All arguments of the event, with its attachments as base64 text.
    pub(super) fn into_arguments(mut self) -> Result<Vec<Box<RawValue>>> {
        let text =
            self.text.as_deref().ok_or_else(|| Error::BadInput("binary data is not taken".to_owned()))?;
        let parts: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(|error| bad_input(&error))?;
        let arguments = parts.into_iter().skip(1);
        if self.attachments.size() == 0 {
            return Ok(arguments.collect());
        }
        let attached = arguments.map(|argument| {
            let Json(mut argument) =
                serde_json::from_str(argument.get()).map_err(|error| bad_input(&error))?;
            self.attachments.put_into(&mut argument)?;
            serde_json::value::to_raw_value(&argument).map_err(|error| bad_input(&error))
        });
        attached.collect()
    }

    fn decode_text<T: DeserializeOwned>(&self) -> Result<T> {
        let text =
            self.text.as_deref().ok_or_else(|| Error::BadInput("binary data is not taken".to_owned()))?;
        let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| bad_input(&error))?;
        let argument = parts.get(1).ok_or_else(|| Error::BadInput("the argument is missing".to_owned()))?;
        // No event takes an array, but the decoder would read one as an object's values in order.
        if argument.get().starts_with('[') {
            return Err(Error::BadInput("an array is not taken".to_owned()));
        }
        let mut json = serde_json::Deserializer::from_str(argument.get());
        serde_path_to_error::deserialize(&mut json).map_err(|error| match error.path().to_string().as_str() {
            "." => bad_input(error.inner()),
            path => match bad_input(error.inner()) {
                Error::BadInput(why) => Error::BadInput(format!("{path}: {why}")),
                other => other,
            },
        })
    }
}

/// The decoder's error without its line and column, which mean nothing to the client.
fn bad_input(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    let sentence = text.get(..end).unwrap_or_default();
    let translated =
        TYPE_NAMES.iter().find_map(|(name, word)| Some(format!("{}{word}", sentence.strip_suffix(name)?)));
    Error::BadInput(translated.unwrap_or_else(|| sentence.to_owned()))
}

/// Types as the decoder's sentences end with them, and the same in the words of people.
const TYPE_NAMES: [(&str, &str); 7] = [
    ("expected f64", "expected a number"),
    ("expected i64", "expected a whole number"),
    ("expected u64", "expected a whole number"),
    ("expected u32", "expected a whole number"),
    ("expected a string", "expected a text"),
    ("expected a sequence", "expected a list"),
    ("expected a map", "expected an object"),
];

/// Replaces half surrogate pairs by U+FFFD. A JavaScript string may hold one; it travels as an escape, and UTF-8 cannot
/// hold it. Node replaces it too when it writes such a string.
fn replace_lone_surrogates(json: &str) -> String {
    if !json.contains('\\') {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        let (before, escape) = rest.split_at(position);
        out.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (Some(_), _) => 6,
            // A backslash and any character that it escapes.
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (taken, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        out.push_str(taken);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The UTF-16 code unit of a leading `\uXXXX` escape.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::id::RoomId;

    fn packet(text: &str) -> Packet {
        let text = Some(replace_lone_surrogates(text));
        Packet { text, attachments: Attachments::default(), has_callback: false }
    }

    #[test]
    fn half_a_pair_becomes_the_replacement_character() {
        for (json, expected) in [
            (r#"["e","a\ud83dz"]"#, "a\u{fffd}z"),
            (r#"["e","\ude00"]"#, "\u{fffd}"),
            (r#"["e","\ud83d\ude00"]"#, "\u{1f600}"),
            (r#"["e","\ud83d\ud83d\ude00"]"#, "\u{fffd}\u{1f600}"),
            (r#"["e","\\ud83d"]"#, "\\ud83d"),
            (r#"["e","\ud83d\n"]"#, "\u{fffd}\n"),
            (r#"["e","\uD83D\u0041é"]"#, "\u{fffd}Aé"),
        ] {
            assert_eq!(packet(json).decode_text::<String>().unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn bad_arguments_are_named() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "camelCase", expecting = "an object")]
        #[expect(dead_code, reason = "only decoded")]
        struct Ask {
            room_id: RoomId,
            limit: Option<f64>,
            since: Option<i64>,
            names: Option<Vec<String>>,
        }
        for (json, expected) in [
            (r#"["e"]"#, "the argument is missing"),
            (r#"["e",7]"#, "invalid type: integer `7`, expected an object"),
            (r#"["e",["r"]]"#, "an array is not taken"),
            (r#"["e",{}]"#, "missing field `roomId`"),
            (r#"["e",{"roomId":{"contains":""}}]"#, "roomId: invalid type: map, expected a room id (text)"),
            (r#"["e",{"limit":"x"}]"#, r#"limit: invalid type: string "x", expected a number"#),
            (r#"["e",{"since":true}]"#, "since: invalid type: boolean `true`, expected a whole number"),
            (r#"["e",{"names":7}]"#, "names: invalid type: integer `7`, expected a list"),
            (r#"["e",{"names":[7]}]"#, "names[0]: invalid type: integer `7`, expected a text"),
        ] {
            assert_eq!(packet(json).decode_text::<Ask>().unwrap_err().to_string(), expected);
        }
        assert_eq!(packet(r#"["e","a","more",1]"#).decode_text::<String>().unwrap(), "a");
    }
}
