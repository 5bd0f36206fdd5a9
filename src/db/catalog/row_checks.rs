//! Collects possible faults that a column's type allows: a NULL where the original has none, an unknown enum label, a
//! text that is too long. Only a scan of the rows can confirm them.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    Catalog, Finding, RowCheck, Severity, TABLES, Table,
    expected::ENUMS,
    rows::{ColumnRow, Name, Relation},
};

/// Columns that are nullable although the original never stores NULL there.
pub(super) fn add_null_checks<'a>(
    catalog: &mut Catalog,
    table: &Table,
    relation: &Relation,
    rows: impl Iterator<Item = &'a ColumnRow>,
) {
    let is_expected = |name: &str| {
        table.columns.iter().any(|column| column.name == name && !column.may_be_null && column.is_read)
    };
    // Views are skipped: they do not say which columns are nullable, and a scan would take long.
    for row in
        rows.filter(|row| relation.is_table && row.is_nullable && row.may_select && is_expected(&row.name))
    {
        let (name, column) = (table.name, &row.name);
        catalog.row_checks.push(RowCheck {
            query: format!("SELECT EXISTS (SELECT FROM \"{name}\" WHERE \"{column}\" IS NULL) AS has_match"),
            only_new_users: false,
            text: format!("\"{name}\" has rows whose \"{column}\" is NULL: such rows cannot be shown"),
        });
    }
}

/// Checks the labels of the enums.
pub(super) async fn check_enum_labels(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
) -> QueryResult<()> {
    for (name, kind, written, expected) in ENUMS {
        let query = format!(
            "SELECT enumlabel::text AS name FROM pg_enum WHERE enumtypid = to_regtype('\"{name}\"') ORDER BY enumsortorder"
        );
        let labels: Vec<Name> = diesel::sql_query(query).load(connection).await?;
        let is_there = |label: &&str| labels.iter().any(|there| there.name == **label);
        let missing: Vec<&str> = written.iter().copied().filter(|label| !is_there(label)).collect();
        if !labels.is_empty() && !missing.is_empty() {
            let text = format!(
                "the enum \"{name}\" has no label {}: rows of that kind are refused",
                missing.join(", ")
            );
            catalog.add(Severity::Partial, text);
        }
        let others = labels.iter().any(|label| !expected.contains(&label.name.as_str()));
        let known = expected.iter().map(|label| format!("'{label}'")).collect::<Vec<_>>().join(", ");
        let is_of_kind = |table: &&Table| table.columns.iter().any(|column| column.kind == kind);
        for table in TABLES.iter().filter(|table| others && is_of_kind(table)) {
            let name = table.name;
            catalog.row_checks.push(RowCheck {
                query: format!(
                    "SELECT EXISTS (SELECT FROM \"{name}\" WHERE \"type\"::text NOT IN ({known})) AS has_match"
                ),
                only_new_users: false,
                text: format!(
                    "\"{name}\" has rows of a type that chatoxide does not know: they cannot be shown"
                ),
            });
        }
    }
    Ok(())
}

/// Columns whose texts are made here, or are copies of ids. A text that is too long for them is refused.
pub(super) fn add_width_checks<'a>(
    catalog: &mut Catalog,
    table: &Table,
    rows: impl Iterator<Item = &'a ColumnRow>,
) {
    let name = table.name;
    for (row, most) in rows.filter_map(|row| Some((row, row.most?))) {
        let column = &row.name;
        let takes = format!("column \"{column}\" of \"{name}\" takes {most} characters");
        let consequence = match (name, column.as_str()) {
            ("Room", "id") => "room:create fails",
            ("_RoomMembers", "A") => "room:create fails",
            ("Message", "roomId") => "no message can be sent into a room that room:create makes",
            ("Reaction", "messageId") => "no reaction can be added to a new message",
            ("Message" | "Reaction", "id") => table.cannot_insert,
            _ => "",
        };
        if !consequence.is_empty() && most < OWN_ID {
            let text = format!("{takes}, and ids that are made here have {OWN_ID}: {consequence}");
            catalog.add(Severity::Partial, text);
        }
        if (name, column.as_str()) == ("Room", "name") && most < DIRECT_NAME {
            let text = format!("{takes}, and the name of direct rooms has {DIRECT_NAME}: dm:start fails");
            catalog.add(Severity::Partial, text);
        }
        let (longer_than, only_new_users, what) = match (name, column.as_str()) {
            ("Room", "id") | ("_RoomMembers", "A") | ("Message", "roomId") => (
                LONGEST_DIRECT,
                false,
                "which is too short for the direct rooms of some users: dm:start, or sending there, fails",
            ),
            ("Message", "senderId") | ("Reaction", "userId") | ("_RoomMembers", "B") => {
                (LONGEST_USER, false, "which is too short for the ids of some users: their events fail")
            }
            ("User", "email") => (
                LONGEST_EMAIL,
                true,
                "which is too short for \"<id>@users.invalid\": a user with an id as long as the longest, and no e-mail \
                 address in the token, is not made a user",
            ),
            _ => continue,
        };
        catalog.row_checks.push(RowCheck {
            query: format!("SELECT ({longer_than}) > {most} AS has_match"),
            text: format!("{takes}, {what}"),
            only_new_users,
        });
        if only_new_users && most < USUAL_EMAIL {
            let text = format!("{takes}, which may be too short for \"<id>@users.invalid\"");
            catalog.findings.push(Finding { severity: Severity::Notice, text, only_new_users });
        }
    }
}

/// The length of an id that is made here, of a direct room's name, and of the placeholder e-mail address of a user
/// whose id is a UUID.
const OWN_ID: i32 = 36;
const DIRECT_NAME: i32 = 14;
const USUAL_EMAIL: i32 = 50;

const LONGEST_DIRECT: &str = r#"SELECT coalesce(sum(size), 0) + 4 FROM (
    SELECT char_length("id"::text) AS size FROM "User" ORDER BY 1 DESC LIMIT 2
) AS longest"#;
const LONGEST_USER: &str = r#"SELECT coalesce(max(char_length("id"::text)), 0) FROM "User""#;
const LONGEST_EMAIL: &str = r#"SELECT coalesce(max(char_length("id"::text)), 0) + 14 FROM "User""#;
