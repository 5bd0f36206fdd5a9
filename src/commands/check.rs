//! `chatoxide check`: looks at the settings, the database and Redis, and tells what it found. Changes nothing.

use super::{Failure, say};
use crate::{
    auth::Keys,
    chat::Error,
    clock,
    cluster::node_cache,
    config::{Config, DatabaseUrl, SigningKeys},
    db::{
        self, Db,
        catalog::{Catalog, Severity, Tables},
    },
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warning,
    Fault,
}

impl Verdict {
    fn label(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warn",
            Verdict::Fault => "FAULT",
        }
    }
}

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let mut faults = 0;
    let mut report = |verdict: Verdict, name: &str, text: &str| {
        faults += usize::from(verdict == Verdict::Fault);
        say(&format!("{:<7}{name}: {text}", verdict.label()));
    };
    report(Verdict::Ok, "settings", &format!("listens on {}:{}", config.host, config.port));
    match check_keys(&config.keys) {
        Ok(text) => report(Verdict::Ok, "sign-in", &text),
        Err(text) => report(Verdict::Fault, "sign-in", &text),
    }
    for warning in config.keys.warnings() {
        report(Verdict::Warning, "sign-in", &warning);
    }
    check_database(&config, |verdict, text| report(verdict, "database", text)).await;
    match &config.redis_url {
        None => report(Verdict::Ok, "redis", "none configured"),
        Some(url) => match node_cache::ping(url).await {
            Ok(()) => report(Verdict::Ok, "redis", "answers"),
            Err(text) => report(Verdict::Fault, "redis", &text),
        },
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

/// Reports the findings that the server would have at its start, and its next steps then.
async fn check_database(config: &Config, mut report: impl FnMut(Verdict, &str)) {
    let name = config.database.redacted();
    let found = async {
        let db = Db::open(config)?;
        let explain = |error: Error| error.cause();
        let mut catalog = Catalog::read(&db, config).await.map_err(explain)?;
        catalog.look_at_rows(&db).await;
        let pending = db::migrations::pending(&db, &catalog).len();
        let mut behind = None;
        let is_there = matches!((&db, &catalog.tables), (Db::Pg { .. }, Tables::All));
        if pending == 0 && catalog.has_own && catalog.obstacle(false, false).is_none() {
            db::migrations::check_own_tables(&db).await.map_err(explain)?;
            behind = Some(db::room_log::count_behind(&db).await);
        }
        if is_there {
            db::facts::check(&db, clock::now()).await.map_err(explain)?;
        }
        let facts = db.facts();
        let warnings = [
            (facts.lacks_index(), db::facts::LACKS_INDEX),
            (facts.speaks_other_language(), db::facts::SPEAKS_OTHER_LANGUAGE),
        ];
        Ok::<_, String>((
            catalog,
            (pending, behind),
            warnings.map(|(is_due, text)| (is_due && is_there).then_some(text)),
        ))
    };
    let (catalog, (pending, behind), warnings) = match found.await {
        Ok(found) => found,
        Err(why) => return report(Verdict::Fault, &format!("{name}: {why}")),
    };
    let version =
        catalog.version.as_ref().map_or("not there yet".to_owned(), |version| format!("version {version}"));
    let of_pgbouncer = matches!(&config.database, DatabaseUrl::Postgres(url) if url.pgbouncer);
    let tables = catalog.tables.missing().is_empty();
    match catalog.obstacle(false, pending > 0) {
        Some(why) => report(Verdict::Fault, &format!("{name}: {version}, {why}")),
        None if of_pgbouncer && (!tables || pending > 0) => {
            let why = "run chatoxide migrate with a DATABASE_URL of PostgreSQL itself";
            report(Verdict::Fault, &format!("{name}: {version}, {why}"));
        }
        None => {
            let tables = match (tables, catalog.has_own, pending) {
                (false, _, _) => "no tables yet: the server makes them at its start",
                (true, false, _) => "tables as expected; the server makes its own beside them at its start",
                (true, true, 0) => "tables as expected",
                (true, true, _) => {
                    "tables as expected; the server brings its own to today's shape at its start"
                }
            };
            report(Verdict::Ok, &format!("{name}: {version}, {tables}"));
        }
    }
    let behind = match behind {
        None | Some(Ok(0)) => None,
        Some(Ok(rooms)) => Some(format!(
            "{rooms} rooms have a head that is behind their log, or none: the server sets it right at its start"
        )),
        Some(Err(error)) => {
            Some(format!("the heads of rooms' logs could not be compared with the logs ({})", error.cause()))
        }
    };
    if let Some(text) = behind {
        report(Verdict::Warning, &format!("{name}: {text}"));
    }
    for warning in warnings.into_iter().flatten() {
        report(Verdict::Warning, &format!("{name}: {warning}"));
    }
    for finding in catalog.findings.iter().filter(|finding| finding.severity != Severity::Unusable) {
        let verdict = if finding.severity == Severity::Notice { Verdict::Warning } else { Verdict::Fault };
        report(verdict, &format!("{name}: {}", finding.text));
    }
}
