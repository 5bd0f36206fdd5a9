//! The lines of an archive between its first and its last: `{"user": {..}}` and so on. Times are milliseconds since 1970
//! UTC. A field that is not known here is refused: dropping it would lose it without a word.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A line of an archive.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    User(User),
    Room(Room),
    Member(Member),
    Message(Message),
    Reaction(Reaction),
    Entry(Entry),
    Log(Log),
    ReadMark(ReadMark),
    UserSetting(UserSetting),
    RoomDetail(RoomDetail),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    pub id: String,
    pub name: String,
    pub email: String,
    pub avatar: Option<String>,
    pub created_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Room {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub created_at: i64,
    /// The last entry of the room's log; none if the room has no log.
    pub log: Option<Head>,
}

/// The number and the time of the last entry of a room's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    pub seq: i64,
    pub at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    pub room_id: String,
    pub user_id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    pub id: String,
    pub room_id: String,
    pub sender_id: String,
    pub content: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of the JSON, so that no number loses a digit.
    pub metadata: Box<RawValue>,
    pub reply_to: Option<String>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reaction {
    pub id: String,
    pub message_id: String,
    pub user_id: String,
    pub emoji: String,
}

/// An entry of a room's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    pub room_id: String,
    pub seq: i64,
    pub kind: String,
    pub message_id: String,
    pub actor_id: String,
    pub client_id: Option<String>,
    pub body: Option<String>,
    pub at: i64,
}

/// The end of a room's log: all of its entries came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Log {
    pub room_id: String,
    pub seq: i64,
    /// The entry from which on the log has all that happened in the room.
    pub complete_from: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadMark {
    pub room_id: String,
    pub user_id: String,
    pub seq: i64,
    pub at: i64,
    /// The user became a member then, and has read nothing since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_start: bool,
    /// The message from which on the user has marked the room as unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_from: Option<UnreadFrom>,
}

/// The place of a message in its room. It may be deleted since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnreadFrom {
    pub at: i64,
    pub message_id: String,
}

/// The settings of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSetting {
    pub user_id: String,
    pub private_reads: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hide_presence: bool,
}

/// The topic and the owner of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomDetail {
    pub room_id: String,
    pub topic: Option<String>,
    /// The user who created the room.
    pub owner_id: Option<String>,
}

/// The kinds of lines, in the order in which they stand: a line refers only to kinds before its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    User,
    Room,
    Member,
    Message,
    Reaction,
    Entry,
    Log,
    ReadMark,
    UserSetting,
    RoomDetail,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::User,
        Kind::Room,
        Kind::Member,
        Kind::Message,
        Kind::Reaction,
        Kind::Entry,
        Kind::Log,
        Kind::ReadMark,
        Kind::UserSetting,
        Kind::RoomDetail,
    ];

    /// The plural, for people.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::User => "users",
            Kind::Room => "rooms",
            Kind::Member => "members",
            Kind::Message => "messages",
            Kind::Reaction => "reactions",
            Kind::Entry => "log entries",
            Kind::Log => "logs",
            Kind::ReadMark => "read marks",
            Kind::UserSetting => "settings of users",
            Kind::RoomDetail => "room details",
        }
    }
}

impl Record {
    pub fn kind(&self) -> Kind {
        match self {
            Record::User(_) => Kind::User,
            Record::Room(_) => Kind::Room,
            Record::Member(_) => Kind::Member,
            Record::Message(_) => Kind::Message,
            Record::Reaction(_) => Kind::Reaction,
            Record::Entry(_) => Kind::Entry,
            Record::Log(_) => Kind::Log,
            Record::ReadMark(_) => Kind::ReadMark,
            Record::UserSetting(_) => Kind::UserSetting,
            Record::RoomDetail(_) => Kind::RoomDetail,
        }
    }
}
