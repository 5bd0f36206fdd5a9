//! Use cases, one per file. An action checks whether its actor may perform it, changes or reads something, broadcasts
//! the events, and returns a domain value. It knows neither Socket.IO nor HTTP: both doors call it, and so get the same
//! rules.

mod actor;
mod commit;
mod end_membership;
mod mention;
mod page_ends;
mod shown_room;
mod thread;

pub mod dm_start;
pub mod event_post;
pub mod event_relay;
pub mod member_join;
pub mod member_leave;
pub mod member_remove;
pub mod members_list;
pub mod mentions_list;
pub mod mentions_read;
pub mod message_chunk;
pub mod message_delete;
pub mod message_delivered;
pub mod message_edit;
pub mod message_readers;
pub mod message_send;
pub mod message_show;
pub mod messages_load;
pub mod messages_page;
pub mod messages_search;
pub mod messages_show;
pub mod messages_sync;
pub mod presence_list;
pub mod presence_set;
pub mod presence_watch;
pub mod reaction_add;
pub mod reaction_remove;
pub mod room_create;
pub mod room_invite;
pub mod room_join;
pub mod room_leave;
pub mod room_mark_unread;
pub mod room_presence;
pub mod room_read;
pub mod room_show;
pub mod room_update;
pub mod rooms_auto_join;
pub mod rooms_list;
pub mod settings_show;
pub mod settings_update;
pub mod socket_close;
pub mod status_set;
pub mod thread_follow;
pub mod thread_load;
pub mod thread_read;
pub mod threads_list;
pub mod typing_start;
pub mod typing_stop;
pub mod unread_list;
pub mod user_recheck;
pub mod user_sign_in;
pub mod users_find;
pub mod users_show;
pub mod users_watch;

pub use actor::{ActingSocket, Actor, SocketState};
pub use commit::CommittedMessage;
