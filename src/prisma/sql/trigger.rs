//! Writes the INSTEAD OF trigger of a view that PostgreSQL cannot update by itself.

use super::super::view::{OnInsert, Side, View, quoted, remark};

/// The trigger of a view, and its function; empty if the view needs none.
pub(super) fn write(view: &View, into: &str, name: &str) -> String {
    let function = format!("{into}.{}", quoted(&format!("{}_change", view.name)));
    let (body, events) = match (view.is_updatable(), view.deletion.is_empty()) {
        (true, true) => return String::new(),
        (true, false) => (format!("{}    RETURN OLD;\n", delete(view)), "DELETE"),
        (false, _) => (all(view), "INSERT OR UPDATE OR DELETE"),
    };
    let quoted_body = super::in_dollars(&format!("BEGIN\n{body}END"));
    format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {quoted_body};\n\
         CREATE TRIGGER change INSTEAD OF {events} ON {name} FOR EACH ROW EXECUTE FUNCTION {function}();\n"
    )
}

fn all(view: &View) -> String {
    let refusal = |verb: &str| {
        format!(
            "RAISE EXCEPTION 'chatoxide never {verb} rows of this view' USING ERRCODE = 'feature_not_supported';\n"
        )
    };
    let is_updated = ["Message", "Room"].contains(&view.name);
    let update = if is_updated { update(view) } else { format!("        {}", refusal("updates")) };
    let is_deleted = ["Message", "Reaction", "_RoomMembers"].contains(&view.name);
    let delete = if is_deleted { delete(view) } else { format!("    {}", refusal("deletes")) };
    format!(
        "    IF TG_OP = 'INSERT' THEN\n{}        RETURN NEW;\n    ELSIF TG_OP = 'UPDATE' THEN\n{update}        \
         RETURN NEW;\n    END IF;\n{delete}    RETURN OLD;\n",
        insert(view)
    )
}

/// The condition that finds the row that the view's row, `OLD` or `NEW`, is about.
fn condition(view: &View, row: &str) -> String {
    let parts = view
        .key
        .iter()
        .map(|(column, value)| format!("t.{column} = {}", value.replacen("OLD.", &format!("{row}."), 1)));
    parts.collect::<Vec<_>>().join(" AND ")
}

fn assignments(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(", ")
}

const NOT_THERE: &str = "        IF NOT FOUND THEN RETURN NULL; END IF;\n";

fn insert(view: &View) -> String {
    let mut text = String::new();
    for statement in &view.before_insert {
        text.push_str(&format!("        {statement}\n"));
    }
    for fill in &view.fills {
        text.push_str(&format!("        -- {}: {}\n", remark(&fill.column), remark(&fill.note)));
    }
    let pairs = view.columns.iter().flat_map(|column| &column.inserts);
    let fills = view.fills.iter().map(|fill| (&fill.column, &fill.value));
    let (columns, values): (Vec<&str>, Vec<&str>) = pairs
        .map(|(column, value)| (column, value))
        .chain(fills)
        .map(|(column, value)| (column.as_str(), value.as_str()))
        .unzip();
    let insert = format!(
        "        INSERT INTO {} ({})\n            VALUES ({})",
        view.table,
        columns.join(", "),
        values.join(", ")
    );
    let unless_there = format!("{insert} ON CONFLICT DO NOTHING;\n");
    match &view.on_insert {
        OnInsert::Plain => text.push_str(&format!("{insert};\n")),
        OnInsert::UnlessThere => text.push_str(&format!("{unless_there}{NOT_THERE}")),
        OnInsert::WithFreeName(names) => text.push_str(&with_free_name(view, names, &unless_there)),
        OnInsert::UnlessFound => {
            text.push_str(&is_found(view));
            text.push_str(&format!("{unless_there}{NOT_THERE}"));
        }
        OnInsert::OrRestore(restored) => {
            text.push_str(&format!(
                "        UPDATE {} AS t SET {} WHERE {} AND NOT ({});\n        IF FOUND THEN RETURN NEW; END IF;\n",
                view.table,
                assignments(restored),
                condition(view, "NEW"),
                view.filters.join(" AND ")
            ));
            text.push_str(&is_found(view));
            text.push_str(&format!("{unless_there}{NOT_THERE}"));
        }
    }
    if let Some(side) = &view.side {
        text.push_str(&insert_side(view, side));
    }
    text
}

fn is_found(view: &View) -> String {
    format!(
        "        IF EXISTS (SELECT FROM {} AS t WHERE {}) THEN RETURN NULL; END IF;\n",
        view.table,
        condition(view, "NEW")
    )
}

/// A name that has to be unique and that another row has gets a suffix of the row's id.
fn with_free_name(view: &View, names: &[String], unless_there: &str) -> String {
    let is_taken: Vec<String> = names.iter().map(|name| format!("t.{name} = NEW.\"name\"")).collect();
    format!(
        "{unless_there}        IF NOT FOUND THEN\n        \
         IF EXISTS (SELECT FROM {} AS t WHERE {}) OR NOT EXISTS (\n            \
         SELECT FROM {} AS t WHERE {}\n        ) THEN RETURN NULL; END IF;\n        \
         NEW.\"name\" := NEW.\"name\" || '-' || left(md5(NEW.\"id\"::text), 6);\n{unless_there}{NOT_THERE}        END IF;\n",
        view.table,
        condition(view, "NEW"),
        view.table,
        is_taken.join(" OR ")
    )
}

/// The value of the side table's key for the row `NEW`.
fn side_key(view: &View) -> String {
    view.key.first().map(|(_, value)| value.replacen("OLD.", "NEW.", 1)).unwrap_or_default()
}

fn insert_side(view: &View, side: &Side) -> String {
    let inserted = || side.columns.iter().filter(|column| column.is_inserted);
    if inserted().next().is_none() {
        return String::new();
    }
    let differs: Vec<&str> = inserted().map(|column| column.differs.as_str()).collect();
    let names: Vec<&str> = inserted().map(|column| column.name).collect();
    let values: Vec<String> =
        inserted().map(|column| format!("CASE WHEN {} THEN {} END", column.differs, column.value)).collect();
    format!(
        "        IF {} THEN\n            INSERT INTO {} (id, {}) VALUES ({}, {});\n        END IF;\n",
        differs.join(" OR "),
        side.table,
        names.join(", "),
        side_key(view),
        values.join(", ")
    )
}

fn update(view: &View) -> String {
    let mut text = String::new();
    let is_time = |column: &&super::super::view::ViewColumn| column.name == "updatedAt";
    let time = view.columns.iter().find(is_time);
    if time.is_some_and(|column| !column.is_plain && !column.updates.is_empty()) {
        text.push_str(
            "        -- An edit is later than the message, or nobody sees that there was one.\n        \
             NEW.\"updatedAt\" := greatest(NEW.\"updatedAt\", OLD.\"createdAt\" + interval '1 millisecond');\n",
        );
    }
    let pairs: Vec<(String, String)> =
        view.columns.iter().flat_map(|column| &column.updates).chain(&view.touched).cloned().collect();
    if !pairs.is_empty() {
        text.push_str(&format!(
            "        UPDATE {} AS t SET {} WHERE {};\n{NOT_THERE}",
            view.table,
            assignments(&pairs),
            condition(view, "OLD")
        ));
    }
    let updated = view.side.iter().flat_map(|side| side.columns.iter().map(move |column| (side, column)));
    for (side, column) in updated.filter(|(_, column)| column.is_updated) {
        text.push_str(&format!(
            "        INSERT INTO {} AS s (id, {name}) VALUES ({}, {})\n            \
             ON CONFLICT (id) DO UPDATE SET {name} = excluded.{name};\n",
            side.table,
            side_key(view),
            column.value,
            name = column.name
        ));
    }
    text
}

fn delete(view: &View) -> String {
    let statement = match view.deletion.is_empty() {
        true => format!("DELETE FROM {} AS t WHERE {}", view.table, condition(view, "OLD")),
        false => {
            format!(
                "UPDATE {} AS t SET {} WHERE {}",
                view.table,
                assignments(&view.deletion),
                condition(view, "OLD")
            )
        }
    };
    format!("    {statement};\n    IF NOT FOUND THEN RETURN NULL; END IF;\n")
}
