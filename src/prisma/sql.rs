//! Writes a mapping as SQL: one transaction that can be run again.

mod indexes;
mod kinds;
mod trigger;

use super::{
    model::Schema,
    options::Options,
    roles::{Members, Roles},
    view::{Ask, Side, View, literal, quoted, remark, table_of},
};

/// The beginning of the comment by which a mapping knows its own schema.
const MARK: &str = "Made by chatoxide map";

/// Everything that the SQL is written from.
pub(super) struct Parts<'a> {
    pub(super) schema: &'a Schema,
    pub(super) options: &'a Options,
    pub(super) roles: &'a Roles<'a>,
    pub(super) views: Vec<View>,
    pub(super) asks: Vec<Ask>,
    pub(super) notes: Vec<String>,
}

pub(super) fn write(parts: &Parts<'_>) -> String {
    let into = quoted(&parts.options.into);
    let mut text = heading(parts);
    text.push_str("\nBEGIN;\n\n");
    text.push_str(&schema(&parts.options.into));
    for ask in &parts.asks {
        text.push_str(&format!(
            "\n-- asked: a value for {}: {}.\n-- Write an SQL expression of type {} in place of NULL. Until then {}.\n\
             CREATE FUNCTION {}() RETURNS {} LANGUAGE sql AS $asked$\n    SELECT NULL::{}\n$asked$;\n\
             COMMENT ON FUNCTION {}() IS {};\n",
            remark(&ask.field),
            remark(&ask.reason),
            remark(&ask.sql_type),
            ask.fails,
            ask.function,
            ask.sql_type,
            ask.sql_type,
            ask.function,
            literal(&format!("{}: {}", ask.field, ask.fails))
        ));
    }
    text.push_str(&format!("\nCREATE TYPE {into}.\"RoomType\" AS ENUM ('public', 'private', 'direct');\n"));
    text.push_str(&own_tables(parts));
    for view in &parts.views {
        text.push_str(&view_of(view, &into));
    }
    text.push_str("\nCOMMIT;\n");
    text.push_str(&indexes::write(parts));
    text
}

fn heading(parts: &Parts<'_>) -> String {
    let options = parts.options;
    let into = quoted(&options.into);
    let mut drops = vec![format!("DROP SCHEMA {into} CASCADE;")];
    drops.extend(indexes::names(parts).iter().map(|name| format!("DROP INDEX IF EXISTS {name};")));
    let own = own_table_names(parts);
    let mut lines = vec![
        format!("Views that give chatoxide its tables over those of {}.", options.source),
        format!("Made by chatoxide map {}. It changes none of your tables.", env!("CARGO_PKG_VERSION")),
        String::new(),
        "Apply (also again): psql -v ON_ERROR_STOP=1 -f <this file> <the database's URL without ?schema=>"
            .to_owned(),
        format!("Serve: chatoxide with DATABASE_URL=<the database's URL>?schema={}", url_of(&options.into)),
        format!("Undo: {}", drops.join(" ")),
    ];
    if !own.is_empty() {
        lines.push(format!(
            "Undo for good, with what only chatoxide has stored: {} DROP TABLE IF EXISTS {};",
            drops.join(" ").replacen("DROP SCHEMA", "DROP SCHEMA IF EXISTS", 1),
            own.join(", ")
        ));
    }
    lines.push(
        "Undo it before a migration that changes these tables, and make and apply it again afterwards."
            .to_owned(),
    );
    lines.push(String::new());
    for choice in &parts.roles.choices {
        lines.push(format!("{}: {} ({})", choice.key, choice.chosen, choice.reason));
        if !choice.others.is_empty() {
            let role = choice.key.rsplit('.').next().unwrap_or(choice.key);
            let noun = if choice.key.contains('.') { "column" } else { "model" };
            let others: Vec<String> =
                choice.others.iter().map(|other| format!("--use {}={other}", choice.key)).collect();
            let others = others.join(" or ");
            lines.push(format!("{role} {noun}: {}? Or make this file again with {others}", choice.chosen));
        }
    }
    lines.extend(kinds::lines(parts));
    for note in &parts.notes {
        lines.push(format!("Note: {note}."));
    }
    lines.iter().map(|line| format!("-- {}", remark(line)).trim_end().to_owned() + "\n").collect()
}

/// The name of a schema in a URL.
fn url_of(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

fn schema(name: &str) -> String {
    let (into, text) = (quoted(name), literal(name));
    let refusal = literal(&format!(
        "schema {name} is there and was not made by chatoxide map: choose another by --into, or, if it holds only \
         tables that chatoxide made there, drop it: DROP SCHEMA {into} CASCADE"
    ));
    let guard = format!(
        "BEGIN\n    IF EXISTS (\n        SELECT FROM pg_namespace WHERE nspname = {text}\n            \
         AND coalesce(obj_description(oid, 'pg_namespace'), '') NOT LIKE '{MARK}%'\n    ) THEN\n        \
         RAISE EXCEPTION USING MESSAGE = {refusal};\n    END IF;\nEND"
    );
    format!(
        "DO {};\nDROP SCHEMA IF EXISTS {into} CASCADE;\nCREATE SCHEMA {into};\n\
         COMMENT ON SCHEMA {into} IS '{MARK}: views over the tables of the team.';\n",
        in_dollars(&guard)
    )
}

/// A body in dollar quotes that it does not contain.
fn in_dollars(body: &str) -> String {
    let tag = (0..).map(|number| format!("$chatoxide{number}$")).find(|tag| !body.contains(tag.as_str()));
    let tag = tag.unwrap_or_default();
    format!("{tag}\n{body}\n{tag}")
}

fn own_table_names(parts: &Parts<'_>) -> Vec<String> {
    let own = parts
        .views
        .iter()
        .map(|view| view.table.as_str())
        .filter(|table| table.starts_with("\"chatoxide\"."));
    let sides = parts.views.iter().filter_map(|view| view.side.as_ref()).map(|side| side.table.as_str());
    own.chain(sides).map(str::to_owned).collect()
}

/// Tables in schema `chatoxide` for what the team's tables have no place for. They outlast the views.
fn own_tables(parts: &Parts<'_>) -> String {
    if own_table_names(parts).is_empty() {
        return String::new();
    }
    let mut text = "\n-- What your tables have no column for. It outlasts the views.\n\
                    CREATE SCHEMA IF NOT EXISTS \"chatoxide\";\n"
        .to_owned();
    for side in parts.views.iter().filter_map(|view| view.side.as_ref()) {
        text.push_str(&side_table(side));
    }
    let tables_in = &parts.options.tables_in;
    let Roles { user, room, message, .. } = parts.roles;
    let reference = |model: &super::model::Model, column: &super::model::Column| {
        let sql_type = super::view::type_of(column, parts.schema, tables_in);
        let (table, name) = (table_of(model, tables_in), quoted(&column.name));
        format!("{sql_type} NOT NULL REFERENCES {table} ({name}) ON UPDATE CASCADE ON DELETE CASCADE")
    };
    let of_user = reference(user.model, user.id);
    if parts.roles.reaction.is_none() {
        text.push_str(&format!(
            "CREATE TABLE IF NOT EXISTS \"chatoxide\".\"mapped_reaction\" (\n    id text PRIMARY KEY,\n    \
             message_id {},\n    user_id {of_user},\n    emoji text NOT NULL,\n    \
             UNIQUE (message_id, user_id, emoji)\n);\n",
            reference(message.model, message.id)
        ));
    }
    if matches!(parts.roles.members, Members::None) {
        text.push_str(&format!(
            "CREATE TABLE IF NOT EXISTS \"chatoxide\".\"mapped_member\" (\n    room_id {},\n    \
             user_id {of_user},\n    PRIMARY KEY (room_id, user_id)\n);\n\
             CREATE INDEX IF NOT EXISTS \"mapped_member_user_id_idx\" ON \"chatoxide\".\"mapped_member\" (user_id);\n",
            reference(room.model, room.id)
        ));
    }
    text
}

fn side_table(side: &Side) -> String {
    let (table, column) = &side.refers_to;
    let mut text = format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    id {} PRIMARY KEY REFERENCES {table} ({column}) ON UPDATE CASCADE \
         ON DELETE CASCADE\n);\n",
        side.table, side.key_type
    );
    for column in &side.columns {
        text.push_str(&format!(
            "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {};\n",
            side.table, column.name, column.sql_type
        ));
    }
    text
}

fn view_of(view: &View, into: &str) -> String {
    let name = format!("{into}.{}", quoted(view.name));
    let mut columns: Vec<String> =
        view.columns.iter().map(|column| format!("    {} AS {}", column.read, quoted(column.name))).collect();
    let hidden: &[_] = if view.is_updatable() { &view.fills } else { &[] };
    columns.extend(hidden.iter().map(|fill| format!("    t.{}", fill.column)));
    let filter = match view.filters.is_empty() {
        true => String::new(),
        false => format!("\nWHERE {}", view.filters.join(" AND ")),
    };
    let mut text = format!(
        "\nCREATE VIEW {name} AS SELECT\n{}\nFROM {} AS t{filter};\n",
        columns.join(",\n"),
        view.table
    );
    for fill in hidden {
        text.push_str(&format!(
            "-- {}\nALTER VIEW {name} ALTER COLUMN {} SET DEFAULT {};\n",
            remark(&fill.note),
            fill.column,
            fill.value
        ));
    }
    text.push_str(&trigger::write(view, into, &name));
    text
}
