//! The session of one socket: its user and the state that actions keep for it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::handshake::Presented;
use crate::{
    access::Access, actions::SocketState, auth::Claims, chat::Result, metrics::GaugeGuard, online::Online,
    protocol::TokenUserView, sync::lock,
};

pub(super) struct Session {
    pub(super) claims: Claims,
    pub(super) user: TokenUserView,
    /// The client has said that it knows this server's additions: its client ids are idempotency keys, and its chunks are such.
    pub(super) knows_additions: bool,
    pub(super) state: SocketState,
    lost_database: Mutex<Option<Instant>>,
    is_known: AtomicBool,
    counted: Mutex<Option<GaugeGuard>>,
}

impl Session {
    /// `counted`, `device`: counts the session in the number of sockets, and as a connection of its user, until it is over. A
    /// session may end without a connect or disconnect event, if its client leaves in between.
    pub(super) fn new(
        claims: Claims,
        presented: &Presented,
        (counted, device): (GaugeGuard, Online),
    ) -> Self {
        Self {
            user: claims.token_user(),
            claims,
            knows_additions: presented.knows_additions(),
            state: SocketState::new(presented.has_returned, device),
            lost_database: Mutex::default(),
            is_known: AtomicBool::new(false),
            counted: Mutex::new(Some(counted)),
        }
    }

    /// Stops counting this socket.
    pub(super) fn stop_counting(&self) {
        lock(&self.counted).take();
        self.state.close_device();
    }

    /// Ensures that the user exists in the database. If sign-in could not find out, the first event does, before
    /// anything else.
    pub(super) async fn ensure_exists(&self, access: &Access) -> Result<()> {
        if !self.is_known() {
            access.ensure_exists(&self.claims).await?;
            self.is_known.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// True once the user was found in the database.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Notes that the database missed its deadline for an event. The events that waited behind this one must not wait
    /// as long, one after the other: each is to be answered within the time that one may take.
    pub(super) fn lost_database(&self) {
        *lock(&self.lost_database) = Some(Instant::now());
    }

    /// True if the database was lost after this moment.
    pub(super) fn lost_database_after(&self, moment: Instant) -> bool {
        lock(&self.lost_database).is_some_and(|lost| lost > moment)
    }
}
