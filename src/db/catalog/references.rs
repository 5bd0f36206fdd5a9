//! Finds the foreign keys by which changes are refused: those of the chat's tables that refer to other tables than the
//! original's, and those of a team's own tables that refer to a message.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Catalog, Finding, Severity, confirm::RowCheck};

/// A foreign key of one column.
#[derive(QueryableByName)]
pub(super) struct Reference {
    /// The table and its column, without quotes.
    #[diesel(sql_type = Text)]
    pub(super) table: String,
    #[diesel(sql_type = Text)]
    pub(super) column: String,
    /// The table that it refers to, quoted and with its schema where that is another one, and its column.
    #[diesel(sql_type = Text)]
    pub(super) target: String,
    #[diesel(sql_type = Text)]
    pub(super) target_column: String,
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    /// A row that is referred to is not deleted.
    #[diesel(sql_type = Bool)]
    pub(super) refuses: bool,
}

/// The tables that the columns of the chat refer to.
const TARGETS: [(&str, &str, &str); 7] = [
    ("Message", "roomId", "Room"),
    ("Message", "senderId", "User"),
    ("Message", "replyTo", "Message"),
    ("Reaction", "messageId", "Message"),
    ("Reaction", "userId", "User"),
    ("_RoomMembers", "A", "Room"),
    ("_RoomMembers", "B", "User"),
];

/// The columns whose values are made here, or are ids of users that sign in.
const OWN: [(&str, &str); 3] = [("User", "id"), ("Room", "id"), ("Message", "id")];

/// Those of a partition are those of its parent.
const REFERENCES: &str = "
    SELECT class.relname::text AS table, attname::text AS column, confrelid::regclass::text AS target,
        (SELECT attname::text FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1]) AS target_column,
        conname::text AS name, confdeltype IN ('a', 'r') AS refuses
    FROM pg_constraint JOIN pg_class AS class ON class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype = 'f' AND conparentid = 0 AND array_length(conkey, 1) = 1 AND (
        confrelid = to_regclass($1 || '.\"Message\"')
        OR class.relnamespace = to_regnamespace($1) AND class.relname IN ('User', 'Room', 'Message', 'Reaction', '_RoomMembers')
    )
    ORDER BY 1, 2, 5";

pub(super) async fn check_references(
    connection: &mut AsyncPgConnection,
    catalog: &mut Catalog,
    schema: &str,
) -> QueryResult<()> {
    let schema = format!("\"{}\"", schema.replace('"', "\"\""));
    let found: Vec<Reference> =
        diesel::sql_query(REFERENCES).bind::<Text, _>(schema).load(connection).await?;
    for reference in &found {
        catalog.compare_reference(reference);
    }
    Ok(())
}

impl Catalog {
    pub(super) fn compare_reference(&mut self, reference: &Reference) {
        let Reference { table, column, target, .. } = reference;
        let target = target.trim_matches('"');
        let expected = TARGETS.iter().find(|(of, name, _)| (of, name) == (&table.as_str(), &column.as_str()));
        match expected {
            // Where that table is missing, or is a view over the one that is meant, it is not another one.
            Some((.., wanted)) if *wanted != target && self.tables_in_place.contains(wanted) => {
                self.add_other_target(reference);
            }
            // The server deletes the reactions of a message that it deletes, and no row but messages and reactions.
            Some(("Message", "replyTo", _)) if reference.refuses => self.add_refusal(reference),
            Some(_) => {}
            None if OWN.contains(&(table, column)) => self.add_other_target(reference),
            None if target == "Message" && reference.refuses => self.add_refusal(reference),
            None => {}
        }
    }

    /// A foreign key that refers to another table than the original's.
    fn add_other_target(&mut self, reference: &Reference) {
        let Reference { table, column, target, target_column, name, .. } = reference;
        let (of_users, consequence) = match (table.as_str(), column.as_str()) {
            ("Message", "senderId") => (true, "no message can be sent by users who are not there"),
            ("Reaction", "userId") => (true, "no reaction can be added by users who are not there"),
            ("_RoomMembers", "B") => (true, "users who are not there become no members"),
            ("User", _) => (false, "a newcomer who is not there is not made a user"),
            ("Room", _) | ("_RoomMembers", _) => (false, "room:create and dm:start fail"),
            ("Message", "roomId") => (false, "no message can be sent into rooms that are not there"),
            ("Reaction", _) => (false, "no reaction can be added"),
            _ => (false, "no message can be sent"),
        };
        let text = format!("the foreign key \"{name}\" makes \"{column}\" of \"{table}\" refer to {target}");
        let mend = self.drop_constraint(table, name);
        let finding =
            |severity, text: &str| Finding::new(severity, text).consequence(consequence).mend(&*mend);
        // Users who sign in with an account elsewhere, such as `auth.users`, are there before they come here.
        if !of_users && table != "User" {
            return self.add(finding(Severity::Partial, &text));
        }
        if let Some(sample) = self.samples.get("User").filter(|_| of_users) {
            let query = format!(
                "SELECT EXISTS (SELECT 1 FROM (SELECT \"id\" AS person FROM {sample}) AS users WHERE NOT EXISTS ( \
                     SELECT 1 FROM {target} AS target WHERE target.\"{target_column}\" = users.person \
                 )) AS has_match"
            );
            let certain = finding(Severity::Partial, &format!("{text}, where not all users are"));
            self.row_checks
                .push(RowCheck { instead_of: Some(text.clone()), ..RowCheck::new(query, certain) });
        }
        self.add(finding(Severity::Notice, &text).of_inserts(table));
    }

    /// A foreign key that refuses the deletion of a message.
    fn add_refusal(&mut self, reference: &Reference) {
        let Reference { table, column, name, .. } = reference;
        let text = format!(
            "\"{column}\" of \"{table}\" refers to messages (foreign key \"{name}\"), and has no ON DELETE"
        );
        let consequence = "message:delete is refused as conflict for a message that such a row refers to";
        let action = if table == "Message" { "SET NULL" } else { "CASCADE, or SET NULL" };
        let mend = match self.has_schemas {
            true => {
                format!("{}, and add it again with ON DELETE {action}", self.drop_constraint(table, name))
            }
            false => format!("make the table anew with ON DELETE {action}, as a migration of Prisma does"),
        };
        self.add(Finding::new(Severity::Notice, text).consequence(consequence).mend(mend));
    }

    fn drop_constraint(&self, table: &str, name: &str) -> String {
        match self.has_schemas {
            true => format!("ALTER TABLE \"{table}\" DROP CONSTRAINT \"{name}\""),
            false => "make the table anew without the key, as a migration of Prisma does".to_owned(),
        }
    }
}
