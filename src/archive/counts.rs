//! The number of an archive's lines of each kind.

use serde::{Deserialize, Serialize};

use super::record::Kind;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    users: u64,
    rooms: u64,
    members: u64,
    messages: u64,
    reactions: u64,
    entries: u64,
    logs: u64,
    read_marks: u64,
    /// Absent in files of versions before there were any.
    #[serde(default, skip_serializing_if = "is_zero")]
    user_settings: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    room_details: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    thread_replies: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    threads: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    thread_followers: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    mentions: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    mention_marks: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    presences: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    pub fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::User => self.users,
            Kind::Room => self.rooms,
            Kind::Member => self.members,
            Kind::Message => self.messages,
            Kind::Reaction => self.reactions,
            Kind::Entry => self.entries,
            Kind::Log => self.logs,
            Kind::ReadMark => self.read_marks,
            Kind::UserSetting => self.user_settings,
            Kind::RoomDetail => self.room_details,
            Kind::ThreadReply => self.thread_replies,
            Kind::Thread => self.threads,
            Kind::ThreadFollower => self.thread_followers,
            Kind::Mention => self.mentions,
            Kind::MentionMark => self.mention_marks,
            Kind::Presence => self.presences,
        }
    }

    pub fn add(&mut self, kind: Kind, count: u64) {
        let place = match kind {
            Kind::User => &mut self.users,
            Kind::Room => &mut self.rooms,
            Kind::Member => &mut self.members,
            Kind::Message => &mut self.messages,
            Kind::Reaction => &mut self.reactions,
            Kind::Entry => &mut self.entries,
            Kind::Log => &mut self.logs,
            Kind::ReadMark => &mut self.read_marks,
            Kind::UserSetting => &mut self.user_settings,
            Kind::RoomDetail => &mut self.room_details,
            Kind::ThreadReply => &mut self.thread_replies,
            Kind::Thread => &mut self.threads,
            Kind::ThreadFollower => &mut self.thread_followers,
            Kind::Mention => &mut self.mentions,
            Kind::MentionMark => &mut self.mention_marks,
            Kind::Presence => &mut self.presences,
        };
        *place = place.saturating_add(count);
    }

    pub fn total(&self) -> u64 {
        Kind::ALL.into_iter().fold(0, |total: u64, kind| total.saturating_add(self.of(kind)))
    }

    /// `2 users, 1 rooms`, without the kinds that are absent.
    pub fn describe(&self) -> String {
        let parts = Kind::ALL.into_iter().filter(|kind| self.of(*kind) > 0);
        let texts: Vec<String> = parts.map(|kind| format!("{} {}", self.of(kind), kind.plural())).collect();
        if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
    }
}
