//! What is named.

/// Who wrote it.
pub struct Author;

// Of many the first.
pub struct First;
