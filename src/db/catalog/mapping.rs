//! The questions of a mapping that nobody has answered: `chatoxide map` makes a function for each, which returns NULL
//! until a person writes a value.

use diesel::{QueryResult, QueryableByName, sql_types::Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Catalog, Finding, Severity};

#[derive(QueryableByName)]
struct Asked {
    /// The function, quoted, with its schema.
    #[diesel(sql_type = Text)]
    function: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    /// The field that the value is for, a colon, and the events that fail without it.
    #[diesel(sql_type = Text)]
    question: String,
}

const ASKED: &str = r"
    SELECT format('%I.%I', nspname, proname) AS function, format_type(prorettype, NULL) AS sql_type,
        obj_description(pg_proc.oid, 'pg_proc') AS question
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname = $1 AND proname LIKE 'asked\_%' AND pronargs = 0 AND btrim(prosrc, E' \n') ILIKE 'SELECT NULL::%'
        AND obj_description(pg_proc.oid, 'pg_proc') LIKE '%: %'
    ORDER BY proname";

pub(super) async fn check_questions(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    schema: &str,
) -> QueryResult<()> {
    let asked: Vec<Asked> = diesel::sql_query(ASKED).bind::<Text, _>(schema).load(connection).await?;
    for Asked { function, sql_type, question } in asked {
        let Some((field, fails)) = question.split_once(": ") else { continue };
        let finding = Finding::new(Severity::Partial, format!("the mapping has no value for {field} yet"));
        catalog.add(finding.consequence(fails).mend(format!(
            "CREATE OR REPLACE FUNCTION {function}() RETURNS {sql_type} LANGUAGE sql AS $$ SELECT ... $$"
        )));
    }
    Ok(())
}
