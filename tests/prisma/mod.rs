//! Mirrors src/prisma: schemas that differ from the original's, mapped by the program and served.

mod applied;
mod both_checks;
mod doors;
pub mod findings;
mod foreign;
mod grammar;
mod in_place;
pub mod mapped;
mod moves;
mod program;
mod served;
mod speed;
mod walk;
