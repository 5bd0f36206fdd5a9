//! `DATABASE_URL=file:./dev.db` of Prisma: up to version 6 such a path is relative to the folder of `schema.prisma`, since
//! version 7 to the working directory.

use std::path::{Path, PathBuf};

/// Where Prisma keeps its schema, from the folder of a project.
const SCHEMA: &str = "prisma/schema.prisma";

/// Chooses the file that a relative path means: the one beside Prisma's schema, unless only the other exists. With it
/// comes the reason, to be printed; none if there is no choice.
pub(super) fn choose(path: PathBuf, exists: &dyn Fn(&Path) -> bool) -> (PathBuf, Option<String>) {
    let schema = Path::new(SCHEMA);
    if path.is_absolute() || !exists(schema) {
        return (path, None);
    }
    let named = path.strip_prefix(".").unwrap_or(&path);
    let beside = schema.with_file_name("").join(named);
    let (chosen, why) = match (exists(&beside), exists(&path)) {
        (true, false) => (&beside, "beside prisma/schema.prisma, as Prisma reads it".to_owned()),
        (true, true) => {
            let other = named.display();
            (
                &beside,
                format!(
                    "beside prisma/schema.prisma, and not {other} of the working directory, which exists too"
                ),
            )
        }
        (false, true) => {
            (&path, "of the working directory, as there is none beside prisma/schema.prisma".to_owned())
        }
        (false, false) => {
            (&beside, "beside prisma/schema.prisma, as Prisma reads it; it does not exist yet".to_owned())
        }
    };
    let text = format!("DATABASE_URL names the file {}, {why}", chosen.display());
    (chosen.clone(), Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_file_is_looked_for_beside_the_schema_of_prisma() {
        for (there, path, chosen, reason) in [
            (
                &["prisma/schema.prisma", "prisma/dev.db"][..],
                "./dev.db",
                "prisma/dev.db",
                Some("as Prisma reads it"),
            ),
            (
                &["prisma/schema.prisma", "prisma/dev.db", "dev.db"],
                "dev.db",
                "prisma/dev.db",
                Some("exists too"),
            ),
            (&["prisma/schema.prisma", "dev.db"], "dev.db", "dev.db", Some("of the working directory")),
            (&["prisma/schema.prisma"], "dev.db", "prisma/dev.db", Some("does not exist yet")),
            (&["prisma/schema.prisma", "/data/dev.db"], "/data/dev.db", "/data/dev.db", None),
            (&["prisma/dev.db"], "./dev.db", "./dev.db", None),
        ] {
            let (found, why) =
                choose(path.into(), &|path| there.iter().any(|there| Path::new(there) == path));
            assert_eq!(found, Path::new(chosen), "{there:?}");
            assert_eq!(why.is_some(), reason.is_some(), "{there:?}");
            assert!(why.is_none_or(|why| why.contains(reason.unwrap_or_default()) && why.contains(chosen)));
        }
    }
}
