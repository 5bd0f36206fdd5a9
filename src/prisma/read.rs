//! Reads a schema from its file, or from a folder of files, as Prisma does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    model::{Schema, resolve},
    parser::{Block, parse},
};

/// The most that the files of a schema may have together, in bytes. Large real ones have some hundred thousand.
const MAX_BYTES: u64 = 8 << 20;
/// The most files of a schema.
const MAX_FILES: usize = 1_000;
/// The deepest folder below that of a schema in which files are looked for.
const MAX_DEPTH: usize = 8;

/// Reads the schema in a file, or in all `.prisma` files of a folder. The error is a sentence with the file and the
/// place.
pub fn read(path: &Path) -> Result<Schema, String> {
    let mut files = Vec::new();
    if path.is_dir() {
        list(path, 0, &mut files)?;
        files.sort();
        if files.is_empty() {
            return Err(format!("{} has no file whose name ends in .prisma", path.display()));
        }
    } else {
        files.push(path.to_owned());
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut bytes = 0;
    for file in &files {
        let text = text_of(file, &mut bytes)?;
        blocks.extend(parse(&text).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    resolve(blocks).map_err(|error| format!("{}: {error}", path.display()))
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        // The folder of migrations has none, but may be large.
        if path.is_dir() && depth < MAX_DEPTH && !path.ends_with("migrations") {
            list(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "prisma") {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(format!("{} has more than {MAX_FILES} files", folder.display()));
        }
    }
    Ok(())
}

fn text_of(file: &Path, bytes: &mut u64) -> Result<String, String> {
    let name = file.display();
    let size = fs::metadata(file).map_err(|error| format!("{name} cannot be read: {error}"))?.len();
    *bytes += size;
    if *bytes > MAX_BYTES {
        return Err(format!("{name}: a schema of more than {} MiB is not read", MAX_BYTES >> 20));
    }
    let content = fs::read(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
    String::from_utf8(content).map_err(|_| format!("{name} is not UTF-8 text"))
}
