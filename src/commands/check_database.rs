//! The findings of `chatoxide check` about the database: all of them, also where one keeps the server from starting.

use super::check_finding::{DOES_NOT_START, Finding, Verdict};
use crate::{
    chat::Error,
    clock,
    config::{Config, DatabaseUrl},
    db::{
        self, Db,
        catalog::{self, Catalog, Severity, Tables},
        watch::State,
    },
};

/// The result of looking at a database that answers.
struct Looked {
    catalog: Catalog,
    pending: usize,
    /// How many rooms have a head that is behind their log, if that was read.
    behind: Option<Result<i64, Error>>,
    /// None: it was not looked for.
    watched: Option<State>,
    /// The server does not start, or may not: what it cannot read, with the mend.
    unreadable: Vec<(String, &'static str)>,
}

/// Reports the findings that the server would have at its start, and what it would do next. Returns true if the chat's tables
/// are views.
pub(super) async fn check(config: &Config, mut report: impl FnMut(Finding)) -> bool {
    let name = config.database.redacted();
    let named = |text: &str| format!("{name}: {text}");
    let looked = match look(config).await {
        Ok(looked) => looked,
        Err(why) => {
            let fault = Finding::fault("database", named(&why), DOES_NOT_START);
            report(fault.mend("set DATABASE_URL to a database that answers"));
            return false;
        }
    };
    let Looked { mut catalog, pending, behind, watched, unreadable } = looked;
    for (text, mend) in &unreadable {
        report(Finding::fault("database", named(text), DOES_NOT_START).mend(*mend));
    }
    let version = describe_version(&catalog, watched);
    let of_pgbouncer = matches!(&config.database, DatabaseUrl::Postgres(url) if url.pgbouncer);
    let tables = catalog.tables.missing().is_empty();
    let is_unusable = |finding: &catalog::Finding| finding.severity == Severity::Unusable;
    match catalog.lack(false, pending > 0) {
        Some(lack) => {
            let text = named(&format!("{version}, {}", lack.text));
            report(Finding::fault("database", text, DOES_NOT_START).mend(lack.mend));
        }
        // Other findings say why the server does not start.
        None if !unreadable.is_empty() || catalog.findings.iter().any(is_unusable) => {}
        None if of_pgbouncer && (!tables || pending > 0) => {
            let text = named(&format!(
                "{version}, its tables are not complete, and none can be made behind PgBouncer"
            ));
            let fault = Finding::fault("database", text, DOES_NOT_START);
            report(fault.mend("run chatoxide migrate with a DATABASE_URL of PostgreSQL itself"));
        }
        None => {
            let tables = match (tables, catalog.has_own, pending) {
                (false, _, _) => "no tables yet: the server makes them at its start",
                (true, false, _) => "tables as expected; the server makes its own beside them at its start",
                (true, true, 0) => "tables as expected",
                (true, true, _) => "tables as expected; the server migrates its own at its start",
            };
            report(Finding::new(Verdict::Ok, "database", named(&format!("{version}, {tables}"))));
        }
    }
    let outdated = (watched == Some(State::Outdated)).then(db::watch::outdated);
    catalog.findings.extend(outdated);
    if let Some(text) = warn_of_heads(behind) {
        report(Finding::new(Verdict::Warning, "database", named(&text)));
    }
    for finding in &catalog.findings {
        report(Finding::of_catalog(&name, finding));
    }
    catalog.has_views
}

/// The error says why the database cannot be looked at.
async fn look(config: &Config) -> Result<Looked, String> {
    let explain = |error: Error| error.cause();
    let db = Db::open(config)?;
    let mut catalog = Catalog::read(&db, config).await.map_err(explain)?;
    catalog.run_row_checks(&db, &config.database).await;
    let pending = db::migrations::required(&db, &catalog, false).len();
    let (mut behind, mut watched, mut unreadable) = (None, None, Vec::new());
    let is_there = matches!((&db, &catalog.tables), (Db::Pg { .. }, Tables::All));
    if pending == 0 && catalog.has_own && catalog.obstacle(false, false).is_none() {
        match db::migrations::check_own_tables(&db).await {
            Ok(()) => {
                behind = Some(db::room_log::count_behind(&db).await);
                if config.search && !db::search::is_available(&db).await.map_err(explain)? {
                    catalog.findings.push(db::search::no_index());
                }
            }
            Err(error) => {
                let text = format!("chatoxide's own tables cannot be read: {}", error.cause());
                unreadable.push((text, "restore them from a backup"));
            }
        }
    }
    if is_there {
        match db::facts::read_first(&db, clock::now()).await {
            Ok(obstacle) => catalog.findings.extend(obstacle),
            Err(error) => {
                let text = format!("its settings and columns cannot be read: {}", error.cause());
                unreadable.push((text, "give the role of DATABASE_URL the rights to read them"));
            }
        }
    }
    if let (DatabaseUrl::Postgres(url), true) = (&config.database, is_there) {
        match db::watch::read_state(&db, url).await {
            Ok(state) => watched = Some(state),
            Err(error) => {
                let text =
                    format!("the triggers of chatoxide migrate --watch cannot be read: {}", error.cause());
                unreadable.push((text, "give the role of DATABASE_URL the rights to read them"));
            }
        }
    }
    let facts = db.facts();
    let lacks_index = facts.lacks_index() && is_there || catalog.lacks_index;
    let no_index = lacks_index.then(|| db::facts::no_index(&db));
    let other_language = (facts.speaks_other_language() && is_there).then(db::facts::other_language);
    catalog.findings.extend(no_index.into_iter().chain(other_language));
    Ok(Looked { catalog, pending, behind, watched, unreadable })
}

fn describe_version(catalog: &Catalog, watched: Option<State>) -> String {
    let version =
        catalog.version.as_ref().map_or("not there yet".to_owned(), |version| format!("version {version}"));
    match watched {
        None => version,
        Some(State::Unwatched) => format!("{version}, not watched"),
        Some(State::Watched | State::Outdated) => format!("{version}, watched"),
    }
}

/// `behind`: how many rooms have a head that is behind their log, if that was read.
fn warn_of_heads(behind: Option<Result<i64, Error>>) -> Option<String> {
    match behind? {
        Ok(0) => None,
        Ok(rooms) => Some(format!(
            "{rooms} rooms have a head that is behind their log, or none: the server repairs it at its start"
        )),
        Err(error) => {
            Some(format!("the heads of rooms' logs could not be compared with the logs ({})", error.cause()))
        }
    }
}
