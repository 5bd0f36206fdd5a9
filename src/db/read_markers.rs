//! Our table `read_marker`: up to where a user has read a room.

use diesel::{prelude::*, query_dsl::methods, upsert::excluded};

use super::{Db, in_transaction};
use crate::{
    chat::{
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    error::Result,
};

#[derive(Clone, Debug)]
pub struct ReadMark {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub at: Timestamp,
}

/// Moves the markers forward; one that is further already stays. Each marker's `seq` is the last entry of the room's log
/// that is not younger than the mark.
pub async fn advance(db: &Db, mut marks: Vec<ReadMark>) -> Result<()> {
    // In one order, so that two of these never wait for each other in a circle.
    marks.sort_by(|one, other| (&one.room_id, &one.user_id).cmp(&(&other.room_id, &other.user_id)));
    in_transaction!($ db write, c => {
        for mark in &marks {
            let at = mark.at.naive();
            let seq: Option<i64> = run!(c.load(own::room_log::table
                .filter(own::room_log::room_id.eq(mark.room_id.as_str()).and(own::room_log::at.le(at)))
                .order(own::room_log::seq.desc())
                .select(own::room_log::seq)
                .limit(1))).pop();
            run!(c.execute(methods::FilterDsl::filter(diesel::insert_into(own::read_marker::table)
                .values((
                    own::read_marker::room_id.eq(mark.room_id.as_str()),
                    own::read_marker::user_id.eq(mark.user_id.as_str()),
                    own::read_marker::seq.eq(seq.unwrap_or(0)),
                    own::read_marker::at.eq(at),
                ))
                .on_conflict((own::read_marker::room_id, own::read_marker::user_id))
                .do_update()
                .set((
                    own::read_marker::seq.eq(excluded(own::read_marker::seq)),
                    own::read_marker::at.eq(excluded(own::read_marker::at)),
                )), own::read_marker::at.lt(excluded(own::read_marker::at)))));
        }
        Ok(())
    })
}
