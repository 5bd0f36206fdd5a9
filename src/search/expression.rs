//! The messages that a query selects in the index, as the expressions of both databases. Tokens and tags are letters, digits and
//! colons, so that nothing in them is an operator.

use super::{document::Tag, query::Phrase};

/// The words and tags that a message must have.
#[derive(Clone, Debug, Default)]
pub struct Expression {
    phrases: Vec<Phrase>,
    /// The message has one of each list.
    tags: Vec<Vec<Tag>>,
}

impl Expression {
    pub fn new(phrases: Vec<Phrase>) -> Self {
        Self { phrases, tags: Vec::new() }
    }

    /// The messages that have one of these tags, too. No tags: any message.
    pub fn and_any(mut self, tags: Vec<Tag>) -> Self {
        if !tags.is_empty() {
            self.tags.push(tags);
        }
        self
    }

    /// Every message is selected.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty() && self.tags.is_empty()
    }

    /// The literal of a `tsquery`.
    pub fn tsquery(&self) -> String {
        let phrase = |phrase: &Phrase| {
            let tokens: Vec<String> = phrase.tokens.iter().map(|token| format!("'{token}'")).collect();
            tokens.join(" <-> ") + if phrase.is_prefix { ":*" } else { "" }
        };
        let any = |tags: &Vec<Tag>| {
            let tags: Vec<String> = tags.iter().map(|tag| format!("'{}'", tag.text())).collect();
            format!("({})", tags.join(" | "))
        };
        let parts: Vec<String> = self.phrases.iter().map(phrase).chain(self.tags.iter().map(any)).collect();
        parts.join(" & ")
    }

    /// The expression of FTS5.
    pub fn fts5(&self) -> String {
        let phrase = |phrase: &Phrase| {
            format!("words : \"{}\"{}", phrase.tokens.join(" "), if phrase.is_prefix { " *" } else { "" })
        };
        let any = |tags: &Vec<Tag>| {
            let tags: Vec<String> = tags.iter().map(|tag| format!("\"{}\"", tag.text())).collect();
            format!("tags : ({})", tags.join(" OR "))
        };
        let parts: Vec<String> = self.phrases.iter().map(phrase).chain(self.tags.iter().map(any)).collect();
        parts.join(" AND ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Has, Query};

    #[test]
    fn an_expression_is_written_for_each_database() {
        let phrases = Query::parse(r#"Hello "big world" wor* 字"#).unwrap().phrases;
        let expression = Expression::new(phrases)
            .and_any(vec![Tag::Room(1), Tag::Room(20)])
            .and_any(Vec::new())
            .and_any(vec![Tag::Has(Has::Link)]);
        assert_eq!(
            expression.tsquery(),
            "'hello' & 'big' <-> 'world' & 'wor':* & '字':* & ('r:1' | 'r:20') & ('h:link')"
        );
        assert_eq!(
            expression.fts5(),
            r#"words : "hello" AND words : "big world" AND words : "wor" * AND words : "字" * AND tags : ("r:1" OR "r:20") AND tags : ("h:link")"#
        );
        assert!(Expression::new(Vec::new()).and_any(Vec::new()).is_empty());
    }
}
