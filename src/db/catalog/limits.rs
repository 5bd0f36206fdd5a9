//! Possible faults of rows that are longer than the settings' limits.

use super::{Catalog, Finding, Severity};
use crate::chat::limits::Limits;

/// The longest value of `MAX_ID_SIZE`.
const MAX_ID_SIZE: usize = 2_048;

impl Catalog {
    /// Adds a check of a sample of the rows for each limit.
    pub(super) fn add_limit_checks(&mut self, limits: &Limits) {
        let has_schemas = self.has_schemas;
        let bytes = |column: &str| match has_schemas {
            true => format!("octet_length(CAST(\"{column}\" AS TEXT))"),
            false => format!("length(CAST(\"{column}\" AS BLOB))"),
        };
        for (table, events) in [
            ("User", "their events are refused"),
            ("Room", "events in them are refused"),
            ("Message", "they can be neither changed nor reacted to"),
        ] {
            let most = limits.id_bytes;
            let text = format!("\"{table}\" has rows whose \"id\" has more than {most} bytes (MAX_ID_SIZE)");
            let mend = format!("set MAX_ID_SIZE to the length of the longest, at most {MAX_ID_SIZE}");
            let finding = Finding::new(Severity::Partial, text).consequence(events).mend(mend);
            self.add_limit_check(table, "id", finding, &format!("{} > {most}", bytes("id")));
        }
        let most = limits.emoji_bytes;
        let text =
            format!("\"Reaction\" has rows whose \"emoji\" has more than {most} bytes (MAX_EMOJI_SIZE)");
        let finding = Finding::new(Severity::Partial, text)
            .consequence("such a reaction can be neither added nor removed")
            .mend("set MAX_EMOJI_SIZE to the length of the longest");
        self.add_limit_check("Reaction", "emoji", finding, &format!("{} > {most}", bytes("emoji")));
        if let Some(most) = limits.content_units {
            let text = format!(
                "\"Message\" has rows whose \"content\" has more than {most} characters (MAX_MESSAGE_LENGTH)"
            );
            let finding = Finding::new(Severity::Notice, text)
                .consequence(
                    "they are shown, and as long ones can no longer be sent, nor stored by message:edit",
                )
                .mend("set MAX_MESSAGE_LENGTH to the length of the longest");
            // The first condition needs no decompression.
            let condition = format!("{} > {most} AND length(\"content\") > {most}", bytes("content"));
            self.add_limit_check("Message", "content", finding, &condition);
        }
        if let Some(most) = limits.metadata_bytes {
            let text = format!(
                "\"Message\" has rows whose \"metadata\" has more than {most} bytes (MAX_METADATA_SIZE)"
            );
            let finding = Finding::new(Severity::Notice, text)
                .consequence("they are shown, and as large ones can no longer be sent")
                .mend("set MAX_METADATA_SIZE to the size of the largest");
            // PostgreSQL shows JSON with blanks that the limit does not count.
            let compact = "replace(replace(CAST(\"metadata\" AS TEXT), ': ', ':'), ', ', ',')";
            let size = match has_schemas {
                true => format!("octet_length({compact})"),
                false => format!("length(CAST({compact} AS BLOB))"),
            };
            self.add_limit_check("Message", "metadata", finding, &format!("{size} > {most}"));
        }
    }

    fn add_limit_check(
        &mut self,
        table: &'static str,
        column: &'static str,
        finding: Finding,
        condition: &str,
    ) {
        if self.known.contains(&(table, column)) {
            self.add_sampled_check(table, finding, condition);
        }
    }
}
