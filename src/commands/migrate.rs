//! `chatoxide migrate`: applies pending migrations and ends.

use clap::Args;

use super::{Failure, print_line};
use crate::{
    config::{Config, DatabaseUrl},
    db::{self, Db},
};

#[derive(Args, Debug)]
pub(super) struct MigrateArgs {
    /// Create the chat's missing tables, even if the database has other tables
    #[arg(long)]
    create_tables: bool,
}

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
    Ok(())
}
