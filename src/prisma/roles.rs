//! Finds out which models are the chat's users, rooms, messages, members and reactions, and which of their fields is
//! which. Every choice has a reason, and the other candidates are kept, so that a person can choose otherwise.

mod fields;
mod members;
mod messages;
mod models;

use std::collections::BTreeMap;

use super::model::{Column, JoinTable, Model, Schema};

pub use fields::plain;

/// A choice, for people.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The key by which `--use` chooses otherwise, such as `message.sender`.
    pub key: &'static str,
    pub chosen: String,
    pub reason: String,
    /// Other candidates of nearly the same rank: the choice is a guess.
    pub others: Vec<String>,
}

/// The reason for which a schema cannot be mapped.
#[derive(Debug, Clone)]
pub struct Obstacle {
    pub text: String,
    /// The events that fail.
    pub fails: &'static str,
    pub mend: String,
}

/// The models and fields of the chat.
#[derive(Debug)]
pub struct Roles<'a> {
    pub user: User<'a>,
    pub room: Room<'a>,
    pub message: Message<'a>,
    pub members: Members<'a>,
    pub reaction: Option<Reaction<'a>>,
    pub choices: Vec<Choice>,
}

#[derive(Debug)]
pub struct User<'a> {
    pub model: &'a Model,
    pub id: &'a Column,
    /// The columns that have the name: the first that is not NULL counts. First and last name are both taken.
    pub names: Vec<&'a Column>,
    pub is_first_and_last: bool,
    pub email: Option<&'a Column>,
    pub avatar: Option<&'a Column>,
    pub created_at: Option<&'a Column>,
}

#[derive(Debug)]
pub struct Room<'a> {
    pub model: &'a Model,
    pub id: &'a Column,
    pub name: Option<&'a Column>,
    pub kind: Option<&'a Column>,
    pub created_at: Option<&'a Column>,
    pub deletion: Vec<&'a Column>,
}

#[derive(Debug)]
pub struct Message<'a> {
    pub model: &'a Model,
    pub id: &'a Column,
    pub room: &'a Column,
    pub sender: &'a Column,
    pub content: &'a Column,
    pub created_at: &'a Column,
    pub kind: Option<&'a Column>,
    pub metadata: Option<&'a Column>,
    pub reply_to: Option<&'a Column>,
    pub updated_at: Option<&'a Column>,
    /// Flags that say that a message was edited.
    pub edited: Vec<&'a Column>,
    /// Where deletion is soft: `deletedAt`, `isDeleted`.
    pub deletion: Vec<&'a Column>,
}

#[derive(Debug)]
pub enum Members<'a> {
    Model {
        model: &'a Model,
        room: &'a Column,
        user: &'a Column,
        deletion: Vec<&'a Column>,
    },
    /// Prisma's own join table; `is_swapped`: `A` is the user.
    Join {
        table: &'a JoinTable,
        is_swapped: bool,
    },
    /// The schema has no members: a table of them is proposed.
    None,
}

#[derive(Debug)]
pub struct Reaction<'a> {
    pub model: &'a Model,
    /// None if the key has several fields.
    pub id: Option<&'a Column>,
    pub message: &'a Column,
    pub user: &'a Column,
    pub emoji: &'a Column,
}

/// The models and fields that a person chose: keys such as `message` and `message.sender`.
pub type Uses = BTreeMap<String, String>;

/// Every key that `--use` takes.
pub const KEYS: [&str; 22] = [
    "user",
    "user.name",
    "user.email",
    "user.avatar",
    "user.createdAt",
    "room",
    "room.name",
    "room.type",
    "room.createdAt",
    "message",
    "message.room",
    "message.sender",
    "message.content",
    "message.createdAt",
    "message.updatedAt",
    "message.type",
    "message.metadata",
    "message.replyTo",
    "member",
    "reaction",
    "reaction.emoji",
    "message.deletion",
];

/// True for the ids of users, of rooms and of messages, if some of their columns are of type uuid and others are text.
/// A mapping shows such ids as text.
#[derive(Debug)]
pub struct MixedIds {
    pub users: bool,
    pub rooms: bool,
    pub messages: bool,
}

impl<'a> Roles<'a> {
    /// The columns that hold the ids of users, of rooms and of messages. A join table has the types of the ids.
    pub fn same_ids(&self) -> [Vec<(&'a Model, &'a Column)>; 3] {
        let Roles { user, room, message, members, reaction, .. } = self;
        let mut users = vec![(user.model, user.id), (message.model, message.sender)];
        let mut rooms = vec![(room.model, room.id), (message.model, message.room)];
        let mut messages = vec![(message.model, message.id)];
        if let Members::Model { model, room, user, .. } = members {
            users.push((model, user));
            rooms.push((model, room));
        }
        if let Some(reaction) = reaction {
            users.push((reaction.model, reaction.user));
            messages.push((reaction.model, reaction.message));
        }
        [users, rooms, messages]
    }

    pub fn mixed_ids(&self) -> MixedIds {
        let is_uuid = |(_, column): &(&Model, &Column)| column.is_native("Uuid");
        let is_mixed = |ids: Vec<_>| ids.iter().any(is_uuid) && !ids.iter().all(is_uuid);
        let [users, rooms, messages] = self.same_ids().map(is_mixed);
        MixedIds { users, rooms, messages }
    }
}

/// Finds the roles. If something is missing that no default can replace, returns all that is.
pub fn find<'a>(schema: &'a Schema, uses: &Uses) -> Result<Roles<'a>, Vec<Obstacle>> {
    models::Finder { schema, uses, choices: Vec::new(), obstacles: Vec::new() }.find()
}
