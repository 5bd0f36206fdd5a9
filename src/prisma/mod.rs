//! A team's Prisma schema: reads it, finds out which of its models are the chat's, says what chatoxide cannot work
//! with, and proposes views that give chatoxide its five tables.

pub mod findings;
pub mod labels;
pub mod lexer;
pub mod mapping;
pub mod model;
pub mod options;
pub mod parser;
pub mod read;
pub mod roles;
mod sql;
mod tables;
mod view;
mod widths;
