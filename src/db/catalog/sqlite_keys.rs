//! Unique keys, foreign keys and indexes of SQLite's tables.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    sql_types::{Bool, Text},
    sqlite::SqliteConnection,
};

use super::{Catalog, Table, references::Reference, unique::UniqueIndex};

#[derive(QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Text)]
    name: String,
    /// JSON of the columns' names in their order; null for an expression.
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    /// It is of a constraint of the table.
    #[diesel(sql_type = Bool)]
    is_constraint: bool,
}

/// Indexes over all rows, and the integer key that is the row's number and so has no index.
const INDEXES: &str = r#"
    SELECT list.name AS name, list."unique" AS is_unique, list.origin <> 'c' AS is_constraint,
        (SELECT json_group_array(name) FROM (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)) AS columns
    FROM pragma_index_list(?1) AS list WHERE NOT list.partial
    UNION ALL
    SELECT 'rowid', 1, 1, json_array(name) FROM pragma_table_info(?1) WHERE pk = 1 AND upper(type) = 'INTEGER'"#;

/// Foreign keys of one column; without a column of the other table its primary key is meant.
const REFERENCES: &str = r#"
    SELECT tables.name AS "table", keys."from" AS "column", keys."table" AS target,
        coalesce(keys."to", 'id') AS target_column, CAST(keys.id AS TEXT) AS name,
        keys.on_delete IN ('NO ACTION', 'RESTRICT') AS refuses
    FROM sqlite_master AS tables JOIN pragma_foreign_key_list(tables.name) AS keys
    WHERE tables.type = 'table' AND NOT EXISTS (
        SELECT 1 FROM pragma_foreign_key_list(tables.name) AS others WHERE others.id = keys.id AND others.seq > 0
    )
    ORDER BY 1, 2"#;

pub(super) fn check_indexes(
    connection: &mut SqliteConnection,
    catalog: &mut Catalog,
    table: &'static Table,
) -> QueryResult<()> {
    let rows: Vec<IndexRow> = diesel::sql_query(INDEXES).bind::<Text, _>(table.name).load(connection)?;
    let columns_of = |row: &IndexRow| serde_json::from_str::<Vec<String>>(&row.columns).ok();
    if table.name == "Message" {
        let leads =
            |columns: Vec<String>| columns.starts_with(&["roomId".to_owned(), "createdAt".to_owned()]);
        catalog.lacks_index = !rows.iter().filter_map(columns_of).any(leads);
    }
    let unique: Vec<UniqueIndex> = rows
        .iter()
        .filter(|row| row.is_unique)
        .filter_map(|row| {
            let (name, is_constraint) = (row.name.clone(), row.is_constraint);
            Some(UniqueIndex { table, name, columns: columns_of(row)?, is_constraint })
        })
        .collect();
    catalog.compare_unique(table, &unique);
    Ok(())
}

pub(super) fn check_references(connection: &mut SqliteConnection, catalog: &mut Catalog) -> QueryResult<()> {
    let found: Vec<Reference> = diesel::sql_query(REFERENCES).load(connection)?;
    let is_of_chat = |found: &&Reference| {
        found.target == "Message" || super::TABLES.iter().any(|table| table.name == found.table)
    };
    for reference in found.iter().filter(is_of_chat) {
        catalog.compare_reference(reference);
    }
    Ok(())
}
