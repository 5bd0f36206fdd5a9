//! `chatoxide migrate`: applies pending migrations, adds or removes the triggers that watch the tables, and ends.

use clap::Args;

use super::{Failure, print_line};
use crate::{
    chat::Result,
    config::{Config, DatabaseUrl, PostgresUrl},
    db::{self, Db},
};

#[derive(Args, Debug)]
pub(super) struct MigrateArgs {
    /// Create the chat's missing tables, even if the database has other tables
    #[arg(long)]
    create_tables: bool,

    /// Add triggers to the tables, by which other programs' changes are logged and told at once (PostgreSQL)
    #[arg(long, conflicts_with = "unwatch")]
    watch: bool,

    /// Remove these triggers, with all that belongs to them
    #[arg(long)]
    unwatch: bool,
}

/// The report of `--watch`, after the name of the database.
const ADDED: &str = "watched from now on
  on \"User\", \"Room\", \"Message\", \"Reaction\" and \"_RoomMembers\": triggers chatoxide_watch and \
chatoxide_watch_truncate
  in schema chatoxide: table watch_change, functions watch_*
  A change by another program becomes an entry of its room's log in that program's transaction, and the server is told.
  A server that runs notices the triggers some seconds later, when a user writes or joins a room.
  To remove all of it: chatoxide migrate --unwatch";

pub(super) async fn run(config: Config, args: &MigrateArgs) -> Result<(), Failure> {
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let name = config.database.redacted();
    if matches!(&config.database, DatabaseUrl::Postgres(url) if url.pgbouncer) {
        return Err(Failure::Setting(
            "migrations need a DATABASE_URL of PostgreSQL itself, without PgBouncer".to_owned(),
        ));
    }
    let migrated = db::migrations::run(&db, &config, args.create_tables).await.map_err(|error| {
        Failure::Failed(format!("the database {name} cannot be migrated: {}", error.cause()))
    })?;
    let made = migrated.found.tables.missing();
    if !made.is_empty() {
        print_line(&format!("{name}: made {}", made.join(", ")));
    }
    print_line(&format!("{name}: {} migrations ran", migrated.ran));
    if !args.watch && !args.unwatch {
        return Ok(());
    }
    let DatabaseUrl::Postgres(url) = &config.database else {
        return Err(Failure::Failed(format!(
            "the database {name} cannot be watched: only PostgreSQL can; rooms are still compared with the database \
             when users join them"
        )));
    };
    let done = if args.watch { watch(&db, url).await } else { unwatch(&db, url).await };
    let text = done.map_err(|error| {
        let what = if args.watch { "watched" } else { "unwatched" };
        Failure::Failed(format!("the database {name} cannot be {what}: {}", error.cause()))
    })?;
    print_line(&format!("{name}: {text}"));
    Ok(())
}

async fn watch(db: &Db, url: &PostgresUrl) -> Result<&'static str> {
    if db::watch::read_state(db, url).await? == db::watch::State::Watched {
        return Ok("is watched already");
    }
    db::watch::install(db, url).await?;
    Ok(ADDED)
}

async fn unwatch(db: &Db, url: &PostgresUrl) -> Result<&'static str> {
    let state = db::watch::read_state(db, url).await?;
    // Also where no trigger is left, something else may be.
    db::watch::remove(db).await?;
    Ok(if state == db::watch::State::Unwatched { "was not watched" } else { "no longer watched" })
}
