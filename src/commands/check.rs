//! `chatoxide check`: checks the settings, the port, the folders, the sign-in, the database and Redis, and reports the
//! findings. It changes nothing.

use std::io::ErrorKind;

use serde::Serialize;

use super::{Failure, address, folders, print_line};
use crate::{
    auth::{Authenticator, Keys, Probed},
    chat::Error,
    clock,
    cluster::node_cache,
    config::{Config, DatabaseUrl, SigningKeys},
    connection,
    db::{
        self, Db,
        catalog::{self, Catalog, Severity, Tables},
        watch::State,
    },
};

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
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

/// A line of the report.
#[derive(Serialize)]
pub(super) struct Finding {
    pub(super) severity: Verdict,
    pub(super) place: &'static str,
    pub(super) text: String,
    pub(super) consequence: String,
    pub(super) mend: String,
}

impl Finding {
    fn new(severity: Verdict, place: &'static str, text: impl Into<String>) -> Self {
        let (consequence, mend) = (String::new(), String::new());
        Self { severity, place, text: text.into(), consequence, mend }
    }

    /// A finding of the catalog, about the database of this name.
    fn of_catalog(name: &str, found: &catalog::Finding) -> Self {
        let severity = if found.severity == Severity::Notice { Verdict::Warning } else { Verdict::Fault };
        Self {
            severity,
            place: "database",
            text: format!("{name}: {}", found.text),
            consequence: found.consequence.clone(),
            mend: found.mend.clone(),
        }
    }

    /// The finding with its consequence.
    pub(super) fn sentence(&self) -> String {
        let Self { text, consequence, .. } = self;
        if consequence.is_empty() { text.clone() } else { format!("{text}: {consequence}") }
    }

    /// The lines that are printed.
    fn lines(&self) -> String {
        let mut lines = format!("{:<7}{}: {}", self.severity.label(), self.place, self.sentence());
        if !self.mend.is_empty() {
            lines.push_str(&format!("\n       mend: {}", self.mend));
        }
        lines
    }
}

/// Everything that was found.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    /// The chat's tables are views, such as those of `chatoxide map`.
    pub(super) is_mapped: bool,
}

/// The report as JSON.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    verdict: &'static str,
    findings: &'a [Finding],
}

pub(super) async fn run(config: Config, as_json: bool) -> Result<(), Failure> {
    let show = |finding: &Finding| {
        if !as_json {
            print_line(&finding.lines());
        }
    };
    let Checked { findings, .. } = check(&config, show).await;
    let faults = findings.iter().filter(|finding| finding.severity == Verdict::Fault).count();
    if as_json {
        let verdict = if faults == 0 { "ok" } else { "fault" };
        let report = Report { version: 1, verdict, findings: &findings };
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Failure::Failed(format!("the report cannot be written as JSON: {error}")))?;
        print_line(&text);
    }
    if faults == 0 { Ok(()) } else { Err(Failure::Failed(format!("{faults} of the above must be mended"))) }
}

/// Checks everything; `show` is called with each finding as soon as it is there.
pub(super) async fn check(config: &Config, mut show: impl FnMut(&Finding)) -> Checked {
    let mut checked = Checked::default();
    let mut report = |finding: Finding| {
        show(&finding);
        checked.findings.push(finding);
    };
    let address = config.address();
    report(match connection::ensure_free(address) {
        Ok(()) => Finding::new(Verdict::Ok, "settings", format!("listens on {address}")),
        // The server that is to be replaced may still run.
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Finding::new(Verdict::Warning, "settings", address::explain(&error, address))
        }
        Err(error) => Finding::new(Verdict::Fault, "settings", address::explain(&error, address)),
    });
    for folder in folders::required(config) {
        report(match folder.obstacle() {
            None => {
                Finding::new(Verdict::Ok, "folder", format!("{} can be written to", folder.path.display()))
            }
            Some(why) => Finding::new(Verdict::Fault, "folder", why),
        });
    }
    check_sign_in(config, &mut report).await;
    for text in own_events(config) {
        report(Finding::new(Verdict::Ok, "events", text));
    }
    if let Some(choice) = &config.database_choice {
        report(Finding::new(Verdict::Ok, "database", choice));
    }
    let is_mapped = check_database(config, &mut report).await;
    report(match &config.redis_url {
        None => Finding::new(Verdict::Ok, "redis", "none configured"),
        Some(url) => match node_cache::ping(url).await {
            Ok(()) => Finding::new(Verdict::Ok, "redis", "answers"),
            Err(text) => Finding::new(Verdict::Fault, "redis", text),
        },
    });
    checked.is_mapped = is_mapped;
    checked
}

async fn check_sign_in(config: &Config, mut report: impl FnMut(Finding)) {
    let mut add = |verdict, text: String| report(Finding::new(verdict, "sign-in", text));
    match &config.keys {
        // Demo mode's secret is generated by the server, not by this check.
        SigningKeys::DemoFile(path) => {
            add(Verdict::Ok, format!("demo mode, with a secret of its own in {}", path.display()));
        }
        keys => match Keys::load(keys).and_then(|keys| Authenticator::new(keys, config)) {
            Ok(authenticator) => {
                add(Verdict::Ok, source(keys));
                match authenticator.probe().await {
                    None => {}
                    Some(Probed::Good(text)) => add(Verdict::Ok, text),
                    Some(Probed::Odd(text)) => add(Verdict::Warning, text),
                    Some(Probed::Unusable(text)) => add(Verdict::Fault, text),
                }
            }
            Err(text) => add(Verdict::Fault, text),
        },
    }
    for warning in config.sign_in_warnings() {
        add(Verdict::Warning, warning);
    }
}

fn source(keys: &SigningKeys) -> String {
    match keys {
        SigningKeys::KeySet(url) => format!("tokens are checked with the key set at {url}"),
        SigningKeys::Endpoint(url) => format!("AUTH_URL ({url}) is asked who signs in"),
        _ => "tokens are checked with the configured key".to_owned(),
    }
}

/// The handling of events that the original does not have.
fn own_events(config: &Config) -> Vec<String> {
    let relayed = config.relay_events.to_string();
    let relayed = (!relayed.is_empty()).then(|| format!("RELAY_EVENTS relays {relayed}"));
    let webhook = config.webhook.as_ref();
    let posted = webhook.map(|webhook| format!("other events are posted to EVENT_WEBHOOK ({})", webhook.url));
    relayed.into_iter().chain(posted).collect()
}

/// Reports the findings that the server would have at its start, and what it would do next. Returns true if the chat's tables
/// are views.
async fn check_database(config: &Config, mut report: impl FnMut(Finding)) -> bool {
    let name = config.database.redacted();
    let mut add = |verdict, text: &str| report(Finding::new(verdict, "database", format!("{name}: {text}")));
    let found = async {
        let db = Db::open(config)?;
        let explain = |error: Error| error.cause();
        let mut catalog = Catalog::read(&db, config).await.map_err(explain)?;
        catalog.run_row_checks(&db).await;
        let pending = db::migrations::required(&db, &catalog, false).len();
        let mut behind = None;
        let is_there = matches!((&db, &catalog.tables), (Db::Pg { .. }, Tables::All));
        if pending == 0 && catalog.has_own && catalog.obstacle(false, false).is_none() {
            db::migrations::check_own_tables(&db).await.map_err(explain)?;
            behind = Some(db::room_log::count_behind(&db).await);
            if config.search && !db::search::is_available(&db).await.map_err(explain)? {
                catalog.findings.push(db::search::no_index());
            }
        }
        if is_there {
            db::facts::check(&db, clock::now()).await.map_err(explain)?;
        }
        let watched = match &config.database {
            DatabaseUrl::Postgres(url) if is_there => {
                Some(db::watch::read_state(&db, url).await.map_err(explain)?)
            }
            _ => None,
        };
        let facts = db.facts();
        let no_index = (facts.lacks_index() && is_there).then(db::facts::no_index);
        let other_language = (facts.speaks_other_language() && is_there).then(db::facts::other_language);
        catalog.findings.extend(no_index.into_iter().chain(other_language));
        Ok::<_, String>((catalog, pending, behind, watched))
    };
    let (mut catalog, pending, behind, watched) = match found.await {
        Ok(found) => found,
        Err(why) => {
            add(Verdict::Fault, &why);
            return false;
        }
    };
    let version = describe_version(&catalog, watched);
    let of_pgbouncer = matches!(&config.database, DatabaseUrl::Postgres(url) if url.pgbouncer);
    let tables = catalog.tables.missing().is_empty();
    let is_unusable = |finding: &catalog::Finding| finding.severity == Severity::Unusable;
    match catalog.lack(false, pending > 0) {
        Some(why) => add(Verdict::Fault, &format!("{version}, {why}")),
        // The findings below say why the server does not start.
        None if catalog.findings.iter().any(is_unusable) => {}
        None if of_pgbouncer && (!tables || pending > 0) => {
            let why = "run chatoxide migrate with a DATABASE_URL of PostgreSQL itself";
            add(Verdict::Fault, &format!("{version}, {why}"));
        }
        None => {
            let tables = match (tables, catalog.has_own, pending) {
                (false, _, _) => "no tables yet: the server makes them at its start",
                (true, false, _) => "tables as expected; the server makes its own beside them at its start",
                (true, true, 0) => "tables as expected",
                (true, true, _) => "tables as expected; the server migrates its own at its start",
            };
            add(Verdict::Ok, &format!("{version}, {tables}"));
        }
    }
    let outdated = (watched == Some(State::Outdated)).then(db::watch::outdated);
    catalog.findings.extend(outdated);
    if let Some(text) = warn_of_heads(behind) {
        add(Verdict::Warning, &text);
    }
    for finding in &catalog.findings {
        report(Finding::of_catalog(&name, finding));
    }
    catalog.has_views
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
