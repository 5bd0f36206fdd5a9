//! What an event's handler may use: the app, the caller, the caller's socket as a seat.

use std::sync::{Arc, atomic::Ordering};

use super::{attachments::Attachments, lane::Admitted, session::Session};
use crate::{
    access::RoomAccess,
    app::App,
    chat::{
        id::{RoomId, UserId},
        limits::Limits,
    },
    db::room_log::{Append, Change},
    error::Result,
    rooms::{Seat, Settled},
};

pub(super) struct Context {
    pub(super) app: Arc<App>,
    pub(super) session: Arc<Session>,
    pub(super) seat: Seat,
    /// The client waits for an answer.
    pub(super) has_callback: bool,
    pub(super) admitted: Admitted,
}

/// What a client asks with an event: its argument.
pub(super) trait Ask: serde::de::DeserializeOwned + Send {
    /// Checks it against the limits, before anything else is done.
    fn check(&self, limits: &Limits) -> Result<()>;

    /// Puts binary data where it takes any JSON. Elsewhere a placeholder is an object, and refused where none belongs.
    fn attach(&mut self, _: Attachments) -> Result<()> {
        Ok(())
    }

    /// The room that it names, for the log and for `room:error`.
    fn room_id(&self) -> Option<&RoomId> {
        None
    }
}

/// Events whose argument is just a room.
impl Ask for RoomId {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(self)
    }
}

impl Context {
    pub(super) fn user_id(&self) -> &UserId {
        &self.session.user.id
    }

    /// The room, if the caller may read and write in it.
    pub(super) async fn ensure_may_enter(&self, room_id: &RoomId) -> Result<Arc<RoomAccess>> {
        self.app.access.ensure_may_enter(self.user_id(), room_id).await
    }

    /// Queues a change by the caller, lets the caller's next event begin, and waits until it is committed and told.
    pub(super) async fn append(&self, room_id: RoomId, change: Change) -> Result<Settled> {
        let actor_id = self.user_id().clone();
        let actor_name = self.app.access.ensure_user(&self.session.claims).await?;
        let receipt = self.app.rooms.append(Append { room_id, actor_id, actor_name, change })?;
        self.admitted.store(true, Ordering::Relaxed);
        receipt.settled().await
    }
}
