//! Tables `Room` and `_RoomMembers`.

use std::collections::HashSet;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    error::KEPT_OUT,
    ids::{Id, RoomIdSql, UserIdSql, is_uuid},
    in_transaction,
    moment::{Moment, MomentRow},
    on, on_lease,
    read_positions::{start_by, start_statement},
    schema::{room_members, rooms, users},
    types::RoomTypeRow,
    users::member_view,
};
use crate::{
    chat::{
        Result,
        id::{RoomId, UserId},
        room::RoomType,
        timestamp::Timestamp,
    },
    protocol::MemberView,
};

#[derive(Clone, Debug)]
pub struct Room {
    pub id: String,
    pub name: String,
    pub kind: RoomTypeRow,
    pub created_at: Timestamp,
}

/// A room as it is stored.
#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = rooms)]
pub(in crate::db) struct RoomRow {
    id: String,
    name: Option<String>,
    kind: RoomTypeRow,
    created_at: MomentRow,
}

impl From<RoomRow> for Room {
    /// A room without a name is shown by its id.
    fn from(row: RoomRow) -> Self {
        let name = row.name.unwrap_or_else(|| row.id.clone());
        Self { id: row.id, name, kind: row.kind, created_at: row.created_at.into() }
    }
}

impl Room {
    pub fn new(id: &RoomId, name: &str, kind: RoomType, at: Timestamp) -> Self {
        Self { id: id.to_string(), name: name.to_owned(), kind: RoomTypeRow(kind), created_at: at }
    }
}

pub async fn find(db: &Db, id: &RoomId) -> Result<Option<Room>> {
    let found: Option<RoomRow> = on!(db.readers, c => rooms::table
        .find(Id(id.as_str()))
        .select(RoomRow::as_select())
        .first(c)
        .await
        .optional()?)?;
    Ok(found.map(Room::from))
}

/// The most members that one statement reads.
pub const MEMBERS_AT_ONCE: usize = 5_000;

/// Returns the members in the order of their ids. Many are read page by page, so that no statement takes long.
pub async fn list_members(db: &Db, id: &RoomId) -> Result<Vec<MemberView>> {
    let mut members: Vec<MemberView> = Vec::new();
    loop {
        let last = members.last().map_or("", |member| member.id.as_str());
        let page = list_members_after(db, id, last, MEMBERS_AT_ONCE).await?;
        let is_end = page.len() < MEMBERS_AT_ONCE;
        members.extend(page);
        if is_end {
            return Ok(members);
        }
    }
}

/// Returns at most `limit` members whose ids come after `last`, in their order.
pub async fn list_members_after(db: &Db, id: &RoomId, last: &str, limit: usize) -> Result<Vec<MemberView>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // The condition is given for both tables, because PostgreSQL does not infer one from the other.
    let rows: Vec<(String, Option<String>, Option<String>)> = on!(db.readers, c => room_members::table
        .inner_join(users::table)
        .filter(room_members::room_id.eq(Id(id.as_str())))
        .filter(room_members::user_id.gt(Id(last)).and(users::id.gt(Id(last))))
        .order(room_members::user_id)
        .select((users::id, users::name, users::avatar))
        .limit(limit)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(member_view).collect())
}

/// The user on whose behalf a room is made.
#[derive(Clone, Copy)]
pub enum MadeBy<'a> {
    /// The room is new, and its owner is recorded.
    Owner(&'a UserId),
    /// The room may exist. Then the user has to be a member of it: a user who was removed from it cannot let themself in
    /// again.
    Member(&'a UserId),
    /// The room is new.
    Nobody,
}

impl<'a> MadeBy<'a> {
    pub(in crate::db) fn owner(self) -> Option<&'a UserId> {
        if let Self::Owner(owner) = self { Some(owner) } else { None }
    }

    pub(in crate::db) fn member(self) -> Option<&'a UserId> {
        if let Self::Member(member) = self { Some(member) } else { None }
    }
}

/// Returns the ids of at most `limit` rooms that a user is a member of which come after `last`, in their order.
pub async fn list_ids_of_user(db: &Db, user_id: &UserId, last: &RoomId, limit: usize) -> Result<Vec<RoomId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids: Vec<String> = on!(db.readers, c => room_members::table
        .filter(room_members::user_id.eq(Id(user_id.as_str())).and(room_members::room_id.gt(Id(last.as_str()))))
        .order(room_members::room_id)
        .select(room_members::room_id)
        .limit(limit)
        .load(c)
        .await?)?;
    Ok(ids.into_iter().map(RoomId::from).collect())
}

/// True if the ids of rooms are UUIDs.
pub fn has_uuids(db: &Db) -> bool {
    db.facts().id_types().rooms
}

/// The result of [`insert_with_members`].
pub enum InsertedRoom {
    /// The room and its members, as they are stored.
    Room(Room, Vec<UserId>),
    /// A room of this id exists and has other members than these; nothing was changed.
    OthersInside,
    /// The room exists, and the user who asks for it is not a member; nothing was changed.
    NotInside,
    /// One of the members does not exist as a user; nothing was changed.
    UserMissing,
}

const INSERT_ROOM: &str = r#"INSERT INTO "Room" ("id", "name", "type", "createdAt"/*, "updatedAt"*/)
    VALUES ($1, $2, CAST($3 AS "RoomType"), $4/*, $4*/)"#;

/// One statement for any number of members, whose ids are passed as JSON.
const INSERT_MEMBERS_PG: &str = r#"INSERT INTO "_RoomMembers" ("A", "B")
    SELECT $1, CAST(member.id AS /*user*/TEXT) FROM json_array_elements_text(CAST($2 AS JSON)) AS member (id) ON CONFLICT DO NOTHING"#;
const INSERT_MEMBERS_LITE: &str = r#"INSERT INTO "_RoomMembers" ("A", "B")
    SELECT $1, value FROM json_each($2) WHERE true ON CONFLICT DO NOTHING"#;

const INSERT_OWNER_PG: &str = "INSERT INTO chatoxide.room_detail (room_id, owner_id) VALUES ($1, $2)
    ON CONFLICT (room_id) DO UPDATE SET owner_id = excluded.owner_id";
const INSERT_OWNER_LITE: &str = "INSERT INTO chatoxide_room_detail (room_id, owner_id) VALUES ($1, $2)
    ON CONFLICT (room_id) DO UPDATE SET owner_id = excluded.owner_id";

/// Creates the room and its members, or, for [`MadeBy::Member`], adds the missing members to an existing room, as long
/// as nobody else is in it. In a new room the database may add users whom it lets into every room. No member occurs
/// twice.
pub async fn insert_with_members(
    db: &Db,
    room: Room,
    members: Vec<UserId>,
    made_by: MadeBy<'_>,
) -> Result<InsertedRoom> {
    let maker = made_by.member().map(ToString::to_string);
    let owner = made_by.owner().map(ToString::to_string);
    ensure_room_fits(db, &room, &members, maker.is_some())?;
    let members: Vec<String> = members.into_iter().map(|member| member.to_string()).collect();
    let insert_members = match db {
        Db::Pg { .. } => db.facts().columns().adapt("_RoomMembers", INSERT_MEMBERS_PG),
        Db::Lite { .. } => INSERT_MEMBERS_LITE.into(),
    };
    let start = start_statement(db);
    let insert_owner = if matches!(db, Db::Pg { .. }) { INSERT_OWNER_PG } else { INSERT_OWNER_LITE };
    let has_triggers = db.facts().has_triggers();
    let columns = db.facts().columns();
    let insert_room = columns.adapt("Room", INSERT_ROOM);
    let insert_new_room = format!("{insert_room} ON CONFLICT DO NOTHING");
    in_transaction!($ db write, c => {
        let known: i64 = run!(c.get_result(users::table.filter(users::id.eq_any(members.iter().map(|member| Id(member)))).count()));
        if usize::try_from(known).is_ok_and(|known| known < members.len()) {
            return Ok(InsertedRoom::UserMissing);
        }
        macro_rules! insert_by {
            ($statement:expr) => {
                diesel::sql_query($statement)
                    .bind::<RoomIdSql, _>(&room.id)
                    .bind::<Text, _>(&room.name)
                    .bind::<Text, _>(columns.room_type.spell(room.kind.text()))
                    .bind::<Moment, _>(columns.moment(room.created_at.naive()))
            };
        }
        let is_new = run!(c.execute(insert_by!(&insert_new_room))) > 0;
        let found: Vec<RoomRow> = run!(c.load(rooms::table.find(Id(&room.id)).select(RoomRow::as_select())));
        let Some(stored) = found.into_iter().next().map(Room::from) else {
            // The id is not the conflict. A plain insert reports the real reason: another unique value of the row, or a
            // trigger.
            run!(c.execute(insert_by!(&*insert_room)));
            return Err(KEPT_OUT);
        };
        if let Some(owner) = owner.as_ref().filter(|_| is_new) {
            run!(c.execute(diesel::sql_query(insert_owner).bind::<Text, _>(&room.id).bind::<Text, _>(owner)));
        }
        let mut inside: Vec<String> = run!(c.load(room_members::table
            .filter(room_members::room_id.eq(Id(&room.id)))
            .select(room_members::user_id)));
        if (!is_new || maker.is_some()) && inside.iter().any(|user| !members.contains(user)) {
            // Only a trigger adds other members to a new room.
            return if is_new { Err(KEPT_OUT) } else { Ok(InsertedRoom::OthersInside) };
        }
        if !is_new && maker.as_ref().is_some_and(|maker| !inside.contains(maker)) {
            return Ok(InsertedRoom::NotInside);
        }
        let absent: Vec<String> = members.iter().filter(|user| !inside.contains(user)).cloned().collect();
        if !absent.is_empty() {
            let document = serde_json::json!(absent).to_string();
            let added = run!(c.execute(
                diesel::sql_query(&*insert_members).bind::<RoomIdSql, _>(&room.id).bind::<Text, _>(document)
            ));
            run!(c.execute(start_by!(start, &room.id, absent, room.created_at.naive())));
            if added == absent.len() && !has_triggers {
                inside.extend(absent);
            } else {
                // Some were added meanwhile, or kept out, or a trigger added others, so the members are read again.
                inside = run!(c.load(room_members::table
                    .filter(room_members::room_id.eq(Id(&room.id)))
                    .select(room_members::user_id)));
            }
        }
        let there: HashSet<&str> = inside.iter().map(String::as_str).collect();
        let is_complete = members.iter().all(|user| there.contains(user.as_str()));
        if !is_complete || maker.is_some() && there.len() > members.len() {
            return Err(KEPT_OUT);
        }
        inside.sort();
        Ok(InsertedRoom::Room(stored, inside.into_iter().map(UserId::from).collect()))
    })
}

/// Refuses a room if a column is too short for its id or the ids of its members, or, for a direct room, for its name.
/// The user who asks for the room chose none of these.
fn ensure_room_fits(db: &Db, room: &Room, members: &[UserId], is_direct: bool) -> Result<()> {
    let facts = db.facts();
    facts.ensure_fits("Room", "id", &room.id)?;
    facts.ensure_fits("_RoomMembers", "A", &room.id)?;
    if is_direct {
        facts.ensure_fits("Room", "name", &room.name)?;
    }
    members.iter().try_for_each(|member| facts.ensure_fits("_RoomMembers", "B", member.as_str()))
}

/// Anybody may add members to a public room; in other rooms the inviter has to be a member now. The statement checks
/// this itself, because the cached room may be old. SQLite numbers parameters in the order in which they first occur.
/// `is_public` is replaced by the condition on the room's type.
const INSERT_MEMBER: &str = r#"INSERT INTO "_RoomMembers" ("A", "B")
    SELECT $1, $2 FROM "Room" WHERE "id" = $1 AND (
        is_public OR EXISTS (SELECT 1 FROM "_RoomMembers" WHERE "A" = $1 AND "B" = $3)
    ) ON CONFLICT DO NOTHING"#;

/// On PostgreSQL one statement inserts the member and begins their counts, unless a trigger that is not known yet keeps the
/// member out. `insert_member` is replaced by [`INSERT_MEMBER`].
const INSERT_MEMBER_AND_START: &str = r#"WITH added AS (insert_member RETURNING 1), started AS (
        INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at, is_start)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), coalesce(head.seq, 0), greatest($4, head.at), true
        FROM added LEFT JOIN chatoxide.room_head AS head ON head.room_id = CAST($1 AS TEXT)
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) AS count FROM added"#;

#[derive(QueryableByName)]
struct Added {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Makes a user a member of a room, if `inviter` is allowed to. Returns false if they are one already, or if `inviter`
/// is not allowed to. Who has never read the room has read it up to now.
pub async fn insert_member(
    db: &Db,
    id: &RoomId,
    (user_id, inviter): (&UserId, &UserId),
    now: Timestamp,
) -> Result<bool> {
    db.facts().ensure_fits("_RoomMembers", "A", id.as_str())?;
    db.facts().ensure_fits("_RoomMembers", "B", user_id.as_str())?;
    let is_public = db.facts().columns().room_type.condition("\"type\"", "public");
    let insert = INSERT_MEMBER.replace("is_public", &is_public);
    macro_rules! insert_by {
        ($statement:expr, $room:expr, $user:expr, $inviter:expr) => {
            diesel::sql_query($statement)
                .bind::<RoomIdSql, _>($room)
                .bind::<UserIdSql, _>($user)
                .bind::<UserIdSql, _>($inviter)
        };
    }
    let made = match db {
        Db::Pg { pool, .. } if !db.facts().has_triggers() => {
            let insert = INSERT_MEMBER_AND_START.replace("insert_member", &insert);
            let added: Added = db
                .within_timeout(Box::pin(async {
                    on_lease!(twice writer db pool, connection => diesel_async::RunQueryDsl::get_result(
                        insert_by!(&insert, id.as_str(), user_id.as_str(), inviter.as_str())
                            .bind::<SqlTimestamp, _>(now.naive()),
                        &mut *connection,
                    )
                    .await?)
                }))
                .await?;
            usize::try_from(added.count).unwrap_or(0)
        }
        _ => {
            let (room, user, inviter) = (id.to_string(), user_id.to_string(), inviter.to_string());
            let start = start_statement(db);
            in_transaction!($ db write, c => {
                let made = run!(c.execute(insert_by!(&insert, &room, &user, &inviter)));
                if made > 0 {
                    run!(c.execute(start_by!(start, &room, [&user], now.naive())));
                }
                Ok(made)
            })?
        }
    };
    Ok(made > 0)
}

/// True if the user is a member of the room now: the members that are cached may be older.
pub async fn is_member(db: &Db, id: &RoomId, user_id: &UserId) -> Result<bool> {
    let found: i64 = on!(db.readers, c => room_members::table
        .filter(room_members::room_id.eq(Id(id.as_str())).and(room_members::user_id.eq(Id(user_id.as_str()))))
        .count()
        .get_result(c)
        .await?)?;
    Ok(found > 0)
}

/// Ends a user's membership of a room; false if they were not a member.
pub async fn delete_member(db: &Db, id: &RoomId, user_id: &UserId) -> Result<bool> {
    let (room, user) = (id.to_string(), user_id.to_string());
    in_transaction!($ db write, c => {
        let membership = room_members::table.filter(room_members::room_id.eq(Id(&room)).and(room_members::user_id.eq(Id(&user))));
        let deleted = run!(c.execute(diesel::delete(membership)));
        let left: i64 = run!(c.get_result(membership.count()));
        // A trigger or a rule keeps the row.
        if left > 0 { Err(KEPT_OUT) } else { Ok(deleted > 0) }
    })
}

/// Returns those of these users who are members of a room that the user is a member of.
pub async fn list_sharing(db: &Db, user_id: &UserId, others: &[UserId]) -> Result<Vec<UserId>> {
    let (own, theirs) = diesel::alias!(room_members as own, room_members as theirs);
    let has_uuids = db.facts().id_types().users;
    let others: Vec<&str> =
        others.iter().map(UserId::as_str).filter(|other| !has_uuids || is_uuid(other)).collect();
    let found: Vec<String> = on!(db.readers, c => theirs
        .inner_join(own.on(own.field(room_members::room_id).eq(theirs.field(room_members::room_id))))
        .filter(own.field(room_members::user_id).eq(Id(user_id.as_str())))
        .filter(theirs.field(room_members::user_id).eq_any(others.iter().map(|other| Id(other))))
        .select(theirs.field(room_members::user_id))
        .distinct()
        .load(c)
        .await?)?;
    Ok(found.into_iter().map(UserId::from).collect())
}
