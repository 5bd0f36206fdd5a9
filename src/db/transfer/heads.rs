//! The heads of rooms' logs in an import.
//!
//! A head is written before the entries, as one that is complete only from its last entry on: a server that is started
//! before the import has ended then tells clients to join again, and never that they have missed nothing. When all
//! entries are there, the head gets what the file says.

use std::collections::HashMap;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use serde_json::{Value, json};

use super::{
    dialect::Dialect,
    millis,
    stored::{Fields, Stored},
};
use crate::{
    archive::record::{Head, Log, Room},
    chat::Result,
    db::{
        Db, in_transaction,
        moment::{Moment, MomentRow},
    },
};

const INSERT: &str = "INSERT INTO own.room_head (room_id, seq, at, complete_from)
    SELECT new.id, new.head_seq, new.head_at, new.head_seq FROM $new WHERE new.head_seq IS NOT NULL
    ON CONFLICT DO NOTHING";

const FIND: &str = "SELECT h.room_id AS room_id, h.seq AS seq, h.at AS at
    FROM $new JOIN own.room_head AS h ON h.room_id = new.id";

/// Imported messages of a room that has gone on have no entries in its log.
const INTERRUPT: &str = "UPDATE own.room_head AS h SET complete_from = h.seq FROM $new
    WHERE h.room_id = new.id AND h.complete_from < h.seq";

/// A log with a gap, or without its last entry, stays as one that is complete from its head on.
const COMPLETE: &str = "UPDATE own.room_head AS h SET complete_from = new.complete_from FROM $new
    WHERE h.room_id = new.room_id AND h.seq = new.seq AND h.complete_from = h.seq
    AND h.complete_from <> new.complete_from AND (
        SELECT coalesce(max(entry.seq) = new.seq AND max(entry.seq) - min(entry.seq) + 1 = count(*), true)
        FROM own.room_log AS entry WHERE entry.room_id = new.room_id
    )";

const LOG_FIELDS: Fields = &[("room_id", "TEXT"), ("seq", "BIGINT"), ("complete_from", "BIGINT")];

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
}

/// Writes the heads of these rooms where there are none. Returns the rooms, by their places, whose log has gone on
/// another way in the database.
pub(super) async fn begin(db: &Db, dialect: &Dialect, rooms: &[Room]) -> Result<Vec<usize>> {
    let text = |sql: &str| dialect.write("room_head", Room::FIELDS, sql);
    let (insert, find, interrupt) = (text(INSERT), text(FIND), text(INTERRUPT));
    let (rooms, dialect) = (rooms.to_vec(), dialect.clone());
    in_transaction!($ db write, c => {
        let document = Value::from_iter(rooms.iter().map(|room| room.document(&dialect))).to_string();
        run!(c.execute(diesel::sql_query(&insert).bind::<Text, _>(&document)));
        let found: Vec<HeadRow> = run!(c.load(diesel::sql_query(&find).bind::<Text, _>(&document)));
        let found: HashMap<String, Head> = found
            .into_iter()
            .map(|row| (row.room_id, Head { seq: row.seq, at: millis(row.at) }))
            .collect();
        let has_gone_on = |(_, room): &(usize, &Room)| match (found.get(&room.id), &room.log) {
            (None, _) => false,
            (Some(there), None) => there.seq > 0,
            (Some(there), Some(log)) => there != log,
        };
        let gone_on: Vec<(usize, &Room)> = rooms.iter().enumerate().filter(has_gone_on).collect();
        if !gone_on.is_empty() {
            let document = gone_on.iter().map(|(_, room)| room.document(&dialect));
            let document = Value::from_iter(document).to_string();
            run!(c.execute(diesel::sql_query(&interrupt).bind::<Text, _>(&document)));
        }
        Ok(gone_on.into_iter().map(|(place, _)| place).collect())
    })
}

/// Notes from where on these logs are complete, as all of their entries are there. Returns how many were changed.
pub(super) async fn complete(db: &Db, dialect: &Dialect, logs: &[Log]) -> Result<usize> {
    let statement = dialect.write("room_head", LOG_FIELDS, COMPLETE);
    let row =
        |log: &Log| json!({ "room_id": log.room_id, "seq": log.seq, "complete_from": log.complete_from });
    let document = Value::from_iter(logs.iter().map(row)).to_string();
    in_transaction!($ db write, c => {
        Ok(run!(c.execute(diesel::sql_query(&statement).bind::<Text, _>(&document))))
    })
}
