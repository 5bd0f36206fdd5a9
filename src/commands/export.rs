//! `chatoxide export`: writes all rows of the chat, as they are in one moment, to a file.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use tempfile::{Builder, NamedTempFile};

use super::{Failure, print_error, progress::Progress};
use crate::{
    archive::{
        counts::Counts,
        frame::{FORMAT, Header},
        record::Kind,
        writer::Writer,
    },
    clock,
    config::Config,
    db::{Db, transfer::Snapshot},
};

pub(super) const HELP: &str = "\
The file is JSON Lines: users, rooms, members, messages, reactions, the rooms' logs, the read
marks, threads, mentions and presence, with their ids and times. It is one snapshot: the server may go on meanwhile.
Nothing in the database is changed.

  chatoxide export --out chat.jsonl
  chatoxide export | zstd > chat.jsonl.zst

docs/deploying.md describes the file. `chatoxide import` reads it.";

/// The argument that stands for standard output or input.
pub(super) const DASH: &str = "-";

#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    /// The file to write, or - for standard output. The file is there only when it is whole
    #[arg(long, value_name = "FILE", default_value = DASH)]
    out: PathBuf,
}

pub(super) async fn run(config: Config, args: &ExportArgs) -> Result<(), Failure> {
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let name = config.database.redacted();
    let failed = |why: String| Failure::Failed(format!("the database {name} cannot be exported: {why}"));
    let mut snapshot = Snapshot::open(&db, &config).await.map_err(|error| failed(error.cause()))?;
    let exported = match Out::open(&args.out).map_err(|error| unwritable(&args.out, &error))? {
        Out::Stream(out) => write(&mut snapshot, out).await.map(|(_, counts)| counts),
        Out::File(file) => match write(&mut snapshot, file).await {
            Err(why) => Err(why),
            Ok((file, counts)) => {
                persist(file, &args.out).map(|()| counts).map_err(|error| error.to_string())
            }
        },
    };
    let counts = exported.map_err(failed)?;
    print_error(&format!("exported from {name}: {}", counts.describe()));
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("{} cannot be written: {error}", path.display()))
}

enum Out {
    Stream(Box<dyn Write>),
    /// A file beside the one that is to be written, which it becomes at the end.
    File(NamedTempFile),
}

impl Out {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new(DASH) {
            return Ok(Self::Stream(Box::new(io::stdout().lock())));
        }
        // A pipe or a device cannot be replaced.
        if path.exists() && !path.is_file() {
            return Ok(Self::Stream(Box::new(File::options().write(true).open(path)?)));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = Builder::new()
            .prefix(&format!("{name}."))
            .suffix(".part")
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        file.map(Self::File)
    }
}

fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Writes all rows; returns what was written to, and the counts.
async fn write<W: Write>(snapshot: &mut Snapshot, out: W) -> Result<(W, Counts), String> {
    let (counts, left_out) = snapshot.count().await.map_err(|error| error.cause())?;
    if left_out.total() > 0 {
        let rows = left_out.describe();
        print_error(&format!(
            "left out, because they belong to rows that are gone, as no client sees them: {rows}"
        ));
    }
    let header = Header {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        exported_at: clock::now().millis(),
        counts,
    };
    let mut writer = Writer::begin(BufWriter::new(out), header).map_err(|error| error.to_string())?;
    let mut progress = Progress::new(counts.total());
    for kind in Kind::ALL {
        let mut take = |record| {
            progress.add(1);
            writer.write(&record).map_err(|error| format!("the file cannot be written: {error}"))
        };
        snapshot.read(kind, &mut take).await.map_err(|error| error.cause())?;
    }
    progress.end();
    let (out, written) = writer.end().map_err(|error| error.to_string())?;
    let out = out.into_inner().map_err(|error| error.to_string())?;
    Ok((out, written))
}
