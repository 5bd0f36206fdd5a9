//! Scans rows for the faults that the catalog alone cannot show. Each scan has a deadline, and reads a sample of a large
//! table.

use std::path::Path;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_types::Bool};

use super::{Catalog, Finding, Severity, sqlite_file::open_read_only};
use crate::{
    chat::{Error, Result},
    config::DatabaseUrl,
    db::Db,
};

/// A possible fault, with the query that confirms it.
#[derive(Debug)]
pub(super) struct RowCheck {
    pub(super) query: String,
    /// The query over a sample, for when the other one takes too long.
    pub(super) sampled: Option<String>,
    pub(super) finding: Finding,
    /// The text of the finding that this one replaces.
    pub(super) instead_of: Option<String>,
}

impl RowCheck {
    pub(super) fn new(query: String, finding: Finding) -> Self {
        Self { query, sampled: None, finding, instead_of: None }
    }
}

/// The most pages of 8 KiB that a sample of PostgreSQL's reads: 128 MiB.
const SAMPLE_PAGES: u32 = 16_384;
/// The most rows that a sample of a view's, or of SQLite's, reads.
const SAMPLE_ROWS: u32 = 100_000;

/// An item of a FROM clause: a table of PostgreSQL, or a random part of a large one.
pub(super) fn part_of_table(table: &str) -> String {
    let id = format!("to_regclass('\"{table}\"')");
    // A table in parts has no pages itself.
    let size = format!(
        "coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree({id})), pg_relation_size({id}))"
    );
    format!(
        "\"{table}\" TABLESAMPLE SYSTEM (least(100, {SAMPLE_PAGES} * 100.0 * 8192 / greatest(1, {size})))"
    )
}

/// An item of a FROM clause: the first rows of a view.
pub(super) fn part_of_view(table: &str) -> String {
    format!("(SELECT * FROM \"{table}\" LIMIT {SAMPLE_ROWS}) AS sample")
}

/// An item of a FROM clause: the newest rows of a table of SQLite.
pub(super) fn newest_rows(table: &str) -> String {
    format!("(SELECT * FROM \"{table}\" ORDER BY rowid DESC LIMIT {SAMPLE_ROWS}) AS sample")
}

fn exists(from: &str, condition: &str) -> String {
    format!("SELECT EXISTS (SELECT 1 FROM {from} WHERE {condition}) AS has_match")
}

impl Catalog {
    /// Adds a possible fault: a row of a sample of the table fulfils the condition.
    pub(super) fn add_sampled_check(&mut self, table: &str, finding: Finding, condition: &str) {
        let Some(sample) = self.samples.get(table) else { return };
        self.row_checks.push(RowCheck::new(exists(sample, condition), finding));
    }

    /// Adds a possible fault: any row of the table fulfils the condition; a sample if that takes too long.
    pub(super) fn add_row_check(&mut self, table: &str, finding: Finding, condition: &str) {
        let sampled = self.samples.get(table).map(|sample| exists(sample, condition));
        let query = exists(&format!("\"{table}\""), condition);
        self.row_checks.push(RowCheck { sampled, ..RowCheck::new(query, finding) });
    }

    /// Confirms the possible faults.
    pub async fn run_row_checks(&mut self, db: &Db, url: &DatabaseUrl) {
        for check in std::mem::take(&mut self.row_checks) {
            let mut answer = has_match(db, url, &check.query).await;
            if let (Err(_), Some(sampled)) = (&answer, &check.sampled) {
                answer = has_match(db, url, sampled).await;
            }
            match answer {
                Ok(true) => {
                    self.findings.retain(|finding| check.instead_of.as_ref() != Some(&finding.text));
                    self.findings.push(check.finding);
                }
                Ok(false) => {}
                Err(error) => {
                    let (text, cause) = (check.finding.to_string(), error.cause());
                    let text = format!("it could not be found out whether {text} ({cause})");
                    self.add(Finding::new(Severity::Notice, text).consequence(if_true(&check.finding)));
                }
            }
        }
    }
}

fn if_true(finding: &Finding) -> String {
    match finding.consequence.as_str() {
        "" => "nobody knows whether events fail".to_owned(),
        consequence => format!("if so, {consequence}"),
    }
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    has_match: bool,
}

async fn has_match(db: &Db, url: &DatabaseUrl, query: &str) -> Result<bool> {
    let ask = async {
        match (db, url) {
            (Db::Pg { pool, .. }, _) => {
                let mut connection = pool.get().await?;
                let answer: QueryResult<Answer> =
                    diesel_async::RunQueryDsl::get_result(diesel::sql_query(query), &mut *connection).await;
                connection.finish(&answer);
                Ok(answer?.has_match)
            }
            (Db::Lite { .. }, DatabaseUrl::Sqlite(path)) => {
                let (path, query) = (path.clone(), query.to_owned());
                let asked = tokio::task::spawn_blocking(move || has_match_in_file(&path, &query)).await;
                asked.map_err(|error| Error::Internal(error.to_string()))?
            }
            _ => Err(Error::Internal("the pool is not of the configured database".to_owned())),
        }
    };
    db.within_timeout(Box::pin(ask)).await
}

fn has_match_in_file(path: &Path, query: &str) -> Result<bool> {
    let answer: Answer = diesel::sql_query(query).get_result(&mut open_read_only(path)?)?;
    Ok(answer.has_match)
}
