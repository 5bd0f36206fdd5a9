//! Rewrites event names that the Socket.IO library cannot read and would close the connection for: names with a JSON
//! escape, and names that are not strings. Node accepts both escapes and numbers.

use std::borrow::Cow;

/// The name that replaces one that is not a string.
const NOT_A_STRING: &str = "(not a text)";

/// The verdict on the first bytes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not an event, or an event whose name is plain.
    Plain,
    /// An event whose name has to be rewritten.
    NeedsRewrite,
    /// The packet goes on, and the bytes so far do not decide.
    Unknown,
}

/// Inspects the first bytes of an Engine.IO packet. `is_whole`: the packet has no more bytes.
pub(super) fn inspect(packet: &[u8], is_whole: bool) -> Verdict {
    let unknown = if is_whole { Verdict::Plain } else { Verdict::Unknown };
    // 4 is a message. In a message, 2 is an event and 5 is an event with binary data.
    match packet {
        [] | [b'4'] => return unknown,
        [b'4', b'2' | b'5', ..] => {}
        _ => return Verdict::Plain,
    }
    let Some(array) = array_start(packet) else { return unknown };
    if packet.get(array) != Some(&b'[') {
        return Verdict::Plain;
    }
    let Some(name) = packet.get(array + 1..).and_then(|rest| {
        let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        rest.get(blank..)
    }) else {
        return unknown;
    };
    match name.split_first() {
        // Node does not treat an empty array as an event either.
        Some((b']', _)) => Verdict::Plain,
        Some((b'"', text)) => match text.iter().find(|byte| matches!(byte, b'"' | b'\\')) {
            Some(b'"') => Verdict::Plain,
            Some(_) => Verdict::NeedsRewrite,
            None => unknown,
        },
        Some(_) => Verdict::NeedsRewrite,
        None => unknown,
    }
}

/// The offset of an event's array, which follows the packet type, the number of attachments, the namespace and the ack
/// id. None if the packet ends before the array.
fn array_start(packet: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = packet.get(from..)?;
        rest.iter().position(|byte| !byte.is_ascii_digit()).map(|count| from + count)
    };
    let mut position = 2;
    if packet.get(1) == Some(&b'5') {
        position = digits(position)?;
        if packet.get(position)? == &b'-' {
            position += 1;
        }
    }
    if packet.get(position)? == &b'/' {
        let namespace = packet.get(position..)?;
        position += namespace.iter().position(|byte| *byte == b',')? + 1;
    }
    digits(position)
}

/// True for a message that Node accepts and ignores: an event without a payload, an ack without arguments, and an ack
/// without an id.
pub(super) fn is_ignored(packet: &str) -> bool {
    let Some(ack) = packet.strip_prefix("43") else { return packet == "42" };
    let answer = ack.trim_start_matches(|char: char| char.is_ascii_digit());
    answer.is_empty() || answer.len() == ack.len() && answer.starts_with('[')
}

/// Returns the packet with a name that the library can read. Escapes are resolved; characters that would still need an
/// escape are replaced. The event is then the one that Node would see, or an unknown one.
pub(super) fn rewrite(packet: &str) -> Cow<'_, str> {
    if inspect(packet.as_bytes(), true) != Verdict::NeedsRewrite {
        return Cow::Borrowed(packet);
    }
    let Some((head, array)) =
        array_start(packet.as_bytes()).and_then(|start| packet.split_at_checked(start + 1))
    else {
        return Cow::Borrowed(packet);
    };
    let mut values = serde_json::Deserializer::from_str(array).into_iter::<serde_json::Value>();
    // After a string or an object the iterator accepts any byte; after a number it wants white space, a comma or the
    // end.
    let first = values.next();
    let end = values.byte_offset();
    let (name, rest) = match first {
        Some(Ok(serde_json::Value::String(name))) => (name, array.get(end..)),
        Some(Ok(serde_json::Value::Array(_) | serde_json::Value::Object(_))) => {
            (NOT_A_STRING.to_owned(), array.get(end..))
        }
        // A JSON string that a Rust string cannot hold, such as one with half a surrogate pair.
        _ if array.trim_start().starts_with('"') => (NOT_A_STRING.to_owned(), after_string(array)),
        // A number or a literal: it ends at the next comma or at the end of the array.
        _ => match array.find([',', ']']).and_then(|end| array.split_at_checked(end)) {
            Some((word, rest)) if is_number_or_literal(word.trim()) => {
                let word = word.trim();
                let is_number = !word.starts_with(|first: char| first.is_ascii_alphabetic());
                (if is_number { word } else { NOT_A_STRING }.to_owned(), Some(rest))
            }
            // The packet is not JSON: the library closes the connection, as Node does.
            _ => return Cow::Borrowed(packet),
        },
    };
    let Some(rest) = rest else { return Cow::Borrowed(packet) };
    let name: String =
        name.chars()
            .map(|char| {
                if matches!(char, '"' | '\\') || char.is_control() {
                    char::REPLACEMENT_CHARACTER
                } else {
                    char
                }
            })
            .collect();
    Cow::Owned(format!("{head}\"{name}\"{rest}"))
}

/// True for a number, which may be larger than any that Rust has, and for `true`, `false` and `null`.
fn is_number_or_literal(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    serde_json::from_str::<serde_json::Value>(text).is_ok() || !text.is_empty() && text.bytes().all(is_digit)
}

/// The rest of an array after its first string.
fn after_string(array: &str) -> Option<&str> {
    let mut bytes = array.bytes().enumerate().skip_while(|(_, byte)| *byte != b'"').skip(1);
    while let Some((position, byte)) = bytes.next() {
        match byte {
            b'"' => return array.get(position + 1..),
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_packets_stay_as_they_are() {
        for packet in [
            "",
            "2",
            "3",
            "40",
            r#"40{"token":"x\n"}"#,
            r#"42["message:send",{"content":"a \" quote"}]"#,
            r#"4217["message:send",{"content":"a \" quote"}]"#,
            r#"42/admin,17["x",1]"#,
            r#"451-["x",{"_placeholder":true,"num":0}]"#,
            r#"451-/admin,7[ "x" ,1]"#,
            r#"431["an ack \" is no event"]"#,
            "42[]",
            "42{}",
            "42",
            "42[",
            r#"42["never ended"#,
            r#"42["never \" ended"#,
            "42[nonsense]",
            "é",
        ] {
            assert_eq!(rewrite(packet), packet);
        }
    }

    #[test]
    fn odd_names_become_ones_that_can_be_read() {
        for (packet, expected) in [
            // These become the event that Node would see.
            (r#"42["message\u003asend",{"content":"\"\\"}]"#, r#"42["message:send",{"content":"\"\\"}]"#),
            (r#"420["room\/join","r"]"#, r#"420["room/join","r"]"#),
            (r#"42["\u00e9",1]"#, r#"42["é",1]"#),
            // These become events that no server knows.
            (r#"42["q\"uote",1]"#, "42[\"q\u{fffd}uote\",1]"),
            (r#"427["back\\slash"]"#, "427[\"back\u{fffd}slash\"]"),
            (r#"42["line\nbreak"]"#, "42[\"line\u{fffd}break\"]"),
            (r#"42[7,{"a":1}]"#, r#"42["7",{"a":1}]"#),
            (r#"42[ -1.5 ]"#, r#"42["-1.5"]"#),
            (r#"42["\ud83d \" half",1]"#, r#"42["(not a text)",1]"#),
            ("42[1e400,1]", r#"42["1e400",1]"#),
            (r#"423[null,1]"#, r#"423["(not a text)",1]"#),
            (r#"42[true]"#, r#"42["(not a text)"]"#),
            (r#"42[{"a":[1,2]},1]"#, r#"42["(not a text)",1]"#),
            (r#"42[["a","b"],1]"#, r#"42["(not a text)",1]"#),
            (
                r#"451-7["q\"uote",{"_placeholder":true,"num":0}]"#,
                "451-7[\"q\u{fffd}uote\",{\"_placeholder\":true,\"num\":0}]",
            ),
            (r#"42/admin,["\u0041"]"#, r#"42/admin,["A"]"#),
        ] {
            assert_eq!(rewrite(packet), expected, "{packet}");
        }
    }

    #[test]
    fn events_and_acks_without_content_are_ignored() {
        for packet in ["42", "43", "4317", r#"43["x"]"#] {
            assert!(is_ignored(packet), "{packet}");
        }
        for packet in ["", "4", "40", "42[]", r#"42["x"]"#, "427", r#"4317["x"]"#, "43x", "44"] {
            assert!(!is_ignored(packet), "{packet}");
        }
    }

    #[test]
    fn a_beginning_is_judged_as_soon_as_it_can_be() {
        let packet = r#"4217["message:send",{"content":"\""}]"#.as_bytes();
        for length in 0..packet.len() {
            let expected = if length < 19 { Verdict::Unknown } else { Verdict::Plain };
            assert_eq!(inspect(packet.get(..length).unwrap(), false), expected, "{length}");
        }
        assert_eq!(inspect(b"42[\"q\\", false), Verdict::NeedsRewrite);
        assert_eq!(inspect(b"42[7", false), Verdict::NeedsRewrite);
        assert_eq!(inspect(b"40", false), Verdict::Plain);
        assert_eq!(inspect(b"3", false), Verdict::Plain);
    }
}
