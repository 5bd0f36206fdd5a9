//! `chatoxide reindex`: makes the search index again from nothing. It may run beside a server, and goes on where it was
//! ended.

use clap::Args;

use super::{Failure, print_line, progress::Progress};
use crate::{
    config::Config,
    db::{self, Db, search},
    indexer,
};

pub(super) const HELP: &str = "\
The index of messages:search is emptied, and all messages are indexed again, the newest first.
Servers may run meanwhile: they find what is indexed by then, and index new messages by themselves.

If history is not indexed to its end, because an earlier run was ended or a server is at work, it
goes on from there. --anew begins from nothing all the same.";

#[derive(Args, Debug)]
pub(super) struct ReindexArgs {
    /// Empty the index first, also if an earlier run was ended before its time
    #[arg(long)]
    anew: bool,
}

pub(super) async fn run(config: Config, args: &ReindexArgs) -> Result<(), Failure> {
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let name = config.database.redacted();
    let failed = |error: crate::chat::Error| {
        Failure::Failed(format!("the messages of {name} cannot be indexed: {}", error.cause()))
    };
    db::migrations::run(&db, &config, false).await.map_err(failed)?;
    if !db.facts().has_search() {
        return Err(Failure::Failed(format!(
            "the messages of {name} cannot be indexed: {}",
            search::no_index()
        )));
    }
    while search::add_new_rooms(&db, None).await.map_err(failed)? >= search::MAX_ADDED {}
    let unfilled = search::progress(&db).await.map_err(failed)?.unfilled;
    let total = db::messages::count(&db).await.map_err(failed)?;
    if unfilled == 0 || args.anew {
        search::begin_anew(&db).await.map_err(failed)?;
    } else {
        print_line(&format!("{name}: goes on with {unfilled} rooms that are not indexed yet"));
    }
    let (mut progress, mut messages) = (Progress::new(u64::try_from(total).unwrap_or(0)), 0);
    let filled = indexer::fill_all(&db, |count| {
        messages += count;
        progress.add(count as u64);
    });
    let filled = filled.await;
    progress.end();
    filled.map_err(failed)?;
    print_line(&format!("{name}: {messages} messages indexed"));
    Ok(())
}
