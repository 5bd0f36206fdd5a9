//! The members that rooms had when they were read last: a user who is there now and was not then has become a member by
//! another program, and counts unread messages from now on.

use std::{collections::HashSet, sync::Arc};

use moka::future::Cache;

use crate::{
    chat::id::{RoomId, UserId},
    protocol::MemberView,
};

/// The most members, of all rooms together. Of rooms that are forgotten, new members count from the beginning.
const MAX_MEMBERS: u64 = 1_000_000;

pub(super) struct KnownMembers(Cache<RoomId, Arc<HashSet<UserId>>>);

impl KnownMembers {
    pub(super) fn new() -> Self {
        let weigh =
            |_: &RoomId, members: &Arc<HashSet<UserId>>| u32::try_from(members.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigh).max_capacity(MAX_MEMBERS).build())
    }

    /// Takes over the members of a room; returns those who were none when they were read before.
    pub(super) async fn replace(&self, room_id: &RoomId, members: &[MemberView]) -> Vec<UserId> {
        let before = self.0.get(room_id).await;
        let now: HashSet<UserId> = members.iter().map(|member| member.id.clone()).collect();
        let new = match &before {
            Some(before) => now.difference(before).cloned().collect(),
            None => Vec::new(),
        };
        if before.is_none_or(|before| *before != now) {
            self.0.insert(room_id.clone(), Arc::new(now)).await;
        }
        new
    }
}
