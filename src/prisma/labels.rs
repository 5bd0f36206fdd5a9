//! Which label of a team's enum, or which text, stands for which kind of a room or of a message.

use super::roles::plain;

/// The kinds of messages, and of rooms.
pub(super) const MESSAGE_KINDS: [&str; 4] = ["text", "image", "file", "system"];
pub(super) const ROOM_KINDS: [&str; 3] = ["public", "private", "direct"];

const MESSAGE_WORDS: [(&str, &[&str]); 4] = [
    ("text", &["text", "txt", "message", "plain", "normal", "default", "chat"]),
    ("image", &["image", "img", "photo", "picture", "gif", "sticker"]),
    ("file", &["file", "document", "doc", "attachment", "video", "audio", "voice", "media"]),
    ("system", &["system", "info", "notification", "event", "join", "leave"]),
];

const ROOM_WORDS: [(&str, &[&str]); 3] = [
    ("public", &["public", "open", "community"]),
    (
        "direct",
        &[
            "direct",
            "dm",
            "directmessage",
            "onetoone",
            "oneonone",
            "personal",
            "p2p",
            "individual",
            "single",
            "dialog",
        ],
    ),
    (
        "private",
        &[
            "private",
            "group",
            "groupchat",
            "closed",
            "secret",
            "protected",
            "channel",
            "team",
            "room",
            "multi",
        ],
    ),
];

fn find(words: &[(&'static str, &[&str])], label: &str) -> Option<&'static str> {
    let label = plain(label);
    words.iter().find(|(_, words)| words.contains(&label.as_str())).map(|(kind, _)| *kind)
}

/// The kind of message that a label stands for.
pub(super) fn message_kind(label: &str) -> Option<&'static str> {
    find(&MESSAGE_WORDS, label)
}

/// All words for the kinds of messages, and of rooms, each with its kind.
pub(super) fn message_words() -> impl Iterator<Item = (&'static str, &'static str)> {
    MESSAGE_WORDS.iter().flat_map(|(kind, words)| words.iter().map(|word| (*word, *kind)))
}

pub(super) fn room_words() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROOM_WORDS.iter().flat_map(|(kind, words)| words.iter().map(|word| (*word, *kind)))
}

/// The kind of room that a label stands for, beside the other labels of its enum: where there are private rooms and
/// groups, and no direct ones, the private rooms are those of two users.
pub(super) fn room_kind(label: &str, labels: &[String]) -> Option<&'static str> {
    let kind = find(&ROOM_WORDS, label)?;
    let has = |kind: &str| labels.iter().any(|label| find(&ROOM_WORDS, label) == Some(kind));
    let has_groups = labels.iter().any(|label| ["group", "groupchat"].contains(&plain(label).as_str()));
    let is_pair = plain(label) == "private" && has_groups && !has("direct") && !has("public");
    Some(if is_pair { "direct" } else { kind })
}

/// True if an enum with these labels is one of the kinds of rooms.
pub fn names_rooms(labels: &[String]) -> bool {
    labels.iter().any(|label| room_kind(label, labels).is_some())
}

/// True if an enum with these labels is one of the kinds of messages.
pub fn names_messages(labels: &[String]) -> bool {
    labels.iter().any(|label| message_kind(label) == Some("text"))
}

/// The label for a kind: the one that has its name, or else the first that stands for it.
pub(super) fn label_of<'a>(
    kind: &str,
    labels: &'a [String],
    kind_of: impl Fn(&str) -> Option<&'static str>,
) -> Option<&'a str> {
    let fits = || labels.iter().map(String::as_str).filter(|label| kind_of(label) == Some(kind));
    fits().find(|label| plain(label) == kind).or_else(|| fits().next())
}

/// The flag of a room that says its kind: the kinds that true and false stand for.
pub(super) fn flag_kinds(field: &str) -> (&'static str, &'static str) {
    match plain(field).as_str() {
        "isgroup" | "isgroupchat" | "group" => ("private", "direct"),
        "isprivate" | "private" => ("private", "public"),
        "ispublic" | "public" => ("public", "private"),
        _ => ("direct", "private"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(labels: &[&str]) -> Vec<Option<&'static str>> {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        labels.iter().map(|label| room_kind(label, &labels)).collect()
    }

    #[test]
    fn private_beside_group_is_a_room_of_two_unless_others_are() {
        assert_eq!(kinds(&["PRIVATE", "GROUP"]), [Some("direct"), Some("private")]);
        assert_eq!(kinds(&["PRIVATE", "GROUP", "DM"]), [Some("private"), Some("private"), Some("direct")]);
        assert_eq!(kinds(&["PRIVATE", "PUBLIC"]), [Some("private"), Some("public")]);
        assert_eq!(kinds(&["AUDIO", "one-to-one"]), [None, Some("direct")]);
    }
}
