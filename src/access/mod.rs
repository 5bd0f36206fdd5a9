//! Access control for rooms. Rooms with their members, and users' names, are cached for a moment: what another program
//! changes in the database is seen within `MEMBERSHIP_TTL`.

mod known_members;
mod private_reads;
mod user_directory;

use std::{collections::HashSet, sync::Arc, time::Duration};

use moka::future::Cache;
use tokio::sync::OnceCell;

use self::{known_members::KnownMembers, private_reads::PrivateReads, user_directory::UserDirectory};
use crate::{
    auth::{Claims, Verification},
    chat::{
        Error, Result,
        id::{MessageId, RoomId, UserId},
        mention::Names,
        permission,
        room::{self, RoomType},
    },
    clock,
    config::SameEmail,
    db::{self, Db, messages::MessageRef, room_list::RoomWithTopic},
    protocol::MemberView,
};

/// The most rooms and the most users in the cache.
const CACHE_CAPACITY: u64 = 100_000;

/// The most public rooms that are listed: the newest.
const MAX_LISTED_ROOMS: i64 = 500;

/// A cached room and the users who may enter it.
#[derive(Debug)]
pub struct RoomAccess {
    pub kind: RoomType,
    /// The members of a public room, which is open to all, are read only on request.
    members: OnceCell<Vec<MemberView>>,
    /// The members by name, for mentions. Made on request.
    names: OnceCell<Names>,
    /// Empty for a public room.
    member_ids: HashSet<UserId>,
}

impl RoomAccess {
    pub fn ensure_may_enter(&self, user_id: &UserId) -> Result<()> {
        permission::ensure_may_enter(self.kind, self.member_ids.contains(user_id))
    }
}

/// A callback for each room that is loaded from the database; none for a room that is not there.
type OnLoad = Box<dyn Fn(&RoomId, Option<&RoomAccess>) + Send + Sync>;

pub struct Access {
    db: Db,
    on_load: OnLoad,
    rooms: Cache<RoomId, Arc<RoomAccess>>,
    /// The public rooms. They are cached because finding them scans the whole table.
    public_rooms: Cache<(), Arc<[RoomWithTopic]>>,
    users: UserDirectory,
    private_reads: PrivateReads,
    known_members: KnownMembers,
}

impl Access {
    /// `new_users`: whether a row is made for a user who signs in for the first time, and what happens if another user
    /// has their e-mail address.
    pub fn new(db: Db, ttl: Duration, new_users: (bool, SameEmail), on_load: OnLoad) -> Self {
        Self {
            users: UserDirectory::start(db.clone(), ttl, new_users),
            private_reads: PrivateReads::new(db.clone(), ttl),
            known_members: KnownMembers::new(),
            db,
            on_load,
            rooms: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(ttl).build(),
            public_rooms: Cache::builder().time_to_live(ttl).build(),
        }
    }

    /// Returns the room, if this user may read and write in it.
    pub async fn ensure_may_enter(&self, user_id: &UserId, room_id: &RoomId) -> Result<Arc<RoomAccess>> {
        room::ensure_not_personal(room_id)?;
        let room = self.room(room_id).await?;
        room.ensure_may_enter(user_id)?;
        Ok(room)
    }

    /// Returns those of these rooms that the user may enter.
    pub async fn list_enterable<'a>(
        &self,
        user_id: &UserId,
        rooms: impl Iterator<Item = &'a RoomId>,
    ) -> Result<HashSet<RoomId>> {
        let rooms: HashSet<&RoomId> = rooms.collect();
        let mut enterable = HashSet::new();
        for room_id in rooms {
            match self.ensure_may_enter(user_id, room_id).await {
                Ok(_) => {
                    enterable.insert(room_id.clone());
                }
                Err(error) if error.is_access_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(enterable)
    }

    /// Returns the cached members of a room, in the order of their ids.
    pub async fn list_members<'a>(&self, room_id: &RoomId, room: &'a RoomAccess) -> Result<&'a [MemberView]> {
        let load = || async {
            let members = db::rooms::list_members(&self.db, room_id).await?;
            self.start_new_members(room_id, &members).await;
            Ok::<_, Error>(members)
        };
        Ok(Box::pin(room.members.get_or_try_init(load)).await?)
    }

    /// Returns the cached members of a room by name and by id.
    pub async fn member_names<'a>(&self, room_id: &RoomId, room: &'a RoomAccess) -> Result<&'a Names> {
        let make = async {
            let members = self.list_members(room_id, room).await?;
            Ok(members.iter().map(|member| (&member.id, &*member.name)).collect())
        };
        room.names.get_or_try_init(|| make).await
    }

    /// Returns the cached room and the users who may enter it.
    pub async fn room(&self, room_id: &RoomId) -> Result<Arc<RoomAccess>> {
        if let Some(room) = self.rooms.get(room_id).await {
            return Ok(room);
        }
        let room = Box::pin(self.rooms.try_get_with_by_ref(room_id, self.load_room(room_id))).await;
        room.map_err(|error: Arc<Error>| (*error).clone())
    }

    /// Returns the room and sender of a message, if this user may read and write there.
    pub async fn ensure_may_touch(&self, user_id: &UserId, message_id: &MessageId) -> Result<MessageRef> {
        let found = db::messages::find_ref(&self.db, message_id).await?;
        let message = found.ok_or(Error::MessageNotFound)?;
        self.ensure_may_enter(user_id, &message.room_id).await?;
        Ok(message)
    }

    /// Returns the room and sender of a message.
    pub async fn find_message(&self, message_id: &MessageId) -> Result<Option<MessageRef>> {
        db::messages::find_ref(&self.db, message_id).await
    }

    /// Returns the cached list of public rooms.
    pub async fn list_public(&self) -> Result<Arc<[RoomWithTopic]>> {
        let load = async { db::room_list::list_public(&self.db, MAX_LISTED_ROOMS).await.map(Arc::from) };
        let listed = Box::pin(self.public_rooms.try_get_with((), load)).await;
        listed.map_err(|error: Arc<Error>| (*error).clone())
    }

    /// Drops the cached list, so that a public room that was just made or renamed here is listed so at once.
    pub async fn invalidate_public_rooms(&self) {
        self.public_rooms.invalidate(&()).await;
    }

    /// Drops a cached room whose members were changed here.
    pub async fn invalidate_room(&self, room_id: &RoomId) {
        self.rooms.invalidate(room_id).await;
    }

    /// Drops what is cached of a user whom another program has changed, and the rooms in whose members they are.
    pub async fn forget_user(&self, user_id: &UserId) {
        self.users.forget(user_id).await;
        let has_member = |room: &RoomAccess| {
            room.members.get().is_some_and(|members| members.iter().any(|member| member.id == *user_id))
        };
        for (room_id, _) in self.rooms.iter().filter(|(_, room)| has_member(room)) {
            self.rooms.invalidate(&*room_id).await;
        }
    }

    /// Drops all that is cached.
    pub fn forget_all(&self) {
        self.rooms.invalidate_all();
        self.public_rooms.invalidate_all();
        self.users.forget_all();
    }

    /// Returns the user's name in the database.
    pub async fn user_name(&self, user_id: &UserId) -> Result<Arc<str>> {
        self.users.name(user_id).await
    }

    /// Makes sure that a user who signs in is in the database, or was a moment ago, and inserts them if the settings
    /// allow it. A user who is deleted later is not inserted again.
    pub async fn ensure_exists(&self, claims: &Claims) -> Result<()> {
        if !self.users.was_seen(&claims.sub) {
            self.users.ensure(claims).await?;
        }
        Ok(())
    }

    /// Returns the user who has the verified e-mail address of a user who is not in the database.
    pub async fn find_same_email(&self, claims: &Claims) -> Result<Option<UserId>> {
        let Some(email) =
            claims.email.as_ref().filter(|_| claims.email_verification == Verification::Verified)
        else {
            return Ok(None);
        };
        if self.users.was_seen(&claims.sub) {
            return Ok(None);
        }
        match self.users.name(&claims.sub).await {
            Err(Error::UserNotFound) => {
                let mut found = db::users::list_ids_by_email(&self.db, vec![email.clone()]).await?;
                Ok(found.remove(email))
            }
            found => found.map(|_| None),
        }
    }

    /// Records for a moment that this user was seen, and so is in the database.
    pub async fn note_seen(&self, user_id: &UserId) {
        self.users.note_seen(user_id).await;
    }

    /// Begins the counts of members whom another program has made since the members were read last.
    async fn start_new_members(&self, room_id: &RoomId, members: &[MemberView]) {
        let new = self.known_members.replace(room_id, members).await;
        if new.is_empty() {
            return;
        }
        // Without it they count from the beginning.
        let started = Box::pin(db::read_positions::start(&self.db, room_id, &new, clock::now())).await;
        started.unwrap_or_else(|error| error.log());
    }

    /// Takes over the members of a room whose members were changed here.
    pub async fn note_members(&self, room_id: &RoomId, members: &[MemberView]) {
        self.known_members.replace(room_id, members).await;
    }

    /// True if others are not shown what this user has read.
    pub async fn has_private_reads(&self, user_id: &UserId) -> Result<bool> {
        self.private_reads.has(user_id).await
    }

    /// Records what a user has chosen.
    pub async fn note_private_reads(&self, user_id: &UserId, is_private: bool) {
        self.private_reads.note(user_id, is_private).await
    }

    /// Drops the cached list if it lacks this public room, which another program has just made.
    async fn ensure_listed(&self, room_id: &RoomId) {
        let Some(listed) = self.public_rooms.get(&()).await else { return };
        let is_whole = (listed.len() as i64) < MAX_LISTED_ROOMS;
        if is_whole && !listed.iter().any(|room| room.room.id == room_id.as_str()) {
            self.invalidate_public_rooms().await;
        }
    }

    async fn load_room(&self, room_id: &RoomId) -> Result<Arc<RoomAccess>> {
        let Some(room) = db::rooms::find(&self.db, room_id).await? else {
            (self.on_load)(room_id, None);
            return Err(Error::RoomNotFound);
        };
        let mut access = RoomAccess {
            kind: room.kind.0,
            members: OnceCell::new(),
            names: OnceCell::new(),
            member_ids: HashSet::new(),
        };
        if access.kind == RoomType::Public {
            self.ensure_listed(room_id).await;
        } else {
            let members = self.list_members(room_id, &access).await?;
            access.member_ids = members.iter().map(|member| member.id.clone()).collect();
        }
        (self.on_load)(room_id, Some(&access));
        Ok(Arc::new(access))
    }
}
