//! The session of one socket: its user, and what actions remember of it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::handshake::Presented;
use crate::{
    access::Access, actions::SocketState, auth::Claims, error::Result, metrics::Counted,
    protocol::TokenUserView, sync::lock,
};

pub(super) struct Session {
    pub(super) claims: Claims,
    pub(super) user: TokenUserView,
    /// The client has said that its client ids name one message each.
    pub(super) knows_client_ids: bool,
    pub(super) state: SocketState,
    lost_database: Mutex<Option<Instant>>,
    is_known: AtomicBool,
    counted: Mutex<Option<Counted>>,
}

impl Session {
    /// `counted`: among the sockets, until the session is over. Not every session that begins is ever connected or told that
    /// it is disconnected: its client may leave in between.
    pub(super) fn new(claims: Claims, presented: &Presented, counted: Counted) -> Self {
        Self {
            user: claims.token_user(),
            claims,
            knows_client_ids: presented.protocol >= 1,
            state: SocketState::new(presented.has_returned),
            lost_database: Mutex::default(),
            is_known: AtomicBool::new(false),
            counted: Mutex::new(Some(counted)),
        }
    }

    /// Its socket is not counted any more.
    pub(super) fn uncount(&self) {
        lock(&self.counted).take();
    }

    /// Makes sure that the user is in the database. Where that could not be found out at sign-in, the first event does, before
    /// it may do anything.
    pub(super) async fn ensure_known(&self, access: &Access) -> Result<()> {
        if !self.is_known() {
            access.ensure_known(&self.claims).await?;
            self.is_known.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The user was found to be in the database.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// The database did not answer an event in time. Those that waited behind it are not to wait as long again, one after
    /// the other: each is to be answered within the time that one may take.
    pub(super) fn lost_database(&self) {
        *lock(&self.lost_database) = Some(Instant::now());
    }

    /// The database was lost after this moment.
    pub(super) fn lost_database_after(&self, moment: Instant) -> bool {
        lock(&self.lost_database).is_some_and(|lost| lost > moment)
    }
}
