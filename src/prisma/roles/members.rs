//! Finds the members of rooms, and the reactions on messages.

use super::{
    super::model::{Column, JoinTable, Kind, Model, Relation},
    Members, Reaction,
    fields::{self, deletion, has_word, is_text, plain},
    models::{EVERYTHING, Finder},
};

/// Relations of a room to one user that make nobody a member.
const NO_MEMBERS: [&str; 7] = ["owner", "creator", "created", "admin", "host", "moderator", "updated"];

/// A model that has the members, and its columns.
type MemberModel<'a> = (usize, &'a Model, &'a Column, &'a Column);

/// The required column of a model that refers to another.
fn reference<'a>(model: &'a Model, target: &Model) -> Option<&'a Column> {
    let related = model.relations.iter().find(|relation| {
        relation.target == target.name && relation.columns.len() == 1 && relation.is_required
    });
    related.and_then(|relation| model.column(relation.columns.first()?))
}

impl<'a> Finder<'a, '_> {
    pub(super) fn members(&mut self, user: &'a Model, room: &'a Model, message: &Model) -> Members<'a> {
        let found = self.member_models(user, room, message);
        let joins = self.member_joins(user, room);
        match (found.first(), joins.first()) {
            (Some((rank, model, in_room, of_user)), join) if *rank > 1 || join.is_none() => {
                let others = found.iter().skip(1).map(|(_, model, ..)| model.name.clone());
                let others = others.chain(joins.iter().map(|join| join.table.clone())).collect();
                self.choose("member", &model.name, "it refers to a room and a user", others);
                let left = model.columns.iter().filter(|column| {
                    column.kind == Kind::DateTime && !column.is_required && plain(&column.field) == "leftat"
                });
                let marks = deletion(model).into_iter().chain(left).collect();
                Members::Model { model, room: in_room, user: of_user, deletion: marks }
            }
            (_, Some(table)) => {
                let others = joins.iter().skip(1).map(|join| join.table.clone()).collect();
                self.choose("member", &table.table, "rooms and users are related many to many", others);
                Members::Join { table, is_swapped: table.a == user.name }
            }
            _ => {
                self.ensure_open(user, room);
                Members::None
            }
        }
    }

    /// Models that refer to a room and a user, the likeliest first.
    fn member_models(&self, user: &Model, room: &Model, message: &Model) -> Vec<MemberModel<'a>> {
        let chosen = self.uses.get("member").map(String::as_str);
        let rank = |model: &Model| {
            let is_named = has_word(&model.name, &["member", "participant", "membership", "subscription"]);
            usize::from(!has_word(&model.name, &fields::NO_MEMBER)) * (1 + usize::from(is_named) * 4)
        };
        let mut found: Vec<MemberModel<'a>> = Vec::new();
        for model in &self.schema.models {
            let is_other = ![&user.name, &room.name, &message.name].contains(&&model.name);
            let is_chosen = chosen == Some(model.name.as_str());
            if let (true, Some(in_room), Some(of_user)) =
                (is_other, reference(model, room), reference(model, user))
                && (is_chosen || chosen.is_none() && rank(model) > 0)
            {
                found.push((rank(model), model, in_room, of_user));
            }
        }
        found.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
        found
    }

    /// Prisma's own join tables of rooms and users, the likeliest first.
    fn member_joins(&self, user: &Model, room: &Model) -> Vec<&'a JoinTable> {
        let chosen = self.uses.get("member").map(String::as_str);
        let is_pair = |join: &&JoinTable| {
            let is_of = |a: &str, b: &str| join.a == a && join.b == b;
            let is_chosen = chosen.is_none_or(|chosen| chosen == join.table);
            (is_of(&room.name, &user.name) || is_of(&user.name, &room.name)) && is_chosen
        };
        let mut joins: Vec<&JoinTable> = self.schema.joins.iter().filter(is_pair).collect();
        joins.sort_by_key(|join| {
            let name = plain(&format!("{} {} {}", join.table, join.fields.0, join.fields.1));
            !["member", "participant", "users", "people"].iter().any(|word| name.contains(word))
        });
        joins
    }

    /// Refuses a schema whose rooms name their users in columns, or belong to something that has members: without
    /// members of their own they would be open to everybody.
    fn ensure_open(&mut self, user: &Model, room: &Model) {
        if self.uses.get("member").is_some_and(|member| member == "none") {
            return;
        }
        let refers =
            |relation: &&Relation| !relation.columns.is_empty() && !has_word(&relation.field, &NO_MEMBERS);
        let (users, others): (Vec<&Relation>, Vec<&Relation>) =
            room.relations.iter().filter(refers).partition(|relation| relation.target == user.name);
        let fields: Vec<&str> = users.iter().map(|relation| relation.field.as_str()).collect();
        let owner = others.iter().find(|relation| self.has_members(&relation.target, user));
        let text = match (fields.as_slice(), owner) {
            ([], None) => return,
            ([], Some(owner)) => format!("the members of `{}` are those of `{}`", room.name, owner.target),
            (fields, _) => format!("`{}` has its members in columns ({})", room.name, fields.join(", ")),
        };
        let mend = "that is not supported; --use member=none makes every room open to everybody";
        self.lacks(text, EVERYTHING, mend.to_owned());
    }

    /// Users belong to this model: by a model of members, a join table, or a column.
    fn has_members(&self, name: &str, user: &Model) -> bool {
        let Some(owner) = self.schema.model(name) else { return false };
        let is_of = |a: &str, b: &str| [a, b].contains(&name) && [a, b].contains(&user.name.as_str());
        reference(user, owner).is_some()
            || self.schema.joins.iter().any(|join| is_of(&join.a, &join.b))
            || self.schema.models.iter().any(|model| {
                model.name != user.name
                    && reference(model, owner).is_some()
                    && reference(model, user).is_some()
            })
    }

    pub(super) fn reaction(&mut self, user: &'a Model, message: &'a Model) -> Option<Reaction<'a>> {
        if self.uses.get("reaction").is_some_and(|name| name == "none") {
            return None;
        }
        let chosen = self.uses.get("reaction").map(String::as_str);
        for model in &self.schema.models {
            let is_named = has_word(&model.name, &["reaction"]);
            if !(chosen.is_none() && is_named || chosen == Some(model.name.as_str())) {
                continue;
            }
            let parts = (reference(model, message), reference(model, user));
            let (Some(of_message), Some(of_user)) = parts else { continue };
            let Some(emoji) = self.column("reaction.emoji", model, &fields::EMOJI, is_text) else { continue };
            self.choose("reaction", &model.name, "it refers to a message and a user", Vec::new());
            return Some(Reaction {
                model,
                id: model.id_column(),
                message: of_message,
                user: of_user,
                emoji,
            });
        }
        None
    }
}
