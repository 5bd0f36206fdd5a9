//! Finds a team's own rules and unique indexes on PostgreSQL that make chatoxide's statements fail.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Array, Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Catalog, Finding, Severity, TABLES, unique::UniqueIndex};

#[derive(QueryableByName)]
struct Rule {
    #[diesel(sql_type = Text)]
    relation: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    command: String,
    /// The rule replaces the command by a single statement, with the same RETURNING list.
    #[diesel(sql_type = Bool)]
    replaces: bool,
}

const RULES: &str = r"
    SELECT class.relname::text AS relation, rulename::text AS name,
        CASE ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END AS command,
        is_instead AND ev_qual::text = '<>' AND pg_get_ruledef(pg_rewrite.oid) ~* '\mRETURNING\M' AS replaces
    FROM pg_rewrite JOIN pg_class AS class ON class.oid = ev_class
    WHERE class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND class.relname = ANY ($2)
        AND rulename <> '_RETURN' AND ev_enabled <> 'D'
    ORDER BY 1, 2";

/// chatoxide has statements with RETURNING inside CTEs, where PostgreSQL supports few rules. And it refuses ON CONFLICT
/// on tables with rules about INSERT or UPDATE.
pub(super) async fn check_rules(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    schema: &str,
) -> QueryResult<()> {
    let expected: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let rules: Vec<Rule> = diesel::sql_query(RULES)
        .bind::<Text, _>(schema)
        .bind::<Array<Text>, _>(&expected)
        .load(connection)
        .await?;
    for rule in rules {
        let Some(table) = TABLES.iter().find(|table| table.name == rule.relation) else { continue };
        let refused = |consequence: &str| {
            let Rule { name, command, relation, .. } = &rule;
            let text = format!(
                "the rule \"{name}\" on {command} of \"{relation}\" does not go with what chatoxide writes"
            );
            let finding = Finding::new(Severity::Partial, text).consequence(consequence);
            finding.mend(format!("DROP RULE \"{name}\" ON \"{relation}\""))
        };
        match rule.command.as_str() {
            "DELETE" => {
                if let Some(consequence) = table.cannot_delete.filter(|_| !rule.replaces) {
                    catalog.add(refused(consequence));
                }
            }
            _ if table.name != "Message" => catalog.add(refused(table.cannot_insert).of_inserts(table.name)),
            _ if rule.replaces => {}
            "INSERT" => catalog.add(refused(table.cannot_insert)),
            _ => catalog.add(refused(super::expected::CANNOT_EDIT)),
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Text)]
    relation: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
    #[diesel(sql_type = Bool)]
    is_constraint: bool,
}

/// Selects indexes over all rows. A partial or expression index may well allow the rows that chatoxide writes.
const UNIQUE: &str = "
    SELECT class.relname::text AS relation, of_index.relname::text AS name, ARRAY(
        SELECT attname::text FROM unnest(indkey::int2[]) WITH ORDINALITY AS key (number, place)
        JOIN pg_attribute ON attrelid = indrelid AND attnum = number WHERE place <= indnkeyatts ORDER BY place
    ) AS columns,
    EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) AS is_constraint
    FROM pg_index JOIN pg_class AS class ON class.oid = indrelid JOIN pg_class AS of_index ON of_index.oid = indexrelid
    WHERE class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND class.relname = ANY ($2)
        AND indisunique AND indpred IS NULL AND indexprs IS NULL
    ORDER BY 1, 2";

/// Compares the unique indexes with the original's.
pub(super) async fn check_unique_indexes(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    schema: &str,
) -> QueryResult<()> {
    let expected: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let indexes: Vec<IndexRow> = diesel::sql_query(UNIQUE)
        .bind::<Text, _>(schema)
        .bind::<Array<Text>, _>(&expected)
        .load(connection)
        .await?;
    let in_place = catalog.tables_in_place.clone();
    for table in TABLES.iter().filter(|table| in_place.contains(&table.name)) {
        let of_table = indexes.iter().filter(|index| index.relation == table.name);
        let unique: Vec<UniqueIndex> = of_table
            .map(|index| UniqueIndex {
                table,
                name: index.name.clone(),
                columns: index.columns.clone(),
                is_constraint: index.is_constraint,
            })
            .collect();
        catalog.compare_unique(table, &unique);
    }
    Ok(())
}
