//! The catalog of SQLite. The file is opened read-only, so that a check does not apply changes of the start, such as
//! that of the journal mode.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    sql_types::{Bool, Text},
    sqlite::SqliteConnection,
};

use super::{
    Catalog, Column, Columns, Finding, Severity, TABLES, Tables, compare_names,
    confirm::newest_rows,
    expected::ColumnKind,
    message_types::{TYPE_CHECK, TypeLabels},
    sqlite_file::open_read_only,
    sqlite_keys::{check_indexes, check_references},
};
use crate::chat::Result;

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    type_name: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
    #[diesel(sql_type = Bool)]
    has_default: bool,
}

const RELATIONS: &str = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";

/// An integer primary key needs no value: it is the row id.
const COLUMNS: &str = "
    SELECT name, type AS type_name, \"notnull\" = 0 AS is_nullable,
        dflt_value IS NOT NULL OR pk > 0 AND upper(type) = 'INTEGER' AS has_default
    FROM pragma_table_info(?)";

pub(super) fn read(path: &Path) -> Result<Catalog> {
    let mut catalog = empty(path);
    if !path.exists() {
        return Ok(catalog);
    }
    // The file must not be opened here as well: closing it would release SQLite's own locks.
    if path.metadata().is_ok_and(|metadata| metadata.permissions().readonly()) {
        let text = format!("{} may not be written to", path.display());
        let mend = format!("chmod u+w {}", path.display());
        catalog.add(Finding::new(Severity::Unusable, text).mend(mend).of_writing());
    }
    let mut connection = open_read_only(path)?;
    read_into(&mut connection, &mut catalog)?;
    Ok(catalog)
}

/// Reads the catalog on a connection that is in a transaction.
pub(super) fn read_on(connection: &mut SqliteConnection, path: &Path) -> Result<Catalog> {
    let mut catalog = empty(path);
    read_into(connection, &mut catalog)?;
    Ok(catalog)
}

fn empty(path: &Path) -> Catalog {
    Catalog {
        tables: Tables::Nothing,
        version: None,
        findings: Vec::new(),
        row_checks: Vec::new(),
        samples: BTreeMap::new(),
        tables_in_place: Vec::new(),
        known: BTreeSet::new(),
        lacks_index: false,
        content_width: None,
        has_own: false,
        has_views: false,
        applied: Vec::new(),
        grants: Vec::new(),
        own_grants: Vec::new(),
        ids: Vec::new(),
        message_types: None,
        place: format!("the file {}", path.display()),
        has_schemas: false,
    }
}

fn read_into(connection: &mut SqliteConnection, catalog: &mut Catalog) -> QueryResult<()> {
    let version: Name = diesel::sql_query("SELECT sqlite_version() AS name").get_result(connection)?;
    catalog.version = Some(version.name);
    let mut names: Vec<String> =
        diesel::sql_query(RELATIONS).load::<Name>(connection)?.into_iter().map(|row| row.name).collect();
    if names.iter().any(|name| name == "__diesel_schema_migrations") {
        let rows: Vec<Name> =
            diesel::sql_query("SELECT version AS name FROM __diesel_schema_migrations ORDER BY 1")
                .load(connection)?;
        catalog.applied.extend(rows.into_iter().map(|row| row.name));
    }
    let is_own = |name: &String| name.starts_with("chatoxide_") || name == "__diesel_schema_migrations";
    catalog.has_own = names.iter().any(is_own);
    if names.iter().any(|name| name == "chatoxide_room_log") && catalog.applied.is_empty() {
        // The tables of the search index are made anew by their migration, whether they are there or not.
        let is_lost =
            |name: &&String| name.starts_with("chatoxide_") && !name.starts_with("chatoxide_search");
        let own = names.iter().filter(is_lost);
        let drops: Vec<String> = own.map(|name| format!("DROP TABLE {name}")).collect();
        let recreate = drops.join("; ");
        catalog.add_lost_migrations("__diesel_schema_migrations", &recreate);
    }
    names.retain(|name| !is_own(name));
    catalog.tables = compare_names(&names);
    for table in TABLES.iter().filter(|table| names.iter().any(|name| name == table.name)) {
        let rows: Vec<ColumnRow> = diesel::sql_query(COLUMNS).bind::<Text, _>(table.name).load(connection)?;
        let kind_of =
            |name: &str| table.columns.iter().find(|column| column.name == name).map(|column| column.kind);
        let columns: Columns = rows
            .into_iter()
            .map(|row| {
                // In SQLite any column may hold any value, whatever its type.
                let kind = kind_of(&row.name).or((row.name == "updatedAt").then_some(ColumnKind::Time));
                let ColumnRow { type_name, is_nullable, has_default, .. } = row;
                // All known columns are written, so their defaults do not matter.
                let has_default = has_default && kind_of(&row.name).is_none();
                let (is_generated, in_table) = (false, true);
                (row.name, Column { type_name, kind, is_nullable, has_default, is_generated, in_table })
            })
            .collect();
        catalog.samples.insert(table.name, newest_rows(table.name));
        catalog.tables_in_place.push(table.name);
        catalog.compare(table, &columns);
        check_indexes(connection, catalog, table)?;
    }
    catalog.add_id_types();
    check_references(connection, catalog)?;
    let checks = "SELECT sql AS name FROM sqlite_master WHERE type = 'table' AND tbl_name = 'Message'";
    let tables: Vec<Name> = diesel::sql_query(checks).load(connection)?;
    if tables.iter().any(|table| table.name.contains(TYPE_CHECK)) {
        let labels = ["text", "image", "file", "system"].map(str::to_owned).to_vec();
        catalog.message_types = Some(TypeLabels { sql_type: None, labels });
    }
    Ok(())
}
