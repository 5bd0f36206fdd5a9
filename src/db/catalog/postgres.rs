//! The catalog of PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    OptionalExtension, QueryResult, QueryableByName,
    sql_types::{Array, Bool, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    Catalog, Column, Columns, Finding, Severity, TABLES, Table, Tables, compare_names,
    confirm::{part_of_table, part_of_view},
    expected::{CANNOT_EDIT, ColumnKind},
    finding::MAP,
    mapping::check_questions,
    references::check_references,
    row_checks::{add_width_checks, check_enum_labels},
    rows::{ColumnRow, Name, Relation},
    rules::{check_rules, check_unique_indexes},
};
use crate::{config::PostgresUrl, prisma::options::DEFAULT_SCHEMA};

/// The role, its schema, and its rights to create tables.
#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    may_make_schemas: bool,
    /// None: there is no such schema.
    #[diesel(sql_type = Nullable<Bool>)]
    may_make_tables: Option<bool>,
    #[diesel(sql_type = Nullable<Bool>)]
    may_make_own: Option<bool>,
    #[diesel(sql_type = Bool)]
    has_migrated: bool,
    #[diesel(sql_type = Bool)]
    has_log: bool,
    /// None: there is no such schema.
    #[diesel(sql_type = Nullable<Bool>)]
    may_use_tables: Option<bool>,
    #[diesel(sql_type = Nullable<Bool>)]
    may_use_own: Option<bool>,
    /// The role may write chatoxide's own tables; also true if there are none.
    #[diesel(sql_type = Bool)]
    may_write_own: bool,
    #[diesel(sql_type = Bool)]
    is_read_only: bool,
}

/// Behind PgBouncer nothing can be set for a session, so the schema is the first of the role's own search path.
const PLACE: &str = "
    SELECT current_user::text AS role, current_database()::text AS database, name AS schema,
        current_setting('server_version') AS version, getdatabaseencoding()::text AS encoding,
        has_database_privilege(current_database(), 'CREATE') AS may_make_schemas,
        (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = name) AS may_make_tables,
        (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'chatoxide') AS may_make_own,
        EXISTS (
            SELECT FROM pg_class WHERE relname = '__diesel_schema_migrations'
                AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'chatoxide')
        ) AS has_migrated,
        EXISTS (
            SELECT FROM pg_class WHERE relname = 'room_log'
                AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'chatoxide')
        ) AS has_log,
        (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = name) AS may_use_tables,
        (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'chatoxide') AS may_use_own,
        NOT EXISTS (
            SELECT FROM pg_class WHERE relkind = 'r' AND relname NOT IN ('search_room', 'search_message')
                AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'chatoxide')
                AND NOT (
                    has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                    AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')
                )
        ) AS may_write_own,
        pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS is_read_only
    FROM (SELECT coalesce($1, current_schema()::text, 'public') AS name) AS there";

/// Selects tables, views and other relations with rows, except those of extensions. For a table it does not call
/// `pg_relation_is_updatable`, which would wait if the table is locked.
const RELATIONS: &str = "
    SELECT class.relname::text AS name, CASE WHEN class.relkind IN ('r', 'p') THEN 28 WHEN class.relname = ANY
        ('{User,Room,Message,Reaction,_RoomMembers}') THEN pg_relation_is_updatable(class.oid, true) ELSE 0 END AS takes,
        has_table_privilege(class.oid, 'DELETE') AS may_delete, row_security_active(class.oid) AS has_row_security,
        class.relkind IN ('r', 'p') AS is_table
    FROM pg_class AS class
    WHERE class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
        AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e'
        )
    ORDER BY 1";

/// Selects another schema that has tables, other than chatoxide's own.
const WITH_TABLES: &str = "
    SELECT nspname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname <> ALL ('{chatoxide,pg_catalog,information_schema,pg_toast}')
    ORDER BY nspname <> 'public', nspname LIMIT 1";

/// Selects another schema that has the tables of a chat.
const ELSEWHERE: &str = "
    SELECT nspname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname IN ('User', 'Room', 'Message') AND relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname <> $1
    GROUP BY nspname HAVING count(*) = 3 ORDER BY nspname LIMIT 1";

const TAKES_UPDATE: i32 = 1 << 2;
const TAKES_INSERT: i32 = 1 << 3;
const TAKES_DELETE: i32 = 1 << 4;

const COLUMNS: &str = "
    SELECT class.relname::text AS relation, column_.attname::text AS name,
        format_type(column_.atttypid, column_.atttypmod) AS type_name,
        CASE WHEN base.typtype = 'e' THEN 'enum' ELSE base.typname::text END AS base_type,
        NOT column_.attnotnull AND NOT type.typnotnull AS is_nullable,
        column_.attgenerated <> '' OR column_.attidentity = 'a'
            OR class.relkind = 'v' AND NOT pg_column_is_updatable(class.oid, column_.attnum, true) AS is_generated,
        column_.atthasdef OR type.typdefault IS NOT NULL OR column_.attidentity <> '' OR class.relkind <> 'r' AND class.relkind <> 'p' AS has_default,
        has_column_privilege(class.oid, column_.attnum, 'SELECT') AS may_select,
        has_column_privilege(class.oid, column_.attnum, 'INSERT') AS may_insert,
        has_column_privilege(class.oid, column_.attnum, 'UPDATE') AS may_update,
        CASE WHEN base.typname IN ('varchar', 'bpchar') THEN nullif(
            coalesce(nullif(column_.atttypmod, -1), nullif(type.typtypmod, -1), below.typtypmod), -1
        ) - 4 END AS most
    FROM pg_class AS class
    JOIN pg_attribute AS column_ ON column_.attrelid = class.oid AND column_.attnum > 0 AND NOT column_.attisdropped
    JOIN pg_type AS type ON type.oid = column_.atttypid
    JOIN pg_type AS below ON below.oid = CASE WHEN type.typtype = 'd' THEN type.typbasetype ELSE type.oid END
    JOIN pg_type AS base ON base.oid = CASE WHEN below.typtype = 'd' THEN below.typbasetype ELSE below.oid END
    WHERE class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND class.relname = ANY ($2)";

pub(super) async fn read(connection: &mut AsyncPgConnection, url: &PostgresUrl) -> QueryResult<Catalog> {
    let schema = (!url.pgbouncer).then_some(url.schema.as_str());
    let place: Place =
        diesel::sql_query(PLACE).bind::<Nullable<Text>, _>(schema).get_result(connection).await?;
    let relations: Vec<Relation> =
        diesel::sql_query(RELATIONS).bind::<Text, _>(&place.schema).load(connection).await?;
    let names: Vec<String> = relations.iter().map(|relation| relation.name.clone()).collect();
    let mut applied = Vec::new();
    let may_read_own = place.may_use_own == Some(true) && place.may_write_own;
    if place.has_migrated && may_read_own {
        let versions = "SELECT version::text AS name FROM chatoxide.__diesel_schema_migrations ORDER BY 1";
        let rows: Vec<Name> = diesel::sql_query(versions).load(connection).await?;
        applied.extend(rows.into_iter().map(|row| row.name));
    }
    let is_expected = |name: &str| TABLES.iter().any(|table| table.name == name);
    let mut catalog = Catalog {
        tables: compare_names(&names),
        version: Some(place.version.clone()),
        findings: Vec::new(),
        row_checks: Vec::new(),
        samples: BTreeMap::new(),
        tables_in_place: Vec::new(),
        known: BTreeSet::new(),
        lacks_index: false,
        content_width: None,
        has_own: place.may_make_own.is_some(),
        has_views: relations.iter().any(|relation| !relation.is_table && is_expected(&relation.name)),
        grants: Vec::new(),
        own_grants: Vec::new(),
        applied,
        ids: Vec::new(),
        message_types: None,
        place: format!("schema \"{}\"", place.schema),
        has_schemas: true,
    };
    if catalog.tables == Tables::Nothing
        && let Some(there) = diesel::sql_query(ELSEWHERE)
            .bind::<Text, _>(&place.schema)
            .get_result::<Name>(connection)
            .await
            .optional()?
    {
        catalog.tables = Tables::Elsewhere { schema: there.name };
    }
    if catalog.tables == Tables::Nothing && place.may_use_tables.is_none() {
        check_absent_schema(connection, &mut catalog, &place.schema).await?;
    }
    (catalog.grants, catalog.own_grants) = grants(&place, &catalog.tables);
    if place.has_log && may_read_own && catalog.applied.is_empty() {
        catalog.add_lost_migrations("chatoxide.__diesel_schema_migrations", "DROP SCHEMA chatoxide CASCADE");
    }
    if place.is_read_only {
        let finding =
            Finding::new(Severity::Unusable, "the database, or the role, is read-only").of_writing();
        catalog.add(finding.consequence("nothing can be written: name the primary in DATABASE_URL"));
    }
    if place.encoding != "UTF8" {
        let text = format!("the database is encoded in {}", place.encoding);
        let consequence = "messages with characters that it does not have are refused";
        catalog.add(Finding::new(Severity::Notice, text).consequence(consequence));
    }
    check_columns(connection, &mut catalog, &place, &relations).await?;
    check_enum_labels(connection, &mut catalog).await?;
    check_rules(connection, &mut catalog, &place.schema).await?;
    check_unique_indexes(connection, &mut catalog, &place.schema).await?;
    check_references(connection, &mut catalog, &place.schema).await?;
    check_questions(connection, &mut catalog, &place.schema).await?;
    Ok(catalog)
}

/// Adds a finding for a schema that is not there, where another one may be the one that was meant.
async fn check_absent_schema(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    schema: &str,
) -> QueryResult<()> {
    if schema == DEFAULT_SCHEMA {
        let finding = Finding::new(Severity::Unusable, format!("there is no schema \"{schema}\""));
        catalog.add(finding.consequence(format!(
            "apply the SQL of chatoxide map to the database first, or take ?schema={schema} out of DATABASE_URL"
        )));
    } else if let Some(there) =
        diesel::sql_query(WITH_TABLES).get_result::<Name>(connection).await.optional()?
    {
        let text = format!("schema \"{schema}\" is not there yet, and schema \"{}\" has tables", there.name);
        catalog.add(Finding::new(Severity::Notice, text).consequence(
            "if the chat's are among them, name that schema in DATABASE_URL (?schema=), or run chatoxide map if they have \
             other names",
        ));
    }
    Ok(())
}

/// GRANT statements for an administrator: for a role that may not use the existing tables or create the original's, and
/// for one that may not create ours.
fn grants(place: &Place, tables: &Tables) -> (Vec<String>, Vec<String>) {
    let role = identifier(&place.role);
    let use_of = |schema: &str, may_use: Option<bool>| {
        (may_use == Some(false)).then(|| format!("GRANT USAGE ON SCHEMA {} TO {role}", identifier(schema)))
    };
    let grant = |schema: &str, may_make: Option<bool>| match may_make {
        Some(false) => Some(format!("GRANT CREATE ON SCHEMA {} TO {role}", identifier(schema))),
        None if !place.may_make_schemas => {
            Some(format!("GRANT CREATE ON DATABASE {} TO {role}", identifier(&place.database)))
        }
        _ => None,
    };
    let original = (*tables != Tables::All).then(|| grant(&place.schema, place.may_make_tables)).flatten();
    let own_rights = (!place.may_write_own)
        .then(|| format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA chatoxide TO {role}"));
    let needed = use_of(&place.schema, place.may_use_tables).into_iter().chain(original);
    let needed = needed.chain(use_of("chatoxide", place.may_use_own)).chain(own_rights);
    let needed: Vec<String> = needed.collect();
    // Whether anything has to be created there is only known once it may be read.
    let may_read_own = place.may_use_own != Some(false) && place.may_write_own;
    let own = grant("chatoxide", place.may_make_own).filter(|_| may_read_own);
    (needed, own.into_iter().collect())
}

async fn check_columns(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    place: &Place,
    relations: &[Relation],
) -> QueryResult<()> {
    let expected: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let rows: Vec<ColumnRow> = diesel::sql_query(COLUMNS)
        .bind::<Text, _>(&place.schema)
        .bind::<Array<Text>, _>(&expected)
        .load(connection)
        .await?;
    for table in &TABLES {
        let Some(relation) = relations.iter().find(|relation| relation.name == table.name) else { continue };
        let of_table = || rows.iter().filter(|row| row.relation == table.name);
        let sample = if relation.is_table { part_of_table(table.name) } else { part_of_view(table.name) };
        catalog.samples.insert(table.name, sample);
        if relation.is_table {
            catalog.tables_in_place.push(table.name);
        }
        let columns: Columns = of_table().map(|row| (row.name.clone(), column(row, relation))).collect();
        catalog.compare(table, &columns);
        check_privileges(catalog, place, table, relation, of_table());
        add_width_checks(catalog, table, relation, of_table());
    }
    catalog.add_id_types();
    Ok(())
}

fn column(row: &ColumnRow, relation: &Relation) -> Column {
    let kind = match row.base_type.as_str() {
        "text" | "varchar" | "name" | "citext" => Some(ColumnKind::Key),
        "bpchar" => Some(ColumnKind::Text),
        "timestamp" | "timestamptz" => Some(ColumnKind::Time),
        "json" | "jsonb" => Some(ColumnKind::Json),
        "enum" => Some(ColumnKind::Label),
        _ => None,
    };
    Column {
        type_name: row.type_name.clone(),
        kind,
        is_nullable: row.is_nullable,
        has_default: row.has_default,
        // A view that takes no INSERT at all has its own finding: it is not reported for each column.
        is_generated: row.is_generated && relation.takes & TAKES_INSERT != 0,
        in_table: relation.is_table,
    }
}

/// Adds findings of the rights that the role lacks on a table.
fn check_privileges<'a>(
    catalog: &mut Catalog,
    place: &Place,
    table: &Table,
    relation: &Relation,
    rows: impl Iterator<Item = &'a ColumnRow>,
) {
    let (mut may_select, mut may_insert, mut may_update) = (true, true, true);
    // The right to UPDATE any column is enough for a row lock.
    let mut may_lock = false;
    for row in rows {
        may_lock |= row.may_update;
        let Some(expected) = table.columns.iter().find(|expected| expected.name == row.name) else {
            continue;
        };
        may_select &= row.may_select;
        may_insert &= row.may_insert;
        may_update &= row.may_update || !expected.is_updated;
    }
    let (name, role) = (table.name, &place.role);
    let mut lacks = |right: &str, severity, consequence: &str| {
        let verb = right.split(' ').next().unwrap_or(right);
        let mend = format!("GRANT {verb} ON {} TO {}", identifier(name), identifier(role));
        let text = format!("role {role} has no right to {right} \"{name}\"");
        catalog.add(Finding::new(severity, text).consequence(consequence).mend(mend).of_inserts(
            match verb {
                "INSERT" => name,
                _ => "",
            },
        ));
    };
    if !may_select {
        lacks("SELECT from", Severity::Unusable, "nothing can be shown");
    }
    if let Some(consequence) = table.cannot_update.filter(|_| !may_update) {
        let may_only_lock = may_lock && name == "Message";
        lacks("UPDATE", Severity::Partial, if may_only_lock { CANNOT_EDIT } else { consequence });
    }
    if let Some(consequence) = table.cannot_delete.filter(|_| !relation.may_delete) {
        lacks("DELETE from", Severity::Partial, consequence);
    }
    if !may_insert {
        lacks("INSERT into", Severity::Partial, table.cannot_insert);
    }
    let takes = [
        (TAKES_INSERT, "INSERT", Some(table.cannot_insert)),
        (TAKES_UPDATE, "UPDATE", table.cannot_update),
        (TAKES_DELETE, "DELETE", table.cannot_delete),
    ];
    for (command, verb, consequence) in takes {
        let Some(consequence) = consequence.filter(|_| relation.takes & command == 0) else { continue };
        let finding = Finding::new(Severity::Partial, format!("\"{name}\" takes no {verb}"));
        catalog.add(finding.consequence(consequence).mend(MAP).of_inserts(match command {
            TAKES_INSERT => name,
            _ => "",
        }));
    }
    if relation.has_row_security {
        let text = format!("row-level security is active on \"{name}\" for role {role}");
        let consequence = "events fail, or show nothing, where a policy says so";
        let mend = format!("ALTER ROLE {} BYPASSRLS", identifier(role));
        catalog.add(Finding::new(Severity::Notice, text).consequence(consequence).mend(mend));
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
