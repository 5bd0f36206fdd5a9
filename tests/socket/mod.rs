//! Mirrors src/socket: one file for each client event, and files for properties of all of them.

mod client_id;
mod connect;
mod disconnect;
mod dm_start;
mod fixtures;
mod message_delete;
mod message_edit;
mod message_send;
mod messages_load;
mod messages_sync;
mod order;
mod presence;
mod reaction_add;
mod reaction_remove;
mod room_create;
mod room_invite;
mod room_join;
mod room_leave;
mod room_presence;
mod room_read;
mod rooms_list;
mod typing_start;
mod typing_stop;
mod unknown_event;
mod users_find;
