//! Checks that the server can write where it keeps files: demo mode's secret and SQLite's database.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::config::{Config, DatabaseUrl, SigningKeys};

/// A folder in which the server writes.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// The setting that names it.
    pub(super) setting: &'static str,
    /// A file in it that the server changes; it may not exist yet.
    file: Option<PathBuf>,
}

/// The folders in which a server with these settings writes.
pub(super) fn required(config: &Config) -> Vec<Folder> {
    let mut folders = Vec::new();
    if let DatabaseUrl::Sqlite(file) = &config.database {
        let setting = if config.is_embedded_default() { "DATA_DIR" } else { "DATABASE_URL" };
        folders.push(Folder { path: folder_of(file), setting, file: Some(file.clone()) });
    }
    if let SigningKeys::DemoFile(secret) = &config.keys
        && !secret.exists()
        && folders.iter().all(|folder| folder.path != config.data_dir)
    {
        folders.push(Folder { path: folder_of(secret), setting: "DATA_DIR", file: None });
    }
    folders
}

impl Folder {
    /// The reason for which the server cannot write in the folder, or cannot create it. Nothing is created here.
    pub(super) fn obstacle(&self) -> Option<String> {
        let setting = self.setting;
        let Some(existing) = self.path.ancestors().map(or_current).find(|path| path.exists()) else {
            return Some(format!("{} cannot be reached: {setting} names it", self.path.display()));
        };
        if !existing.is_dir() {
            return Some(format!("{} is not a folder: {setting} names it", existing.display()));
        }
        let folder = access(existing, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| (existing, error));
        let existing_file = self.file.as_deref().filter(|file| file.exists());
        let file = existing_file.map_or(Ok(()), |file| {
            access(file, Access::READ_OK | Access::WRITE_OK).map_err(|error| (file, error))
        });
        let (path, error) = folder.and(file).err()?;
        Some(format!("{} cannot be written to ({error}): {setting} names it", path.display()))
    }
}

fn folder_of(file: &Path) -> PathBuf {
    or_current(file.parent().unwrap_or(Path::new(""))).to_owned()
}

/// The empty path of a file without a folder is the working folder.
fn or_current(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}
