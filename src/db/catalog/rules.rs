//! Finds a team's own rules and unique indexes on PostgreSQL that make chatoxide's statements fail.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Array, Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Catalog, Finding, Severity, TABLES, finding::MAP};

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
struct UniqueIndex {
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

/// Reports unique indexes that refuse rows which the original's tables accept.
pub(super) async fn check_unique_indexes(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    schema: &str,
) -> QueryResult<()> {
    let expected: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let indexes: Vec<UniqueIndex> = diesel::sql_query(UNIQUE)
        .bind::<Text, _>(schema)
        .bind::<Array<Text>, _>(&expected)
        .load(connection)
        .await?;
    for index in indexes {
        let Some(table) = TABLES.iter().find(|table| table.name == index.relation) else { continue };
        let has = |column: &&str| index.columns.iter().any(|of_index| of_index == column);
        // A column that is not written has NULL or a default.
        let is_written = |name: &String| {
            table
                .columns
                .iter()
                .any(|column| column.name == name && column.is_inserted && !column.may_be_null)
        };
        let is_of_original = table.unique.iter().any(|columns| columns.iter().all(&has));
        if is_of_original || !index.columns.iter().all(is_written) {
            continue;
        }
        let columns =
            index.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let consequence = match table.name {
            "Room" => {
                "room:create fails where another room has the same, and so does dm:start, as all direct rooms have one \
                       name and type"
            }
            "User" => "a new user with the same value as another user is not made a user",
            "Message" => "messages with the same value as another fail",
            "Reaction" => "reactions with the same value as another fail",
            _ => "a user with the same value as another member becomes no member",
        };
        let (name, of) = (&index.name, table.name);
        let finding = Finding::new(
            Severity::Partial,
            format!("the unique index \"{name}\" is on {columns} of \"{of}\""),
        );
        let mend = match (of, index.is_constraint) {
            // A mapping gives a newcomer whose name is taken another one.
            ("User", _) => MAP.to_owned(),
            (_, true) => format!("ALTER TABLE \"{of}\" DROP CONSTRAINT \"{name}\""),
            (_, false) => format!("DROP INDEX \"{name}\""),
        };
        catalog.add(finding.consequence(consequence).mend(mend).of_inserts(of));
    }
    Ok(())
}
