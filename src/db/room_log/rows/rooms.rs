//! Names and topics of rooms in the transaction of a batch: the column `Room.name`, and our table `room_detail`.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDateTime;
use diesel::{QueryResult, prelude::*, sql_types::Text, sqlite::SqliteConnection, upsert::excluded};
use serde_json::{Value, json};

use super::{Write, ensure_written};
use crate::{
    chat::{Result, id::RoomId},
    db::{
        columns::Columns,
        ids::{Id, RoomIdSql},
        moment::Moment,
        room_log::{session::Session, text_of},
        schema::{lite as own, rooms},
    },
};

const FIND: &str = r#"
    SELECT CAST(json_agg(json_build_array(wanted.id, room."name", detail.topic)) AS TEXT)
    FROM json_array_elements_text(CAST($1 AS JSON)) AS wanted (id)
    JOIN "Room" AS room ON room."id" = CAST(wanted.id AS /*room*/TEXT)
    LEFT JOIN chatoxide.room_detail AS detail ON detail.room_id = wanted.id"#;

/// `$sets` is what is set beside the name.
macro_rules! rename {
    ($sets:literal) => {
        concat!(
            r#"
    WITH asked AS (
        SELECT * FROM json_to_recordset(CAST($1 AS JSON)) AS row (id TEXT, name TEXT, at TIMESTAMP)
    ), renamed AS (
        UPDATE "Room" AS room SET "name" = asked.name"#,
            $sets,
            r#" FROM asked WHERE room."id" = CAST(asked.id AS /*room*/TEXT)
        RETURNING room."id" AS id, room."name" AS name
    )
    SELECT CAST(count(*) AS TEXT) FROM renamed JOIN asked
        ON renamed.id = CAST(asked.id AS /*room*/TEXT) AND renamed.name = asked.name"#
        )
    };
}

const RENAME: &str = rename!("");
/// The variant for a table that requires `updatedAt`, as Prisma's `@updatedAt` does.
const RENAME_AT: &str = rename!(r#", "updatedAt" = asked.at"#);

const DESCRIBE: &str = "
    WITH described AS (
        INSERT INTO chatoxide.room_detail (room_id, topic)
        SELECT * FROM json_to_recordset(CAST($1 AS JSON)) AS row (id TEXT, topic TEXT)
        ON CONFLICT (room_id) DO UPDATE SET topic = excluded.topic RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM described";

/// The rooms that a batch needs.
#[derive(Default)]
pub(in super::super) struct RoomNeeds(HashSet<RoomId>);

impl RoomNeeds {
    pub(in super::super) fn add(&mut self, room_id: &RoomId) {
        self.0.insert(room_id.clone());
    }
}

/// A room's name and topic, with the changes so far.
pub(in super::super) struct NamedRoom {
    name: Arc<str>,
    topic: Option<Arc<str>>,
    renamed_at: Option<NaiveDateTime>,
    is_described: bool,
}

impl NamedRoom {
    pub(in super::super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(in super::super) fn topic(&self) -> Option<&Arc<str>> {
        self.topic.as_ref()
    }

    /// Changes the name; false if it is the same.
    pub(in super::super) fn rename(&mut self, name: &Arc<str>, now: NaiveDateTime) -> bool {
        let differs = self.name != *name;
        if differs {
            (self.name, self.renamed_at) = (name.clone(), Some(now));
        }
        differs
    }

    /// Changes the topic; false if it is the same.
    pub(in super::super) fn describe(&mut self, topic: Option<&Arc<str>>) -> bool {
        let differs = self.topic.as_ref() != topic;
        if differs {
            (self.topic, self.is_described) = (topic.cloned(), true);
        }
        differs
    }
}

/// A room's id, name and topic.
type Found = (String, Option<String>, Option<String>);

#[derive(Default)]
pub(in super::super) struct Rooms(HashMap<String, NamedRoom>);

impl Rooms {
    /// A room without a name is shown by its id.
    fn new(found: Vec<Found>) -> Self {
        let room = |(id, name, topic): Found| {
            let name = name.unwrap_or_else(|| id.clone()).into();
            (id, NamedRoom { name, topic: topic.map(Arc::from), renamed_at: None, is_described: false })
        };
        Self(found.into_iter().map(room).collect())
    }

    pub(in super::super) fn find_mut(&mut self, room_id: &RoomId) -> Option<&mut NamedRoom> {
        self.0.get_mut(room_id.as_str())
    }

    fn renamed(&self) -> impl Iterator<Item = (&String, &NamedRoom, NaiveDateTime)> {
        self.0.iter().filter_map(|(id, room)| Some((id, room, room.renamed_at?)))
    }

    fn described(&self) -> impl Iterator<Item = (&String, &NamedRoom)> {
        self.0.iter().filter(|(_, room)| room.is_described)
    }

    pub(super) async fn read_pg(session: &Session<'_>, needs: &RoomNeeds) -> Result<Self> {
        if needs.0.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self::new(session.query(FIND, &needs.0).await?))
    }

    pub(super) fn read_sqlite(c: &mut SqliteConnection, needs: &RoomNeeds) -> QueryResult<Self> {
        let mut found = Vec::new();
        for room_id in &needs.0 {
            let name: Option<Option<String>> =
                rooms::table.find(Id(room_id.as_str())).select(rooms::name).first(c).optional()?;
            let Some(name) = name else { continue };
            let topic: Option<Option<String>> = own::room_detail::table
                .find(room_id.as_str())
                .select(own::room_detail::topic)
                .first(c)
                .optional()?;
            found.push((room_id.to_string(), name, topic.flatten()));
        }
        Ok(Self::new(found))
    }

    pub(super) fn updates(&self, columns: &Columns) -> Vec<Write> {
        let rename = |(id, room, at): (&String, &NamedRoom, NaiveDateTime)| json!({ "id": id, "name": room.name, "at": text_of(at) });
        let renamed: Vec<Value> = self.renamed().map(rename).collect();
        let describe = |(id, room): (&String, &NamedRoom)| json!({ "id": id, "topic": room.topic });
        let described: Vec<Value> = self.described().map(describe).collect();
        let sql = if columns.requires_updated_at("Room") { RENAME_AT } else { RENAME };
        vec![
            Write { sql, expected: renamed.len(), rows: renamed },
            Write { sql: DESCRIBE, expected: described.len(), rows: described },
        ]
    }

    pub(super) fn write_sqlite(&self, c: &mut SqliteConnection, columns: &Columns) -> QueryResult<()> {
        for (id, room, at) in self.renamed() {
            let sets = if columns.requires_updated_at("Room") { ", \"updatedAt\" = ?3" } else { "" };
            let rename =
                diesel::sql_query(format!("UPDATE \"Room\" SET \"name\" = ?1{sets} WHERE \"id\" = ?2"))
                    .bind::<Text, _>(&*room.name)
                    .bind::<RoomIdSql, _>(id);
            match sets {
                "" => rename.execute(c)?,
                _ => rename.bind::<Moment, _>(columns.moment(at)).execute(c)?,
            };
            // A trigger may have kept the row as it was, or changed it.
            let stored: Option<String> = rooms::table.find(Id(id)).select(rooms::name).first(c)?;
            ensure_written(usize::from(stored.as_deref() == Some(&*room.name)), 1)?;
        }
        for (id, room) in self.described() {
            diesel::insert_into(own::room_detail::table)
                .values((own::room_detail::room_id.eq(id), own::room_detail::topic.eq(room.topic.as_deref())))
                .on_conflict(own::room_detail::room_id)
                .do_update()
                .set(own::room_detail::topic.eq(excluded(own::room_detail::topic)))
                .execute(c)?;
        }
        Ok(())
    }
}
