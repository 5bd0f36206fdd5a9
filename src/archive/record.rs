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
    ThreadReply(ThreadReply),
    Thread(Thread),
    ThreadFollower(ThreadFollower),
    Mention(Mention),
    MentionMark(MentionMark),
    Presence(Presence),
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

/// A message that belongs to a thread, also one that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThreadReply {
    pub message_id: String,
    pub root_id: String,
    pub room_id: String,
    pub sender_id: String,
    pub also_to_room: bool,
    pub at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_gone: bool,
}

/// The end of a thread: all of its replies came before. Its state is counted from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Thread {
    pub root_id: String,
}

/// A user who follows a thread, and the place up to which they have read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThreadFollower {
    pub root_id: String,
    pub user_id: String,
    pub room_id: String,
    /// False for a user who follows it no more; none for one who has only read it.
    pub follows: Option<bool>,
    pub read_at: i64,
    /// The reply up to which the user has read; empty where that is only a time.
    pub read_id: String,
}

/// A user whom a message mentions; the empty id stands for all members of the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mention {
    pub message_id: String,
    pub user_id: String,
    pub room_id: String,
    pub sender_id: String,
    pub kind: String,
    pub at: i64,
}

/// The time up to which a user has read all mentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MentionMark {
    pub user_id: String,
    pub at: i64,
}

/// When a user was last online, and their status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Presence {
    pub user_id: String,
    pub last_seen: Option<i64>,
    pub status_text: Option<String>,
    pub status_emoji: Option<String>,
    pub clear_at: Option<i64>,
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
    ThreadReply,
    Thread,
    ThreadFollower,
    Mention,
    MentionMark,
    Presence,
}

impl Kind {
    pub const ALL: [Kind; 16] = [
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
        Kind::ThreadReply,
        Kind::Thread,
        Kind::ThreadFollower,
        Kind::Mention,
        Kind::MentionMark,
        Kind::Presence,
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
            Kind::ThreadReply => "thread replies",
            Kind::Thread => "threads",
            Kind::ThreadFollower => "followers of threads",
            Kind::Mention => "mentions",
            Kind::MentionMark => "marks of inboxes",
            Kind::Presence => "presences of users",
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
            Record::ThreadReply(_) => Kind::ThreadReply,
            Record::Thread(_) => Kind::Thread,
            Record::ThreadFollower(_) => Kind::ThreadFollower,
            Record::Mention(_) => Kind::Mention,
            Record::MentionMark(_) => Kind::MentionMark,
            Record::Presence(_) => Kind::Presence,
        }
    }
}
