//! Writes the index: follows the logs of rooms, and indexes their history from the newest message back. Each call is one
//! transaction, which moves the room's own cursor, so that nothing is indexed twice or left out, whoever does it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::DateTime;
use diesel::{
    QueryableByName,
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    sqlite::slot,
    statements::{Statements, ids_of},
};
use crate::{
    chat::{Result, id::RoomId, timestamp::Timestamp},
    db::{
        Db,
        ids::{Id, is_uuid},
        in_transaction,
        moment::MomentRow,
        room_log::kind,
        schema::messages,
        types::{MessageTypeRow, TextOrEmpty},
    },
    search::{Document, MAX_CONTENT_BYTES},
    sync::off_worker,
};

/// The most entries that are followed, and the most messages of history that are indexed, in one transaction. On SQLite a
/// message that is sent waits for it.
const MAX_ENTRIES: usize = 256;
pub const PAGE: usize = 256;
/// Messages that are read together.
const PORTION: usize = 128;

/// The outcome of a transaction.
#[derive(Debug, Default)]
pub struct Written {
    pub messages: usize,
    /// Rooms that are done as far as was seen.
    pub done: Vec<RoomId>,
    /// Rooms that have more.
    pub more: Vec<RoomId>,
}

/// The outcome of [`follow`].
#[derive(Debug, Default)]
pub struct Followed {
    pub written: Written,
    /// Rooms whose history is to be indexed again, since their logs have a gap.
    pub refilled: Vec<RoomId>,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    filled_at: Option<i64>,
    #[diesel(sql_type = Text)]
    filled_id: String,
    #[diesel(sql_type = Bool)]
    is_filled: bool,
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    message_id: String,
}

/// A message as it is read to be indexed.
#[derive(Queryable)]
struct Content {
    id: String,
    room_id: String,
    sender_id: String,
    #[diesel(deserialize_as = TextOrEmpty)]
    content: String,
    kind: MessageTypeRow,
    created_at: MomentRow,
}

/// Selects what is indexed of messages. Those that lack what history needs of them are not there.
macro_rules! contents {
    () => {
        messages::table
            .filter(
                messages::room_id
                    .is_not_null()
                    .and(messages::sender_id.is_not_null())
                    .and(messages::created_at.is_not_null()),
            )
            .select((
                messages::id,
                messages::room_id,
                messages::sender_id,
                sql::<Text>(&format!(r#"substr(CAST("Message"."content" AS TEXT), 1, {MAX_CONTENT_BYTES})"#)),
                messages::kind,
                messages::created_at,
            ))
    };
}

/// Indexes what the next entries of these rooms' logs have changed. Rooms that are not in the index, or that somebody else is
/// indexing, are in neither list of the outcome.
pub async fn follow(db: &Db, room_ids: &[RoomId]) -> Result<Followed> {
    let statements = Statements::of(db);
    let (wanted, has_uuids) = (ids_of(room_ids), db.facts().id_types().messages);
    in_transaction!($ db write, c => {
        let rooms: Vec<StateRow> = run!(c.load(diesel::sql_query(&statements.lock).bind::<Text, _>(&wanted)));
        // The heads first: the entries below them are then there, unless they are gone.
        let heads: Vec<HeadRow> = run!(c.load(diesel::sql_query(&statements.heads).bind::<Text, _>(&wanted)));
        let asked = entries_after(&rooms);
        let entries: Vec<EntryRow> =
            run!(c.load(diesel::sql_query(&statements.entries).bind::<Text, _>(&asked)));
        let mut plan = Plan::of(&rooms, &heads, &entries);
        plan.changed.retain(|id| !has_uuids || is_uuid(id));
        let mut documents = Documents::of(&statements, &rooms);
        for ids in plan.changed.chunks(PORTION) {
            let found: Vec<Content> =
                run!(c.load(contents!().filter(messages::id.eq_any(ids.iter().map(|id| Id(id))))));
            documents.take(found, ids);
            for (statement, rows) in documents.statements() {
                run!(c.execute(diesel::sql_query(statement).bind::<Text, _>(rows)));
            }
        }
        run!(c.execute(diesel::sql_query(&statements.advance).bind::<Text, _>(plan.advance.to_string())));
        plan.followed.written.messages = plan.changed.len();
        Ok(plan.followed)
    })
}

/// The rooms whose entries are read, from their cursors on.
fn entries_after(rooms: &[StateRow]) -> String {
    let most = MAX_ENTRIES / rooms.len().max(1);
    let room = |room: &StateRow| {
        let last = room.seq.saturating_add(i64::try_from(most.max(1)).unwrap_or(i64::MAX));
        json!({ "id": room.room_id, "number": room.number, "seq": room.seq, "last": last })
    };
    Value::from_iter(rooms.iter().map(room)).to_string()
}

/// The plan for the entries that were read.
struct Plan {
    changed: Vec<String>,
    /// The rooms' new cursors.
    advance: Value,
    followed: Followed,
}

impl Plan {
    fn of(rooms: &[StateRow], heads: &[HeadRow], entries: &[EntryRow]) -> Self {
        let heads: HashMap<&str, i64> = heads.iter().map(|head| (head.room_id.as_str(), head.seq)).collect();
        let mut by_room: BTreeMap<i32, Vec<&EntryRow>> = BTreeMap::new();
        for entry in entries {
            by_room.entry(entry.number).or_default().push(entry);
        }
        let (mut followed, mut advance, mut changed) = (Followed::default(), Vec::new(), HashSet::new());
        for room in rooms {
            let head = heads.get(room.room_id.as_str()).copied().unwrap_or(0);
            let entries = by_room.remove(&room.number).unwrap_or_default();
            let is_next = entries.first().is_some_and(|first| first.seq == room.seq.saturating_add(1));
            // Old entries were deleted before they were indexed, or the log has begun again.
            let is_gone = head < room.seq || head > room.seq && !is_next;
            // An entry that says that the log has a gap, as after a table was emptied.
            let has_gap = entries.iter().any(|entry| entry.message_id.is_empty());
            let room_id = RoomId::from(room.room_id.as_str());
            if is_gone || has_gap {
                followed.refilled.push(room_id.clone());
            }
            let last = entries.last().map_or(room.seq, |entry| entry.seq);
            let seq = if is_gone { head } else { last };
            let list = if seq < head { &mut followed.written.more } else { &mut followed.written.done };
            list.push(room_id);
            if seq != room.seq {
                let refills = is_gone || has_gap;
                advance.push(json!({ "number": room.number, "seq": seq, "refills": refills }));
            }
            let of_messages = entries.into_iter().filter(|entry| {
                !entry.message_id.is_empty() && entry.kind != kind::REACT && entry.kind != kind::UNREACT
            });
            changed.extend(of_messages.map(|entry| entry.message_id.as_str()));
        }
        let mut changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
        // Whoever indexes the same messages locks them in the same order.
        changed.sort_unstable();
        Self { changed, advance: Value::Array(advance), followed }
    }
}

/// Indexes the next page of these rooms' history, of `most` messages in all. Rooms that somebody else is indexing are left
/// out.
pub async fn fill(db: &Db, room_ids: &[RoomId], most: usize) -> Result<Written> {
    let statements = Statements::of(db);
    let (wanted, columns) = (ids_of(room_ids), db.facts().columns());
    in_transaction!($ db write, c => {
        let mut rooms: Vec<StateRow> =
            run!(c.load(diesel::sql_query(&statements.lock).bind::<Text, _>(&wanted)));
        rooms.retain(|room| !room.is_filled);
        let page = (most / rooms.len().max(1)).max(1);
        let mut documents = Documents::of(&statements, &rooms);
        let (mut written, mut filled) = (Written::default(), Vec::new());
        for room in &rooms {
            let place = room.filled_at.map_or(Timestamp::from_millis(i64::MAX).naive(), naive);
            // As in `messages`: SQLite compares times as text.
            let next = columns.moment(Timestamp::from_millis(Timestamp::from(place).millis() + 1).naive());
            let place = columns.moment(place);
            let older = messages::created_at
                .lt(next)
                .and(messages::created_at.lt(place).or(messages::id.lt(Id(&room.filled_id))));
            let found: Vec<Content> = run!(c.load(contents!()
                .filter(messages::room_id.eq(Id(&room.room_id)))
                .filter(older)
                .order((messages::created_at.desc(), messages::id.desc()))
                .limit(i64::try_from(page).unwrap_or(i64::MAX))));
            let is_filled = found.len() < page;
            let last = found.last().map(|last| (micros(last.created_at), last.id.clone()));
            let kept: Vec<String> = found.iter().map(|message| message.id.clone()).collect();
            written.messages += found.len();
            off_worker(size_of(&found), || documents.take(found, &[]));
            for (statement, rows) in documents.statements() {
                run!(c.execute(diesel::sql_query(statement).bind::<Text, _>(rows)));
            }
            let above = last.as_ref().filter(|_| !is_filled).map(|(at, _)| *at);
            let (above, below) = statements.between(above, room.filled_at);
            for statement in &statements.trim {
                run!(c.execute(diesel::sql_query(statement)
                    .bind::<Integer, _>(room.number)
                    .bind::<BigInt, _>(above)
                    .bind::<BigInt, _>(below)
                    .bind::<Text, _>(json!(kept).to_string())));
            }
            let (at, id) = last.unwrap_or((room.filled_at.unwrap_or(0), room.filled_id.clone()));
            filled.push(json!({ "number": room.number, "at": at, "id": id, "is_filled": is_filled }));
            let list = if is_filled { &mut written.done } else { &mut written.more };
            list.push(RoomId::from(room.room_id.as_str()));
        }
        let filled = Value::Array(filled).to_string();
        run!(c.execute(diesel::sql_query(&statements.filled).bind::<Text, _>(filled)));
        Ok(written)
    })
}

/// Microseconds since 1970.
fn micros(moment: MomentRow) -> i64 {
    moment.at.and_utc().timestamp_micros()
}

fn naive(micros: i64) -> chrono::NaiveDateTime {
    DateTime::from_timestamp_micros(micros).map_or(chrono::NaiveDateTime::MIN, |moment| moment.naive_utc())
}

/// The bytes of these contents.
fn size_of(found: &[Content]) -> usize {
    found.iter().map(|message| message.content.len()).sum()
}

/// The rows that are to be written for a portion of messages.
struct Documents<'a> {
    statements: &'a Statements,
    /// The numbers of the rooms that are locked.
    numbers: HashMap<&'a str, i32>,
    rows: String,
    removed: String,
    is_any_removed: bool,
}

impl<'a> Documents<'a> {
    fn of(statements: &'a Statements, rooms: &'a [StateRow]) -> Self {
        let numbers = rooms.iter().map(|room| (room.room_id.as_str(), room.number)).collect();
        let nothing = || "[]".to_owned();
        Self { statements, numbers, rows: nothing(), removed: nothing(), is_any_removed: false }
    }

    /// Takes the messages that were found, of those that were looked for. Those that are gone, or are in another room now, are
    /// removed.
    fn take(&mut self, found: Vec<Content>, looked_for: &[String]) {
        let mut missing: HashSet<&str> = looked_for.iter().map(String::as_str).collect();
        let mut rows = Vec::with_capacity(found.len());
        for message in &found {
            let Some(number) = self.numbers.get(message.room_id.as_str()) else { continue };
            missing.remove(message.id.as_str());
            let document =
                Document::of_message(*number, &message.sender_id, &message.kind.0, &message.content);
            let at = micros(message.created_at);
            rows.push(match self.statements.is_postgres {
                true => json!({ "id": message.id, "room": number, "at": at, "tokens": document.tsvector() }),
                false => json!({
                    "id": message.id, "room": number, "slot": slot(at), "words": document.words(),
                    "tags": document.tags()
                }),
            });
        }
        self.is_any_removed = !missing.is_empty();
        self.removed = json!(missing).to_string();
        self.rows = Value::Array(rows).to_string();
    }

    /// The statements to execute, each with its parameter.
    fn statements(&self) -> impl Iterator<Item = (&'a String, &String)> {
        let remove = self.statements.remove.iter().filter(|_| self.is_any_removed);
        let upsert = self.statements.upsert.iter().map(|statement| (statement, &self.rows));
        remove.map(|statement| (statement, &self.removed)).chain(upsert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seq: i64, head: Option<i64>, entries: &[(i64, &str, &str)]) -> (Vec<String>, Value, Followed) {
        let room = StateRow {
            number: 3,
            room_id: "r".to_owned(),
            seq,
            filled_at: None,
            filled_id: String::new(),
            is_filled: true,
        };
        let head = head.map(|seq| HeadRow { room_id: "r".to_owned(), seq });
        let entry = |(seq, kind, id): &(i64, &str, &str)| EntryRow {
            number: 3,
            seq: *seq,
            kind: (*kind).to_owned(),
            message_id: (*id).to_owned(),
        };
        let entries: Vec<EntryRow> = entries.iter().map(entry).collect();
        let Plan { changed, advance, followed } =
            Plan::of(&[room], &head.into_iter().collect::<Vec<_>>(), &entries);
        (changed, advance, followed)
    }

    #[test]
    fn entries_are_followed_and_reactions_change_nothing() {
        let entries = [(5, "new", "b"), (6, "react", "c"), (7, "edit", "a"), (8, "delete", "b")];
        let (changed, advance, followed) = plan(4, Some(9), &entries);
        assert_eq!(changed, ["a", "b"]);
        assert_eq!(advance, json!([{ "number": 3, "seq": 8, "refills": false }]));
        assert_eq!((followed.written.more.len(), followed.refilled.len()), (1, 0));
        let (changed, advance, followed) = plan(9, Some(9), &[]);
        assert_eq!((changed.len(), advance, followed.written.done.len()), (0, json!([]), 1));
    }

    #[test]
    fn a_log_with_a_gap_begins_the_history_again() {
        let refilled = |seq: i64| json!([{ "number": 3, "seq": seq, "refills": true }]);
        // Entries 5 and 6 are gone; all of them are gone; the log has begun again; a table was emptied.
        assert_eq!(plan(4, Some(9), &[(7, "new", "a")]).1, refilled(9));
        assert_eq!(plan(4, Some(9), &[]).1, refilled(9));
        assert_eq!(plan(4, Some(2), &[]).1, refilled(2));
        assert_eq!(plan(4, None, &[]).1, refilled(0));
        let (changed, advance, followed) = plan(4, Some(5), &[(5, "gap", "")]);
        assert_eq!((changed.len(), advance, followed.refilled.len()), (0, refilled(5), 1));
    }
}
