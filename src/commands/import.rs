//! `chatoxide import`: stores the rows of a file of `chatoxide export`. It may be run again, and goes on where it ended.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Seek},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, export::DASH, logging::printable, print_error, progress::Progress};
use crate::{
    archive::{
        counts::Counts,
        reader::{ReadError, Reader, verify},
        record::{Kind, Record},
    },
    config::Config,
    db::{
        self, Db,
        transfer::{Conflict, Imported, Importer, Line, Refused},
    },
};

pub(super) const HELP: &str = "\
The tables are made if there are none, as at the server's first start. Ids, times and the rooms'
logs are kept, so that clients that were connected to the other database go on. Stop the server
of the database meanwhile.

  chatoxide import --from chat.jsonl
  zstd -dc chat.jsonl.zst | chatoxide import

A file is compared with its checksum before anything is stored, a stream at its end. Rows that are
there already are left alone, so that an import that was ended may be run again. A row that is
there with other content is reported and kept: the exit code is then 1.";

#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// The file to read, or - for standard input
    #[arg(long, value_name = "FILE", default_value = DASH)]
    from: PathBuf,

    /// Replace rows that are there with other content, but never a room's log
    #[arg(long)]
    overwrite: bool,
}

/// The most rows and bytes of a transaction.
const BATCH_ROWS: usize = 2_000;
const BATCH_BYTES: usize = 4 * 1_024 * 1_024;

/// The most conflicts that are printed.
const SHOWN_CONFLICTS: u64 = 20;

/// The most unknown kinds of entries that are printed.
const SHOWN_KINDS: usize = 10;

pub(super) async fn run(config: Config, args: &ImportArgs) -> Result<(), Failure> {
    let name = match args.from == Path::new(DASH) {
        true => "standard input".to_owned(),
        false => args.from.display().to_string(),
    };
    let unusable = |error: ReadError| failed(&name, &error.to_string());
    let mut reader = Reader::begin(open(&args.from).map_err(unusable)?).map_err(unusable)?;
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let database = config.database.redacted();
    db::migrations::run(&db, &config, false).await.map_err(|error| {
        Failure::Failed(format!("the database {database} cannot be used: {}", error.cause()))
    })?;
    let mut import = Import {
        importer: Importer::new(&db, args.overwrite),
        progress: Progress::new(reader.header().counts.total()),
        added: Counts::default(),
        unknown: BTreeMap::new(),
        same: 0,
        replaced: 0,
        conflicts: 0,
    };
    let ended = import.run(&mut reader).await;
    import.progress.end();
    print_error(&import.summary(&database));
    if db.facts().has_search() && import.added.total() + import.replaced > 0 {
        // The logs of rooms that were there do not name what was added to them.
        let begun = db::search::refill_all(&db).await;
        begun
            .map_err(|error| failed(&name, &format!("its messages cannot be searched: {}", error.cause())))?;
    }
    ended.map_err(|why| failed(&name, &why))?;
    match import.conflicts {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 row was not stored as the file has it, as said above".to_owned())),
        many => {
            Err(Failure::Failed(format!("{many} rows were not stored as the file has them, as said above")))
        }
    }
}

fn failed(name: &str, why: &str) -> Failure {
    Failure::Failed(format!("{name} cannot be imported: {}", printable(format_args!("{why}"), 1_024)))
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, ReadError> {
    if path == Path::new(DASH) {
        if io::stdin().is_terminal() {
            return Err(ReadError::Io(io::Error::other("it is a terminal: name a file by --from")));
        }
        return Ok(Box::new(io::stdin().lock()));
    }
    let mut file = File::open(path)?;
    if file.metadata()?.is_file() {
        verify(BufReader::new(&file))?;
        file.rewind()?;
    }
    Ok(Box::new(BufReader::new(file)))
}

struct Import {
    importer: Importer,
    progress: Progress,
    added: Counts,
    /// How many entries there are of each kind that this version does not know.
    unknown: BTreeMap<String, u64>,
    same: u64,
    replaced: u64,
    conflicts: u64,
}

impl Import {
    /// Imports all rows of the file. An error is one sentence; what was stored before it stays.
    async fn run(&mut self, reader: &mut Reader<Box<dyn BufRead>>) -> Result<(), String> {
        let mut batch = Batch::default();
        while let Some((number, record)) = reader.next_record().map_err(|error| error.to_string())? {
            let kind = record.kind();
            if let Record::Entry(entry) = &record
                && !db::room_log::is_known_kind(&entry.kind)
            {
                *self.unknown.entry(entry.kind.clone()).or_default() += 1;
            }
            if batch.is_full() || batch.kind.is_some_and(|before| before != kind) {
                self.store(&mut batch).await?;
            }
            batch.add(kind, (number, record), reader.line_bytes());
        }
        self.store(&mut batch).await
    }

    async fn store(&mut self, batch: &mut Batch) -> Result<(), String> {
        let Batch { kind: Some(kind), lines, .. } = std::mem::take(batch) else { return Ok(()) };
        let rows = lines.len() as u64;
        let Imported { added, same, replaced, conflicts } =
            self.importer.import(kind, lines).await.map_err(|refused| match refused {
                Refused::Line { number, why } => format!("line {number}: {why}"),
                Refused::Database { first, why } => {
                    format!("from line {first} on: {why}: run it again with the same file, and it goes on")
                }
            })?;
        self.added.add(kind, added);
        self.same += same;
        self.replaced += replaced;
        for conflict in conflicts {
            self.report(&conflict);
        }
        self.progress.add(rows);
        Ok(())
    }

    fn report(&mut self, Conflict { line, row, why }: &Conflict) {
        self.conflicts += 1;
        match self.conflicts {
            count if count < SHOWN_CONFLICTS => {
                self.progress.end();
                print_error(&printable(format_args!("line {line}, {row}: {why}"), 1_024));
            }
            SHOWN_CONFLICTS => print_error("more such rows are only counted"),
            _ => {}
        }
    }

    fn summary(&self, database: &str) -> String {
        let mut text = format!("imported into {database}: {}", self.added.describe());
        for (count, what) in [(self.same, "were there already"), (self.replaced, "were replaced")] {
            if count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        }
        if !self.unknown.is_empty() {
            let kinds = self.unknown.iter().take(SHOWN_KINDS).map(|(kind, count)| format!("{count} {kind}"));
            let kinds = kinds.collect::<Vec<_>>().join(", ");
            let kinds = printable(format_args!("{kinds}"), 1_024);
            text.push_str(&format!(
                "; entries of kinds that this version does not know, which it keeps and sends to nobody: {kinds}"
            ));
        }
        text
    }
}

/// Lines of one kind that are stored together.
#[derive(Default)]
struct Batch {
    kind: Option<Kind>,
    lines: Vec<Line>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, kind: Kind, line: (u64, Record), bytes: usize) {
        self.kind = Some(kind);
        self.lines.push(line);
        self.bytes += bytes;
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
}
