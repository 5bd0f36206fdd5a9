//! The steps of the move, with what each costs the users, and the way back.

use std::path::Path;

use crate::prisma::options::DEFAULT_SCHEMA;

/// The facts that decide on the steps.
pub(super) struct Situation<'a> {
    pub(super) has_faults: bool,
    /// The schema that is to be mapped first.
    pub(super) map: Option<&'a Path>,
    /// The chat's tables are views already.
    pub(super) is_mapped: bool,
    pub(super) is_sqlite: bool,
    pub(super) has_redis: bool,
}

pub(super) fn steps(situation: &Situation<'_>) -> Vec<String> {
    let mut steps = Vec::new();
    let mut add = |text: &str| steps.push(text.to_owned());
    if situation.has_faults {
        add("Mend what stands in the way, and run chatoxide plan again.");
    }
    add(match situation.is_sqlite {
        true => {
            "Make a backup: copy the file of the database while Node is stopped, or with sqlite3's .backup."
        }
        false => "Make a backup of the database, as before any change: pg_dump. No downtime.",
    });
    if let Some(path) = situation.map {
        add(&format!(
            "Map the tables: chatoxide map --schema {} --out map.sql, then psql -v ON_ERROR_STOP=1 -f map.sql and the database's URL, then \
             ?schema={DEFAULT_SCHEMA} at the end of chatoxide's DATABASE_URL. Node keeps its own. No downtime.",
            path.display()
        ));
    }
    let place = match situation.is_sqlite {
        true => "tables with the prefix chatoxide_",
        false => "its schema chatoxide",
    };
    add(&format!(
        "Start chatoxide beside Node, where nobody reaches it: HOST=127.0.0.1 PORT=3001 chatoxide, and wait until \
         HOST=127.0.0.1 PORT=3001 chatoxide health succeeds. It makes {place}. No downtime."
    ));
    add(
        "Compare the two: chatoxide verify --node http://127.0.0.1:3000 --ours http://127.0.0.1:3001. It uses rooms of its \
         own. No downtime.",
    );
    add(
        "Switch: put chatoxide's address into nginx's upstream, stop Node, and at once nginx -s reload. Downtime: one or two \
         seconds, until the clients have reconnected by themselves. Without a proxy: stop Node, start chatoxide on its port.",
    );
    add("Look at it: chatoxide health, and warnings in the log.");
    steps
}

pub(super) fn back(situation: &Situation<'_>) -> Vec<String> {
    let mut back = Vec::new();
    let mut add = |text: &str| back.push(text.to_owned());
    add(
        "Start Node, put its address into nginx's upstream, stop chatoxide, and at once nginx -s reload. Downtime: one or two \
         seconds. Messages are ordinary rows: nothing is converted.",
    );
    if !situation.has_redis {
        add(
            "If Node has a Redis that REDIS_URL does not name, delete its keys chat:messages:* first: they lack what came since.",
        );
    }
    add(match situation.is_sqlite {
        true => "For good: drop the tables with the prefix chatoxide_ and __diesel_schema_migrations.",
        false if situation.is_mapped || situation.map.is_some() => {
            "For good: DROP SCHEMA chatoxide CASCADE. It has the order of changes, the read marks, and in tables mapped_... what \
             your tables have no column for, such as reactions or metadata: copy these first if you want them."
        }
        false => "For good: DROP SCHEMA chatoxide CASCADE. It has the order of changes and the read marks.",
    });
    if situation.is_mapped || situation.map.is_some() {
        add(&format!(
            "And DROP SCHEMA {DEFAULT_SCHEMA} CASCADE, or the schema that the views are in: your tables stay."
        ));
    }
    back
}
