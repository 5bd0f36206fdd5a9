//! Lets the actor follow a thread, or not any more. A message without replies may be followed, too.

use super::{Actor, thread};
use crate::{
    app::App,
    chat::{Result, id::MessageId},
    clock,
    db::threads,
};

/// The choice of the actor. A user who unfollows a thread is not made to follow it again by a reply or a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Follow,
    Unfollow,
}

/// `message_id`: the root, or any reply. Returns the unread replies, which all of the actor's devices are told.
pub async fn run(app: &App, actor: Actor<'_>, message_id: &MessageId, choice: Choice) -> Result<i64> {
    let found = thread::open(app, &actor, message_id).await?;
    let follows = choice == Choice::Follow;
    threads::follow(&app.db, &found, actor.user_id(), (follows, clock::now())).await?;
    thread::push_unread(app, &found, actor.user_id()).await
}
