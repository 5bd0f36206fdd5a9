//! The context of an event's handler: the app, the caller, and the caller's socket.

use std::{borrow::Cow, sync::Arc};

use super::{queue::NextAllowed, session::Session};
use crate::{
    actions::{ActingSocket, Actor},
    app::App,
    broadcast::ClientSocket,
};

pub(super) struct Context {
    pub(super) app: Arc<App>,
    pub(super) session: Arc<Session>,
    pub(super) socket: ClientSocket,
    /// The name of the event.
    pub(super) event: Cow<'static, str>,
    /// The client waits for an ack.
    pub(super) has_callback: bool,
    pub(super) next_allowed: NextAllowed,
}

impl Context {
    pub(super) fn acting_socket(&self) -> ActingSocket<'_> {
        ActingSocket { client: &self.socket, state: &self.session.state, is_queued: &self.next_allowed }
    }

    pub(super) fn actor(&self) -> Actor<'_> {
        let Session { claims, user, .. } = &*self.session;
        Actor { claims, user, socket: Some(self.acting_socket()) }
    }
}
