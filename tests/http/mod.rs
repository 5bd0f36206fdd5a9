//! Mirrors src/http.
