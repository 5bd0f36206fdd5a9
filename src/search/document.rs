//! A message as it is indexed: its words, and tags for what the operators of a query select.

use sha2::{Digest, Sha256};

use super::{
    query::Has,
    tokens::{MAX_CONTENT_BYTES, Token, beginning, tokenize},
};
use crate::chat::message::MessageType;

/// A property of a message that is indexed beside its words. Its text has a colon, which no word has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The number of a room in the index.
    Room(i32),
    /// The id of the sender.
    Sender(String),
    Has(Has),
}

impl Tag {
    pub fn text(&self) -> String {
        match self {
            Tag::Room(number) => format!("r:{number}"),
            // An id may have any character and length.
            Tag::Sender(id) => {
                let hash = Sha256::digest(id.as_bytes());
                hash.iter().take(8).fold("u:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
            }
            Tag::Has(Has::Link) => "h:link".to_owned(),
            Tag::Has(Has::Image) => "h:image".to_owned(),
            Tag::Has(Has::File) => "h:file".to_owned(),
        }
    }
}

/// The words and the tags of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    words: Vec<Token>,
    tags: Vec<Tag>,
}

impl Document {
    /// `room`: the number of its room in the index.
    pub fn of_message(room: i32, sender_id: &str, kind: &MessageType, content: &str) -> Self {
        let tags = [Tag::Room(room), Tag::Sender(sender_id.to_owned())];
        let has = [Has::Link, Has::Image, Has::File].into_iter().filter(|has| has.is_in(kind, content));
        Self { words: tokenize(content), tags: tags.into_iter().chain(has.map(Tag::Has)).collect() }
    }

    /// The literal of a `tsvector`. Nothing in it needs to be escaped.
    pub fn tsvector(&self) -> String {
        let mut literal = String::new();
        for tag in &self.tags {
            literal.push_str(&format!("'{}' ", tag.text()));
        }
        for (place, token) in self.words.iter().enumerate() {
            literal.push_str(&format!("'{}':{} ", token.text, place + 1));
        }
        literal
    }

    /// The words, for FTS5.
    pub fn words(&self) -> String {
        self.words.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The tags, for FTS5.
    pub fn tags(&self) -> String {
        self.tags.iter().map(Tag::text).collect::<Vec<_>>().join(" ")
    }
}

/// Beginnings of links.
const LINKS: [&str; 3] = ["http://", "https://", "www."];

impl Has {
    /// True for a message of the type, or with such content.
    pub fn is_in(self, kind: &MessageType, content: &str) -> bool {
        match self {
            Has::Image => *kind == MessageType::Image || content.starts_with("data:image/"),
            Has::File => *kind == MessageType::File,
            Has::Link => has_link(beginning(content, MAX_CONTENT_BYTES)),
        }
    }
}

fn has_link(text: &str) -> bool {
    let is_begun = |rest: &str, link: &str| {
        let (head, tail) = rest.split_at_checked(link.len()).unwrap_or(("", ""));
        head.eq_ignore_ascii_case(link) && tail.starts_with(char::is_alphanumeric)
    };
    let mut before = ' ';
    text.char_indices().any(|(at, character)| {
        let is_start = !std::mem::replace(&mut before, character).is_alphanumeric();
        is_start
            && matches!(character, 'h' | 'H' | 'w' | 'W')
            && LINKS.iter().any(|link| is_begun(text.get(at..).unwrap_or_default(), link))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_words_with_positions_and_tags_that_no_word_can_be() {
        let document = Document::of_message(7, "alice'; --", &MessageType::Image, "Hi http://x.org hi");
        let sender = Tag::Sender("alice'; --".to_owned()).text();
        assert_eq!(
            document.tsvector(),
            format!("'r:7' '{sender}' 'h:link' 'h:image' 'hi':1 'http':2 'x':3 'org':4 'hi':5 ")
        );
        assert_eq!(document.words(), "hi http x org hi");
        assert_eq!(document.tags(), format!("r:7 {sender} h:link h:image"));
        assert_eq!(sender.len(), 18);
    }

    #[test]
    fn a_message_has_what_its_type_or_its_content_says() {
        let (text, file) = (MessageType::Text, MessageType::File);
        for (has, kind, content, expected) in [
            (Has::Link, &text, "see https://example.org", true),
            (Has::Link, &text, "(HTTP://example.org)", true),
            (Has::Link, &text, "www.example.org", true),
            (Has::Link, &text, "http:// xhttp://a www.", false),
            (Has::Link, &text, "", false),
            (Has::Image, &text, "data:image/png;base64,AAAA", true),
            (Has::Image, &text, "an image", false),
            (Has::Image, &MessageType::Image, "", true),
            (Has::File, &file, "report.pdf", true),
            (Has::File, &text, "report.pdf", false),
        ] {
            assert_eq!(has.is_in(kind, content), expected, "{has:?} in {content}");
        }
    }
}
