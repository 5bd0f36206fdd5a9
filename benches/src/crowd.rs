//! Many clients at once: signed in, a few at a time, before anything is measured; and the wake-up call of each.

use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    rc::Rc,
    task::{Context, Waker},
};

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    cpu,
    packet::{Packet, succeeded},
    socket::Socket,
    users::{User, room_id},
};

/// Enough to keep a server busy, and too few to fill its queue.
const AT_ONCE: usize = 64;

/// Files that a process has open beside its sockets.
const OTHER_FILES: u64 = 64;

/// Fails with a sentence that helps when the limit of the shell is too low.
pub fn check_open_files(sockets: usize) -> io::Result<()> {
    let (limit, needed) = (cpu::open_files_limit()?, sockets as u64 + OTHER_FILES);
    if limit < needed {
        let text = format!("{sockets} sockets need `ulimit -n {needed}`, it is {limit}");
        return Err(io::Error::other(text));
    }
    Ok(())
}

/// Signs users in, in their order, and has each join its room if that is wanted.
pub async fn gather(address: SocketAddr, users: &[&User], join: bool) -> io::Result<Vec<Socket>> {
    check_open_files(users.len())?;
    let places = Rc::new(Semaphore::new(AT_ONCE));
    let mut opening = JoinSet::new();
    for (index, user) in users.iter().enumerate() {
        let (places, user) = (Rc::clone(&places), User::clone(user));
        opening.spawn_local(async move {
            let _place = places.acquire().await.map_err(io::Error::other)?;
            let mut socket = Socket::sign_in(address, &user.token).await?;
            if join {
                enter(&mut socket, &room_id(user.room)).await?;
            }
            io::Result::Ok((index, socket))
        });
    }
    let mut sockets = Vec::with_capacity(users.len());
    while let Some(opened) = opening.join_next().await {
        sockets.push(opened.map_err(io::Error::other)??);
    }
    sockets.sort_unstable_by_key(|(index, _)| *index);
    Ok(sockets.into_iter().map(|(_, socket)| socket).collect())
}

async fn enter(socket: &mut Socket, room: &str) -> io::Result<()> {
    socket.outbox.join(0, room);
    let joined = socket
        .wait(|packet| match packet {
            Packet::Ack { id: 0, arguments } => Some(succeeded(arguments)),
            _ => None,
        })
        .await?;
    if joined { Ok(()) } else { Err(io::Error::other(format!("{room} cannot be joined"))) }
}

/// Wakes one client's task for something else than what its socket brings.
#[derive(Default)]
pub struct Bell {
    rung: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Bell {
    pub fn ring(&self) {
        self.rung.set(true);
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    /// Whether it rang since it was asked last; if not, the task is woken when it does.
    pub fn answer(&self, context: &Context<'_>) -> bool {
        if self.rung.replace(false) {
            return true;
        }
        let mut waker = self.waker.borrow_mut();
        match waker.as_mut() {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waker = Some(context.waker().clone()),
        }
        false
    }
}
