//! Message search without I/O: the tokens of a message, queries, the places of a message that a query matches, and
//! relevance. Both databases index these tokens, so that a search finds the same on each, whatever the locale of the
//! database is.

mod cursor;
mod document;
mod expression;
mod matching;
mod query;
mod rank;
mod tokens;

pub use cursor::Cursor;
pub use document::{Document, Tag};
pub use expression::Expression;
pub use matching::{Range, find_matches};
pub use query::{Has, Phrase, Query};
pub use rank::{Candidate, rank};
pub use tokens::{MAX_CONTENT_BYTES, Token, tokenize};
