//! The users that sign in: read from a file with a line `u<room>-<member> <token>` for each.

use std::{fs, io, path::Path};

#[derive(Clone, Debug)]
pub struct User {
    pub token: String,
    /// The number of the room that the user is a member of; its id is `room<number>`.
    pub room: usize,
}

/// All users, those of room 0 first.
#[derive(Debug)]
pub struct Users(Vec<User>);

pub fn room_id(room: usize) -> String {
    format!("room{room}")
}

impl Users {
    pub fn read(file: &Path) -> io::Result<Self> {
        let wrong = |what: &str| io::Error::other(format!("{}: {what}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
        let users: Option<Vec<_>> = text.lines().map(user_of).collect();
        match users {
            Some(users) if !users.is_empty() => Ok(Self(users)),
            _ => Err(wrong("wanted is a line `u<room>-<member> <token>` for each user")),
        }
    }

    /// The first members of the first rooms, room by room.
    pub fn members(&self, rooms: usize, members: usize) -> io::Result<Vec<&User>> {
        let mut chosen = Vec::with_capacity(rooms * members);
        for room in 0..rooms {
            chosen.extend(self.0.iter().filter(|user| user.room == room).take(members));
            if chosen.len() < (room + 1) * members {
                return Err(io::Error::other(format!(
                    "room {room} has fewer than {members} users in the file"
                )));
            }
        }
        Ok(chosen)
    }

    /// As many as are wanted, each again and again when there are fewer.
    pub fn repeated(&self, count: usize) -> Vec<&User> {
        self.0.iter().cycle().take(count).collect()
    }
}

fn user_of(line: &str) -> Option<User> {
    let (id, token) = line.split_once(' ')?;
    let (room, _member) = id.strip_prefix('u')?.split_once('-')?;
    Some(User { token: token.trim().to_owned(), room: room.parse().ok()? })
}
