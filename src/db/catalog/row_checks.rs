//! Collects possible faults that a column's type allows: a missing or an unknown enum label, a text that is too long. Only a
//! scan of the rows can confirm most of them.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Array, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    Catalog, Finding, Severity, Table,
    confirm::RowCheck,
    expected::LABELS,
    message_types::TypeLabels,
    rows::{ColumnRow, Relation},
};

/// The enum of a table's column of types.
#[derive(QueryableByName)]
struct EnumRow {
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Array<Text>)]
    labels: Vec<String>,
}

const ENUM: &str = r#"
    SELECT format_type(base.oid, NULL) AS sql_type, ARRAY(
        SELECT enumlabel::text FROM pg_enum WHERE enumtypid = base.oid ORDER BY enumsortorder
    ) AS labels
    FROM pg_attribute JOIN pg_type AS type ON type.oid = atttypid
    JOIN pg_type AS base ON base.oid = CASE WHEN type.typtype = 'd' THEN type.typbasetype ELSE type.oid END
    WHERE attrelid = to_regclass($1) AND attname = 'type' AND base.typtype = 'e'"#;

/// Checks the labels of the enums. Case is ignored. An unknown label of a message is sent as it is.
pub(super) async fn check_enum_labels(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
) -> QueryResult<()> {
    for (name, written) in LABELS {
        let found: Vec<EnumRow> =
            diesel::sql_query(ENUM).bind::<Text, _>(format!("\"{name}\"")).load(connection).await?;
        let Some(EnumRow { sql_type, labels }) = found.into_iter().next() else { continue };
        let lacks = |label: &&str| !labels.iter().any(|there| there.eq_ignore_ascii_case(label));
        let missing: Vec<&str> = written.iter().copied().filter(lacks).collect();
        if !missing.is_empty() {
            let mend = missing.iter().map(|label| format!("ALTER TYPE {sql_type} ADD VALUE '{label}'"));
            let mend = mend.collect::<Vec<_>>().join("; ");
            let text = format!("the enum {sql_type} has no label {}", missing.join(", "));
            let finding = Finding::new(Severity::Partial, text);
            catalog.add(finding.consequence(cannot_write(name, &missing)).mend(mend));
        }
        let is_other = |label: &&String| !written.iter().any(|known| known.eq_ignore_ascii_case(label));
        let others: Vec<String> = labels
            .iter()
            .filter(|label| name == "Room" && is_other(label))
            .map(|label| format!("'{}'", label.replace('\'', "''")))
            .collect();
        if !others.is_empty() {
            let others = others.join(", ");
            let finding = Finding::new(Severity::Notice, format!("\"Room\" has rows of the type {others}"));
            let finding = finding.consequence("they are treated as private rooms");
            catalog.add_row_check("Room", finding, &format!("\"type\" IN ({others})"));
        }
        if name == "Message" {
            catalog.message_types = Some(TypeLabels { sql_type: Some(sql_type), labels });
        }
    }
    Ok(())
}

/// The events that fail without these labels.
fn cannot_write(table: &str, labels: &[&str]) -> String {
    let types = labels.join(", ");
    match table {
        "Message" => format!("messages of these types are refused: {types}"),
        _ => labels
            .iter()
            .map(|label| match *label {
                "direct" => "dm:start fails".to_owned(),
                label => format!("room:create fails for {label} rooms"),
            })
            .collect::<Vec<_>>()
            .join(", and "),
    }
}

/// Columns whose texts are made here, or are copies of ids. A text that is too long for them is refused.
pub(super) fn add_width_checks<'a>(
    catalog: &mut Catalog,
    table: &Table,
    relation: &Relation,
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
        let mend = match relation.is_table {
            true => format!("ALTER TABLE \"{name}\" ALTER \"{column}\" TYPE text"),
            false => String::new(),
        };
        let finding = |severity, text: String, consequence: &str| {
            Finding::new(severity, text).consequence(consequence).mend(&*mend)
        };
        if !consequence.is_empty() && most < OWN_ID {
            let text = format!("{takes}, and ids that are made here have {OWN_ID}");
            catalog.add(finding(Severity::Partial, text, consequence));
        }
        if (name, column.as_str()) == ("Room", "name") && most < DIRECT_NAME {
            let text = format!("{takes}, and the name of direct rooms has {DIRECT_NAME}");
            catalog.add(finding(Severity::Partial, text, "dm:start fails"));
        }
        if (name, column.as_str()) == ("Message", "content") {
            catalog.content_width = Some(most);
        }
        let (longer_than, what, consequence) = match (name, column.as_str()) {
            ("Room", "id") | ("_RoomMembers", "A") | ("Message", "roomId") => {
                (LONGEST_DIRECT, "the direct rooms of some users", "dm:start, or sending there, fails")
            }
            ("Message", "senderId") | ("Reaction", "userId") | ("_RoomMembers", "B") => {
                (LONGEST_USER, "the ids of some users", "their events fail")
            }
            ("User", "email") => (
                LONGEST_EMAIL,
                "\"<id>@users.invalid\"",
                "a user with an id as long as the longest, and no e-mail address in the token, is not made a user",
            ),
            _ => continue,
        };
        let text = format!("{takes}, which is too short for {what}");
        let query = format!("SELECT ({longer_than}) > {most} AS has_match");
        let finding_of_rows = finding(Severity::Partial, text, consequence).of_inserts(name);
        catalog.row_checks.push(RowCheck::new(query, finding_of_rows));
        if name == "User" && most < USUAL_EMAIL {
            let text = format!("{takes}, which may be too short for {what}");
            catalog.add(finding(Severity::Notice, text, consequence).of_inserts(name));
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

/// The fewest characters that a column of messages should take: more than people type.
const USUAL_CONTENT: i32 = 2_000;

impl Catalog {
    /// Adds a finding if a column of messages takes less than clients may send.
    pub(super) fn add_content_width(&mut self, limit: Option<usize>) {
        let Some(most) = self.content_width.take() else { return };
        let is_enough = limit
            .map_or(most >= USUAL_CONTENT, |limit| usize::try_from(most).is_ok_and(|most| limit <= most));
        if is_enough {
            return;
        }
        let text = format!("column \"content\" of \"Message\" takes {most} characters");
        self.add(
            Finding::new(Severity::Notice, text)
                .consequence("longer messages are refused as bad_input, by message:send and message:edit")
                .mend(match self.tables_in_place.contains(&"Message") {
                    true => {
                        format!("ALTER TABLE \"Message\" ALTER \"content\" TYPE text, or set MAX_MESSAGE_LENGTH={most}")
                    }
                    false => format!("set MAX_MESSAGE_LENGTH={most}"),
                }),
        );
    }
}
