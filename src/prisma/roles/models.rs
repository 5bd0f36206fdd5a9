//! Finds the models of the chat, and their fields.

use super::super::model::{Column, Kind, Model, Schema};
use super::{
    Choice, Message, Obstacle, Roles, Room, User, Uses,
    fields::{self, Names, best, deletion, edited, is_text, is_time, plain},
};

pub(super) struct Finder<'a, 'u> {
    pub(super) schema: &'a Schema,
    pub(super) uses: &'u Uses,
    pub(super) choices: Vec<Choice>,
    pub(super) obstacles: Vec<Obstacle>,
}

/// The consequence if the schema has not what every event needs.
pub(super) const EVERYTHING: &str = "every event";

impl<'a> Finder<'a, '_> {
    pub(super) fn find(mut self) -> Result<Roles<'a>, Vec<Obstacle>> {
        for (key, name) in self.uses {
            self.ensure_use(key, name);
        }
        let user = self.user();
        let message = user.and_then(|user| self.message_model(user));
        let room = message.and_then(|message| self.room_model(message));
        let (Some(user), Some(message), Some(room)) = (user, message, room) else {
            return Err(self.obstacles);
        };
        let roles = (self.user_role(user), self.room_role(room), self.message_role(message, user, room));
        let (Some(user), Some(room), Some(message)) = roles else { return Err(self.obstacles) };
        let members = self.members(user.model, room.model, message.model);
        let reaction = self.reaction(user.model, message.model);
        if self.obstacles.is_empty() {
            Ok(Roles { user, room, message, members, reaction, choices: self.choices })
        } else {
            Err(self.obstacles)
        }
    }

    fn ensure_use(&mut self, key: &str, name: &str) {
        if !super::KEYS.contains(&key) {
            let text = format!("--use {key}={name}: there is no `{key}` to choose");
            self.lacks(text, EVERYTHING, format!("use one of {}", super::KEYS.join(", ")));
        } else if !key.contains('.')
            && name != "none"
            && self.schema.model(name).is_none()
            && self.schema.joins.iter().all(|join| join.table != name)
        {
            self.lacks(
                format!("--use {key}={name}: the schema has no model of that name"),
                EVERYTHING,
                String::new(),
            );
        }
    }

    pub(super) fn lacks(&mut self, text: String, fails: &'static str, mend: String) {
        self.obstacles.push(Obstacle { text, fails, mend });
    }

    pub(super) fn choose(&mut self, key: &'static str, chosen: &str, reason: &str, others: Vec<String>) {
        let others = if self.uses.contains_key(key) { Vec::new() } else { others };
        self.choices.push(Choice { key, chosen: chosen.to_owned(), reason: reason.to_owned(), others });
    }

    /// The model of the highest rank, which is above 0, unless a person chose another.
    fn model(&mut self, key: &'static str, rank: impl Fn(&Model) -> usize) -> Option<&'a Model> {
        if let Some(name) = self.uses.get(key) {
            let found = self.schema.model(name);
            self.choose(key, name, "chosen by --use", Vec::new());
            return found;
        }
        let mut found: Vec<(usize, &Model)> =
            self.schema.models.iter().map(|model| (rank(model), model)).collect();
        found.retain(|(rank, _)| *rank > 0);
        found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let (highest, model) = found.first().copied()?;
        let others = found.iter().skip(1).filter(|(rank, _)| rank + 3 >= highest);
        let others = others.map(|(_, model)| model.name.clone()).collect();
        self.choose(key, &model.name, "by its name and its relations", others);
        Some(model)
    }

    /// The column that a person chose.
    pub(super) fn used(&mut self, key: &'static str, model: &'a Model) -> Option<Option<&'a Column>> {
        let name = self.uses.get(key)?;
        if name == "none" {
            return Some(None);
        }
        let found = model.columns.iter().find(|column| column.field == *name || column.name == *name);
        if found.is_none() {
            let text = format!("--use {key}={name}: model `{}` has no such column", model.name);
            self.lacks(text, EVERYTHING, String::new());
        }
        self.choose(key, name, "chosen by --use", Vec::new());
        Some(found)
    }

    pub(super) fn column(
        &mut self,
        key: &'static str,
        model: &'a Model,
        names: &Names,
        is_fit: impl Fn(&Column) -> bool,
    ) -> Option<&'a Column> {
        if let Some(used) = self.used(key, model) {
            return used;
        }
        let (column, others) = best(model, names, is_fit)?;
        let others = others.into_iter().map(|column| column.field.clone()).collect();
        self.choose(key, &column.field, "by its name and its type", others);
        Some(column)
    }

    fn user(&mut self) -> Option<&'a Model> {
        let schema = self.schema;
        let found = self.model("user", |model| {
            let rank = fields::USER_MODEL.rank(&model.name);
            let has = |names: &Names| usize::from(best(model, names, is_text).is_some()) * 2;
            let is_target =
                |other: &Model| other.relations.iter().any(|relation| relation.target == model.name);
            let referred = schema.models.iter().filter(|other| is_target(other)).count().min(4);
            if rank == 0 { 0 } else { rank * 2 + has(&fields::EMAIL) + has(&fields::USER_NAME) + referred }
        });
        if found.is_none() {
            let text = "the schema has no model of users".to_owned();
            self.lacks(text, EVERYTHING, "name it by --use user=<Model>".to_owned());
        }
        found
    }

    fn message_model(&mut self, user: &Model) -> Option<&'a Model> {
        let found = self.model("message", |model| {
            let name = plain(&model.name);
            let by_name = match fields::MESSAGE_MODEL.rank(&model.name) {
                0 if name.ends_with("message") || name.ends_with("messages") => 2,
                rank => rank,
            };
            if by_name == 0 || fields::has_word(&model.name, &fields::NO_MESSAGE) {
                return 0;
            }
            let has = |names: &Names| best(model, names, is_text).is_some();
            let refers = model.relations.iter().any(|relation| relation.target == user.name);
            let is_in_room =
                model.relations.iter().any(|relation| fields::ROOM_MODEL.rank(&relation.target) > 0);
            by_name
                + usize::from(has(&fields::TEXT)) * 4
                + usize::from(refers) * 3
                + usize::from(is_in_room || has(&fields::ROOM_COLUMN)) * 4
        });
        if found.is_none() {
            let text = "the schema has no model of messages".to_owned();
            self.lacks(text, EVERYTHING, "name it by --use message=<Model>".to_owned());
        }
        found
    }

    fn room_model(&mut self, message: &'a Model) -> Option<&'a Model> {
        let found = self.model("room", |model| {
            if model.name == message.name {
                return 0;
            }
            let refers = |relation: &&super::super::model::Relation| {
                relation.target == model.name && !relation.columns.is_empty()
            };
            let is_target = message.relations.iter().any(|relation| refers(&relation));
            let column = format!("{}id", plain(&model.name));
            let is_named = message.columns.iter().any(|found| plain(&found.field) == column);
            let rank = match fields::ROOM_MODEL.rank(&model.name) {
                // A room of another name, that messages belong to.
                0 if is_target && fields::USER_MODEL.rank(&model.name) == 0 => 1,
                rank => rank,
            };
            if rank == 0 || !(is_target || is_named) { 0 } else { rank + usize::from(is_target) * 6 }
        });
        if found.is_none() {
            let text = format!(
                "no model is the room of `{}`: it refers to none such as Room, Conversation, Channel, Group or Chat",
                message.name
            );
            let mend = "messages that go from one user to another without a room are not supported: add a model of \
                        rooms to the schema, or name it by --use room=<Model>";
            self.lacks(text, EVERYTHING, mend.to_owned());
        }
        found
    }

    /// The single text field of a model's key.
    fn id(&mut self, model: &'a Model) -> Option<&'a Column> {
        let Some(id) = model.id_column() else {
            let text = format!("the key of `{}` has several fields, or none", model.name);
            let mend = "chatoxide needs a key of one text field: it is not supported yet".to_owned();
            self.lacks(text, EVERYTHING, mend);
            return None;
        };
        if is_text(id) && !id.is_native("Char") {
            return Some(id);
        }
        let (text, mend) = match id.kind {
            Kind::Int | Kind::BigInt => (
                format!(
                    "the id of `{}` is {}",
                    model.name,
                    if id.kind == Kind::Int { "an Int" } else { "a BigInt" }
                ),
                "Int ids are not supported yet: ids are text, or @db.Uuid",
            ),
            _ => (format!("the id of `{}` is no plain text", model.name), "ids are text, or @db.Uuid"),
        };
        self.lacks(text, EVERYTHING, mend.to_owned());
        None
    }

    fn user_role(&mut self, model: &'a Model) -> Option<User<'a>> {
        let id = self.id(model)?;
        let mut names: Vec<&Column> = match self.used("user.name", model) {
            Some(used) => used.into_iter().collect(),
            None => {
                let found = best(model, &fields::USER_NAME, is_text);
                found.map(|(first, others)| [vec![first], others].concat()).unwrap_or_default()
            }
        };
        // The names after one that is always there do not matter.
        if let Some(place) = names.iter().position(|column| column.is_required) {
            names.truncate(place + 1);
        }
        let mut is_first_and_last = false;
        let named = |wanted: &str| model.columns.iter().find(|column| plain(&column.field) == wanted);
        if let (true, Some(first), Some(last)) = (names.is_empty(), named("firstname"), named("lastname")) {
            names = vec![first, last];
            is_first_and_last = true;
        }
        if let Some(first) = names.first() {
            let reason =
                if names.len() > 1 { "with others where it is NULL" } else { "by its name and its type" };
            self.choose("user.name", &first.field, reason, Vec::new());
        }
        Some(User {
            model,
            id,
            names,
            is_first_and_last,
            email: self.column("user.email", model, &fields::EMAIL, is_text),
            avatar: self.column("user.avatar", model, &fields::AVATAR, is_text),
            created_at: self.column("user.createdAt", model, &fields::CREATED, is_time),
        })
    }

    fn room_role(&mut self, model: &'a Model) -> Option<Room<'a>> {
        let id = self.id(model)?;
        let schema = self.schema;
        let is_kind = |column: &Column| match &column.kind {
            Kind::String => true,
            kind => {
                schema.find_enum(kind).is_some_and(|found| super::super::labels::names_rooms(&found.labels))
            }
        };
        let kind = match self.column("room.type", model, &fields::KIND, is_kind) {
            None if !self.uses.contains_key("room.type") => {
                self.column("room.type", model, &fields::KIND_FLAG, |column| column.kind == Kind::Boolean)
            }
            found => found,
        };
        Some(Room {
            model,
            id,
            name: self.column("room.name", model, &fields::ROOM_NAME, is_text),
            kind,
            created_at: self.column("room.createdAt", model, &fields::CREATED, is_time),
            deletion: deletion(model),
        })
    }

    fn message_role(&mut self, model: &'a Model, user: &Model, room: &Model) -> Option<Message<'a>> {
        let id = self.id(model);
        let room_column = self.reference("message.room", model, room, (&fields::ROOM_COLUMN, &[]));
        let sender = self.reference("message.sender", model, user, (&fields::SENDER, &fields::NO_SENDER));
        let content = self.column("message.content", model, &fields::TEXT, is_text);
        let created_at = self.column("message.createdAt", model, &fields::CREATED, is_time);
        let parts = [
            (room_column.is_none(), "room", "roomId"),
            (sender.is_none(), "sender", "senderId"),
            (content.is_none(), "text", "content"),
            (created_at.is_none(), "time", "createdAt"),
        ];
        for (is_missing, part, example) in parts {
            let key = if part == "text" {
                "content"
            } else if part == "time" {
                "createdAt"
            } else {
                part
            };
            if is_missing {
                let text = format!("`{}` has no column with a message's {part}", model.name);
                let mend =
                    format!("name it by --use message.{key}=<field>, as in --use message.{key}={example}");
                self.lacks(text, EVERYTHING, mend);
            }
        }
        let (id, room, sender) = (id?, room_column?, sender?);
        let (content, created_at) = (content?, created_at?);
        let schema = self.schema;
        let kind = self.column("message.type", model, &fields::KIND, |column| {
            let labels = schema.find_enum(&column.kind).map(|found| &found.labels);
            column.kind == Kind::String
                || labels.is_some_and(|labels| super::super::labels::names_messages(labels))
        });
        let is_free = |column: &Column| column.field != created_at.field;
        Some(Message {
            model,
            id,
            room,
            sender,
            content,
            created_at,
            kind,
            metadata: self.column("message.metadata", model, &fields::METADATA, |column| {
                // Texts of the other names may be anything.
                let is_named = plain(&column.field) == "metadata" || column.name == "metadata";
                column.kind == Kind::Json || is_text(column) && is_named
            }),
            reply_to: self.reply(model),
            updated_at: self.column("message.updatedAt", model, &fields::EDITED_AT, |column| {
                is_time(column) && is_free(column)
            }),
            edited: edited(model),
            deletion: self.deletion(model),
        })
    }

    /// The column that refers to another model: by a relation, or else by its name.
    fn reference(
        &mut self,
        key: &'static str,
        model: &'a Model,
        target: &Model,
        (names, banned): (&Names, &[&str]),
    ) -> Option<&'a Column> {
        if let Some(used) = self.used(key, model) {
            return used;
        }
        let is_banned = |name: &str| {
            let name = plain(name);
            name == "to" || banned.iter().any(|word| name.contains(word))
        };
        let mut found: Vec<(usize, &Column)> = Vec::new();
        for relation in model.relations.iter().filter(|relation| relation.target == target.name) {
            let Some(column) = relation.columns.first().and_then(|field| model.column(field)) else {
                continue;
            };
            if relation.columns.len() == 1 && !is_banned(&relation.field) && !is_banned(&column.field) {
                found.push((1 + names.rank(&relation.field).max(names.rank(&column.field)), column));
            }
        }
        found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        // A column that refers to another model has no ids of this one.
        let is_free = |column: &Column| {
            model.relations.iter().all(|relation| !relation.columns.contains(&column.field))
        };
        if let Some((rank, column)) = found.first().copied() {
            // A second relation to users is a rival only if no name decides.
            let others = found.iter().skip(1).filter(|(other, _)| rank == 1 || *other > 1);
            let others = others.map(|(_, column)| column.field.clone()).collect();
            self.choose(key, &column.field, &format!("it refers to {}", target.name), others);
            return Some(column);
        }
        let (column, others) =
            best(model, names, |column| is_text(column) && !is_banned(&column.field) && is_free(column))?;
        let others = others.into_iter().map(|column| column.field.clone()).collect();
        let reason = format!("a text that is taken for the id of a {}, without a relation", target.name);
        self.choose(key, &column.field, &reason, others);
        Some(column)
    }
}
