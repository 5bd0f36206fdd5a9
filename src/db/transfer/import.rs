//! Imports the lines of an archive, batch by batch. Each batch is one transaction, and may be imported again.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    batch::{self, Mode, Written},
    checks::Checks,
    dialect::Dialect,
    heads,
    stored::Stored,
    threads,
};
use crate::{
    archive::record::{
        Entry, Kind, Member, Mention, MentionMark, Message, Presence, Reaction, ReadMark, Record, Room,
        RoomDetail, ThreadFollower, ThreadReply, User, UserSetting,
    },
    chat::{Error, Result},
    db::Db,
};

/// A line with its number in the file.
pub type Line = (u64, Record);

/// The outcome of a batch.
#[derive(Debug, Default)]
pub struct Imported {
    pub added: u64,
    /// Rows that were there already, with the same content.
    pub same: u64,
    pub replaced: u64,
    pub conflicts: Vec<Conflict>,
}

/// A row that was not stored as the file has it.
#[derive(Debug)]
pub struct Conflict {
    pub line: u64,
    pub row: String,
    pub why: &'static str,
}

/// The reason for which a batch was refused. Nothing of it is stored.
#[derive(Debug)]
pub enum Refused {
    /// A line at fault.
    Line { number: u64, why: String },
    /// The database does not answer, or failed: the lines from `first` on are not stored.
    Database { first: u64, why: String },
}

pub struct Importer {
    db: Db,
    dialect: Dialect,
    mode: Mode,
    /// Hashes of the ids of rooms whose log in the database is not that of the file: 16 bytes for each.
    gone_on: HashSet<u64>,
    hasher: RandomState,
}

const HAS_GONE_ON: &str = "its log in the database has gone on, or is another: that was kept";

impl Importer {
    /// Imports into a database that has all tables. `overwrites`: rows that are there with other content are replaced.
    pub fn new(db: &Db, overwrites: bool) -> Self {
        Self {
            db: db.clone(),
            dialect: Dialect::new(db, true, db.facts().columns()),
            mode: if overwrites { Mode::Overwrite } else { Mode::Keep },
            gone_on: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Imports lines of one kind, in one transaction.
    pub async fn import(&mut self, kind: Kind, lines: Vec<Line>) -> Result<Imported, Refused> {
        match kind {
            Kind::User => self.write::<User>(lines).await,
            Kind::Room => self.write_rooms(lines).await,
            Kind::Member => self.write::<Member>(lines).await,
            Kind::Message => self.write::<Message>(lines).await,
            Kind::Reaction => self.write::<Reaction>(lines).await,
            Kind::Entry => self.write_entries(lines).await,
            Kind::Log => self.complete_logs(lines).await,
            Kind::ReadMark => self.write::<ReadMark>(lines).await,
            Kind::UserSetting => self.write::<UserSetting>(lines).await,
            Kind::RoomDetail => self.write::<RoomDetail>(lines).await,
            Kind::ThreadReply => self.write::<ThreadReply>(lines).await,
            Kind::Thread => self.count_threads(lines).await,
            Kind::ThreadFollower => self.write::<ThreadFollower>(lines).await,
            Kind::Mention => self.write::<Mention>(lines).await,
            Kind::MentionMark => self.write::<MentionMark>(lines).await,
            Kind::Presence => self.write::<Presence>(lines).await,
        }
    }

    async fn write<T: Stored>(&mut self, lines: Vec<Line>) -> Result<Imported, Refused> {
        let (numbers, rows) = unzip::<T>(lines);
        self.write_rows(&numbers, rows.into()).await
    }

    async fn write_rows<T: Stored>(&self, numbers: &[u64], rows: Arc<[T]>) -> Result<Imported, Refused> {
        let number_at = |place: usize| numbers.get(place).copied().unwrap_or_default();
        let checks = Checks::new(self.db.facts());
        let mut keys = HashSet::new();
        for (number, row) in numbers.iter().zip(rows.iter()) {
            let refused = |why| Refused::Line { number: *number, why };
            row.check(&checks).map_err(|error| refused(error.cause()))?;
            if !keys.insert(row.key()) {
                return Err(refused(format!("{} stands twice", row.describe())));
            }
        }
        if rows.is_empty() {
            return Ok(Imported::default());
        }
        let written = match batch::write(&self.db, &self.dialect, Arc::clone(&rows), self.mode, None).await {
            Ok(written) => written,
            Err(error @ Error::Unavailable(_)) => {
                return Err(Refused::Database { first: number_at(0), why: error.cause() });
            }
            Err(error) => {
                let (place, error) = self.find_fault(&rows, error).await;
                return Err(Refused::Line { number: number_at(place), why: explain(&error) });
            }
        };
        let conflict = |(place, why): (usize, &'static str)| {
            let row = rows.get(place).map(T::describe).unwrap_or_default();
            Conflict { line: number_at(place), row, why }
        };
        let Written { added, same, replaced, conflicts } = written;
        Ok(Imported { added, same, replaced, conflicts: conflicts.into_iter().map(conflict).collect() })
    }

    /// Finds the row for which the database refuses a batch: the last of the shortest refused beginning of it.
    async fn find_fault<T: Stored>(&self, rows: &Arc<[T]>, error: Error) -> (usize, Error) {
        let (mut taken, mut refused, mut error) = (0, rows.len(), error);
        while refused - taken > 1 {
            let middle = taken + (refused - taken) / 2;
            let beginning: Arc<[T]> = rows.iter().take(middle).cloned().collect();
            let is_done = Arc::new(AtomicBool::new(false));
            let rehearsal = Some(Arc::clone(&is_done));
            let rehearsed = batch::write(&self.db, &self.dialect, beginning, self.mode, rehearsal).await;
            match rehearsed {
                Err(why) if !is_done.load(Ordering::Relaxed) => (refused, error) = (middle, why),
                _ => taken = middle,
            }
        }
        (refused.saturating_sub(1), error)
    }

    async fn write_rooms(&mut self, lines: Vec<Line>) -> Result<Imported, Refused> {
        let (numbers, rooms) = unzip::<Room>(lines);
        let rows: Arc<[Room]> = rooms.into();
        let mut imported = self.write_rows(&numbers, Arc::clone(&rows)).await?;
        let first = numbers.first().copied().unwrap_or_default();
        let begun = heads::begin(&self.db, &self.dialect, &rows).await;
        let gone_on = begun.map_err(|error| Refused::Database { first, why: error.cause() })?;
        for place in gone_on {
            let (Some(number), Some(room)) = (numbers.get(place), rows.get(place)) else { continue };
            self.gone_on.insert(self.hasher.hash_one(&room.id));
            imported.conflicts.push(Conflict { line: *number, row: room.describe(), why: HAS_GONE_ON });
        }
        Ok(imported)
    }

    fn has_gone_on(&self, room_id: &str) -> bool {
        self.gone_on.contains(&self.hasher.hash_one(room_id))
    }

    /// Entries of a room whose log has gone on are left out.
    async fn write_entries(&mut self, lines: Vec<Line>) -> Result<Imported, Refused> {
        let (numbers, entries) = unzip::<Entry>(lines);
        let mut kept = (Vec::new(), Vec::new());
        for (number, entry) in numbers.into_iter().zip(entries) {
            if !self.has_gone_on(&entry.room_id) {
                kept.0.push(number);
                kept.1.push(entry);
            }
        }
        self.write_rows(&kept.0, kept.1.into()).await
    }

    async fn complete_logs(&mut self, lines: Vec<Line>) -> Result<Imported, Refused> {
        let first = lines.first().map(|(number, _)| *number).unwrap_or_default();
        let checks = Checks::new(self.db.facts());
        let mut logs = Vec::new();
        for (number, record) in lines {
            let Record::Log(log) = record else { continue };
            let checked = checks
                .own_id("roomId", &log.room_id)
                .and_then(|()| checks.seq("seq", log.seq, 0))
                .and_then(|()| checks.seq("completeFrom", log.complete_from, 0));
            checked.map_err(|error| Refused::Line { number, why: error.cause() })?;
            if !self.has_gone_on(&log.room_id) {
                logs.push(log);
            }
        }
        let completed = heads::complete(&self.db, &self.dialect, &logs).await;
        let added = completed.map_err(|error| Refused::Database { first, why: error.cause() })?;
        let same = logs.len().saturating_sub(added) as u64;
        Ok(Imported { added: added as u64, same, ..Imported::default() })
    }

    /// Counts threads from the replies that are stored.
    async fn count_threads(&mut self, lines: Vec<Line>) -> Result<Imported, Refused> {
        let first = lines.first().map(|(number, _)| *number).unwrap_or_default();
        let checks = Checks::new(self.db.facts());
        let mut roots = BTreeSet::new();
        for (number, record) in lines {
            let Record::Thread(thread) = record else { continue };
            let refused = |why| Refused::Line { number, why };
            checks.own_id("rootId", &thread.root_id).map_err(|error| refused(error.cause()))?;
            if roots.contains(&thread.root_id) {
                return Err(refused(format!("thread of {:?} stands twice", thread.root_id)));
            }
            roots.insert(thread.root_id);
        }
        let counted = threads::count(&self.db, &self.dialect, &roots).await;
        let added = counted.map_err(|error| Refused::Database { first, why: error.cause() })?;
        let same = roots.len().saturating_sub(added) as u64;
        Ok(Imported { added: added as u64, same, ..Imported::default() })
    }
}

fn unzip<T: Stored>(lines: Vec<Line>) -> (Vec<u64>, Vec<T>) {
    lines.into_iter().filter_map(|(number, record)| Some((number, T::from_record(record)?))).unzip()
}

/// The error about a line, for people.
fn explain(error: &Error) -> String {
    match error {
        Error::RoomNotFound | Error::UserNotFound | Error::MessageNotFound => {
            "it refers to a row that neither the file nor the database has".to_owned()
        }
        error => error.cause(),
    }
}
