//! `chatoxide serve`: applies pending migrations, inserts demo mode's samples, listens, and serves until SIGTERM or
//! SIGINT.

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, address, banner::banner, demo, print_line};
use crate::{
    auth::Keys,
    config::{Config, DatabaseUrl},
    db::{self, Db, watch::State},
    server::Server,
};

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    allow_many_connections();
    let keys = Keys::load(&config.keys).map_err(Failure::Setting)?;
    for warning in config.sign_in_warnings() {
        tracing::warn!("{warning}");
    }
    if let Some(choice) = &config.database_choice {
        tracing::info!("{choice}");
    }
    let db = Db::open(&config).map_err(Failure::Setting)?;
    let describe = |error: crate::chat::Error| {
        Failure::Failed(format!(
            "the database {} cannot be used: {}",
            config.database.redacted(),
            error.cause()
        ))
    };
    let migrated = db::migrations::run(&db, &config, false).await.map_err(describe)?;
    for finding in &migrated.found.findings {
        tracing::warn!("database: {finding}");
    }
    if db.facts().lacks_index() {
        tracing::warn!("database: {}", db::facts::no_index(&db));
    }
    if db.facts().speaks_other_language() {
        tracing::warn!("database: {}", db::facts::other_language());
    }
    if let DatabaseUrl::Postgres(url) = &config.database
        && db::watch::read_state(&db, url).await.map_err(describe)? == State::Outdated
    {
        tracing::warn!("database: {}", db::watch::outdated());
    }
    if config.search && !db.facts().has_search() {
        tracing::warn!("database: {}", db::search::no_index());
    }
    let has_samples = config.demo && config.is_embedded_default();
    if has_samples {
        demo::fill(&db).await.map_err(describe)?;
    }
    // Register the signals before the port is open, so that none is lost in between.
    let listen =
        |kind| signal(kind).map_err(|error| Failure::Failed(format!("signals cannot be received: {error}")));
    let (terminate, interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let server = Server::bind(config.clone(), db, keys)
        .map_err(|error| Failure::Failed(address::explain(&error, config.address())))?;
    print_line(&banner(&config, has_samples, server.address()));
    let served = server.run(first_of(terminate, interrupt)).await;
    served.map_err(|error| Failure::Failed(format!("serving failed: {error}")))
}

/// Raises the limit on open files: each connection is one, and many systems allow a process only 1,024 unless it asks
/// for more.
fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files could not be raised: it limits the number of connections");
    }
}

async fn first_of(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
