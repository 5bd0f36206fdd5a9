//! Creates a room with its members. On PostgreSQL that is one statement, and so one round trip, if no trigger may
//! change the rows.

use diesel::{
    QueryableByName,
    sql_types::{Bool, Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    ids::{RoomIdSql, UserIdSql},
    moment::{Moment, MomentRow},
    on_lease,
    prepared::Prepared,
    rooms::{InsertedRoom, MadeBy, Room, insert_with_members},
    types::{RoomTypeRow, RoomTypeSql},
};
use crate::chat::{Error, Result, id::UserId};

/// All its parts see the same snapshot. If a room is neither inserted nor seen, another transaction has just inserted it. If a
/// member is not added, for instance because of a trigger that was not known, the division by zero undoes the statement.
const MAKE_ROOM: &str = r#"
    WITH member AS MATERIALIZED (
        SELECT CAST(json_array_elements_text(CAST($5 AS JSON)) AS /*user*/TEXT) AS id
    ), missing AS MATERIALIZED (
        SELECT id FROM member WHERE NOT EXISTS (SELECT FROM "User" WHERE "User"."id" = member.id)
    ), made AS (
        INSERT INTO "Room" ("id", "name", "type", "createdAt"/*, "updatedAt"*/)
        SELECT $1, $2, CAST($3 AS "RoomType"), $4/*, $4*/ WHERE NOT EXISTS (SELECT FROM missing)
        ON CONFLICT ("id") DO NOTHING RETURNING "id", "name", "type", "createdAt"
    ), there AS MATERIALIZED (
        SELECT "id", "name", "type", "createdAt" FROM "Room" WHERE "id" = $1
    ), inside AS MATERIALIZED (
        SELECT "B" AS id FROM "_RoomMembers" WHERE "A" = $1
    ), found AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM missing) AS lacks_user, EXISTS (SELECT FROM made) AS is_new,
            EXISTS (SELECT FROM there) AS is_there,
            EXISTS (SELECT FROM inside WHERE id NOT IN (SELECT id FROM member)) AS has_others,
            $6 IS NULL OR EXISTS (SELECT FROM inside WHERE id = $6) AS may_complete
    ), owned AS (
        INSERT INTO chatoxide.room_detail (room_id, owner_id)
        SELECT CAST("id" AS TEXT), CAST($7 AS TEXT) FROM made WHERE $7 IS NOT NULL
        ON CONFLICT (room_id) DO UPDATE SET owner_id = excluded.owner_id
    ), absent AS MATERIALIZED (
        SELECT member.id FROM member, found
        WHERE NOT lacks_user AND NOT has_others AND (is_new OR is_there AND may_complete)
            AND member.id NOT IN (SELECT id FROM inside)
    ), added AS (
        INSERT INTO "_RoomMembers" ("A", "B") SELECT $1, id FROM absent ON CONFLICT DO NOTHING RETURNING 1
    ), started AS (
        INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at, is_start)
        SELECT CAST($1 AS TEXT), CAST(absent.id AS TEXT), coalesce(head.seq, 0), greatest($4, head.at), true
        FROM absent LEFT JOIN chatoxide.room_head AS head ON head.room_id = CAST($1 AS TEXT)
        ON CONFLICT DO NOTHING
    )
    SELECT found.lacks_user, found.is_new, found.has_others, found.may_complete,
        1 / CASE (SELECT count(*) FROM added) WHEN (SELECT count(*) FROM absent) THEN 1 ELSE 0 END AS all_are_added,
        room."id" AS id, room."name" AS name, room."type" AS kind, room."createdAt" AS created_at
    FROM found LEFT JOIN (SELECT * FROM made UNION ALL SELECT * FROM there) AS room ON true"#;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Bool)]
    lacks_user: bool,
    #[diesel(sql_type = Bool)]
    is_new: bool,
    #[diesel(sql_type = Bool)]
    has_others: bool,
    #[diesel(sql_type = Bool)]
    may_complete: bool,
    #[diesel(sql_type = Nullable<RoomIdSql>)]
    id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = RoomTypeSql)]
    kind: RoomTypeRow,
    #[diesel(sql_type = Nullable<Moment>)]
    created_at: Option<MomentRow>,
}

/// Does the same as [`insert_with_members`], in one round trip if possible.
pub async fn make_room(
    db: &Db,
    room: Room,
    members: Vec<UserId>,
    made_by: MadeBy<'_>,
) -> Result<InsertedRoom> {
    match by_statement(db, &room, &members, made_by).await? {
        Some(made) => Ok(made),
        None => insert_with_members(db, room, members, made_by).await,
    }
}

/// None if the transaction is needed: because of triggers, of a concurrent insert, or of an error that has to be
/// explained.
async fn by_statement(
    db: &Db,
    room: &Room,
    members: &[UserId],
    made_by: MadeBy<'_>,
) -> Result<Option<InsertedRoom>> {
    let Db::Pg { pool, .. } = db else { return Ok(None) };
    if db.facts().has_triggers() {
        return Ok(None);
    }
    let columns = db.facts().columns();
    let make = Box::pin(async {
        on_lease!(twice readers db pool, connection => Prepared(diesel::sql_query(columns.adapt("Room", MAKE_ROOM))
            .bind::<RoomIdSql, _>(&room.id)
            .bind::<Text, _>(&room.name)
            .bind::<Text, _>(columns.room_type.spell(room.kind.text()))
            .bind::<Moment, _>(columns.moment(room.created_at.naive()))
            .bind::<Text, _>(serde_json::json!(members).to_string())
            .bind::<Nullable<UserIdSql>, _>(made_by.member().map(UserId::as_str))
            .bind::<Nullable<Text>, _>(made_by.owner().map(UserId::as_str)))
            .get_result(&mut *connection)
            .await?)
    });
    let row: Row = match db.within_timeout(make).await {
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(_) => return Ok(None),
        Ok(row) => row,
    };
    if row.lacks_user {
        return Ok(Some(InsertedRoom::UserMissing));
    }
    let (Some(id), Some(created_at)) = (row.id, row.created_at) else { return Ok(None) };
    let (name, kind) = (row.name.unwrap_or_else(|| id.clone()), row.kind);
    Ok(Some(match (row.has_others, row.is_new || row.may_complete) {
        (true, _) => InsertedRoom::OthersInside,
        (false, false) => InsertedRoom::NotInside,
        (false, true) => {
            let mut members = members.to_vec();
            members.sort();
            InsertedRoom::Room(Room { id, name, kind, created_at: created_at.into() }, members)
        }
    }))
}
