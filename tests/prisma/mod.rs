//! Mirrors src/prisma: schemas that differ from the original's, mapped by the program and served.

mod mapped;
mod served;
mod walk;
