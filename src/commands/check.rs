//! `chatoxide check`: looks at the settings, the database and Redis, and tells what it found. Changes nothing.

use super::{Failure, say};
use crate::{
    auth::Keys,
    cluster::node_keys,
    config::{Config, DatabaseUrl, SigningKeys},
    db::{self, Db},
    error::Error,
};

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let mut faults = 0;
    let mut report = |name: &str, found: Result<String, String>| match found {
        Ok(text) => say(&format!("ok     {name}: {text}")),
        Err(text) => {
            faults += 1;
            say(&format!("FAULT  {name}: {text}"));
        }
    };
    report("settings", Ok(format!("listens on {}:{}", config.host, config.port)));
    report("sign-in", check_keys(&config.keys));
    for warning in config.keys.warnings() {
        say(&format!("warn   sign-in: {warning}"));
    }
    report("database", check_database(&config).await);
    match &config.redis_url {
        Some(url) => report("redis", node_keys::ping(url).await.map(|()| "answers".to_owned())),
        None => report("redis", Ok("none configured".to_owned())),
    }
    if faults == 0 { Ok(()) } else { Err(Failure::Failed(format!("{faults} of the above must be mended"))) }
}

/// Demo mode's secret is made by the server, not by looking.
fn check_keys(keys: &SigningKeys) -> Result<String, String> {
    match keys {
        SigningKeys::DemoFile(path) => {
            Ok(format!("demo mode, with a secret of its own in {}", path.display()))
        }
        keys => Keys::load(keys).map(|_| "tokens are checked with the configured key".to_owned()),
    }
}

async fn check_database(config: &Config) -> Result<String, String> {
    let name = config.database.redacted();
    let explain = |error: Error| format!("{name}: {}", error.cause());
    if let DatabaseUrl::Sqlite(path) = &config.database
        && !path.exists()
    {
        return Ok(format!("{name}: not there yet, the server makes it"));
    }
    let db = Db::open(config)?;
    let version = db::health::version(&db).await.map_err(explain)?;
    match db::migrations::check_tables(&db).await {
        Ok(()) => Ok(format!("{name}: version {version}, tables as expected")),
        Err(Error::Internal(why)) => Err(format!("{name}: version {version}, run chatoxide migrate ({why})")),
        Err(error) => Err(explain(error)),
    }
}
