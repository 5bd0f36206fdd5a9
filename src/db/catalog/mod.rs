//! The schema of a database, read from its catalog before anything is changed: which of the original's tables exist,
//! and which parts of them chatoxide cannot work with.

mod compare;
mod confirm;
mod expected;
mod finding;
mod id_types;
mod lack;
mod limits;
mod mapping;
mod message_types;
mod postgres;
mod references;
mod row_checks;
mod rows;
mod rules;
mod sqlite;
mod sqlite_file;
mod sqlite_keys;
mod unique;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use diesel::sqlite::SqliteConnection;
use diesel_async::AsyncPgConnection;

use self::{
    confirm::RowCheck,
    expected::{ColumnKind, Table},
    id_types::IdColumn,
    message_types::TypeLabels,
};
use super::{Db, blockers};
use crate::{
    chat::{Error, Result},
    config::{Config, DatabaseUrl, PostgresUrl},
};

pub use expected::TABLES;
pub use finding::{Finding, Severity};
pub(super) use sqlite_file::open_read_only;

/// The result of reading the catalog.
#[derive(Debug)]
pub struct Catalog {
    pub tables: Tables,
    /// The faults of the schema that chatoxide cannot work with, or not fully.
    pub findings: Vec<Finding>,
    /// Possible faults that only a scan of the rows can confirm.
    row_checks: Vec<RowCheck>,
    /// An item of a FROM clause for each table that is there: all of its rows, or a sample.
    samples: BTreeMap<&'static str, String>,
    /// The original's tables that are there and are no views.
    tables_in_place: Vec<&'static str>,
    /// The original's columns that are there, each with its table.
    known: BTreeSet<(&'static str, &'static str)>,
    /// SQLite only: no index leads to a room's newest messages.
    pub lacks_index: bool,
    /// The most characters that a message's content may have; none if unlimited.
    content_width: Option<i32>,
    /// The database's version; none if the file does not exist yet.
    pub version: Option<String>,
    /// True if some of chatoxide's own tables exist.
    pub has_own: bool,
    /// True if one of the original's tables is a view.
    pub has_views: bool,
    /// The applied migrations of chatoxide's own tables, by version.
    pub applied: Vec<String>,
    /// The statements that an administrator has to run before this role can create the original's tables, or
    /// chatoxide's own.
    grants: Vec<String>,
    own_grants: Vec<String>,
    /// Columns of ids whose type is a number or a UUID.
    ids: Vec<IdColumn>,
    /// The types that messages may have; none if any text is taken.
    message_types: Option<TypeLabels>,
    /// A description, for people, of where the tables are looked for.
    pub place: String,
    /// The tables may be in another schema of the same database.
    has_schemas: bool,
}

/// Which of the original's tables exist.
#[derive(Debug, PartialEq, Eq)]
pub enum Tables {
    All,
    /// No table at all, of whatever name.
    Nothing,
    /// There is no table here, but another schema has the tables of a chat.
    Elsewhere {
        schema: String,
    },
    /// Some of the tables exist, or only unrelated ones.
    Unlike {
        missing: Vec<&'static str>,
        others: Vec<String>,
    },
}

impl Tables {
    /// The tables that have to be created.
    pub fn missing(&self) -> Vec<&'static str> {
        match self {
            Tables::All => Vec::new(),
            Tables::Nothing | Tables::Elsewhere { .. } => TABLES.iter().map(|table| table.name).collect(),
            Tables::Unlike { missing, .. } => missing.clone(),
        }
    }
}

/// A column as the catalog describes it.
#[derive(Debug)]
struct Column {
    /// The name of its type, for people.
    type_name: String,
    /// None if no column is expected to have this type.
    kind: Option<ColumnKind>,
    is_nullable: bool,
    /// A row can be inserted without a value for this column.
    has_default: bool,
    /// The column cannot be written: it is generated, or computed by a view.
    is_generated: bool,
    /// The column is of a table, not of a view.
    in_table: bool,
}

/// Columns by name.
type Columns = BTreeMap<String, Column>;

impl Catalog {
    /// Reads the catalog. It changes nothing, and does not create a missing file.
    pub async fn read(db: &Db, config: &Config) -> Result<Self> {
        match (db, &config.database) {
            (Db::Pg { pool, .. }, DatabaseUrl::Postgres(url)) => {
                let read = async {
                    let mut connection = pool.get().await?;
                    let found = postgres::read(&mut connection, url).await;
                    connection.finish(&found);
                    Ok(found?.with_settings(config))
                };
                match db.within_timeout(Box::pin(read)).await {
                    Err(error) => Err(blockers::explained(db, error).await),
                    found => found,
                }
            }
            (Db::Lite { .. }, DatabaseUrl::Sqlite(path)) => Ok(sqlite::read(path)?.with_settings(config)),
            _ => Err(Error::Internal("the pool is not of the configured database".to_owned())),
        }
    }

    /// Reads the catalog of PostgreSQL on a connection that is in a transaction.
    pub(super) async fn read_postgres(connection: &mut AsyncPgConnection, url: &PostgresUrl) -> Result<Self> {
        Ok(postgres::read(connection, url).await?)
    }

    /// Reads the catalog of SQLite on a connection that is in a transaction.
    pub(super) fn read_sqlite(connection: &mut SqliteConnection, path: &Path) -> Result<Self> {
        sqlite::read_on(connection, path)
    }

    /// Returns why the server cannot work with this database, if it cannot: what it lacks, or else the findings.
    pub fn obstacle(&self, makes_tables: bool, migrates: bool) -> Option<String> {
        let unusable = self.findings.iter().filter(|finding| finding.severity == Severity::Unusable);
        let texts: Vec<String> = unusable.map(Finding::to_string).collect();
        self.lack(makes_tables, migrates)
            .map(|lack| lack.to_string())
            .or_else(|| (!texts.is_empty()).then(|| texts.join("; ")))
    }

    /// Returns why the rows of the chat cannot be read, if they cannot.
    pub fn obstacle_to_reading(&self) -> Option<String> {
        if self.tables != Tables::All {
            return self.obstacle(false, false);
        }
        let is_obstacle =
            |finding: &&Finding| finding.severity == Severity::Unusable && !finding.only_writing;
        let texts: Vec<String> = self.findings.iter().filter(is_obstacle).map(Finding::to_string).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a finding if chatoxide's own tables exist but the list of their migrations does not.
    fn add_lost_migrations(&mut self, list: &str, recreate: &str) {
        let text = format!(
            "chatoxide's own tables are there, but the list of the migrations that made them, {list}, is empty or missing"
        );
        let consequence = "restore it from a backup, or begin new ones, which loses no message, but the read marks, and the \
                           changes that messages:sync returns";
        self.add(Finding::new(Severity::Unusable, text).consequence(consequence).mend(recreate));
    }

    /// Drops the findings about users who are not in the database, if the settings refuse these. Adds one for each type
    /// of `MESSAGE_TYPES` that the database does not take.
    pub fn with_settings(mut self, config: &Config) -> Self {
        let makes_users = config.auto_create_users;
        self.findings.retain(|finding| makes_users || !finding.only_new_users);
        self.row_checks.retain(|check| makes_users || !check.finding.only_new_users);
        for kind in &config.limits.message_types {
            let lacks = self.message_types.as_ref().and_then(|types| types.lacks(kind));
            self.findings.extend(lacks);
        }
        self.add_limit_checks(&config.limits);
        self.add_content_width(config.limits.content_units);
        self
    }
}

/// Compares the names of the existing tables with the expected ones.
fn compare_names(there: &[String]) -> Tables {
    let is_there = |name: &str| there.iter().any(|table| table == name);
    let missing: Vec<&str> = TABLES.iter().map(|table| table.name).filter(|name| !is_there(name)).collect();
    match (missing.is_empty(), there.is_empty()) {
        (true, _) => Tables::All,
        (false, true) => Tables::Nothing,
        (false, false) => {
            let is_other = |name: &&String| TABLES.iter().all(|table| table.name != name.as_str());
            Tables::Unlike { missing, others: there.iter().filter(is_other).cloned().collect() }
        }
    }
}
