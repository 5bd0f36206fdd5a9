//! Finds the fields of a message that are not always there: its deletion, and the message that it replies to.

use super::{
    super::model::{Column, Model},
    fields::{self, best, deletion, is_text, plain},
    models::Finder,
};

impl<'a> Finder<'a, '_> {
    pub(super) fn deletion(&mut self, model: &'a Model) -> Vec<&'a Column> {
        match self.used("message.deletion", model) {
            Some(used) => used.into_iter().collect(),
            None => {
                let found = deletion(model);
                if !found.is_empty() {
                    let fields: Vec<&str> = found.iter().map(|column| column.field.as_str()).collect();
                    self.choose(
                        "message.deletion",
                        &fields.join(", "),
                        "by its name and its type",
                        Vec::new(),
                    );
                }
                found
            }
        }
    }

    pub(super) fn reply(&mut self, model: &'a Model) -> Option<&'a Column> {
        if let Some(used) = self.used("message.replyTo", model) {
            return used;
        }
        let is_reply = |name: &str| !fields::NO_REPLY.iter().any(|word| plain(name).contains(word));
        let related = model.relations.iter().find(|relation| {
            relation.target == model.name && relation.columns.len() == 1 && is_reply(&relation.field)
        });
        let related = related.and_then(|relation| model.column(relation.columns.first()?));
        let found = related.or_else(|| best(model, &fields::REPLY, is_text).map(|(column, _)| column));
        if let Some(column) = found {
            self.choose("message.replyTo", &column.field, "by its relation or its name", Vec::new());
        }
        found
    }
}
