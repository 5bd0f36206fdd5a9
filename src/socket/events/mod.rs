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
mod typing_start;
mod typing_stop;
mod unread_list;
mod users_find;
mod users_show;
mod users_watch;
mod webhook;

use super::dispatch::{
    Order::{AfterEarlier, Apart, Pipelined},
    Route, call, call_raw,
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

// A `Pipelined` event begins when the earlier event of its socket is queued for commit. An `AfterEarlier` event begins
// when all earlier ones are done, because it reads, or sends to others, what they changed.
super::dispatch::events! {
    "room:join" => AfterEarlier, room_join::handle;
    "room:leave" => AfterEarlier, room_leave::handle;
    "room:read" => AfterEarlier, room_read::handle;
    "room:mark-unread" => AfterEarlier, room_mark_unread::handle;
    "unread:list" => AfterEarlier, unread_list::handle;
    "settings:show" => AfterEarlier, settings_show::handle;
    "settings:update" => AfterEarlier, settings_update::handle;
    "message:readers" => AfterEarlier, message_readers::handle;
    "message:send" => Pipelined, message_send::handle;
    "message:edit" => Pipelined, message_edit::handle;
    "message:delete" => Pipelined, message_delete::handle;
    "messages:load" => AfterEarlier, messages_load::handle;
    "messages:search" => Apart, messages_search::handle;
    "messages:show" => AfterEarlier, messages_show::handle;
    "messages:sync" => AfterEarlier, messages_sync::handle;
    "reaction:add" => Pipelined, reaction_add::handle;
    "reaction:remove" => Pipelined, reaction_remove::handle;
    "typing:start" => AfterEarlier, typing_start::handle;
    "typing:stop" => AfterEarlier, typing_stop::handle;
    "dm:start" => AfterEarlier, dm_start::handle;
    "room:create" => AfterEarlier, room_create::handle;
    "room:invite" => AfterEarlier, room_invite::handle;
    "room:update" => AfterEarlier, room_update::handle;
    "room:presence" => AfterEarlier, room_presence::handle;
    "rooms:list" => AfterEarlier, rooms_list::handle;
    "mentions:list" => AfterEarlier, mentions_list::handle;
    "mentions:read" => AfterEarlier, mentions_read::handle;
    "users:find" => AfterEarlier, users_find::handle;
    "users:show" => AfterEarlier, users_show::handle;
    "users:watch" => AfterEarlier, users_watch::handle;
    "presence:set" => AfterEarlier, presence_set::handle;
    "presence:list" => AfterEarlier, presence_list::handle;
    "presence:watch" => AfterEarlier, presence_watch::handle;
    "status:set" => AfterEarlier, status_set::handle;
    "member:join" => AfterEarlier, member_join::handle;
    "member:leave" => AfterEarlier, member_leave::handle;
    "member:remove" => AfterEarlier, member_remove::handle;
}
