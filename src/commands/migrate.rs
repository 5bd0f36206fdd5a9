//! `chatoxide migrate`: brings the database to today's shape and ends.

use super::{Failure, say};
use crate::{
    config::Config,
    db::{self, Db},
};

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let ran = db::migrations::run(&db, &config).await.map_err(|error| {
        error.log();
        Failure::Failed(format!("the database {} cannot be migrated: {error}", config.database.redacted()))
    })?;
    say(&format!("{}: {ran} migrations ran", config.database.redacted()));
    Ok(())
}
