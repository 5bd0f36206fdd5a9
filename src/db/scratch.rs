//! Removes users and rooms that a command made for itself, with all that they said: no client can.

use diesel::{prelude::*, sql_types::Text};

use super::{
    Db, facts,
    ids::Id,
    in_transaction,
    schema::{messages, reactions, room_members, rooms, users},
    search,
};
use crate::{chat::Result, clock};

/// Makes sure that the database answers, and reads how its ids are stored.
pub async fn ensure_ready(db: &Db) -> Result<()> {
    facts::check(db, clock::now()).await
}

/// Deletes the users and the rooms of these ids, and the messages, reactions, members, entries, read markers and rows of the
/// search index of both.
pub async fn remove(db: &Db, user_ids: &[String], room_ids: &[String]) -> Result<()> {
    let (user_ids, room_ids) = (user_ids.to_vec(), room_ids.to_vec());
    let has_search = search::is_available(db).await?;
    let (forget, indexed) = (search::forget_statements(db), serde_json::json!(room_ids).to_string());
    in_transaction!($ db write, c => {
        let all_users = || user_ids.iter().map(|id| Id(id));
        let all_rooms = || room_ids.iter().map(|id| Id(id));
        let in_log = own::room_log::room_id.eq_any(&room_ids);
        run!(c.execute(diesel::delete(own::room_log::table.filter(in_log))));
        let in_heads = own::room_head::room_id.eq_any(&room_ids);
        run!(c.execute(diesel::delete(own::room_head::table.filter(in_heads))));
        let details = own::room_detail::room_id.eq_any(&room_ids);
        run!(c.execute(diesel::delete(own::room_detail::table.filter(details))));
        let in_digests = own::room_digest::room_id.eq_any(&room_ids);
        run!(c.execute(diesel::delete(own::room_digest::table.filter(in_digests))));
        let read = own::read_marker::room_id.eq_any(&room_ids).or(own::read_marker::user_id.eq_any(&user_ids));
        run!(c.execute(diesel::delete(own::read_marker::table.filter(read))));
        let mentioned = own::mention::room_id.eq_any(&room_ids).or(own::mention::sender_id.eq_any(&user_ids));
        let mentioned = mentioned.or(own::mention::user_id.eq_any(&user_ids));
        run!(c.execute(diesel::delete(own::mention::table.filter(mentioned))));
        let markers = own::mention_marker::table.filter(own::mention_marker::user_id.eq_any(&user_ids));
        run!(c.execute(diesel::delete(markers)));
        let replies = own::thread_reply::room_id.eq_any(&room_ids).or(own::thread_reply::sender_id.eq_any(&user_ids));
        run!(c.execute(diesel::delete(own::thread_reply::table.filter(replies))));
        run!(c.execute(diesel::delete(own::thread::table.filter(own::thread::room_id.eq_any(&room_ids)))));
        let follows =
            own::thread_follower::room_id.eq_any(&room_ids).or(own::thread_follower::user_id.eq_any(&user_ids));
        run!(c.execute(diesel::delete(own::thread_follower::table.filter(follows))));
        let delivered = own::delivery_marker::room_id
            .eq_any(&room_ids)
            .or(own::delivery_marker::user_id.eq_any(&user_ids));
        run!(c.execute(diesel::delete(own::delivery_marker::table.filter(delivered))));
        let set = own::user_setting::user_id.eq_any(&user_ids);
        run!(c.execute(diesel::delete(own::user_setting::table.filter(set))));
        let present = own::user_presence::user_id.eq_any(&user_ids);
        run!(c.execute(diesel::delete(own::user_presence::table.filter(present))));
        let sent = messages::room_id.eq_any(all_rooms()).or(messages::sender_id.eq_any(all_users()));
        let sent = messages::table.filter(sent).select(messages::id);
        let sent: Vec<String> = run!(c.load(sent));
        if has_search {
            let ids = serde_json::json!(sent).to_string();
            for statement in &forget {
                run!(c.execute(diesel::sql_query(statement).bind::<Text, _>(&ids).bind::<Text, _>(&indexed)));
            }
        }
        let reacted = reactions::message_id.eq_any(sent.iter().map(|id| Id(id)));
        let reacted = reacted.or(reactions::user_id.eq_any(all_users()));
        run!(c.execute(diesel::delete(reactions::table.filter(reacted))));
        let sent = messages::table.filter(messages::id.eq_any(sent.iter().map(|id| Id(id))));
        run!(c.execute(diesel::delete(sent)));
        let members = room_members::room_id.eq_any(all_rooms()).or(room_members::user_id.eq_any(all_users()));
        run!(c.execute(diesel::delete(room_members::table.filter(members))));
        run!(c.execute(diesel::delete(rooms::table.filter(rooms::id.eq_any(all_rooms())))));
        run!(c.execute(diesel::delete(users::table.filter(users::id.eq_any(all_users())))));
        Ok(())
    })
}
