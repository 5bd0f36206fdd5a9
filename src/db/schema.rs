//! The tables. The original's have the same names on both databases. Our own are in schema `chatoxide` on PostgreSQL
//! and have the prefix `chatoxide_` on SQLite, so they are defined twice: `pg` and `lite`.

use super::{
    ids::{MessageIdSql, ReactionIdSql, ReplyIdSql, RoomIdSql, UserIdSql},
    moment::Moment,
    types::{JsonDoc, MessageTypeSql, RoomTypeSql},
};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Moment, UserIdSql};

    #[sql_name = "User"]
    users (id) {
        id -> UserIdSql,
        name -> Nullable<Text>,
        email -> Text,
        avatar -> Nullable<Text>,
        #[sql_name = "createdAt"]
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Moment, RoomIdSql, RoomTypeSql};

    #[sql_name = "Room"]
    rooms (id) {
        id -> RoomIdSql,
        name -> Nullable<Text>,
        #[sql_name = "type"]
        kind -> RoomTypeSql,
        #[sql_name = "createdAt"]
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{JsonDoc, MessageIdSql, MessageTypeSql, Moment, ReplyIdSql, RoomIdSql, UserIdSql};

    #[sql_name = "Message"]
    messages (id) {
        id -> MessageIdSql,
        #[sql_name = "roomId"]
        room_id -> RoomIdSql,
        #[sql_name = "senderId"]
        sender_id -> UserIdSql,
        content -> Text,
        #[sql_name = "type"]
        kind -> MessageTypeSql,
        metadata -> JsonDoc,
        #[sql_name = "replyTo"]
        reply_to -> Nullable<ReplyIdSql>,
        #[sql_name = "createdAt"]
        created_at -> Moment,
        #[sql_name = "updatedAt"]
        updated_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{MessageIdSql, ReactionIdSql, UserIdSql};

    #[sql_name = "Reaction"]
    reactions (id) {
        id -> ReactionIdSql,
        #[sql_name = "messageId"]
        message_id -> MessageIdSql,
        #[sql_name = "userId"]
        user_id -> UserIdSql,
        emoji -> Text,
    }
}

diesel::table! {
    use super::{RoomIdSql, UserIdSql};

    #[sql_name = "_RoomMembers"]
    room_members (room_id, user_id) {
        #[sql_name = "A"]
        room_id -> RoomIdSql,
        #[sql_name = "B"]
        user_id -> UserIdSql,
    }
}

diesel::joinable!(messages -> users (sender_id));
diesel::joinable!(room_members -> users (user_id));
diesel::joinable!(room_members -> rooms (room_id));
diesel::allow_tables_to_appear_in_same_query!(users, rooms, messages, reactions, room_members);

pub mod pg {
    //! Our own tables on PostgreSQL.

    use super::{room_members, rooms};

    diesel::allow_tables_to_appear_in_same_query!(room_head, room_members);
    diesel::allow_tables_to_appear_in_same_query!(room_head, rooms);

    diesel::table! {
        chatoxide.room_head (room_id) {
            room_id -> Text,
            seq -> BigInt,
            at -> Timestamp,
            complete_from -> BigInt,
        }
    }

    diesel::table! {
        chatoxide.room_log (room_id, seq) {
            room_id -> Text,
            seq -> BigInt,
            kind -> Text,
            message_id -> Text,
            actor_id -> Text,
            client_id -> Nullable<Text>,
            body -> Nullable<Text>,
            at -> Timestamp,
        }
    }

    diesel::table! {
        chatoxide.room_digest (room_id) {
            room_id -> Text,
            seq -> BigInt,
            messages -> BigInt,
            is_whole -> Bool,
            hash -> BigInt,
        }
    }

    diesel::table! {
        chatoxide.read_marker (room_id, user_id) {
            room_id -> Text,
            user_id -> Text,
            seq -> BigInt,
            at -> Timestamp,
            is_start -> Bool,
            unread_at -> Nullable<Timestamp>,
            unread_id -> Nullable<Text>,
        }
    }

    diesel::table! {
        chatoxide.user_setting (user_id) {
            user_id -> Text,
            has_private_reads -> Bool,
            hides_presence -> Bool,
        }
    }

    diesel::table! {
        chatoxide.user_presence (user_id) {
            user_id -> Text,
            last_seen -> Nullable<Timestamp>,
            status_text -> Nullable<Text>,
            status_emoji -> Nullable<Text>,
            clear_at -> Nullable<Timestamp>,
        }
    }

    diesel::table! {
        chatoxide.delivery_marker (room_id, user_id) {
            room_id -> Text,
            user_id -> Text,
            seq -> BigInt,
        }
    }

    diesel::table! {
        chatoxide.mention (message_id, user_id) {
            message_id -> Text,
            user_id -> Text,
            room_id -> Text,
            sender_id -> Text,
            kind -> Text,
            at -> Timestamp,
        }
    }

    diesel::table! {
        chatoxide.mention_marker (user_id) {
            user_id -> Text,
            at -> Timestamp,
        }
    }

    diesel::table! {
        chatoxide.thread_reply (message_id) {
            message_id -> Text,
            root_id -> Text,
            room_id -> Text,
            sender_id -> Text,
            is_in_room -> Bool,
            is_gone -> Bool,
            at -> Timestamp,
        }
    }

    diesel::table! {
        chatoxide.thread (root_id) {
            root_id -> Text,
            room_id -> Text,
            reply_count -> BigInt,
            participant_count -> BigInt,
            participants -> Text,
            last_id -> Text,
            last_sender_id -> Text,
            last_at -> Timestamp,
        }
    }

    diesel::table! {
        chatoxide.thread_follower (root_id, user_id) {
            root_id -> Text,
            user_id -> Text,
            room_id -> Text,
            follows -> Nullable<Bool>,
            read_at -> Timestamp,
            read_id -> Text,
        }
    }

    diesel::table! {
        chatoxide.room_detail (room_id) {
            room_id -> Text,
            topic -> Nullable<Text>,
            owner_id -> Nullable<Text>,
        }
    }
}

pub mod lite {
    //! Our own tables on SQLite.

    use super::{room_members, rooms};

    diesel::allow_tables_to_appear_in_same_query!(room_head, room_members);
    diesel::allow_tables_to_appear_in_same_query!(room_head, rooms);

    diesel::table! {
        #[sql_name = "chatoxide_room_head"]
        room_head (room_id) {
            room_id -> Text,
            seq -> BigInt,
            at -> Timestamp,
            complete_from -> BigInt,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_room_log"]
        room_log (room_id, seq) {
            room_id -> Text,
            seq -> BigInt,
            kind -> Text,
            message_id -> Text,
            actor_id -> Text,
            client_id -> Nullable<Text>,
            body -> Nullable<Text>,
            at -> Timestamp,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_room_digest"]
        room_digest (room_id) {
            room_id -> Text,
            seq -> BigInt,
            messages -> BigInt,
            is_whole -> Bool,
            hash -> BigInt,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_read_marker"]
        read_marker (room_id, user_id) {
            room_id -> Text,
            user_id -> Text,
            seq -> BigInt,
            at -> Timestamp,
            is_start -> Bool,
            unread_at -> Nullable<Timestamp>,
            unread_id -> Nullable<Text>,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_user_setting"]
        user_setting (user_id) {
            user_id -> Text,
            has_private_reads -> Bool,
            hides_presence -> Bool,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_user_presence"]
        user_presence (user_id) {
            user_id -> Text,
            last_seen -> Nullable<Timestamp>,
            status_text -> Nullable<Text>,
            status_emoji -> Nullable<Text>,
            clear_at -> Nullable<Timestamp>,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_delivery_marker"]
        delivery_marker (room_id, user_id) {
            room_id -> Text,
            user_id -> Text,
            seq -> BigInt,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_mention"]
        mention (message_id, user_id) {
            message_id -> Text,
            user_id -> Text,
            room_id -> Text,
            sender_id -> Text,
            kind -> Text,
            at -> Timestamp,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_mention_marker"]
        mention_marker (user_id) {
            user_id -> Text,
            at -> Timestamp,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_thread_reply"]
        thread_reply (message_id) {
            message_id -> Text,
            root_id -> Text,
            room_id -> Text,
            sender_id -> Text,
            is_in_room -> Bool,
            is_gone -> Bool,
            at -> Timestamp,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_thread"]
        thread (root_id) {
            root_id -> Text,
            room_id -> Text,
            reply_count -> BigInt,
            participant_count -> BigInt,
            participants -> Text,
            last_id -> Text,
            last_sender_id -> Text,
            last_at -> Timestamp,
        }
    }

    diesel::table! {
        #[sql_name = "chatoxide_thread_follower"]
        thread_follower (root_id, user_id) {
            root_id -> Text,
            user_id -> Text,
            room_id -> Text,
            follows -> Nullable<Bool>,
            read_at -> Timestamp,
            read_id -> Text,
        }
    }
    diesel::table! {
        #[sql_name = "chatoxide_room_detail"]
        room_detail (room_id) {
            room_id -> Text,
            topic -> Nullable<Text>,
            owner_id -> Nullable<Text>,
        }
    }
}
