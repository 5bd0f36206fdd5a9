//! Demo mode's samples: four users and two rooms, inserted into an embedded database that is still empty.

use crate::{
    chat::{
        Result,
        id::{RoomId, UserId},
        room::RoomType,
    },
    clock,
    db::{
        self, Db,
        rooms::{MadeBy, Room},
        users::NewUser,
    },
};

const USERS: [(&str, &str); 4] = [("alice", "Alice"), ("bob", "Bob"), ("carol", "Carol"), ("dave", "Dave")];
const ROOMS: [(&str, &str); 2] = [("general", "General"), ("random", "Random")];

pub(super) async fn fill(db: &Db) -> Result<()> {
    if db::users::count(db).await? > 0 {
        return Ok(());
    }
    let now = clock::now();
    for (id, name) in USERS {
        db::users::insert_absent(db, vec![NewUser::new(&id.into(), Some(name), None, None, now)]).await?;
    }
    for (id, name) in ROOMS {
        let members = USERS.iter().map(|(id, _)| UserId::from(*id)).collect();
        let room = Room::new(&RoomId::from(id), name, RoomType::Public, now);
        db::rooms::insert_with_members(db, room, members, MadeBy::Nobody).await?;
    }
    Ok(())
}
