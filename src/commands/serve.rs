//! `chatoxide serve`: applies pending migrations, inserts demo mode's samples, listens, and serves until SIGTERM or
//! SIGINT.

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, demo, print_line};
use crate::{
    auth::Keys,
    config::Config,
    db::{self, Db},
    server::Server,
};

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    allow_many_connections();
    let keys = Keys::load(&config.keys).map_err(Failure::Setting)?;
    for warning in config.keys.warnings() {
        tracing::warn!("{warning}");
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
        tracing::warn!("database: {}", finding.text);
    }
    if db.facts().lacks_index() {
        tracing::warn!("database: {}", db::facts::LACKS_INDEX);
    }
    if db.facts().speaks_other_language() {
        tracing::warn!("database: {}", db::facts::SPEAKS_OTHER_LANGUAGE);
    }
    let has_samples = config.demo && config.is_embedded_default();
    if has_samples {
        demo::fill(&db).await.map_err(describe)?;
    }
    let database = config.database.redacted();
    let (demo, redis) = (config.demo, config.redis_url.is_some());
    // Register the signals before the port is open, so that none is lost in between.
    let listen =
        |kind| signal(kind).map_err(|error| Failure::Failed(format!("signals cannot be received: {error}")));
    let (terminate, interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let place = format!("{}:{}", config.host, config.port);
    let server = Server::bind(config, db, keys)
        .map_err(|error| Failure::Failed(format!("{place} cannot be listened on: {error}")))?;
    print_line(&banner(&server.address().to_string(), &database, redis, demo));
    if has_samples {
        print_line("  samples   users alice, bob, carol, dave; rooms general, random");
    }
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

/// The banner at the start: the address, the database, and how to sign in.
fn banner(address: &str, database: &str, redis: bool, demo: bool) -> String {
    let mut text = format!(
        "chatoxide {} listens on http://{address}\n  database  {database}\n",
        env!("CARGO_PKG_VERSION")
    );
    if redis {
        text.push_str("  redis     Node's keys are kept true\n");
    }
    if demo {
        text.push_str(
            "  demo mode: no JWT_SECRET is set, so tokens are signed with a secret made for this folder, and anybody on this\n\
             \x20            machine, but nobody else, signs in as anybody.\n",
        );
    }
    text.push_str("  a token   chatoxide token --sub alice --name Alice\n");
    text
}
