//! One file per client event, named for it (`:` becomes `_`). It decodes the payload, checks it against the limits,
//! calls the action of the same name, and shapes the ack. This is the table of events.

mod dm_start;
mod member_join;
mod member_leave;
mod member_remove;
mod mentions_list;
mod mentions_read;
mod message_delete;
mod message_delivered;
mod message_edit;
mod message_readers;
mod message_send;
mod messages_load;
mod messages_search;
mod messages_show;
mod messages_sync;
mod presence_list;
mod presence_set;
mod presence_watch;
mod reaction;
mod reaction_add;
mod reaction_remove;
mod relay;
mod room_create;
mod room_invite;
mod room_join;
mod room_leave;
mod room_mark_unread;
mod room_presence;
mod room_read;
mod room_update;
mod rooms_list;
mod settings_show;
mod settings_update;
mod status_set;
mod thread_follow;
mod thread_load;
mod thread_read;
mod thread_unfollow;
mod thread_unread;
mod threads_list;
mod typing_start;
mod typing_stop;
mod unread_list;
mod users_find;
mod users_show;
mod users_watch;
mod webhook;

use super::{
    dispatch::{
        Order::{AfterEarlier, Apart, Pipelined},
        Route, call, call_raw,
    },
    document::Builder,
};
use crate::{app::App, protocol::event};

/// The route of an event; none if it is not known.
pub(super) fn route(app: &App, event: &str) -> Option<Route> {
    let relay = Route {
        name: "relay",
        order: AfterEarlier,
        call: |context, packet| Box::pin(call(context, packet, relay::handle)),
    };
    let webhook = Route {
        name: "webhook",
        order: Apart,
        call: |context, packet| Box::pin(call_raw(context, packet, webhook::handle)),
    };
    let delivered = Route {
        name: event::MESSAGE_DELIVERED,
        order: AfterEarlier,
        call: |context, packet| Box::pin(call(context, packet, message_delivered::handle)),
    };
    find(event)
        .or_else(|| (app.config.delivery_receipts && event == delivered.name).then_some(delivered))
        .or_else(|| relay::is_relayed(app, event).then_some(relay))
        .or_else(|| webhook::is_posted(app, event).then_some(webhook))
}

/// The description of all events, in JSON.
pub fn document() -> serde_json::Value {
    let mut builder = Builder::new();
    describe_table(&mut builder);
    let summary = "Tell that messages have reached the caller, with DELIVERY_RECEIPTS";
    builder.client_event(event::MESSAGE_DELIVERED, summary, message_delivered::handle);
    builder.finish()
}

// A `Pipelined` event begins when the earlier event of its socket is queued for commit. An `AfterEarlier` event begins
// when all earlier ones are done, because it reads, or sends to others, what they changed.
super::dispatch::events! {
    /// Join a room: its history and members follow
    "room:join" => AfterEarlier, room_join::handle;
    /// Leave a room
    "room:leave" => AfterEarlier, room_leave::handle;
    /// Mark a room as read
    "room:read" => AfterEarlier, room_read::handle;
    /// Count a room as unread from a message on
    "room:mark-unread" => AfterEarlier, room_mark_unread::handle;
    /// List the unread counts of the caller's rooms
    "unread:list" => AfterEarlier, unread_list::handle;
    /// Show the caller's settings
    "settings:show" => AfterEarlier, settings_show::handle;
    /// Change the caller's settings
    "settings:update" => AfterEarlier, settings_update::handle;
    /// List the members who have read a message
    "message:readers" => AfterEarlier, message_readers::handle;
    /// Send a message
    "message:send" => Pipelined, message_send::handle;
    /// Edit a message of the caller's
    "message:edit" => Pipelined, message_edit::handle;
    /// Delete a message of the caller's
    "message:delete" => Pipelined, message_delete::handle;
    /// Load a page of older messages
    "messages:load" => AfterEarlier, messages_load::handle;
    /// Search the messages that the caller may read
    "messages:search" => Apart, messages_search::handle;
    /// Show messages by their ids
    "messages:show" => AfterEarlier, messages_show::handle;
    /// Catch up on what has happened in a room
    "messages:sync" => AfterEarlier, messages_sync::handle;
    /// Add a reaction
    "reaction:add" => Pipelined, reaction_add::handle;
    /// Remove a reaction
    "reaction:remove" => Pipelined, reaction_remove::handle;
    /// Tell the others that the caller is typing
    "typing:start" => AfterEarlier, typing_start::handle;
    /// Tell the others that the caller has stopped typing
    "typing:stop" => AfterEarlier, typing_stop::handle;
    /// Begin a direct room with another user
    "dm:start" => AfterEarlier, dm_start::handle;
    /// Create a room
    "room:create" => AfterEarlier, room_create::handle;
    /// Make another user a member of a room
    "room:invite" => AfterEarlier, room_invite::handle;
    /// Change the name or the topic of a room
    "room:update" => AfterEarlier, room_update::handle;
    /// List the users who are in a room now
    "room:presence" => AfterEarlier, room_presence::handle;
    /// List the caller's rooms and the public ones
    "rooms:list" => AfterEarlier, rooms_list::handle;
    /// List the messages that mention the caller
    "mentions:list" => AfterEarlier, mentions_list::handle;
    /// Mark all mentions of the caller as read
    "mentions:read" => AfterEarlier, mentions_read::handle;
    /// Load a page of a thread
    "thread:load" => AfterEarlier, thread_load::handle;
    /// Follow a thread
    "thread:follow" => AfterEarlier, thread_follow::handle;
    /// Follow a thread no more
    "thread:unfollow" => AfterEarlier, thread_unfollow::handle;
    /// Mark a thread as read
    "thread:read" => AfterEarlier, thread_read::handle;
    /// List the threads that the caller follows
    "threads:list" => AfterEarlier, threads_list::handle;
    /// Find users by name or id
    "users:find" => AfterEarlier, users_find::handle;
    /// Show users by their ids
    "users:show" => AfterEarlier, users_show::handle;
    /// Watch which users are connected
    "users:watch" => AfterEarlier, users_watch::handle;
    /// Say whether this device is active
    "presence:set" => AfterEarlier, presence_set::handle;
    /// List the presence of users who share a room with the caller
    "presence:list" => AfterEarlier, presence_list::handle;
    /// Watch the presence of users who share a room with the caller
    "presence:watch" => AfterEarlier, presence_watch::handle;
    /// Set the caller's status
    "status:set" => AfterEarlier, status_set::handle;
    /// Become a member of a public room
    "member:join" => AfterEarlier, member_join::handle;
    /// End the caller's membership of a room
    "member:leave" => AfterEarlier, member_leave::handle;
    /// End another user's membership of a room
    "member:remove" => AfterEarlier, member_remove::handle;
}
