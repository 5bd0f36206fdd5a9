//! `chatoxide migrate`: brings the database to today's shape and ends.

use super::{Failure, say};
use crate::{
    config::{Config, DatabaseUrl},
    db::{self, Db},
};

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let name = config.database.redacted();
    if matches!(&config.database, DatabaseUrl::Postgres(url) if url.pgbouncer) {
        return Err(Failure::Setting(
            "migrations need a DATABASE_URL of PostgreSQL itself, without PgBouncer".to_owned(),
        ));
    }
    let ran = db::migrations::run(&db, &config).await.map_err(|error| {
        Failure::Failed(format!("the database {name} cannot be migrated: {}", error.cause()))
    })?;
    say(&format!("{name}: {ran} migrations ran"));
    Ok(())
}
